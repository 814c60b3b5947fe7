"""A way to a server that can vanish without a word: connections stay open, and nothing goes through."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from contextlib import contextmanager
from functools import partial

from sqlalchemy.engine import make_url


class StallingProxy:
    """A TCP proxy on loopback, in a thread with a loop of its own.

    Args:
        connect: opens a connection to the server; ``asyncio.open_connection`` and its like.

    Attributes:
        port: that it listens on.
    """

    def __init__(self, connect):
        self._connect = connect
        self._loop = asyncio.new_event_loop()
        self._flows = self._server = None
        self.port = 0

    @contextmanager
    def running(self):
        """Run it until the block ends."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self._server = self._submit(self._start(0))
        try:
            yield self
        finally:
            self._submit(self._end(self._server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def stall(self):
        """Forward nothing from now on, and close nothing; new connections are taken and get no byte."""
        self._submit(self._set(flows=False))

    def resume(self):
        """Forward again, also what has been held back."""
        self._submit(self._set(flows=True))

    def forget(self):
        """Forward nothing on the connections there are, and close none; new ones work."""
        self.stall()
        self._flows = asyncio.Event()
        self.resume()

    def refuse(self):
        """End all connections, and take no new ones."""
        self._submit(self._end(self._server))

    def accept(self):
        """Take connections again, on the same port."""
        self._server = self._submit(self._start(self.port))

    def _submit(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self, port):
        self._flows = asyncio.Event()
        self._flows.set()
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _end(self, server):
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the loop closes what they closed

    async def _set(self, *, flows):
        if flows:
            self._flows.set()
        else:
            self._flows.clear()

    async def _serve(self, reader, writer):
        flows = self._flows
        # which asyncio's server would log
        with contextlib.suppress(asyncio.CancelledError), contextlib.closing(writer):
            await self._pass(reader, writer, flows)

    async def _pass(self, reader, writer, flows):
        await flows.wait()
        inner_reader, inner_writer = await self._connect()
        await asyncio.gather(
            self._forward(reader, inner_writer, flows),
            self._forward(inner_reader, writer, flows),
            return_exceptions=True,
        )

    async def _forward(self, reader, writer, flows):
        with contextlib.closing(writer):
            while chunk := await reader.read(65536):
                await flows.wait()
                writer.write(chunk)
            await flows.wait()


@contextmanager
def stalling_postgresql(server, host):
    """Run a way to a database that can stall; yield it, and the URL that leads through it.

    Args:
        server: URL of the database.
        host: as which the way is called.
    """
    url = make_url(server)
    there = url.host or url.query["host"]
    if there.startswith("/"):
        connect = partial(asyncio.open_unix_connection, f"{there}/.s.PGSQL.5432")
    else:
        connect = partial(asyncio.open_connection, there, url.port or 5432)
    with StallingProxy(connect).running() as proxy:
        through = url.difference_update_query(["host"]).set(host=host, port=proxy.port)
        yield proxy, through.render_as_string(hide_password=False)
