"""S3 on its own, with the control API of the mocks at a port of its own: faults, journal, clock, snapshots.

Few of those who start it ask for control; its server is imported with the first request for it.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from contract_first.mock.options import ServerOptions
from contract_first.mock.reach import MockFacts, certified_names, lan_url
from contract_first.mock.state.data_directory import DataDirectory
from contract_first.mock.traffic import Traffic
from contract_first.service.http.listening import callable_url_of, listen
from strict_s3.local import local_s3
from strict_s3.options import Options

from .faults import S3Faults

if TYPE_CHECKING:
    from contract_first.mock.options import Log


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
        traffic = Traffic(seed)
        s3 = running.enter_context(
            local_s3(
                msgspec.structs.replace(chosen, data=directory.s3, tls_names=names),
                authority=authority,
                report=traffic.record_s3,
                faults=S3Faults,
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
            serving = control(traffic, url, mock.seeds, s3, directory, authority, access)
            if faults is not None:
                traffic.rules.add(*traffic.faults_in(faults))
            if log is not None:
                served.enter_context(log(traffic.journal))
            served.enter_context(serving(controlling))

        at_once = log is not None or faults is not None
        running.enter_context(_started_late(controlling, start, at_once=at_once))
        yield mock


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
