"""What the threads of S3 share before the control API is asked for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

from contract_first.mock.s3 import faults as s3
from contract_first.mock.s3.server import LateFaults, S3Recorder


def test_no_exchange_is_lost_when_the_journal_begins():
    """One that is reported while those before it are handed over is recorded as well."""
    recorder, recorded = S3Recorder(), []
    append, is_reported, is_handed_over = recorder._record, threading.Event(), threading.Event()

    def record(report):
        is_reported.set()
        is_handed_over.wait(0.2)  # which it is not, for it waits for this one
        append(report)

    recorder._record = record
    reporting = threading.Thread(target=recorder, args=({"method": "PUT"},))
    reporting.start()
    assert is_reported.wait(10)
    recorder.hand_over(SimpleNamespace(record_s3=recorded.append))
    is_handed_over.set()
    reporting.join()
    assert recorded == [{"method": "PUT"}]


def test_all_threads_have_the_same_faults(monkeypatch):
    """However many requests with a fault come at once."""
    both = threading.Barrier(2)

    class Faults:
        def __init__(self):
            with suppress(threading.BrokenBarrierError):
                both.wait(0.2)

    monkeypatch.setattr(s3, "S3Faults", Faults)
    late = LateFaults()
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: late._loaded(), range(2))
    assert first is second
