"""A small API, right or wrong as a test wants it, and what a check says of it."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from contract_first.check import Credentials, check_url
from contract_first.check.run.checking import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

KEY = "shelf-key-12345"
OTHER_KEY = "shelf-key-67890"
LEAST_WRONG = 8
THING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "size"],
    "properties": {"name": {"type": "string", "minLength": 1}, "size": {"type": "integer", "minimum": 0}},
}
REFUSALS = {status: {"description": "refused"} for status in ("401", "415", "422")}
LIMIT = {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 9}}


def response(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the Response Object of a schema."""
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}


CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Shelf", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        "/shelf/things": {
            "get": {
                "operationId": "shelf_list_things",
                "parameters": [LIMIT],
                "responses": {"200": response({"type": "array", "items": THING}), **REFUSALS},
            },
            "post": {
                "operationId": "shelf_add_thing",
                "requestBody": {"required": True, "content": {"application/json": {"schema": THING}}},
                "responses": {"201": response(THING), **REFUSALS},
            },
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}},
}


@dataclass
class Shelf:
    """An API of two operations.

    Attributes:
        wrong: whether it fails on things of an allowed size, and repeats the caller's key as it does so.
        left: requests left in a window, for which it sends the headers of rate limits; None for none.
        contract: what it serves as its contract.
        asked: the methods of the requests, counted.
        url: where it is served.
    """

    wrong: bool = False
    left: int | None = None
    contract: Any = field(default_factory=lambda: CONTRACT)
    asked: Counter[str] = field(default_factory=Counter)
    url: str = ""

    def app(self) -> Starlette:
        """Return it as an ASGI app."""
        routes = [
            Route("/openapi.json", lambda _: JSONResponse(self.contract)),
            Route("/shelf/things", self._things, methods=["GET", "POST"]),
        ]
        return Starlette(routes=routes)

    async def _things(self, request: Request) -> Response:
        self.asked[request.method] += 1
        if request.headers.get("x-api-key") not in {KEY, OTHER_KEY}:
            return JSONResponse({}, 401, {"WWW-Authenticate": "Key"})
        if self.left is None:
            return await self._respond(request)
        self.left -= 1
        response = JSONResponse({}, 429) if self.left < 0 else await self._respond(request)
        response.headers["ratelimit-remaining"] = str(max(0, self.left))
        response.headers["ratelimit-limit"] = "50"
        response.headers["ratelimit-reset"] = "7"
        return response

    async def _respond(self, request: Request) -> Response:
        return self._list(request) if request.method != "POST" else await self._add(request)

    def _list(self, request: Request) -> Response:
        limits = request.query_params.getlist("limit")
        return JSONResponse([], 200 if not limits or _is_right_limit(limits) else 422)

    async def _add(self, request: Request) -> Response:
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({}, 415)
        try:
            thing = json.loads(await request.body())
        except ValueError:
            return JSONResponse({}, 422)
        if not _is_right_thing(thing):
            return JSONResponse({}, 422)
        if self.wrong and thing["size"] >= LEAST_WRONG:
            return JSONResponse({"key": request.headers["x-api-key"], "steer": "\x9b31m"}, 500)
        return JSONResponse(thing, 201)


def _is_right_limit(limits: list[str]) -> bool:
    text = limits[0]
    return len(limits) == 1 and text.isascii() and text.isdecimal() and text.lstrip("0") in set("123456789")


def _is_right_thing(thing: Any) -> bool:
    if not isinstance(thing, dict) or thing.keys() != {"name", "size"}:
        return False
    name, size = thing["name"], thing["size"]
    whole = isinstance(size, int | float) and not isinstance(size, bool) and size == int(size)
    return isinstance(name, str) and bool(name) and whole and size >= 0


@pytest.fixture
def shelf_of() -> Iterator[Any]:
    """Return a function that serves an app of a test's own."""
    with ExitStack() as running:

        def serve(**how: Any) -> Shelf:
            shelf = Shelf(**how)
            shelf.url = running.enter_context(served(shelf.app()))
            return shelf

        yield serve


@pytest.fixture(scope="session")
def right_shelf() -> Iterator[tuple[Shelf, str]]:
    """Serve a right app, and return it and its URL."""
    shelf = Shelf()
    with served(shelf.app()) as url:
        yield shelf, url


@pytest.fixture(scope="session")
def wrong_shelf() -> Iterator[tuple[Shelf, str]]:
    """Serve a wrong app, and return it and its URL."""
    shelf = Shelf(wrong=True)
    with served(shelf.app()) as url:
        yield shelf, url


@pytest.fixture(scope="session")
def wrong_report(wrong_shelf, tmp_path_factory):
    """Return what a check says of the wrong app, and the HAR that it wrote."""
    har = tmp_path_factory.mktemp("wrong") / "wrong.har"
    credentials = Credentials(api_key=KEY)
    report = check_url(wrong_shelf[1], credentials=credentials, max_examples=40, seed=1, checks=(), har=har)
    return report, har
