"""Ways to bend the shop, each in a line."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import httpx2
from wrong_shop import KEY, Asked, Bends, Reply, Shop

SCHEMA, HEADERS, MEDIA_TYPE, STATUS = (
    f"{name}_conformance" for name in ("response_schema", "response_headers", "content_type", "status_code")
)
ERROR = "not_a_server_error"
LIST, CREATE, READ, HEAD, PUT, PATCH, DELETE = (
    *("GET /items", "POST /items"),
    *(f"{method} /items/*" for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE")),
)
REPORT, SESSION = "GET /reports/*", "POST /session"
ABSENT: Any = object()
Change = Callable[[Reply, Asked, Shop], Any]
Row = tuple[str, str, Bends]
"""A name, the check with its rule that has to find it, and how the shop is bent."""


def replied(label: str, change: Change, *statuses: int) -> Bends:
    """Change responses to an operation (empty for all), successes if no statuses are given."""

    def apply(asked: Asked, reply: Reply, shop: Shop) -> None:
        applies = reply.status in statuses if statuses else reply.status < 300
        if fnmatchcase(asked.label, label or "*") and asked.method != "OPTIONS" and applies:
            change(reply, asked, shop)

    return Bends(replied=apply)


def asked(label: str, change: Callable[[Asked, Shop], Reply | None]) -> Bends:
    """Change requests of an operation, or respond to them."""
    return Bends(
        asked=lambda request, shop: (
            change(request, shop) if fnmatchcase(request.label, label or "*") else None
        )
    )


def header(label: str, name: str, value: Any = ABSENT, *statuses: int) -> Bends:
    """Set a header field, or take it away."""
    return replied(
        label,
        lambda reply, *_: (
            reply.headers.pop(name, None) if value is ABSENT else reply.headers.update({name: value})
        ),
        *statuses,
    )


def member(label: str, name: str, value: Any = ABSENT, *statuses: int) -> Bends:
    """Set a member of a body, or take it away; a function makes it of what it was."""

    def change(reply: Reply, *_: Any) -> None:
        if isinstance(reply.body, dict) and name in reply.body | {name: value is not ABSENT or None}:
            reply.body = {**reply.body}
            if value is ABSENT:
                reply.body.pop(name, None)
            else:
                reply.body[name] = value(reply.body.get(name)) if callable(value) else value

    return replied(label, change, *statuses)


def sets(label: str, *statuses: int, **fields: Any) -> Bends:
    """Set the status, the body or the headers of a response."""
    return replied(label, lambda reply, *_: [setattr(reply, *field) for field in fields.items()], *statuses)


def raises(label: str, error: type[httpx2.RequestError]) -> Bends:
    """Break the connection."""

    def fail(request: Asked, _shop: Shop) -> None:
        raise error("broken", request=httpx2.Request(request.method, f"http://shop.test{request.path}"))

    return asked(label, fail)


def without(label: str, *names: str) -> Bends:
    """Ignore query parameters."""
    return asked(label, lambda request, _: [request.query.pop(name, None) for name in names] and None)


def as_if(label: str, method: str, status: int = 0) -> Bends:
    """Treat a request as one of another method, with the status of a success."""

    def swap(request: Asked, shop: Shop) -> Reply:
        request.method = method
        request.body = b""
        reply = shop.reply(request)
        reply.status = status if status and reply.status < 300 else reply.status
        reply.body = b"" if reply.status == 204 else reply.body
        return reply

    return asked(label, swap)


def keys(label: str, value: str) -> Bends:
    """Take any caller for the first one, where the key is such."""

    def admit(request: Asked, _shop: Shop) -> None:
        if value in {"", request.headers.get("x-key", "none")[: len(value)]}:
            request.headers["x-key"] = KEY

    return asked(label, admit)


def rewritten(label: str, change: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]) -> Bends:
    """Store another item than the request makes: by what was there and what is now."""

    def store(reply: Reply, request: Asked, shop: Shop) -> None:
        number = reply.body["id"]
        before = shop.before.get(number, {})
        shop.items[number] = request.headers["x-key"], change(before, reply.body)

    return replied(label, store)


def listed(change: Callable[[list[Any], Asked], list[Any]]) -> Bends:
    """Change the items of a list."""

    def apply(reply: Reply, request: Asked, _shop: Shop) -> None:
        reply.body = {**reply.body, "items": change(reply.body["items"], request)}

    return replied(LIST, apply)


def preflight(**fields: str) -> Bends:
    """Change the response to a preflight."""

    def apply(request: Asked, reply: Reply, _shop: Shop) -> None:
        if request.method == "OPTIONS":
            reply.headers |= {name.replace("_", "-"): value for name, value in fields.items()}

    return Bends(replied=apply)
