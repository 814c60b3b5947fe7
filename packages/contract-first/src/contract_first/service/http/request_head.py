"""The head of a request as it comes in, within limits: its target, its header fields, its framing."""

from urllib.parse import unquote

from httptools import parse_url
from starlette.types import Scope

from contract_first.service.messages.problems import BadRequest, HeadTooLarge, NotImplementedYet, URITooLong

MOST_TARGET_BYTES = 65_535
"""For an app that sets no limit as its ``most_target_bytes``; httptools cannot parse more."""
MOST_HEAD_BYTES = 64 * 1024
"""Of all header fields of a request together, of its trailers, and of the extensions of its chunks."""
MOST_FIELDS = 100
MOST_NOTED_BYTES = 1024
"""Of the target of a request that is refused while it comes in."""
NUMBER_SIGN = ord("#")
_FRAMING = frozenset({b"host", b"content-length", b"expect", b"transfer-encoding"})


class RequestHead:
    """The heads of the requests on a connection, one after the other, as httptools reads them.

    Attributes:
        target: what has come in of it.
        fields: the header fields that have come in, or the trailers.
        body_bytes: how long that is; 0 if the head does not say so.
        framing: the header fields that say where the body ends, as they were sent.
        expects_continue: whether the client waits until it is asked for the body.
    """

    def __init__(self, most_target_bytes: int) -> None:
        self._most_target_bytes = most_target_bytes
        self.begin()

    def begin(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self._is_whole = self.has_body = self.expects_continue = False
        self._hosts = self.body_bytes = 0
        self.framing = self._codings = b""

    def on_url(self, url: bytes) -> None:
        """Add a piece of the target."""
        self.target += url
        most_bytes = self._most_target_bytes
        if len(self.target) > most_bytes and len(self.target) - (b"?" in self.target) > most_bytes:
            raise URITooLong(f"The request target has more than {most_bytes} bytes, the limit.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field; trailers count towards the limit and are dropped (RFC 9110, section 6.5.1)."""
        if len(self.fields) >= MOST_FIELDS:
            raise HeadTooLarge
        name = name.lower()
        self.fields.append((name, value))
        if self._is_whole:
            self.check_size()
        elif name in _FRAMING:
            self._note(name, value)

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
        elif name == b"content-length":
            self.body_bytes = int(value)
            self.has_body = self.body_bytes > 0
            self.framing += b"Content-Length: %b\r\n" % value
        elif name == b"transfer-encoding":
            self.has_body = True
            self.framing += b"Transfer-Encoding: %b\r\n" % value
            self._codings += b",%b" % value.strip().lower()
        elif value.lower() == b"100-continue":
            self.expects_continue = True

    def check_size(self) -> None:
        """Raise the problem of header fields that are too long together."""
        if sum(len(name) + len(value) + 4 for name, value in self.fields) > MOST_HEAD_BYTES:
            raise HeadTooLarge

    def scope(self, facts: Scope, method: bytes, version: str) -> Scope:
        """Return the scope of the request, from what is known of its connection and its request line.

        Raises:
            Problem: of the whole head.
        """
        if version != "1.1":
            _check_version(version, self._codings)
        if self._hosts != 1 and (self._hosts or version == "1.1"):
            raise BadRequest(f"A request has one Host (RFC 9112, section 3.2); this one has {self._hosts}.")
        if self._codings and self._codings != b",chunked":
            _check_codings(self._codings)
        raw_path, query = _parts(self.target)
        path = raw_path.decode("ascii")
        return {
            **facts,
            "http_version": version,
            "method": method.decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.fields,
        }

    def beginning(self, facts: Scope, method: bytes) -> Scope:
        """Return the scope of a request whose head is not whole, its target cut."""
        path, _, query = self.target[:MOST_NOTED_BYTES].partition(b"?")
        return {
            **facts,
            "method": method.decode("ascii"),
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": self.fields,
        }

    def end(self) -> None:
        """End the head: what fields come from now on are trailers."""
        self._is_whole, self.fields = True, []


def _parts(target: bytes) -> tuple[bytes, bytes]:
    """Return the path and query of a request target; httptools raises an error if it is malformed."""
    if target.startswith(b"/") and NUMBER_SIGN not in target:
        path, _, query = target.partition(b"?")
        return path, query
    parsed = parse_url(target)
    return parsed.path or b"/", parsed.query or b""


def _check_version(version: str, codings: bytes) -> None:
    """Raise the problem of a version that is not served, or of a body whose end HTTP/1.0 does not know."""
    if version != "1.0":
        raise BadRequest(f"The request is one of HTTP/{version}; expected HTTP/1.1 or HTTP/1.0.")
    if codings:
        raise BadRequest("HTTP/1.0 has no transfer codings (RFC 9112, section 6.1); expected Content-Length.")


def _check_codings(codings: bytes) -> None:
    """Raise the problem of a body that is not only chunked (RFC 9112, sections 6.1 and 6.3)."""
    *inner, last = map(bytes.strip, codings.split(b",")[1:])
    if last != b"chunked" or b"" in inner:  # readers differ on members without a name
        raise BadRequest("The end of the body is not known: its last transfer coding is not chunked.")
    if inner:
        raise NotImplementedYet("The request comes in a transfer coding other than chunked.")
