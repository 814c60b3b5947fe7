"""S3 in threads of this process, which must not use moto for anything else: it is there once in a process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import msgspec

from .auth.presigning import presigned_url
from .auth.signature import Credential
from .http.wire import Listener
from .messages.clock import ShiftedClock
from .startup.initialization import initialize

if TYPE_CHECKING:
    from .app import Front
    from .faults import Faults
    from .options import Options
    from .tls import Authority


class LocalS3:
    """A running S3 of this process, with what a `Server` has, and its methods.

    Attributes:
        url: to call.
        options: what it was started with.
        restarts: 0: with its process, everything ends.
    """

    restarts = 0

    def __init__(self, app: Front, clock: ShiftedClock, url: str, options: Options) -> None:
        self._faults, self._store = app.faults, app.store
        self.url = url
        self.options = options
        self._clock = clock
        self.set_clock, self.reset = clock.set, app.reset
        self.snapshot, self.restore, self.usage = app.store.snapshot, app.store.restore, app.store.usage

    def presigned(self, method: str, path: str, query: Mapping[str, str], seconds: int, endpoint: str) -> str:
        """Return a URL that is signed with the first credential, see `auth.presigning.presigned_url`."""
        access_key, text = next(iter(self.options.credentials.items()))
        bucket = self._store.bucket(path.split("/")[1])
        return presigned_url(
            endpoint,
            method,
            path,
            query,
            credential=(access_key, Credential.parse(text)),
            region=bucket.region if bucket else self.options.region,
            now=self._clock.now(path.split("/")[1]),
            seconds=seconds,
        )

    def create_bucket(self, bucket: str) -> None:
        """Create a bucket like those that it was started with."""
        from .buckets.buckets import FirstBucket  # noqa: PLC0415 -- imports moto, as the app did

        options = self.options
        self._store.create(FirstBucket(bucket, options.region, options.cors, options.policy_of(bucket)))

    def drop_bucket(self, bucket: str) -> None:
        """Remove a bucket with its objects, and with the time that was set for it alone."""
        self._store.drop(bucket)
        self._clock.forget(bucket)

    def set_faults(self, faults: Iterable[Any], *, seed: int = 0) -> None:
        """Activate these faults and no others; those that were active already keep their counts."""
        self._faults.switch(msgspec.to_builtins(list(faults)), seed)


@contextmanager
def local_s3(
    options: Options,
    *,
    authority: Authority | None = None,
    report: Callable[[dict[str, Any]], None] | None = None,
    faults: Callable[[], Faults | None] = lambda: None,
    listening: Callable[[str], None] = lambda _: None,
) -> Iterator[LocalS3]:
    """Run S3 in threads of this process for the length of a ``with`` block.

    Args:
        options: what it is started with.
        authority: certifies it; that of the options by default.
        report: called with every exchange (see `app.described`).
        faults: makes the simulated failures, once clients may connect; by default there are none.
        listening: called with the URL once clients may connect, before S3 is there.

    Raises:
        OSError: the address cannot be listened on, or a folder cannot be used.
        ValueError: the folder ``ca`` holds no certificate authority, or a script of ``init`` fails.
    """
    with ExitStack() as running:
        authority = authority or running.enter_context(options.certifying())
        listener = running.enter_context(Listener(options.host, options.port))
        host, port = listener.server_address[:2]
        url = callable_url("https" if authority else "http", str(host), port)
        listening(url)
        clock = ShiftedClock()
        from .app import create_app  # noqa: PLC0415 -- moto takes a while; clients may wait

        app = create_app(options, clock=clock, report=report, faults=faults())
        app.probes.is_ready = not options.init
        running.callback(app.close)
        listener.app = app
        listener.tls = authority.server_context(options.certified_names()) if authority else None
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        running.callback(listener.shutdown)
        variables = options.environment(url)
        if authority:
            variables["AWS_CA_BUNDLE"] = str(authority.file)
        initialize(options.init, {**variables, "S3_URL": url, "S3_BUCKET": " ".join(options.buckets[:1])})
        app.probes.is_ready = True
        yield LocalS3(app, clock, url, options)


def callable_url(scheme: str, host: str, port: int) -> str:
    """Return the URL to call; a server that listens on every address is called on loopback."""
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
