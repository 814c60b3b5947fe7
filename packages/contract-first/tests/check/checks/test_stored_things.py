"""Apps that store what they are sent, each wrong in one way, and what the check says of each."""

from __future__ import annotations

import json
from itertools import count

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contract_first.check import Credentials, check_app, check_url
from contract_first.check.checks.stored import StoredThings
from contract_first.contract import Contract
from contract_first.mock import contract_mock

pytestmark = pytest.mark.programs

TITLE = {"type": "string", "minLength": 3}
BOOK = {
    "type": "object",
    "required": ["title", "author"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "title": TITLE,
        "author": TITLE,
        "shelf": {"type": "string", "default": "new"},
    },
}
PART = {"type": "object", "minProperties": 1, "properties": {"title": TITLE, "author": TITLE}}


def body(schema):
    """Return the body of a request or response."""
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}


def needed(schema):
    """Return the body of a request that has to be there."""
    return {"required": True, "content": body(schema)["content"]}


def parameter(name, place="query", **schema):
    """Return a parameter."""
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "integer", **schema}}


def operation(name, status, *others, returns=None, **parts):
    """Return an operation with a status of success, and others."""
    success = {"description": "OK"} if returns is None else body(returns)
    responses = {status: success, **{other: {"description": "no"} for other in others}}
    return {"operationId": name, "responses": responses, **parts}


NOTE = {"type": "object", "properties": {"id": {"type": "integer", "readOnly": True}, **PART["properties"]}}
LISTED = {
    "type": "object",
    "properties": {"total": {"type": "integer"}, "items": {"type": "array", "items": BOOK}},
}
QUERY = [parameter("page", minimum=1), parameter("page_size", minimum=1), parameter("author", type="string")]
CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Books", "version": "1"},
        "paths": {
            "/books": {
                "get": operation("list_books", "200", returns=LISTED, parameters=QUERY),
                "post": operation("add_book", "201", returns=BOOK, requestBody=needed(BOOK)),
            },
            "/books/{bookId}": {
                "parameters": [parameter("bookId", "path")],
                "get": operation("read_book", "200", "304", returns=BOOK),
                "put": operation("write_book", "200", returns=BOOK, requestBody=needed(BOOK)),
                "patch": operation("change_book", "200", "412", returns=BOOK, requestBody=needed(PART)),
                "delete": operation("drop_book", "204"),
            },
            "/books/{bookId}/notes": {
                "parameters": [parameter("bookId", "path")],
                "get": operation("list_notes", "200", returns={"type": "array", "items": NOTE}),
                "post": operation("add_note", "201", returns=NOTE, requestBody=needed(PART)),
            },
            "/books/{bookId}/notes/{noteId}": {
                "parameters": [parameter("bookId", "path"), parameter("noteId", "path")],
                "get": operation("read_note", "200", returns=NOTE),
            },
        },
    },
    "books",
)


BOOKS, ITEM = "/books", "/books/{bookId}"
ONLY_NOTES = Contract(
    {
        **CONTRACT.document,
        "paths": {
            **CONTRACT.document["paths"],
            BOOKS: {
                "get": operation("list_books", "200", returns=LISTED),
                "post": CONTRACT.document["paths"][BOOKS]["post"],
            },
            ITEM: {
                "parameters": [parameter("bookId", "path")],
                "get": operation("read_book", "200", returns=BOOK),
            },
        },
    },
    "notes",
)
"""The contract of an API that only takes books and notes."""


class Books:
    """An API of books and their notes that is right, unless it loses notes."""

    def __init__(self, *, loses: bool = False) -> None:
        self._loses = loses
        self._books: dict[int, dict[str, object]] = {}
        self._notes: dict[int, dict[str, object]] = {}
        self._numbers = count(1)

    def app(self) -> Starlette:
        """Return it as an ASGI app."""
        return Starlette(
            routes=[
                Route("/books", self._all, methods=["GET", "POST"]),
                Route("/books/{id:int}", self._one),
                Route("/books/{id:int}/notes", self._all_notes, methods=["GET", "POST"]),
                Route("/books/{id:int}/notes/{note:int}", self._one_note),
            ]
        )

    async def _all(self, request):
        if request.method == "GET":
            books = list(self._books.values())
            return JSONResponse({"total": len(books), "items": books})
        number = next(self._numbers)
        self._books[number] = {"shelf": "new", **await request.json(), "id": number}
        return JSONResponse(self._books[number], 201, {"Location": f"/books/{number}"})

    async def _one(self, request):
        book = self._books.get(request.path_params["id"])
        return Response(status_code=404) if book is None else JSONResponse(book)

    async def _all_notes(self, request):
        if request.method == "GET":
            return JSONResponse(list(self._notes.values()))
        number = next(self._numbers)
        note = {**await request.json(), "id": number}
        if not self._loses:
            self._notes[number] = note
        return JSONResponse(note, 201)

    async def _one_note(self, request):
        note = self._notes.get(request.path_params["note"])
        return Response(status_code=404) if note is None else JSONResponse(note)


