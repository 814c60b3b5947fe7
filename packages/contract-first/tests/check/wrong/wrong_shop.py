"""A shop that conforms to its contract, and can be bent in what it reads, validates and returns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx2

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.validation import ExchangeValidator
from contract_first.contract import Contract

KEY, OTHER_KEY = "shop-key-12345678", "shop-key-87654321"
PROBLEM = "application/problem+json"
PAGE = "https://page.example"


def parameter(name: str, place: str = "query", *, required: bool = False, **schema: Any) -> dict[str, Any]:
    """Return a parameter."""
    return {"name": name, "in": place, "required": required or place == "path", "schema": schema}


def content(schema: Any, media_type: str = "application/json", **more: Any) -> dict[str, Any]:
    """Return a response of a media type."""
    return {"description": "OK", "content": {media_type: {"schema": schema}}, **more}


def ref(name: str, kind: str = "schemas") -> dict[str, str]:
    """Return a reference."""
    return {"$ref": f"#/components/{kind}/{name}"}


def operation(name: str, *statuses: int, **parts: Any) -> dict[str, Any]:
    """Return an operation with the shop's errors, and others."""
    successes = parts.pop("responses", {})
    errors = {str(status): ref("Error", "responses") for status in (400, 401, 405, 422, 429, *statuses)}
    return {"operationId": name, "responses": {**successes, **errors}, **parts}


LIMITS = {
    f"{prefix}RateLimit-{name}": {"required": True, "schema": {"type": "integer"}}
    for prefix in ("", "X-")
    for name in ("Limit", "Remaining", "Reset")
} | {"RateLimit-Policy": {"required": True, "schema": {"type": "string"}}}
OWNER = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 2, "maxLength": 30}},
}
MEMBERS = {
    "name": {"type": "string", "minLength": 3, "maxLength": 40},
    "kind": {"type": "string", "enum": ["cup", "pot"]},
    "size": {"type": "integer", "minimum": 2, "maximum": 90},
    "price": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5},
    "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}$"},
    "grade": {"type": "integer", "enum": [1, 2, 3]},
    "made": {"type": "string", "format": "date"},
    "tags": {
        "type": "array",
        "minItems": 2,
        "maxItems": 4,
        "uniqueItems": True,
        "items": {"type": "string", "maxLength": 8},
    },
    "owner": OWNER,
}
REQUIRED = ["name", "kind", "size", "code", "tags", "owner"]
DRAFT = {
    "type": "object",
    "additionalProperties": False,
    "required": REQUIRED,
    "properties": {**MEMBERS, "shelf": {"type": "string", "default": "new"}, "secret": {"type": "string"}},
}
ITEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "made_at", *REQUIRED],
    "properties": {
        **MEMBERS,
        "id": {"type": "integer"},
        "made_at": {"type": "string", "format": "date-time"},
        "shelf": {"type": "string"},
    },
}
LIST = {
    "type": "object",
    "required": ["total", "items"],
    "properties": {
        "total": {"type": "integer"},
        "items": {"type": "array", "items": ref("Item")},
        "next": {"type": "string"},
    },
}
ERROR = {
    "type": "object",
    "required": ["title", "status"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
    },
}
QUERY = [
    parameter("page", type="integer", minimum=1, maximum=500),
    parameter("page_size", type="integer", minimum=1, maximum=50),
    parameter("kind", type="string", enum=["cup", "pot"]),
    parameter("sort", type="string", enum=["id", "-id"]),
    parameter("text", type="string", minLength=2, maxLength=20),
    parameter("code", type="string", pattern="^[A-Z]{2}$"),
    parameter("ratio", type="number", exclusiveMaximum=1),
    parameter("marks", type="array", maxItems=3, uniqueItems=True, items={"type": "integer", "maximum": 9}),
    parameter("X-Trace", "header", type="string", maxLength=12),
    parameter("X-Level", "header", type="string", enum=["low", "high"]),
    parameter("theme", "cookie", type="string", enum=["dark", "light"]),
]
TAG = {"ETag": {"required": True, "schema": {"type": "string"}}}
LOCATION = {"Location": {"required": True, "schema": {"type": "string"}}}
LINK = {"read": {"operationId": "read_item", "parameters": {"id": "$response.body#/id"}}}
ID = parameter("id", "path", type="integer", minimum=1)
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "http://shop.test"}],
    "security": [{"key": []}],
    "paths": {
        "/items": {
            "get": operation(
                "list_items", 406, parameters=QUERY, responses={"200": content(ref("List"), headers=LIMITS)}
            ),
            "post": operation(
                "add_item",
                415,
                requestBody={"required": True, **content(ref("Draft"))},
                responses={"201": content(ref("Item"), headers=LIMITS | LOCATION, links=LINK)},
            ),
        },
        "/items/{id}": {
            "parameters": [ID],
            "get": operation(
                "read_item",
                404,
                responses={
                    "200": content(ref("Item"), headers=LIMITS | TAG),
                    "304": {"description": "as it was"},
                },
            ),
            "put": operation(
                "write_item",
                *(404, 412, 415),
                requestBody={"required": True, **content(ref("Draft"))},
                responses={"200": content(ref("Item"), headers=LIMITS)},
            ),
            "patch": operation(
                "change_item",
                *(404, 412, 415),
                requestBody={"required": True, **content(ref("Part"))},
                responses={"200": content(ref("Item"), headers=LIMITS)},
            ),
            "delete": operation(
                "drop_item", 404, responses={"204": {"description": "gone", "headers": LIMITS}}
            ),
        },
        "/reports/{year}": {
            "get": operation(
                "read_report",
                parameters=[
                    parameter("year", "path", type="integer", minimum=2000, maximum=2030),
                    parameter("depth", required=True, type="integer", enum=[1, 2]),
                    parameter("X-Unit", "header", required=True, type="string", enum=["kg", "lb"]),
                ],
                responses={"200": content({"type": "array", "items": {"type": "integer"}}, headers=LIMITS)},
            )
        },
        "/session": {
            "post": operation("open_session", responses={"204": {"description": "open", "headers": LIMITS}})
        },
    },
    "components": {
        "schemas": {
            "Draft": DRAFT,
            "Part": {"type": "object", "properties": MEMBERS, "minProperties": 1},
            "Item": ITEM,
            "List": LIST,
            "Error": ERROR,
        },
        "responses": {"Error": content(ref("Error"), PROBLEM, headers=LIMITS)},
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
        },
    },
}
CONTRACT = Contract(DOCUMENT, "shop")


