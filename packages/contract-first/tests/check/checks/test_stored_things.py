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


class Books:
    """An API of books and their notes that is right unless it is wrong in one way."""

    def __init__(self, wrong: str = "") -> None:
        self._wrong = wrong
        self._books: dict[int, dict[str, object]] = {}
        self._notes: dict[int, dict[str, object]] = {}
        self._numbers = count(1)

    def app(self) -> Starlette:
        """Return it as an ASGI app."""
        methods = ["GET", "PUT", "PATCH", "DELETE"]
        return Starlette(
            routes=[
                Route("/books", self._all, methods=["GET", "POST"]),
                Route("/books/{id:int}", self._one, methods=methods),
                Route("/books/{id:int}/notes", self._all_notes, methods=["GET", "POST"]),
                Route("/books/{id:int}/notes/{note:int}", self._one_note),
            ]
        )

    def _is(self, wrong: str) -> bool:
        return self._wrong == wrong

    async def _all(self, request):
        if request.method == "GET":
            return self._list(request.query_params)
        number = 1 if self._is("ids") else next(self._numbers)
        default = {} if self._is("without default") else {"shelf": "old" if self._is("default") else "new"}
        book = {**default, **await request.json(), "id": number}
        self._books[number] = {**book, "title": "another"} if self._is("same") else book
        location = f"/books/{number + 99 * self._is('location')}"
        if self._is("there"):
            self._books.clear()
        return JSONResponse(book, 201, {"Location": location})

    def _list(self, query):
        books = [] if self._is("list") else list(self._books.values())
        if self._is("list stale"):
            books = [{**book, "title": "another"} for book in books]
        if "author" in query and not self._is("filter ignored"):
            books = [book for book in books if (book["author"] == query["author"]) != self._is("filter")]
        total = len(books) - self._is("total")
        size, page = int(query.get("page_size", 50)), int(query.get("page", 1))
        first = 0 if self._is("page twice") else (page - 1) * size
        items = books if self._is("page size") else books[first : first + size]
        items = items[:1] * 2 if self._is("list twice") else items
        return JSONResponse({"total": len(items) if self._is("total of page") else total, "items": items})

    async def _one(self, request):
        number, book = request.path_params["id"], self._books.get(request.path_params["id"])
        if book is None:
            return Response(status_code=422 if self._is("gone twice") else 404)
        tag = '"constant"' if self._is("etag constant") else f'"{hash(str(book))}"'
        if request.method == "DELETE":
            if not self._is("gone"):
                del self._books[number]
            return Response(status_code=204)
        if request.method in {"PUT", "PATCH"}:
            return self._change(request, number, await request.json(), tag)
        if request.headers.get("if-none-match") == tag and not self._is("if-none-match"):
            return Response(status_code=304, headers={"ETag": tag})
        shown = {**book, "id": number + 50 * self._is("other id")}
        tag = '"head"' if self._is("etag") and request.method == "HEAD" else tag
        return JSONResponse(shown, headers={"ETag": tag})

    def _change(self, request, number, change, tag):
        if request.headers.get("if-match", tag) != tag and not self._is("if-match"):
            return Response(status_code=412)
        method, book = request.method.lower(), self._books[number]
        kept = {"author": "nobody", "title": "nothing"} if self._is("partial") else book
        changed = {**(kept if method == "patch" else {"shelf": "new"}), **change, "id": number}
        if self._is(f"{method} silent"):
            return Response(status_code=204)
        if not self._is(method):
            self._books[number] = changed
        return JSONResponse(changed)

    async def _all_notes(self, request):
        if request.method == "GET":
            return JSONResponse(list(self._notes.values()))
        number = next(self._numbers)
        note = {**await request.json(), "id": number}
        if not self._is("notes"):
            self._notes[number] = note
        return JSONResponse(note, 201)

    async def _one_note(self, request):
        note = self._notes.get(request.path_params["note"])
        return Response(status_code=404) if note is None else JSONResponse(note)


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
    "notes": {"there"},
    "same": {"same", "list"},
    "put": {"same"},
    "put silent": {"same"},
    "patch": {"same"},
    "patch silent": {"same"},
    "partial": {"partial"},
    "default": {"default"},
    "ids": {"ids"},
    "location": {"location"},
    "etag": {"etag"},
    "etag constant": {"etag"},
    "if-match": {"precondition"},
    "if-none-match": {"precondition"},
    "list": {"list"},
    "list stale": {"list"},
    "list twice": {"list"},
    "total": {"total"},
    "total of page": {"total"},
    "page size": {"page"},
    "page twice": {"page"},
    "filter": {"filter"},
    "filter ignored": {"filter"},
    "gone": {"gone"},
    "gone twice": {"gone"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_app_is_caught(wrong):
    """What is wrong is found by its rule."""
    assert rules(wrong) >= WRONG[wrong]


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
