"""HTTP Archives (HAR 1.2): written from exchanges, and read from any recorder.

Browsers' developer tools, mitmproxy, k6, our journal and our checks write them.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from contract_first.distribution import CONTRACT_FIRST

from .exchange import Message, RecordedExchange

HTTP_VERSION = "HTTP/1.1"
UNKNOWN = -1
"""What HAR writes for an unknown size or time."""
LOG_END = b"]}}"
MOST_BYTES = 128 * 1024 * 1024
MOST_ENTRIES = 50_000
MOST_IN_PAIRS = 8 * 1024 * 1024
"""Bytes of the JSON of header fields, cookies or fields of one message."""
MOST_IN_BODY = 16 * 1024 * 1024
"""Characters of one body, a multiple of base64's four; a longer one, not validated, is cut."""
SOME_BYTES = 1
"""The size of a body that is known to be there, but not how long it is."""
BOM = b"\xef\xbb\xbf"
BOUNDARY = "parts-of-a-form"
NO_LONGER_TRUE = {"content-encoding", "transfer-encoding"}
"""Fields that do not describe a recorded body: tools decode it before they write it."""


def har(exchanges: Iterable[RecordedExchange], program: str = "mock", comment: str = "") -> dict[str, Any]:
    """Return exchanges as a HAR document; names of members that HAR does not define begin with ``_``.

    Args:
        comment: what the document leaves out.
    """
    creator = {"name": f"{CONTRACT_FIRST.name} {program}", "version": version(CONTRACT_FIRST.name)}
    comments = {"comment": comment} if comment else {}
    return {"log": {"version": "1.2", "creator": creator, **comments, "entries": [*map(_entry, exchanges)]}}


class HarWriter:
    """Writes a HAR file one exchange at a time; it is complete once it is closed.

    Args:
        file: open for writing; the caller closes it.
    """

    def __init__(self, file: BinaryIO, program: str) -> None:
        self._file = file
        self._number = 0
        file.write(msgspec.json.encode(har((), program)).removesuffix(LOG_END))

    def write(self, exchange: RecordedExchange) -> None:
        """Write an exchange under the next number."""
        self._number += 1
        numbered = msgspec.structs.replace(exchange, number=self._number)
        self._file.write((b"\n" if self._number == 1 else b",\n") + msgspec.json.encode(_entry(numbered)))

    def close(self) -> None:
        self._file.write(b"\n" + LOG_END + b"\n")


def _entry(exchange: RecordedExchange) -> dict[str, Any]:
    return {
        "startedDateTime": exchange.started.isoformat(timespec="milliseconds"),
        "time": exchange.milliseconds,
        "request": _written_request(exchange),
        "response": _written_response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": exchange.milliseconds, "receive": 0},
        "_number": exchange.number,
        "_server": exchange.server,
        "_operation": exchange.operation,
        "_scope": exchange.scope,
        "_fault": exchange.fault,
        "_verdict": msgspec.to_builtins(exchange.verdict),
    }


def _written_request(exchange: RecordedExchange) -> dict[str, Any]:
    message = exchange.request
    request = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": HTTP_VERSION,
        "cookies": _cookies(message, "cookie"),
        "headers": _name_values(message.headers),
        "queryString": _name_values(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)),
        "headersSize": UNKNOWN,
        "bodySize": message.body_bytes,
    }
    if message.fields:
        request["postData"] = {"mimeType": _content_type(message), "params": _name_values(message.fields)}
    elif message.body:
        request["postData"] = {"mimeType": _content_type(message), **_body_members(message.body)}
    return request


def _written_response(exchange: RecordedExchange) -> dict[str, Any]:
    message = exchange.response
    return {
        "status": exchange.status,
        "statusText": phrase_of(exchange.status),
        "httpVersion": HTTP_VERSION,
        "cookies": _cookies(message, "set-cookie"),
        "headers": _name_values(message.headers),
        "content": {
            "size": message.body_bytes,
            "mimeType": _content_type(message),
            **(_body_members(message.body) if message.body else {}),
        },
        "redirectURL": message.header("location") or "",
        "headersSize": UNKNOWN,
        "bodySize": message.body_bytes,
    }


