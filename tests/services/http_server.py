"""An HTTP server of the standard library on loopback, for what others respond."""

from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def http_server(respond):
    """Serve on a free port of loopback, and yield the URL.

    Args:
        respond: takes the handler of a request, which has ``path``, ``headers``, ``rfile`` and ``wfile``.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            respond(self)

        do_HEAD = do_POST = do_GET  # noqa: N815 -- as the library calls them

        def handle(self):
            with suppress(ConnectionError):  # who asked may be gone
                super().handle()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
