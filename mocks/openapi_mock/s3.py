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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from openapi_service.listening import callable_url_of, listen
from presigned_s3.clock import Clock
from presigned_s3.faults import Faults
from presigned_s3.local import local_s3
from presigned_s3.request import Request

from .clock import SkewedClock
from .data_directory import DataDirectory
from .reach import MockFacts, Reach, certified, certified_names, lan_url

if TYPE_CHECKING:
    from .faults.s3 import S3Faults
    from .options import Log
    from .traffic import Traffic

CREDENTIALS: Final = {"ACCESSKEY": "secret-key"}
"""Accepted where none are set: public, and good for nothing else."""
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
def s3_mock(  # noqa: PLR0913 -- an option each
    host: str = "127.0.0.1",
    port: int = 0,
    control_port: int = 0,
    *,
    buckets: Sequence[str] = ("uploads",),
    region: str = "us-west-2",
    credentials: Mapping[str, str] | None = None,
    cors: bool = False,
    public: bool = False,
    data: Path | None = None,
    control_token: str | None = None,
    control_origins: Iterable[str] = (),
    seed: int = 0,
    faults: Path | None = None,
    log: Log | None = None,
    tls: bool = False,
    ca: Path | None = None,
    public_url: str | None = None,
    domains: Iterable[str] = (),
    trust_proxy: bool = False,
    account: str | None = None,
) -> Iterator[S3Mock]:
    """Run S3 in this process, which must not use moto, for as long as this is entered.

    Args:
        port: port of S3; 0 takes a free one.
        control_port: port of the control API; 0 takes a free one.
        buckets: to begin with.
        credentials: ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key.
        cors: whether the buckets begin with CORS rules that admit every origin.
        public: whether everyone may read their objects.
        data: folder that keeps everything over restarts; None for a temporary one.
        control_token: gives access to the control API from anywhere; without it only this machine has access.
        control_origins: whose pages may use it without a token.
        seed: of ids and of chance.
        faults: file with faults that are active from the start.
        log: returns what is entered while it runs, such as a `RequestLog` of its journal.
        tls: serve HTTPS, with certificates by a local authority.
        ca: folder that keeps this authority, which implies TLS; None for a new one.
        public_url: URL of S3 for all clients; None for the host that a request came to.
        domains: host names that may have a bucket before them, beside ``localhost``.
        trust_proxy: whether ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` say which host that is.
        account: AWS account that owns all buckets; by default that of MOTO_ACCOUNT_ID, or moto's.

    Raises:
        CannotListen: a port is taken, or the address is not this machine's.
        FaultFileError: the file with faults cannot be read, or is not valid.
        DataDirectoryError: the folder cannot be used.
    """
    credentials = credentials or CREDENTIALS
    with ExitStack() as running:
        authority = running.enter_context(certified(ca, tls=tls))
        names = certified_names(host, public_url)
        directory = running.enter_context(closing(DataDirectory(data)))
        controlling = running.enter_context(listen(host, control_port, "--control-port"))
        listen(host, port, "--port").close()
        recorder, late = Recorder(), LateFaults()
        s3 = running.enter_context(
            local_s3(
                host,
                port,
                bucket=buckets,
                region=region,
                credentials=credentials,
                cors_open=cors,
                public=public,
                data_dir=directory.s3,
                seed=seed,
                report=recorder,
                faults=lambda: late,
                tls=authority,
                addresses=names,
                domains=domains,
                public_url=public_url,
                trust_proxy=trust_proxy,
                account=account,
            )
        )
        control_url = callable_url_of(controlling, "https" if authority else "http")
        access_key, text = next(iter(credentials.items()))
        mock = S3Mock(
            s3=public_url or s3.url,
            buckets=s3.buckets,
            region=region,
            access_key=access_key,
            secret_key=text.partition(":")[0],
            control=f"{control_url}/_mock",
            ca=str(authority.file) if authority else None,
            lan=lan_url(s3.url, host),
        )

        def start(served: ExitStack) -> None:
            from .s3_control import control  # noqa: PLC0415 -- the module's reason

            reach = Reach(control_url, s3.url, s3_public_url=public_url, trust_proxy=trust_proxy)
            access = control_token, control_origins
            traffic, app, serve = control(mock.seeds, s3, directory, seed, authority, access, reach, names)
            recorder.hand_over(traffic)
            if faults is not None:
                traffic.faults.add(*traffic.faults_in(faults))
            if log is not None:
                served.enter_context(log(traffic.journal))
            served.enter_context(serve(app, controlling))

        at_once = log is not None or faults is not None
        running.enter_context(_started_late(controlling, start, at_once=at_once))
        yield mock


class Recorder:
    """Takes what S3 reports of its exchanges, and has it recorded once there is a journal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Mapping[str, Any]] = deque(maxlen=MOST_WAITING)
        self._record: Callable[[Mapping[str, Any]], None] = self._waiting.append

    def __call__(self, report: Mapping[str, Any]) -> None:
        """Take an exchange."""
        with self._lock:
            self._record(report)

    def hand_over(self, traffic: Traffic) -> None:
        """Have all exchanges recorded, those that wait and those to come."""
        with self._lock:
            self._record = traffic.record_s3
            while self._waiting:
                traffic.record_s3(self._waiting.popleft())


class LateFaults(Faults):
    """The faults on S3, imported with the first one, which is set by control or is a request's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: S3Faults | None = None

    def _loaded(self) -> S3Faults:
        with self._lock:
            if self._faults is None:
                from .faults.s3 import S3Faults  # noqa: PLC0415 -- the class's reason

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
    """Start what serves a socket with the first connection to it, or at once."""
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