def _name_values(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(message: Message, header: str) -> list[dict[str, str]]:
    cookies: SimpleCookie = SimpleCookie()
    for name, value in message.headers:
        if name.lower() == header:
            try:
                cookies.load(value)
            except CookieError:
                continue
    return _name_values((name, morsel.value) for name, morsel in cookies.items())


def _content_type(message: Message) -> str:
    return message.header("content-type") or "x-unknown"


def _body_members(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": b64encode(body).decode(), "encoding": "base64"}


def phrase_of(status: int) -> str:
    """Return the reason phrase of a status; empty for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class HarError(ValueError):
    """The file is not a readable HAR; the message says where and why."""

    page = "proxy#recorded-traffic"


class NameValue(msgspec.Struct):
    """A header field, cookie or field of a form."""

    name: str
    value: str | None = ""
    file_name: str | None = msgspec.field(name="fileName", default=None)
    content_type: str | None = msgspec.field(name="contentType", default=None)


NONE = msgspec.Raw(b"null")
"""Of pairs: as they stand in the file, since a few bytes of JSON are a large object each."""


class HarPostData(msgspec.Struct):
    """The body of a request, as text or as the fields of a form."""

    mime_type: str | None = msgspec.field(name="mimeType", default=None)
    text: str | None = None
    encoding: str | None = None
    params: msgspec.Raw = NONE


class HarContent(msgspec.Struct):
    """The body of a response."""

    size: float | None = -1
    mime_type: str | None = msgspec.field(name="mimeType", default=None)
    text: str | None = None
    encoding: str | None = None


class HarRequest(msgspec.Struct):
    """The request."""

    method: str
    url: str
    headers: msgspec.Raw = NONE
    cookies: msgspec.Raw = NONE
    post_data: HarPostData | None = msgspec.field(name="postData", default=None)
    body_size: float | None = msgspec.field(name="bodySize", default=-1)


class HarResponse(msgspec.Struct):
    """The response."""

    status: int
    headers: msgspec.Raw = NONE
    content: HarContent = msgspec.field(default_factory=HarContent)


class HarEntry(msgspec.Struct):
    """One exchange."""

    request: HarRequest
    response: HarResponse
    started: str = msgspec.field(name="startedDateTime", default="")
    time: float | None = 0


class HarLog(msgspec.Struct):
    """The exchanges, not decoded yet."""

    entries: list[msgspec.Raw]


class HarFile(msgspec.Struct):
    """The file."""

    log: HarLog


Decoded = TypeVar("Decoded")
FILE, ENTRY = msgspec.json.Decoder(HarFile), msgspec.json.Decoder(HarEntry)
PAIRS: msgspec.json.Decoder[list[NameValue] | None] = msgspec.json.Decoder(list[NameValue] | None)


def read_har(path: Path) -> Iterator[RecordedExchange]:
    """Yield the exchanges of a HAR file, in its order.

    Raises:
        HarError: it is no HAR, or a part of it is longer than it may be.
        OSError: it cannot be read.
    """
    if path.stat().st_size > MOST_BYTES:
        raise HarError(f"{path} is longer than {MOST_BYTES} bytes.")
    try:
        entries = _decoded(FILE, path.read_bytes().removeprefix(BOM)).log.entries
    except HarError as error:
        raise HarError(f"{path} {error}") from None
    if len(entries) > MOST_ENTRIES:
        raise HarError(f"{path} has more than {MOST_ENTRIES} entries; validate parts of it.")
    for number, entry in enumerate(entries, 1):
        try:
            yield _exchange(number, _decoded(ENTRY, entry))
        except HarError as error:
            raise HarError(f"{path}: log.entries[{number - 1}] {error}") from None


def _decoded(decoder: msgspec.json.Decoder[Decoded], text: bytes | msgspec.Raw) -> Decoded:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise HarError(f"is not HAR 1.2: {error}.") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise HarError(f"is not JSON: {error}.") from None
    except RecursionError:
        raise HarError("is nested too deeply.") from None


def _pairs(text: msgspec.Raw) -> list[NameValue]:
    if len(bytes(text)) > MOST_IN_PAIRS:
        raise HarError(f"has header fields, cookies or fields of more than {MOST_IN_PAIRS} bytes.")
    return _decoded(PAIRS, text) or []


def _exchange(number: int, entry: HarEntry) -> RecordedExchange:
    return RecordedExchange(
        number=number,
        started=_moment(entry.started),
        milliseconds=entry.time or 0,
        method=entry.request.method,
        url=entry.request.url,
        status=max(entry.response.status, 0),
        request=_request(entry.request),
        response=_response(entry.response),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _request(request: HarRequest) -> Message:
    headers = _headers(request.headers)
    names = {name.lower() for name, _ in headers}
    cookies = "; ".join(f"{cookie.name}={cookie.value or ''}" for cookie in _pairs(request.cookies))
    if cookies and "cookie" not in names:
        headers.append(("cookie", cookies))
    posted = request.post_data or HarPostData()
    params = _pairs(posted.params)
    if posted.text is None and not params:
        return _unknown(headers, request.body_size or 0)
    mime_type, body = _posted(posted, params)
    if posted.text is None:  # what was put together from fields has a boundary of its own, and another length
        headers = [pair for pair in headers if pair[0].lower() != "content-type"]
        return _message(headers, mime_type, body)
    return _message(headers, mime_type, body, request.body_size)


def _posted(posted: HarPostData, params: list[NameValue]) -> tuple[str, bytes]:
    mime_type = posted.mime_type or ""
    if posted.text or not params:
        return mime_type, _bytes(posted.text or "", posted.encoding)
    if mime_type.startswith("multipart/"):
        return f"multipart/form-data; boundary={BOUNDARY}", _multipart(params)
    fields = [(param.name, param.value or "") for param in params]
    return mime_type, urlencode(fields, errors="replace").encode()


def _multipart(params: list[NameValue]) -> bytes:
    """Write fields; one byte represents the content of a file that was not recorded."""
    import httpx2  # noqa: PLC0415 -- who writes archives does not need it

    parts = [(param.name, (param.file_name, _content_of(param), param.content_type)) for param in params]
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return httpx2.Request("POST", "http://recorded", headers=headers, files=parts).read()


def _content_of(param: NameValue) -> bytes:
    return (param.value or ("?" if param.file_name else "")).encode("utf-8", "replace")


def _response(response: HarResponse) -> Message:
    headers, content = _headers(response.headers), response.content
    if content.text is None:
        return _unknown(headers, SOME_BYTES if content.size is None or content.size < 0 else content.size)
    return _message(headers, content.mime_type or "", _bytes(content.text, content.encoding), content.size)


def _headers(pairs: msgspec.Raw) -> list[tuple[str, str]]:
    return [
        (pair.name, pair.value or "") for pair in _pairs(pairs) if pair.name.lower() not in NO_LONGER_TRUE
    ]


def _message(
    headers: list[tuple[str, str]], mime_type: str, body: bytes, size: float | None = None
) -> Message:
    """Return a message, its media type added to its fields where they lack it.

    Args:
        body: what was recorded; a tool may cut it.
        size: of all of it, if that is known.
    """
    has_type = any(name.lower() == "content-type" for name, _ in headers)
    if not has_type and "/" in mime_type:
        headers = [*headers, ("content-type", mime_type)]
    return Message(headers=headers, body=body, body_bytes=max(len(body), _size(size or 0)))


def _size(recorded: float) -> int:
    return int(min(max(recorded, 0), MOST_BYTES))


def _unknown(headers: list[tuple[str, str]], size: float) -> Message:
    """Return a message whose body was not recorded, if it had one."""
    length = next((value for name, value in headers if name.lower() == "content-length"), "")
    is_long = length.isascii() and length.isdigit() and length.strip("0") != ""
    return Message(headers=headers, body_bytes=_size(max(size, is_long)))


def _bytes(text: str, encoding: str | None) -> bytes:
    text = text[:MOST_IN_BODY]
    try:
        return b64decode(text, validate=True) if encoding == "base64" else text.encode("utf-8", "replace")
    except ValueError as error:
        raise HarError(f"has a body that is not base64: {error}.") from None
