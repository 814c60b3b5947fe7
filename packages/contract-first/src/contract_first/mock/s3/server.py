"""S3 on its own, with the control API of the mocks at a port of its own: faults, journal, clock, snapshots.

Few of those who start it ask for control; it is imported with the first request for it. Until then exchanges
wait as S3 describes them.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from contract_first.mock.options import ServerOptions
from contract_first.mock.reach import MockFacts, certified_names, lan_url
from contract_first.mock.state.clock import SkewedClock
from contract_first.mock.state.data_directory import DataDirectory
from contract_first.service.http.listening import callable_url_of, listen
from strict_s3.faults import Faults
from strict_s3.local import local_s3
from strict_s3.messages.clock import Clock
from strict_s3.messages.request import Request
from strict_s3.options import Options

if TYPE_CHECKING:
    from contract_first.mock.options import Log
    from contract_first.mock.traffic import Traffic

    from .faults import S3Faults

MOST_WAITING: Final = 2000
FAULT_HEADER: Final = "x-mock-fault"


class S3Mock(MockFacts, frozen=True, kw_only=True):
    """What a client has to know of a running S3.

    Attributes:
        s3: its URL.
        buckets: that there are from the beginning.
        region: of these buckets.
        access_key: of its first credential.
        secret_key: of the same.
        control: URL of the control API.
        ca: file with the certificate that clients are to trust; None without TLS.
        lan: its URL for others in the network; None if they cannot reach it.
    """

    s3: str
    buckets: tuple[str, ...]
    region: str
    access_key: str
    secret_key: str
    control: str
    ca: str | None = None
    lan: str | None = None


@contextmanager
def s3_mock(
    *buckets: str,
    control_port: int = 0,
    control_token: str | None = None,
    control_origins: Iterable[str] = (),
    faults: Path | None = None,
    log: Log | None = None,
    seed: int = 0,
    **options: Any,
) -> Iterator[S3Mock]:
    """Run S3 in this process, which must not use moto, for the length of a ``with`` block.

    Args:
        buckets: names of the buckets to start with; by default one, ``uploads``.
        control_port: port of the control API; 0 takes a free one.
        control_token: gives access to the control API from anywhere; without it only this machine has access.
        control_origins: whose pages may use it without a token.
        faults: file with faults that are active from the start.
        log: returns a context manager that is open while it runs, such as an `ExchangeLog` of its journal.
        seed: of ids and of chance.
        options: the further fields of `strict_s3.options.Options`; with ``data`` it keeps snapshots, too.

    Raises:
        CannotListen: a port is taken, or the address is not this machine's.
        RuleFileError: the file with faults cannot be read, or is not valid.
        DataDirectoryError: the folder cannot be used.
        TypeError: there is no such option.
        ValueError: a bucket cannot have this name, or an account this id.
    """
    faults = ServerOptions(faults=faults).faults
    chosen = Options(buckets=buckets or ("uploads",), seed=seed, **options)
    with ExitStack() as running:
        authority = running.enter_context(chosen.certifying())
        directory = running.enter_context(closing(DataDirectory(chosen.data)))
        controlling = running.enter_context(listen(chosen.host, control_port, "--control-port"))
        listen(chosen.host, chosen.port, "--port").close()
        names = (*certified_names(chosen.host, chosen.public_url), *chosen.tls_names)
        recorder, late = S3Recorder(), LateFaults()
        s3 = running.enter_context(
            local_s3(
                msgspec.structs.replace(chosen, data=directory.s3, tls_names=names),
                authority=authority,
                report=recorder,
                faults=lambda: late,
            )
        )
        url = callable_url_of(controlling, "https" if authority else "http")
        access_key, text = next(iter(chosen.credentials.items()))
        mock = S3Mock(
            s3=chosen.public_url or s3.url,
            buckets=chosen.buckets,
            region=chosen.region,
            access_key=access_key,
            secret_key=text.partition(":")[0],
            control=f"{url}/_mock",
            ca=str(authority.file) if authority else None,
            lan=lan_url(s3.url, chosen.host),
        )

        def start(served: ExitStack) -> None:
            from .control import control  # noqa: PLC0415 -- the module's reason

            access = control_token, control_origins
            traffic, serving = control(url, mock.seeds, s3, directory, authority, access)
            recorder.hand_over(traffic)
            if faults is not None:
                traffic.rules.add(*traffic.faults_in(faults))
            if log is not None:
                served.enter_context(log(traffic.journal))
            served.enter_context(serving(controlling))

        at_once = log is not None or faults is not None
        running.enter_context(_started_late(controlling, start, at_once=at_once))
        yield mock


class S3Recorder:
    """Receives the exchanges of S3, and records them once there is a journal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Mapping[str, Any]] = deque(maxlen=MOST_WAITING)
        self._record: Callable[[Mapping[str, Any]], None] = self._waiting.append

    def __call__(self, report: Mapping[str, Any]) -> None:
        """Record an exchange, or let it wait for the journal."""
        with self._lock:
            self._record(report)

    def hand_over(self, traffic: Traffic) -> None:
        """Record the waiting exchanges, and all further ones, in the journal of this traffic."""
        with self._lock:
            self._record = traffic.record_s3
            while self._waiting:
                traffic.record_s3(self._waiting.popleft())


class LateFaults(Faults):
    """The faults on S3, imported with the first one, of the control API or of a request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: S3Faults | None = None

    def _loaded(self) -> S3Faults:
        with self._lock:
            if self._faults is None:
                from .faults import S3Faults  # noqa: PLC0415 -- the class's reason

                self._faults = S3Faults()
            return self._faults

    def clock(self, clock: Clock) -> Clock:
        """Return a clock that shows a fault's time while that fault applies."""
        return SkewedClock(clock)

    def may_inject(self, request: Request) -> bool:
        """Return whether a fault may apply to a request."""
        if self._faults is None and FAULT_HEADER not in request.headers:
            return False
        return self._loaded().may_inject(request)

    def switch(self, faults: Iterable[Mapping[str, Any]], seed: int) -> None:
        """Replace all faults by these."""
        self._loaded().switch(faults, seed)

    def around(self, request: Request, *, fields_are_read: bool = False) -> AbstractContextManager[None]:
        """Apply the matching fault to what is done in the context."""
        if self._faults is None and FAULT_HEADER not in request.headers:
            return nullcontext()
        return self._loaded().around(request, fields_are_read=fields_are_read)


@contextmanager
def _started_late(
    listening: socket.socket, start: Callable[[ExitStack], None], *, at_once: bool
) -> Iterator[None]:
    """Start the server of a socket with its first connection, or at once."""
    with ExitStack() as served:
        if at_once:
            start(served)
            yield
            return
        ending, end = os.pipe()

        def wait() -> None:
            readable, _, _ = select.select([listening.fileno(), ending], [], [])
            if ending not in readable:
                start(served)

        waiting = threading.Thread(target=wait, name="control", daemon=True)
        waiting.start()
        try:
            yield
        finally:
            os.close(end)
            waiting.join()
            os.close(ending)