@pytest.mark.parametrize(("loses", "rules"), [(False, set()), (True, {"there"})])
def test_what_belongs_to_a_thing_is_tried(loses, rules):
    """Things below a thing that was created are created too, and looked for."""
    checks, contract = (StoredThings,), ONLY_NOTES
    report = check_app(Books(loses=loses).app(), contract=contract, checks=checks, phases=(), seed=1)
    assert report.troubles == []
    assert {finding.title.partition(": ")[2] for finding in report.findings} == rules


def test_an_api_that_creates_nothing_is_left_out():
    """Where no creation succeeds there is nothing to check, and no rule is said to hold."""

    async def refuse(_request):
        return Response(status_code=503)

    app = Starlette(routes=[Route("/{rest:path}", refuse, methods=["GET", "POST"])])
    report = check_app(app, contract=CONTRACT, checks=(StoredThings,), phases=(), seed=1)
    assert report.left_out == {"stored_things": "nothing with an id was created"}


def test_a_mock_that_remembers_passes():
    """Our own mock of the contract, with credentials that it does not know, violates no rule of any check."""
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    document = {**CONTRACT.document, "components": {"securitySchemes": schemes}, "security": [{"key": []}]}
    contract = Contract(json.loads(json.dumps(document)), "books")
    with contract_mock(contract, stateful=True) as mock:
        report = check_url(
            mock.api, contract=contract, credentials=Credentials(api_key="key-12345678"), phases=(), seed=1
        )
    assert report.troubles == []
    assert [str(finding.message) for finding in report.findings] == []
    assert "stored_things" not in report.left_out
    assert not report.notes.get("stored_things")


SHOP = Contract(
    {
        **CONTRACT.document,
        "paths": {
            BOOKS: {
                "get": operation(
                    "list_books",
                    "200",
                    returns=LISTED,
                    parameters=[parameter("limit", minimum=1), parameter("offset", minimum=0)],
                ),
                "post": operation(
                    "add_book",
                    "201",
                    returns=BOOK,
                    requestBody=needed(BOOK),
                    parameters=[{**parameter("Idempotency-Key", "header", type="string"), "required": True}],
                ),
            },
            ITEM: {
                "parameters": [parameter("bookId", "path")],
                "get": operation("read_book", "200", returns=BOOK),
                "put": operation("write_book", "200", returns=BOOK, requestBody=needed(BOOK)),
            },
        },
    },
    "shop",
)


class Shop:
    """An API of books with idempotency keys and pages, right unless it has a bug: one of those below."""

    def __init__(self, bug: str) -> None:
        self._bug = bug
        self._books: dict[int, dict[str, object]] = {}
        self._listed: dict[int, dict[str, object]] = {}
        self._by_key: dict[str, int] = {}

    def app(self) -> Starlette:
        """Return it as an ASGI app."""
        every, single = Route("/books", self._all, methods=["GET", "POST"]), "/books/{id:int}"
        return Starlette(routes=[every, Route(single, self._one, methods=["GET", "PUT"])])

    async def _all(self, request):
        if request.method == "POST":
            key = request.headers["idempotency-key"]
            number = self._by_key.get(key, len(self._books) + 1)
            if self._bug != "made twice":
                self._by_key[key] = number
            book = {"shelf": "new", **await request.json(), "id": number}
            self._books[number] = self._listed[number] = book
            return JSONResponse(book, 201)
        books = list((self._listed if self._bug == "stale" else self._books).values())
        offset, limit = (int(request.query_params.get(name, 50)) for name in ("offset", "limit"))
        page = books[offset % 50 :][: limit - (self._bug == "short")]
        return JSONResponse({"total": len(books) + (self._bug == "large"), "items": page})

    async def _one(self, request):
        number = request.path_params["id"]
        if number not in self._books:
            return Response(status_code=404)
        if request.method == "PUT":
            self._books[number] = {"shelf": "new", **await request.json(), "id": number}
        return JSONResponse(self._books[number])


@pytest.mark.parametrize(
    ("bug", "rules"),
    [
        ("", set()),
        ("made twice", {"idempotency"}),
        ("stale", {"list"}),
        ("large", {"total"}),
        ("short", {"page"}),
    ],
)
def test_what_a_list_and_a_key_promise(bug, rules):
    """One key makes one thing; a list is as fresh as a GET, its total no larger, its pages no shorter."""
    report = check_app(Shop(bug).app(), contract=SHOP, checks=(StoredThings,), phases=(), seed=1)
    assert report.troubles == []
    assert {finding.title.partition(": ")[2] for finding in report.findings} == rules
