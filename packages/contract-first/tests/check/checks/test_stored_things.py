"""Apps that store what they are sent, each wrong in one way, and what the check says of each."""

from __future__ import annotations

from itertools import count

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contract_first.check import check_app
from contract_first.check.checks.stored_things import StoredThings
from contract_first.contract import Contract

pytestmark = pytest.mark.programs

BOOK = {
    "type": "object",
    "required": ["title"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "title": {"type": "string", "minLength": 3}},
}
CONTENT = {"application/json": {"schema": BOOK}}
OK = {"description": "OK", "content": CONTENT}
BODY = {"required": True, "content": CONTENT}
ID = {"name": "bookId", "in": "path", "required": True, "schema": {"type": "integer"}}
CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Books", "version": "1"},
        "paths": {
            "/books": {
                "get": {"operationId": "list_books", "responses": {"200": {"description": "OK"}}},
                "post": {"operationId": "add_book", "requestBody": BODY, "responses": {"201": OK}},
            },
            "/books/{bookId}": {
                "parameters": [ID],
                "get": {"operationId": "read_book", "responses": {"200": OK}},
                "put": {"operationId": "write_book", "requestBody": BODY, "responses": {"200": OK}},
                "delete": {"operationId": "drop_book", "responses": {"204": {"description": "OK"}}},
            },
        },
    },
    "books",
)


class Books:
    """An API of books that is right unless it is wrong in one way."""

    def __init__(self, wrong: str = "") -> None:
        self._wrong = wrong
        self._books: dict[int, dict[str, object]] = {}
        self._numbers = count(1)
        self._tags = count(1)

    def app(self) -> Starlette:
        """Return it as an ASGI app."""
        methods = ["GET", "PUT", "DELETE"]
        return Starlette(
            routes=[
                Route("/books", self._all, methods=["GET", "POST"]),
                Route("/books/{id:int}", self._one, methods=methods),
            ]
        )

    async def _all(self, request):
        if request.method == "GET":
            books = [] if self._wrong == "list" else list(self._books.values())
            if self._wrong == "list stale":
                books = [{**book, "title": "another"} for book in books]
            return JSONResponse({"total": len(books), "items": books})
        number = 1 if self._wrong == "ids" else next(self._numbers)
        book = {**await request.json(), "id": number}
        self._books[number] = {**book, "title": "another"} if self._wrong == "same" else book
        location = f"/books/{number + 99 * (self._wrong == 'location')}"
        if self._wrong == "there":
            self._books.clear()
        return JSONResponse(book, 201, {"Location": location})

    async def _one(self, request):
        number = request.path_params["id"]
        if number not in self._books:
            return Response(status_code=404)
        if request.method == "DELETE":
            if self._wrong != "gone":
                del self._books[number]
            return Response(status_code=204)
        if request.method == "PUT":
            book = {**await request.json(), "id": number}
            self._books[number] = self._books[number] if self._wrong == "put" else book
            return JSONResponse(book)
        shown = {**self._books[number], "id": number + 50 * (self._wrong == "other id")}
        tag = "head" if self._wrong == "etag" and request.method == "HEAD" else "get"
        return JSONResponse(shown, headers={"ETag": f'"{tag}"'})


def rules(wrong):
    """Return the rules that an app violates."""
    report = check_app(Books(wrong).app(), contract=CONTRACT, checks=(StoredThings,), phases=(), seed=1)
    assert report.troubles == []
    return {
        finding.title.partition(": ")[2] for finding in report.findings if finding.check == "stored_things"
    }


def test_a_right_app_passes():
    """An API that stores what it is sent violates no rule."""
    assert rules("") == set()


WRONG = {
    "there": {"there", "location"},
    "other id": {"there", "location"},
    "same": {"same", "list"},
    "put": {"same"},
    "ids": {"ids"},
    "location": {"location"},
    "etag": {"etag"},
    "list": {"list"},
    "list stale": {"list"},
    "gone": {"gone"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_app_is_caught(wrong):
    """What is wrong is found by its rule."""
    assert rules(wrong) == WRONG[wrong]


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that violates it."""
    assert set().union(*WRONG.values()) == StoredThings.rules.keys()


def test_an_api_that_creates_nothing_is_left_out():
    """Where no creation succeeds there is nothing to check, and no rule is said to hold."""

    async def refuse(_request):
        return Response(status_code=503)

    app = Starlette(routes=[Route("/{rest:path}", refuse, methods=["GET", "POST"])])
    report = check_app(app, contract=CONTRACT, checks=(StoredThings,), phases=(), seed=1)
    assert report.left_out == {"stored_things": "nothing with an id was created"}
