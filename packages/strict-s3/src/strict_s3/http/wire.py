"""HTTP/1.1 on a socket for one WSGI app: keep-alive, late ``100 Continue``, early responses that arrive."""

from __future__ import annotations

import logging
import math
import re
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from strict_s3.capped_log import CappedLog
from strict_s3.messages.errors import MAX_HEADER_SECTION_BYTES, REFUSALS, S3Error, refusal
from strict_s3.messages.request import ORIGINAL_HEADERS
from strict_s3.messages.response import RequestIds, Response
from strict_s3.messages.xml import MEDIA_TYPE

from .body import Body
from .connections import IDLE_SECONDS, Connections, Incoming, MalformedField, raise_file_limit
from .turns import Rotation

if TYPE_CHECKING:
    from ssl import SSLContext

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HANDSHAKE_SECONDS = 10
LINGER_SECONDS = 30
MOST_ACCEPTED = 64
"""Connections that are accepted before one is served, which takes ten times as long."""
MOST_ARRIVED = 1024
SWITCH_SECONDS = 0.001
"""After which a thread that computes makes way for another: Python's 5 ms are as long as a request."""
GIVE_WAY_SECONDS = 0.0001
"""Before a request that came in with the last one.

A thread that waits for the interpreter is woken where another sends or receives, and finds that this one has
it again: only one that sleeps makes way for all that wait.
"""
MOST_DISCARDED_BYTES = 1024 * 1024
"""After what is no request; unlimited after an upload, since browsers read no response before its end."""
DISCARD_BYTES = 4096
"""At once: hundreds of clients that send nothing more are waited for with a buffer each."""
_TOO_LARGE = (HTTPStatus.REQUEST_URI_TOO_LONG, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
_log = logging.getLogger(__name__)
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/\d\.\d\r\n")
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)