@dataclass
class Asked:
    """A request, as a bend may change it."""

    method: str
    path: str
    query: dict[str, Any]
    headers: httpx2.Headers
    body: bytes

    @property
    def label(self) -> str:
        """The method and the path, with a star in place of an id."""
        return f"{self.method} {re.sub(r'/[^/]*[0-9][^/]*$', '/*', self.path)}"


@dataclass
class Reply:
    """A response, as a bend may change it; a body that is no bytes is sent as JSON."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


def problem(status: int, **headers: str) -> Reply:
    """Return an error."""
    return Reply(
        status,
        {"title": "An error.", "status": status},
        {"Content-Type": PROBLEM, **headers},
    )


@dataclass
class Bends:
    """What is wrong with a shop.

    Attributes:
        lax: pointers of keywords that it does not know in its contract.
        asked: changes a request before it is read, or responds to it.
        replied: changes a response; it gets the request and the shop as well.
    """

    lax: tuple[str, ...] = ()
    asked: Callable[[Asked, Shop], Reply | None] = lambda _asked, _shop: None
    replied: Callable[[Asked, Reply, Shop], None] = lambda _asked, _reply, _shop: None


class Shop:
    """The shop.

    Attributes:
        items: by id, with the key of whom they belong to.
        ghosts: items that are listed, and not there.
        before: items as they were before the request.
        requests: how many there were.
    """

    def __init__(self, bends: Bends | None = None) -> None:
        self._bends = bends or Bends()
        self._validator = _validator(self._bends.lax)
        self.items: dict[int, tuple[str, dict[str, Any]]] = {}
        self.ghosts: dict[int, tuple[str, dict[str, Any]]] = {}
        self.numbers = count(1)
        self.requests = 0
        self.before: dict[int, dict[str, Any]] = {}

    def respond(self, request: httpx2.Request) -> httpx2.Response:
        """Respond to a request."""
        self.requests += 1
        asked = Asked(
            request.method,
            request.url.path,
            {name: values if values[1:] else values[0] for name, values in _values(request.url).items()},
            request.headers.copy(),
            request.read(),
        )
        original = Asked(asked.method, asked.path, dict(asked.query), request.headers, asked.body)
        self.before = {number: item for number, (_, item) in self.items.items()}
        reply = self._bends.asked(asked, self) or self.reply(asked)
        reply.headers = {
            **self._limits(),
            "Date": f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}",
            **reply.headers,
        }
        self._bends.replied(original, reply, self)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        if not isinstance(reply.body, bytes):
            reply.headers.setdefault("Content-Type", "application/json")
        if original.method == "HEAD":
            body = reply.headers.pop("head-body", "").encode()
        # a stream is read in the client, which times it
        return httpx2.Response(reply.status, headers=reply.headers, stream=httpx2.ByteStream(body))

    def _limits(self) -> dict[str, str]:
        left, reset, now = 100_000 - self.requests, 3600, int(datetime.now(UTC).timestamp())
        fields = {"RateLimit-Policy": "100000;w=3600"}
        for prefix, at in (("", reset), ("X-", now + reset)):
            fields |= {
                f"{prefix}RateLimit-Limit": "100000",
                f"{prefix}RateLimit-Remaining": str(left),
                f"{prefix}RateLimit-Reset": str(at),
            }
        return fields

    def reply(self, asked: Asked) -> Reply:
        """Return the response that conforms to the contract."""
        route = next((path for path in DOCUMENT["paths"] if _matches(path, asked.path)), None)
        if route is None:
            return problem(404)
        methods = {method.upper() for method in DOCUMENT["paths"][route] if method != "parameters"}
        page = {"Access-Control-Allow-Origin": PAGE, "Vary": "Origin"} if "origin" in asked.headers else {}
        if asked.method == "OPTIONS":
            allowed = {
                "Access-Control-Allow-Methods": ", ".join(sorted(methods)),
                "Access-Control-Allow-Headers": "X-Key, Content-Type",
            }
            return Reply(204, b"", {**page, **allowed})
        method = "GET" if asked.method == "HEAD" else asked.method
        if method not in methods:
            return problem(405, Allow=", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set()))))
        if asked.headers.get("x-key") not in {KEY, OTHER_KEY}:
            return problem(401, **{"WWW-Authenticate": "Key"})
        refusal = self._refusal(asked, method)
        reply = refusal or getattr(self, f"_{method.lower()}_{route.split('/')[1]}")(asked, route)
        reply.headers |= page | {"Cache-Control": "no-store"}
        return reply

    def _refusal(self, asked: Asked, method: str) -> Reply | None:
        media_type = asked.headers.get("content-type", "").partition(";")[0]
        if asked.body and media_type != "application/json":
            return problem(415)
        accepted = asked.headers.get("accept", "*/*")
        if not any(part in accepted for part in ("*/*", "application/json", "application/*")):
            return problem(406)
        url = httpx2.URL("http://shop.test", path=asked.path, params=asked.query)
        message = Message(headers=list(asked.headers.items()), body=asked.body, body_bytes=len(asked.body))
        exchange = RecordedExchange(
            started=datetime.now(UTC),
            milliseconds=0,
            method=method,
            url=str(url),
            status=0,
            request=message,
            response=Message(),
        )
        return problem(422) if self._validator.verdict(exchange).request else None

    def _get_items(self, asked: Asked, route: str) -> Reply:
        if route == "/items":
            return Reply(200, self._listed(asked))
        item = self._found(asked)
        if item is None:
            return problem(404)
        tag = tag_of(item)
        if asked.headers.get("if-none-match") == tag:
            return Reply(304, b"", {"ETag": tag})
        return Reply(200, item, {"ETag": tag})

    def _listed(self, asked: Asked) -> dict[str, Any]:
        key, query = asked.headers["x-key"], asked.query
        items = [item for owner, item in {**self.ghosts, **self.items}.values() if owner == key]
        if "kind" in query:
            items = [item for item in items if item["kind"] == query["kind"]]
        if query.get("sort") == "-id":
            items.reverse()
        page, size = int(query.get("page", 1)), int(query.get("page_size", 50))
        part = items[(page - 1) * size : page * size]
        further = {"next": f"/items?page={page + 1}&page_size={size}"} if page * size < len(items) else {}
        return {"total": len(items), "items": part, **further}

    def _post_items(self, asked: Asked, _route: str) -> Reply:
        number = next(self.numbers)
        draft = json.loads(asked.body)
        draft.pop("secret", None)
        item = {"shelf": "new", **draft, "id": number, "made_at": datetime.now(UTC).isoformat()}
        self.items[number] = asked.headers["x-key"], item
        return Reply(201, item, {"Location": f"/items/{number}"})

    def _put_items(self, asked: Asked, _route: str) -> Reply:
        return self._change(asked, {"shelf": "new"})

    def _patch_items(self, asked: Asked, _route: str) -> Reply:
        return self._change(asked, self._found(asked) or {})

    def _change(self, asked: Asked, base: dict[str, Any]) -> Reply:
        item = self._found(asked)
        if item is None:
            return problem(404)
        if asked.headers.get("if-match", tag_of(item)) != tag_of(item):
            return problem(412)
        change = json.loads(asked.body)
        change.pop("secret", None)
        changed = {**base, **change, "id": item["id"], "made_at": item["made_at"]}
        self.items[_number(asked)] = asked.headers["x-key"], changed
        return Reply(200, changed)

    def _delete_items(self, asked: Asked, _route: str) -> Reply:
        item = self._found(asked)
        if item is None:
            return problem(404)
        del self.items[_number(asked)]
        return Reply(204)

    def _get_reports(self, _asked: Asked, _route: str) -> Reply:
        return Reply(200, [1, 2])

    def _post_session(self, _asked: Asked, _route: str) -> Reply:
        return Reply(204, b"", {"Set-Cookie": "sid=a-session; HttpOnly; Secure; SameSite=Lax"})

    def _found(self, asked: Asked) -> dict[str, Any] | None:
        owner, item = self.items.get(_number(asked), ("", None))
        return item if owner == asked.headers["x-key"] else None


def tag_of(item: dict[str, Any]) -> str:
    """Return the ETag of an item."""
    return f'"{hash(json.dumps(item))}"'


def _number(asked: Asked) -> int:
    return int(asked.path.rpartition("/")[2])


def _values(url: httpx2.URL) -> dict[str, list[str]]:
    return {name: url.params.get_list(name) for name in url.params}


def _matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path) is not None


_VALIDATORS: dict[tuple[str, ...], ExchangeValidator] = {}


def _validator(lax: tuple[str, ...]) -> ExchangeValidator:
    """Return the validator of requests by a contract without some keywords."""
    if lax not in _VALIDATORS:
        document = deepcopy(DOCUMENT)
        for pointer in lax:
            *keys, last = pointer.split(".")
            node = document
            for key in keys:
                node = node[int(key) if isinstance(node, list) else key]
            if isinstance(node, list):
                node.remove(last)
            else:
                del node[last]
        _VALIDATORS[lax] = ExchangeValidator(Contract(document, "lax"), authentication=False)
    return _VALIDATORS[lax]


def client(shop: Shop) -> httpx2.Client:
    """Return a client that calls a shop in this thread."""
    return httpx2.Client(transport=httpx2.MockTransport(shop.respond), base_url="http://shop.test")
