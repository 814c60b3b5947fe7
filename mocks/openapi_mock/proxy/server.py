"""The proxy, running."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn

from openapi_service.protocol import OneWriteProtocol
from openapi_service.server import listen, url_of

from .application import MOST_BYTES, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from .upstream import Upstream
    from .watch import Watch

SHUTDOWN_SECONDS = 1


@contextmanager
def proxying(
    upstream: Upstream,
    watch: Watch,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    most_bytes: int = MOST_BYTES,
) -> Iterator[str]:
    """Run the proxy in a thread, and return its URL; once this is left nothing goes through any more.

    Args:
        upstream: where requests go.
        watch: judges them.
        host: address to listen on.
        port: 0 takes a free one.
        most_bytes: longest body that is held back and judged.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
    """
    with listen(host, port) as listening:
        server = _Server(Proxy(upstream, watch, most_bytes=most_bytes))
        thread = Thread(target=server.run, args=([listening],), name="scanner-proxy", daemon=True)
        thread.start()
        try:
            # the socket listens already: whoever connects from now on is answered
            yield url_of(listening)
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """A server that closes the connections to the upstream when it ends."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(_config(proxy))
        self._upstream = proxy.upstream

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._upstream.close()


def _config(proxy: Proxy) -> uvicorn.Config:
    return uvicorn.Config(
        proxy,
        http=OneWriteProtocol,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",  # uvicorn is told by an exception that an answer is cut short: no news
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