class Handler(BaseHTTPRequestHandler):
    """Serves the requests of one connection with the server's app."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Listener
    rfile: Incoming
    _body: Body
    _head: tuple[str, Iterable[tuple[str, str]]] | None = None

    def setup(self) -> None:
        """Read within limits."""
        super().setup()
        self.rfile.close()
        self._waiting = partial(self.server.connections.waiting, self.client_address)
        self.rfile = Incoming(self.connection, self._waiting)

    def handle_one_request(self) -> None:
        """Wait for a request, and serve it in a turn of its client's address."""
        self.server.connections.note(self.client_address, is_idle=True)
        try:
            is_ahead = self.rfile.begin_request()
        except TimeoutError:
            self.close_connection = True
            return
        if is_ahead:
            time.sleep(GIVE_WAY_SECONDS)
        turns = self.server.connections.turns
        turns.take(self.client_address[0])
        try:
            super().handle_one_request()
        finally:
            turns.end()

    def parse_request(self) -> bool:
        """Read the head of a request; return whether it can be served."""
        self.rfile.begin_fields()
        try:
            is_request = _REQUEST_LINE.fullmatch(self.raw_requestline) and super().parse_request()
        except MalformedField:
            is_request = None
        self.rfile.begin_body()
        if is_request is None:
            self.send_error(HTTPStatus.BAD_REQUEST)
        if not is_request:
            return False
        if not self._has_one_host():
            size = sum(len(name) + len(value) for name, value in self.headers.items())
            self.send_error(_TOO_LARGE[0] if size > MAX_HEADER_SECTION_BYTES else HTTPStatus.BAD_REQUEST)
            return False
        self.server.connections.note(self.client_address, is_idle=False)
        options = self._members("Connection")
        is_kept = self.request_version > "HTTP/1.0" or "keep-alive" in options
        self.close_connection = "close" in options or not is_kept
        return True

    def _has_one_host(self) -> bool:
        """Return whether there is one Host field, or none in HTTP/1.0 (RFC 9112, section 3.2)."""
        hosts = len(self.headers.get_all("Host", []))
        return hosts == 1 or (not hosts and self.request_version != "HTTP/1.1")

    def handle_expect_100(self) -> bool:
        """Leave ``100 Continue`` to the first read: a refused upload is never sent."""
        return True

    def __getattr__(self, name: str) -> Any:
        """Serve every method: the app decides which ones exist."""
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the app reports its exchanges, and `send_error` logs malformed requests."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Respond to a malformed request with S3's error, and close the connection."""
        del message, explain
        self.close_connection = True
        error = S3Error(code, "BadRequest", REFUSALS["BadRequest"][1])
        if code in _TOO_LARGE:
            error = refusal("RequestHeaderSectionTooLarge", MaxSizeAllowed=MAX_HEADER_SECTION_BYTES)
        if code == HTTPStatus.NOT_IMPLEMENTED:
            error = refusal("NotImplemented", Header="Transfer-Encoding")
        self.server.refusals.warning("Request of %s refused: %s", self.client_address[0], error.message)
        self.wfile.write(_refused(error))
        self._linger(MOST_DISCARDED_BYTES)

    def _respond(self) -> None:
        if self._has_unknown_coding():
            self.send_error(HTTPStatus.NOT_IMPLEMENTED)
            return
        length = self._body_length()
        if length is not None and length < 0:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        waits = self.headers.get("Expect", "").lower() == "100-continue"
        self._body = Body(self.rfile, length, self._continue if waits else None)
        blocks = self.server.app(self._environ(), self._start_response)
        try:
            for block in blocks:
                self._send_head()
                with self._waiting():
                    self.wfile.write(block)
            self._send_head()
        finally:
            if hasattr(blocks, "close"):
                blocks.close()
        if not self._body.complete:
            self.close_connection = True
            self._linger()

    def _start_response(
        self, status: str, headers: Iterable[tuple[str, str]], _exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Note the head of a response; it is sent with the first block, so that blocks are always closed."""
        self._head = status, headers
        return self.wfile.write

    def _send_head(self) -> None:
        if self._head is None:
            return
        (status, headers), self._head = self._head, None
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        if not self._body.finish() or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _has_unknown_coding(self) -> bool:
        """Return whether the body has a transfer coding inside the chunked one (RFC 9112, section 6.1)."""
        *inner, outer = self._members("Transfer-Encoding") or [""]
        return bool(inner) and outer == "chunked" and "chunked" not in inner

    def _members(self, name: str) -> list[str]:
        """Return the members of a field that is a list, in lower case (RFC 9110, section 5.6.1)."""
        field = ",".join(self.headers.get_all(name, [])).lower()
        return list(filter(None, (member.strip(" \t") for member in field.split(","))))

    def _body_length(self) -> int | None:
        """Return the body's length, None for a chunked one, -1 for an unknown one."""
        if "Transfer-Encoding" in self.headers:
            is_alone = self.request_version > "HTTP/1.0" and "Content-Length" not in self.headers
            coding = ",".join(self.headers.get_all("Transfer-Encoding", [])).strip(" \t")
            return None if is_alone and coding.lower() == "chunked" else -1
        lengths = set(self.headers.get_all("Content-Length", ["0"]))
        length = lengths.pop()
        return int(length) if not lengths and _LENGTH.fullmatch(length) else -1

    def _continue(self) -> None:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _linger(self, most_bytes: float = math.inf) -> None:
        """Discard the rest of a request, so that its client reads a response sent before its end."""
        self.server.connections.turns.end()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(2)
            until = time.monotonic() + LINGER_SECONDS
            while (
                most_bytes > 0 and time.monotonic() < until and (block := self.connection.recv(DISCARD_BYTES))
            ):
                most_bytes -= len(block)

    def _environ(self) -> WSGIEnvironment:
        target = self.requestline.split(" ")[1]
        path, _, query = target.partition("?")
        host, port = self.server.server_address[:2]
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "RAW_URI": target,
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": self.request_version,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http" if self.server.tls is None else "https",
            "wsgi.input": self._body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            ORIGINAL_HEADERS: self.headers.items(),
        }
        for name, value in self.headers.items():
            field = name.upper().replace("-", "_")
            environ[field if field in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{field}"] = value
        return environ


def _refused(error: S3Error) -> bytes:
    """Return the whole response to a request that does not reach the app."""
    request_id, host_id = RequestIds(None).draw()
    response = Response.of_error(error, request_id, host_id)
    head = (
        f"HTTP/1.1 {error.status.value} {error.status.phrase}\r\n"
        f"x-amz-id-2: {host_id}\r\nx-amz-request-id: {request_id}\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {response.length}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + b"".join(response.body)


class Listener(ThreadingHTTPServer):
    """Listens at once, so that clients may connect before there is an app.

    Attributes:
        app: serves the requests.
        tls: of all connections; None for plain HTTP.
    """

    daemon_threads = True
    request_queue_size = 2048
    app: WSGIApplication
    tls: SSLContext | None = None

    def __init__(self, host: str, port: int) -> None:
        raise_file_limit()
        self.connections = Connections()
        sys.setswitchinterval(min(SWITCH_SECONDS, sys.getswitchinterval()))
        self._arrived: Rotation[tuple[socket.socket, Any]] = Rotation()
        self.refusals = CappedLog(_log)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """Bind without a DNS look-up of this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.socket.setblocking(False)  # noqa: FBT003 -- socket's
        self.server_address = self.socket.getsockname()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Return the next connection: of all that are there, one of each address in turn.

        The system hands them out in their order, and behind hundreds of one client others would wait until
        all of those are served or refused.

        Raises:
            OSError: there is none.
        """
        for _ in range(MOST_ACCEPTED):
            try:
                connection, address = self.socket.accept()
            except OSError:
                if not self._arrived:
                    raise
                break
            connection.setblocking(True)  # noqa: FBT003 -- socket's
            self._arrived.add(address[0], (connection, address))
            if len(self._arrived) > MOST_ARRIVED:
                self._arrived.drop()[0].close()
        return self._arrived.take()

    def server_close(self) -> None:
        """Close the port, and the connections that nobody serves."""
        super().server_close()
        while self._arrived:
            self._arrived.take()[0].close()

    def service_actions(self) -> None:
        """Serve the connections that have arrived with the last one, and end turns that take too long."""
        self.connections.turns.expire()
        while self._arrived:
            connection, address = self.get_request()
            try:
                self.process_request(connection, address)
            except Exception:  # noqa: BLE001 -- the same as of one that came alone: the server goes on
                self.handle_error(connection, address)
                self.shutdown_request(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, if there is room for it."""
        if self.connections.admit(client_address[:2], request):
            super().process_request(request, client_address[:2])
            return
        with suppress(OSError):
            if self.tls is None:
                request.sendall(_refused(refusal("SlowDown")))
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.remove(client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, its TLS handshake included, which thereby holds up no other."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(HANDSHAKE_SECONDS)
        with self.tls.wrap_socket(request, server_side=True) as encrypted:
            self.connections.set_socket(client_address, encrypted)
            super().finish_request(encrypted, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect; log everything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
