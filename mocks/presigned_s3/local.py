"""S3 in this process, for one that does nothing else: moto is there once in a process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .clock import ShiftedClock
from .wire import Server

if TYPE_CHECKING:
    from .app import Front
    from .faults import Faults
    from .tls import Authority


def callable_url(scheme: str, host: str, port: int) -> str:
    """Return the URL to call; a server that listens on every address is called on loopback."""
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class LocalS3:
    """A running S3 of this process, with what a parent has of an `S3Server`.

    Attributes:
        url: to call.
        buckets: that there are from the beginning.
        region: of these buckets.
        restarts: 0: with its process, everything ends.
    """

    restarts = 0

    def __init__(
        self, app: Front, clock: ShiftedClock, url: str, buckets: Sequence[str], region: str
    ) -> None:
        self._app = app
        self._clock = clock
        self.url = url
        self.buckets = tuple(buckets)
        self.bucket = self.buckets[0]
        self.region = region

    def set_clock(self, now: datetime | None, *, stopped: bool = False) -> None:
        """Set S3's clock to `now`, running or stopped; None for the machine's time."""
        self._clock.set(now, stopped=stopped)

    def set_faults(self, faults: Iterable[Any], *, seed: int = 0) -> None:
        """Activate these faults and no others; those that were active already keep their counts."""
        self._app.faults.switch(msgspec.to_builtins(list(faults)), seed)

    def reset(self) -> None:
        """Return to the initial state of an empty data directory."""
        self._app.reset()

    def snapshot(self, folder: Path) -> None:
        """Save a snapshot of everything in a new folder, on the file system of the data directory."""
        self._app.store.snapshot(folder)

    def restore(self, folder: Path) -> None:
        """Restore the snapshot in this folder."""
        self._app.store.restore(folder)

    def usage(self, bucket: str) -> tuple[int, int]:
        """Return how many objects a bucket has, and their bytes."""
        return self._app.store.usage(bucket)


@contextmanager
def local_s3(
    host: str,
    port: int,
    *,
    bucket: Sequence[str],
    region: str,
    tls: Authority | None = None,
    addresses: Iterable[str] = (),
    faults: Callable[[], Faults | None] = lambda: None,
    listening: Callable[[str], None] = lambda _: None,
    **settings: Any,
) -> Iterator[LocalS3]:
    """Run S3 in threads of this process for as long as this is entered.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        bucket: buckets to begin with.
        region: of these buckets.
        tls: certifies the names that it is called by; None for plain HTTP.
        addresses: names and addresses to certify, beside this machine's.
        faults: makes the simulated failures, once clients may connect; by default there are none.
        listening: called with the URL once clients may connect, before S3 is there.
        settings: further ones of `app.create_app`.

    Raises:
        OSError: the address cannot be listened on.
    """
    with ExitStack() as running:
        server = running.enter_context(Server(host, port))
        own_host, own_port = server.server_address[:2]
        url = callable_url("https" if tls else "http", str(own_host), own_port)
        listening(url)
        clock = ShiftedClock()
        from .app import create_app  # noqa: PLC0415 -- moto takes a while; clients may wait

        app = create_app(bucket=bucket, region=region, clock=clock, faults=faults(), **settings)
        running.callback(app.close)
        server.app, server.tls = app, tls.server_context(addresses) if tls else None
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        running.callback(server.shutdown)
        yield LocalS3(app, clock, url, bucket, region)
