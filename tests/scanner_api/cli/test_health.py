"""``scanner-api health`` against servers that are well, are not, and are not there."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app


@contextmanager
def serving(status):
    """Serve a health of this status on a free port of loopback, and yield the port."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"asked": self.path}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
def test_the_exit_code_is_the_health(status, code):
    """Only a success is 0; what the server says is shown either way."""
    with serving(status) as port:
        outcome = CliRunner().invoke(app, ["health", f"http://127.0.0.1:{port}/readyz"])
    assert (outcome.exit_code, "/readyz" in outcome.output) == (code, True)


def test_the_server_of_this_machine():
    """Without a URL it is the server at the port that is set, and a proxy is not asked."""
    with serving(200) as port:
        variables = {"SCANNER_PORT": str(port), "http_proxy": "http://127.0.0.1:1"}
        outcome = CliRunner().invoke(app, ["health"], env=variables)
    assert (outcome.exit_code, json.loads(outcome.stdout)) == (0, {"asked": "/healthz"})
    assert CliRunner().invoke(app, ["health"], env=variables).exit_code == 1


@pytest.mark.parametrize("sent", [b"HTTP/1.1 503 Full\r\n\r\n\xff", b"SSH-2.0-OpenSSH\r\n"])
def test_what_is_not_text_or_not_http(sent):
    """A body in another encoding, and a server of another protocol, are reported as any other failure."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(sent)

        thread = threading.Thread(target=serve)
        thread.start()
        outcome = CliRunner().invoke(app, ["health", f"http://127.0.0.1:{listener.getsockname()[1]}/"])
        thread.join()
    assert (outcome.exit_code, type(outcome.exception), "127.0.0.1" in outcome.stderr) == (
        1,
        SystemExit,
        True,
    )
