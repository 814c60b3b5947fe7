"""The journal as an HTTP Archive (HAR 1.2), for browsers' developer tools and whatever else reads it."""

from __future__ import annotations

from base64 import b64encode
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .exchange import Exchange, Message

HTTP_VERSION = "HTTP/1.1"
UNKNOWN = -1
"""HAR's own word for a size or a time that nobody knows."""


def har(exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """Return exchanges as a HAR document; what HAR has no member for is in members with a ``_`` in front."""
    creator = {"name": "scanner-api mock", "version": version("scanner-api")}
    return {"log": {"version": "1.2", "creator": creator, "entries": [_entry(each) for each in exchanges]}}


def _entry(exchange: Exchange) -> dict[str, Any]:
    return {
        "startedDateTime": exchange.started.isoformat(timespec="milliseconds"),
        "time": exchange.milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": exchange.milliseconds, "receive": 0},
        "_number": exchange.number,
        "_server": exchange.server,
        "_operation": exchange.operation,
        "_scope": exchange.scope,
        "_fault": exchange.fault,
        "_verdict": msgspec.to_builtins(exchange.verdict),
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    message = exchange.request
    request = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": HTTP_VERSION,
        "cookies": _cookies(message, "cookie"),
        "headers": _pairs(message.headers),
        "queryString": _pairs(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)),
        "headersSize": UNKNOWN,
        "bodySize": message.body_bytes,
    }
    if message.fields:
        request["postData"] = {"mimeType": _content_type(message), "params": _pairs(message.fields)}
    elif message.body:
        request["postData"] = {"mimeType": _content_type(message), **_text(message.body)}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    message = exchange.response
    return {
        "status": exchange.status,
        "statusText": phrase_of(exchange.status),
        "httpVersion": HTTP_VERSION,
        "cookies": _cookies(message, "set-cookie"),
        "headers": _pairs(message.headers),
        "content": {
            "size": message.body_bytes,
            "mimeType": _content_type(message),
            **(_text(message.body) if message.body else {}),
        },
        "redirectURL": message.header("location") or "",
        "headersSize": UNKNOWN,
        "bodySize": message.body_bytes,
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(message: Message, header: str) -> list[dict[str, str]]:
    cookies: SimpleCookie = SimpleCookie()
    for name, value in message.headers:
        if name.lower() == header:
            try:
                cookies.load(value)
            except CookieError:
                continue
    return _pairs((name, morsel.value) for name, morsel in cookies.items())


def _content_type(message: Message) -> str:
    return message.header("content-type") or "x-unknown"


def _text(body: bytes) -> dict[str, str]:
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
