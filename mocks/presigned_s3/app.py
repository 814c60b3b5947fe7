"""The WSGI app: put together here."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .archive import Archive
from .authentication import Authenticator
from .clock import ShiftedClock
from .faults import NoFaults
from .front import Front
from .request_ids import RequestIds
from .signature import Credential
from .store import FirstBucket, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .clock import Clock
    from .faults import Faults


def create_app(
    *,
    bucket: str,
    region: str = "us-west-2",
    credentials: Mapping[str, str],
    cors_open: bool = True,
    data_dir: str | Path | None = None,
    clock: Clock | None = None,
    seed: int | None = None,
    report: Callable[[dict[str, Any]], None] | None = None,
    faults: Faults | None = None,
) -> Front:
    """Return S3 as a WSGI app. moto is there once in a process: making another app empties this one.

    Args:
        bucket: a bucket to begin with.
        region: the region of that bucket.
        credentials: by access key, ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]``; each may do everything.
        cors_open: whether the bucket begins with CORS rules that admit every origin.
        data_dir: folder that keeps buckets and objects; None for one that ends with the app.
        clock: tells the time; the machine's, if none is given.
        seed: of the ids of requests; without it they are random.
        report: is told of every exchange.
        faults: simulated failures; none by default.
    """
    folder = Path(data_dir) if data_dir is not None else Path(tempfile.mkdtemp(prefix="scanner-s3-"))
    store = Store(Archive(folder), FirstBucket(bucket, region, cors_open))
    accepted = {access_key: Credential.parse(text) for access_key, text in credentials.items()}
    machine, faults = ShiftedClock(), faults or NoFaults()
    clock = faults.clock(clock or machine)
    authenticator = Authenticator(accepted, clock, machine)
    app = Front(store, authenticator, clock, RequestIds(seed), report, faults)
    if data_dir is None:
        weakref.finalize(app, shutil.rmtree, folder, ignore_errors=True)
    return app
