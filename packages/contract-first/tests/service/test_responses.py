import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from uuid import UUID

import msgspec
import pytest
from connexion import ProblemException
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from contract_first.bounded import BoundedDict
from contract_first.service.messages.problems import NotFound
from contract_first.service.messages.response import Response
from contract_first.service.response.rendering import MOST_REMEMBERED

PHOTO = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "taken": {"type": "string", "format": "date-time"},
        "name": {"type": "string", "pattern": "^[a-z]+$"},
    },
    "additionalProperties": False,
}


EVERYTHING, NOTHING = True, False
BINARY = {"type": "string", "format": "binary"}


def documented(schema=None, media_type="application/json", **more):
    """Return a Response Object, with a body if it has a schema."""
    content = {} if schema is None else {"content": {media_type: {"schema": schema}}}
    return {"description": "", **content, **more}


LINES = "application/jsonl"
EVENT = {"type": "object", "required": ["data"]}


def sequence(media_type=LINES, item=PHOTO):
    """Return the response of a sequence of items."""
    return {"200": {"description": "", "content": {media_type: {"itemSchema": item}}}}


class Struct(msgspec.Struct):
    """An object as msgspec has it."""

    id: int


class Model(BaseModel):
    """An object as pydantic has it."""

    id: int


@dataclass
class Row:
    """An object as a dataclass has it."""

    id: int


PLAIN, CSV = "text/plain; charset=utf-8", "text/csv; charset=utf-8"
CSV_OR_JSON = {"text/csv": {"schema": {"type": "string"}}, "application/json": {}}
TEXT_OR_JSON = {"text/*": {"schema": {"type": "string"}}, "application/json": {}}
LINES_OR_JSON = {LINES: {"itemSchema": PHOTO}, "application/json": {}}
JSON = {"200": documented(PHOTO)}
LIMITED = {
    "200": documented(
        PHOTO,
        headers={
            "X-Limit": {"required": True, "schema": {"type": "integer", "minimum": 1}},
            "X-Note": {"schema": {"type": "string", "maxLength": 3}},
        },
    )
}

# what is declared, what the handler returns, what goes out: status, media type, body
KEPT = [
    (JSON, {"id": 1}, (200, "application/json", b'{"id":1}')),
    (JSON, b'{"id": 1}', (200, "application/json", b'{"id": 1}')),
    (JSON, {"id": 2**70}, (200, "application/json", b'{"id":%d}' % 2**70)),
    (
        JSON,
        Response({"id": 1}, media_type="application/json; charset=utf-8"),
        (200, "application/json; charset=utf-8", b'{"id":1}'),
    ),
    ({"201": documented({}), "400": documented({})}, None, (201, "application/json", b"null")),
    ({"404": documented({}), "200": documented({})}, Response([], 404), (404, "application/json", b"[]")),
    ({"204": documented()}, None, (204, None, b"")),
    ({"303": documented()}, Response(status=303, headers={"Location": "/x"}), (303, None, b"")),
    ({"2XX": documented(PHOTO)}, {"id": 1}, (200, "application/json", b'{"id":1}')),
    ({"2XX": documented(PHOTO)}, Response({"id": 1}, 202), (202, "application/json", b'{"id":1}')),
    ({"default": documented(PHOTO)}, Response({"id": 1}, 418), (418, "application/json", b'{"id":1}')),
    (
        {"200": documented(PHOTO, "application/vnd.x+json")},
        {"id": 1},
        (200, "application/vnd.x+json", b'{"id":1}'),
    ),
    ({"200": documented({"type": "string"}, "text/plain")}, "é", (200, PLAIN, "é".encode())),
    *(
        ({"200": documented({"type": "string"}, "text/plain")}, returned, (200, PLAIN, text))
        for returned, text in (
            ("", b""),
            (UUID(int=1), b"00000000-0000-0000-0000-000000000001"),
            (Decimal("1.50"), b"1.50"),
            (datetime(2026, 1, 2, 3, tzinfo=UTC), b"2026-01-02T03:00:00Z"),
            (PurePosixPath("/a"), b"/a"),
            (1.5, b"1.5"),
        )
    ),
    ({"200": documented({"type": "string"}, "text/plain")}, memoryview(b"a"), (200, "text/plain", b"a")),
    (
        {"200": documented({}, "text/html")},
        Response("a", media_type="text/html; charset=utf-8"),
        (200, "text/html; charset=utf-8", b"a"),
    ),
    ({"200": documented({"type": "string"}, "text/*")}, "é", (200, PLAIN, "é".encode())),
    (
        {"200": documented({"type": "string"}, "TEXT/plain")},
        "a",
        (200, "TEXT/plain; charset=utf-8", b"a"),
    ),
    ({"200": documented(PHOTO, "*/*")}, {"id": 1}, (200, "application/json", b'{"id":1}')),
    ({"200": documented(PHOTO, "application/*")}, {"id": 1}, (200, "application/json", b'{"id":1}')),
    ({"200": documented({}, "*/*")}, b"\xff", (200, "application/octet-stream", b"\xff")),
    ({"200": documented({}, "image/png")}, b"\xff", (200, "image/png", b"\xff")),
    ({"200": documented({}, "image/png")}, bytearray(b"\xff"), (200, "image/png", b"\xff")),
    ({"200": documented(BINARY, "image/png")}, b"\xff", (200, "image/png", b"\xff")),
    ({"200": documented({"type": "string"}, "application/pdf")}, b"\xff", (200, "application/pdf", b"\xff")),
    ({"200": documented({}, "application/xml")}, "<photo/>", (200, "application/xml", b"<photo/>")),
    ({"200": documented({"type": "array"}, "text/csv")}, "a,b", (200, CSV, b"a,b")),
    *(
        ({"200": {"description": "", "content": content}}, returned, (200, media_type, body))
        for content, returned, media_type, body in (
            (CSV_OR_JSON, "a,b", CSV, b"a,b"),
            (CSV_OR_JSON, {"id": 1}, "application/json", b'{"id":1}'),
            (CSV_OR_JSON, [], "application/json", b"[]"),
            (CSV_OR_JSON, ("a", "b", "c"), "application/json", b'["a","b","c"]'),
            (CSV_OR_JSON, Struct(id=1), "application/json", b'{"id":1}'),
            (CSV_OR_JSON, Model(id=1), "application/json", b'{"id":1}'),
            (CSV_OR_JSON, [Model(id=1)], "application/json", b'[{"id":1}]'),
            (CSV_OR_JSON, Row(1), "application/json", b'{"id":1}'),
            (CSV_OR_JSON, UUID(int=1), CSV, b"00000000-0000-0000-0000-000000000001"),
            (LINES_OR_JSON, (Model(id=1),), LINES, b'{"id": 1}\n'),
            (TEXT_OR_JSON, "a", PLAIN, b"a"),
            (TEXT_OR_JSON, {"id": 1}, "application/json", b'{"id":1}'),
            (LINES_OR_JSON, {"id": 1}, "application/json", b'{"id":1}'),
            (LINES_OR_JSON, [{"id": 1}], LINES, b'{"id": 1}\n'),
        )
    ),
    (
        {"200": documented({}, "image/*")},
        Response(b"\xff", media_type="image/gif"),
        (200, "image/gif", b"\xff"),
    ),
    (
        {"200": documented({}, "image/*")},
        Response(b"\xff", headers={"Content-Type": "image/gif", "content-length": "7"}),
        (200, "image/gif", b"\xff"),
    ),
    (
        {"200": {"description": "", "content": CSV_OR_JSON}},
        ({"id": 1}, 200, {"content-type": "application/json; charset=utf-8"}),
        (200, "application/json; charset=utf-8", b'{"id":1}'),
    ),
    (
        {"200": documented(PHOTO, headers={"X-A": {"content": {"application/xml": {"schema": PHOTO}}}})},
        Response({"id": 1}, headers={"X-A": "<a/>"}),
        (200, "application/json", b'{"id":1}'),
    ),
    ({"200": documented(EVERYTHING)}, [], (200, "application/json", b"[]")),
    (sequence(), [{"id": 1}, {"id": 2}], (200, LINES, b'{"id": 1}\n{"id": 2}\n')),
    (sequence(), b'{"id":1}\n', (200, LINES, b'{"id":1}\n')),
    (sequence("text/event-stream", EVENT), [{"data": "a"}], (200, "text/event-stream", b"data: a\n\n")),
]


@pytest.mark.parametrize(("responses", "returned", "expected"), KEPT)
def test_a_response_that_conforms_to_the_contract_goes_out(responses, returned, expected, responding):
    """Status and media type are those that the contract declares, where the handler does not say."""
    response = responding(responses, returned)("GET", "/")
    assert (response.status, response.headers.get("content-type"), response.body) == expected
    assert response.headers.get("content-length") == (
        None if response.status == 204 else str(len(response.body))
    )


# what is declared, what the handler returns, what is wrong with it
BROKEN = [
    (JSON, {"id": "secret"}, "body/id: violates type 'integer'"),
    (JSON, {}, "body: 'id' is a required property"),
    (JSON, {"id": 1, "taken": "secret"}, "body/taken: violates format 'date-time'"),
    (JSON, {"id": 1, "name": "secret!"}, "body/name: violates pattern '^[a-z]+$'"),
    (JSON, {"id": float("nan")}, "body/id: violates type 'integer'"),
    (JSON, {"id": 1, "more": "secret"}, "'more' was unexpected"),
    (JSON, None, "body: violates type 'object'"),
    (JSON, b"secret", "body: cannot be read"),
    (JSON, b"\xff", "body: cannot be read"),
    (JSON, b"", "Missing response data"),
    (JSON, b"[" * 100_000, "cannot be validated (RecursionError)"),
    (JSON, Response({"id": 1}, 201), "Unknown response http status: 201"),
    (JSON, Response("secret", media_type="text/html"), "text/html"),
    ({"204": documented()}, {"secret": 1}, "declares no body for status 204"),
    (LIMITED, {"id": 1}, "Missing required header: X-Limit"),
    (LIMITED, Response({"id": 1}, headers={"X-Limit": "0"}), "header X-Limit: violates minimum 1"),
    (LIMITED, Response({"id": 1}, headers={"X-Limit": "secret"}), "header X-Limit: cannot be read"),
    (
        LIMITED,
        Response({"id": 1}, headers={"X-Limit": "5", "X-Note": "secret"}),
        "header X-Note: violates maxLength 3",
    ),
    (
        {"200": documented({"type": "string", "maxLength": 1}, "text/plain")},
        "secret",
        "body: violates maxLength 1",
    ),
    (
        {"200": documented({"type": "string", "minLength": 1}, "text/plain")},
        "",
        "body: value is shorter than 1",
    ),
    (
        sequence(),
        [{"id": 1}, {"id": "secret"}],
        'body/1/id: value is not of type "integer" but "string"',
    ),
    (sequence(), [{"id": 1}, {}], "body/1"),
    (sequence(), b'{"id":1}\n{', "body: "),
    (sequence("text/event-stream", EVENT), [{"event": "secret"}], "body/0"),
    ({"200": documented(NOTHING)}, [], "cannot be validated"),
    ({"200": documented({"pattern": r"^\p{Lu}$"})}, "secret", "cannot be validated"),
]


@pytest.mark.parametrize("returned", [{"id": 1}, [1], (1,), {1}, range(1), object(), NotFound()])
def test_an_object_is_not_sent_as_what_is_no_json(returned, responding, caplog):
    """Nothing says how it is written: that is a bug of the handler, and the log says so."""
    response = responding({"200": documented(PHOTO, "application/pdf")}, returned).get("/")
    assert response.status == 500
    assert f"returned a {type(returned).__name__} for application/pdf; expected str or bytes" in caplog.text


def test_what_is_remembered_of_media_types_is_bounded(serve, monkeypatch):
    """A handler may take one of each response from its client."""
    remembered = []
    make = BoundedDict.__init__
    monkeypatch.setattr(
        BoundedDict, "__init__", lambda self, most: (make(self, most), remembered.append(self))[0]
    )
    numbers = iter(range(300))

    async def op():
        return Response({"id": 1}, media_type=f"application/{next(numbers)}+json")

    responses = {"200": documented(PHOTO, "application/*")}
    server = serve({"/": {"get": {"operationId": "op", "responses": responses}}}, {"op": op})
    assert {server.get("/").status for _ in range(300)} == {200}
    assert max(map(len, remembered)) == MOST_REMEMBERED


def test_a_handler_that_returns_nothing_for_a_text(responding, caplog):
    """It is not an empty text."""
    assert responding({"200": documented({"type": "string"}, "text/plain")}, None).get("/").status == 500
    assert "returned a NoneType for text/plain; expected str or bytes" in caplog.text


def test_status_and_headers_as_connexion_has_them(responding):
    """The third of a tuple is headers."""
    response = responding({"201": documented(PHOTO)}, ({"id": 1}, 201, {"X-A": "b"})).get("/")
    assert (response.status, response.headers["x-a"], response.json) == (201, "b", {"id": 1})


def test_fields_of_the_body_of_an_error_are_not_the_problems(serve):
    """Its length and its type are those of the problem, and a detail that is no text is nobody's to read."""

    async def op():
        fields = {"Content-Length": "3", "Content-Type": "text/html", "Transfer-Encoding": "chunked"}
        raise HTTPException(404, {"id": 1}, fields | {"X-A": "b"})

    response = serve({"/": {"get": {"operationId": "op", "responses": JSON}}}, {"op": op}).get("/")
    names = [name for name, _ in response.raw_headers]
    assert (names.count(b"content-length"), names.count(b"content-type")) == (1, 1)
    assert b"transfer-encoding" not in names
    assert response.headers["content-length"] == str(len(response.body))
    assert response.headers["x-a"] == "b"
    assert "{" not in response.json["detail"]


@pytest.mark.parametrize(
    "error",
    [
        HTTPException(404, "There is no photo.", {"X-A": "b"}),  # FastAPI's is one
        ProblemException(status=404, detail="There is no photo.", headers={"X-A": "b"}),
    ],
)
def test_errors_of_other_frameworks_are_problems(error, serve):
    """A handler that is moved raises what it did, with its status, its detail and its headers."""

    async def op():
        raise error

    response = serve({"/": {"get": {"operationId": "op", "responses": JSON}}}, {"op": op}).get("/")
    assert (response.status, response.json["detail"]) == (404, "There is no photo.")
    assert response.headers["x-a"] == "b"


def test_a_header_that_is_no_text(responding, caplog):
    """The log names it, in the line that names the operation."""
    assert responding(JSON, Response({"id": 1}, headers={"X-A": 1})).get("/").status == 500
    (record,) = [each for each in caplog.records if each.name == "contract_first.service.errors"]
    expected = "Unhandled TypeError in op: The header 'X-A' of a response is of type int; expected str."
    assert expected in record.getMessage()


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/vnd.x+json", "application/vnd.x+json"),
        ("application/xml, application/json;q=0.5", "application/xml"),
        ("application/*", "application/json"),
        ("garbage", "application/json"),
    ],
)
def test_an_object_is_sent_as_what_the_client_prefers(accept, expected, responding):
    """Of the media types that take it; a text is sent as the first that is declared."""
    names = ("application/json", "application/vnd.x+json", "application/xml")
    content = {name: {"schema": PHOTO} for name in names}
    server = responding({"200": {"description": "", "content": content}}, {"id": 1})
    headers = server.get("/", Accept=accept).headers
    assert (headers["content-type"], headers["vary"]) == (expected, "accept")


def test_a_media_type_of_another_schema_is_not_the_clients_to_choose(responding):
    """The response would violate the contract, by what a client sends."""
    schemas = {"application/json": PHOTO, "application/vnd.x+json": {"required": ["name"]}}
    content = {name: {"schema": schema} for name, schema in schemas.items()}
    server = responding({"200": {"description": "", "content": content}}, {"id": 1})
    response = server.get("/", Accept="application/vnd.x+json")
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert "vary" not in response.headers


def test_a_member_that_is_none_leaves_the_choice_to_the_client(responding):
    """The response without it has the same header fields."""
    content = {name: {"schema": ACCOUNT} for name in ("application/json", "application/vnd.x+json")}
    account = Account("a", "secret")
    response = responding({"200": {"description": "", "content": content}}, account).get("/")
    assert (response.json, response.headers["vary"]) == ({"name": "a"}, "accept")


class Account(msgspec.Struct):
    """What a request and a response have in common."""

    name: str
    password: str
    friend: "Account | None" = None


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_write_only_members_of_models_are_left_out(openapi, serve):
    """At any depth; a dictionary that has one violates the contract where that says so."""
    account = {
        "type": "object",
        "required": ["name", "password"],
        "properties": {
            "name": {"type": "string"},
            "password": {"type": "string", "writeOnly": True},
            "friend": {"$ref": "#/components/schemas/Account"},
        },
    }
    responses = {"200": documented({"$ref": "#/components/schemas/Account"})}

    async def op():
        return Account("a", "secret", Account("b", "secret"))

    server = serve(
        {"/": {"get": {"operationId": "op", "responses": responses}}},
        {"op": op},
        openapi=openapi,
        components={"schemas": {"Account": account}},
    )
    assert server.get("/").json == {"name": "a", "friend": {"name": "b"}}


ACCOUNT = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "password": {"type": "string", "writeOnly": True},
        "friend": {"type": "object"},
    },
}
DATA = {"contentMediaType": "application/json", "contentSchema": {"items": ACCOUNT}}
MEMBERS_OF_ANY_NAME = (
    {"additionalProperties": ACCOUNT},
    {"patternProperties": {"^x": ACCOUNT}},
    {"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": ACCOUNT}]},
)


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("schema", MEMBERS_OF_ANY_NAME)
def test_write_only_members_below_any_name(schema, openapi, responding):
    """And those that are None where the contract does not allow null."""
    if openapi == "3.1.0" or "patternProperties" not in schema:
        server = responding({"200": documented(schema)}, {"x": Account("a", "secret")}, openapi=openapi)
        assert server.get("/").json == {"x": {"name": "a"}}


@pytest.mark.parametrize(
    ("media_type", "schema", "body"),
    [
        ("application/json", {"prefixItems": [True, {"items": ACCOUNT}]}, b'[0,[{"name":"a"}]]'),
        (
            "application/xml",
            {"items": {"items": ACCOUNT}},
            b"<item>0</item><item><item><name>a</name></item></item>",
        ),
        ("application/jsonl", {"items": {"items": ACCOUNT}}, b'0\n[{"name": "a"}]\n'),
        (
            "text/event-stream",
            {"items": {"properties": {"data": DATA}}},
            b'data: 0\n\ndata: [{"name": "a"}]\n\n',
        ),
    ],
)
def test_write_only_members_in_lists(media_type, schema, body, responding):
    """Also where they are written as XML, or line by line."""
    server = responding({"200": documented(schema, media_type)}, [0, [Account("a", "secret")]])
    assert body in server.get("/").body


def test_a_write_only_member_that_is_required(responding):
    """In an alternative, too; read strictly, a response would violate OpenAPI 3.1 without it."""
    schema = {"items": {"anyOf": [{**ACCOUNT, "required": ["password"]}, ACCOUNT]}}
    for is_strict, secret in ((False, {}), (True, {"password": "secret"})):
        server = responding({"200": documented(schema)}, [Account("a", "secret")], strict=is_strict)
        assert server.get("/").json == [{"name": "a", **secret}]


def test_a_write_only_member_of_a_dictionary(serve, caplog):
    """It was put there by the handler: the log names it."""
    account = {"type": "object", "properties": {"password": {"type": "string", "writeOnly": True}}}

    async def op():
        return {"password": "secret"}

    paths = {"/": {"get": {"operationId": "op", "responses": {"200": documented(account)}}}}
    assert serve(paths, {"op": op}, openapi="3.0.3").get("/").status == 500
    assert "body/password: is writeOnly, which no response may have" in caplog.text


@pytest.mark.parametrize(("responses", "returned", "wrong"), BROKEN)
def test_a_response_that_violates_the_contract_is_a_500(responses, returned, wrong, responding, caplog):
    """What a handler returns is validated, status, headers and body; the log says where it is wrong."""
    response = responding(responses, returned).get("/", X_Request_ID="r-1")
    assert (response.status, response.json["error_code"]) == (500, "internal_error")
    assert wrong in response.json["detail"]
    (record,) = [each for each in caplog.records if each.name == "contract_first.service.contract"]
    assert record.levelno == logging.ERROR
    message = record.getMessage()
    assert all(part in message for part in ("op", "/paths/~1/get", "r-1", wrong))
    assert "secret" not in message + response.json["detail"]


def test_serve_does_not_say_what_is_wrong(responding, caplog):
    """Without reveal the client learns only that the server failed; the log knows the rest."""
    response = responding(JSON, {"id": "x"}, reveal=False).get("/")
    assert response.json["detail"] == "The server could not complete the request."
    assert "/id" in caplog.text


def test_what_is_said_is_bounded(responding, caplog):
    """A response that is wrong in thousands of places does not fill the log."""
    response = responding({"200": documented({"items": {"type": "string"}})}, [1] * 5000).get("/")
    assert len(response.body) + len(caplog.text) < 5000


@pytest.mark.parametrize("returned", [object(), {"a": object()}, "\ud800", {1, object()}])
def test_what_is_no_json_is_a_500(returned, responding):
    """A handler that returns what JSON has no word for has failed, and the client learns nothing else."""
    assert responding({"200": documented({})}, returned).get("/").json["error_code"] == "internal_error"


def test_a_problem_may_be_a_part_of_a_response(responding):
    """A Problem in a handler's response is written as its document, in the name of this request."""
    response = responding({"207": documented({})}, Response([NotFound()], 207)).get("/", X_Request_ID="r-1")
    (document,) = response.json
    assert (document["error_code"], document["request_id"]) == ("not_found", "r-1")


def test_headers_of_the_request_are_validated_too(serve):
    """What the authenticator adds to every response counts for the headers that the contract requires."""

    class LimitAuthenticator:
        async def admit(self, request, *_):
            request.response_headers.append((b"x-limit", b"5"))

    async def op():
        return {"id": 1}

    app = serve(
        {"/": {"get": {"operationId": "op", "responses": LIMITED}}},
        {"op": op},
        authenticator=LimitAuthenticator(),
    )
    assert app.get("/").headers["x-limit"] == "5"


def test_responses_are_found_whatever_the_path(serve):
    """The validator finds the responses of an operation by the operation, however odd its path."""

    async def op(**_):
        return {}

    paths = ["//a", "/a{b}c", "/x.(y)+/{b}", "/sp ace", "/größe", "/a#b", "/%41", "/{b}", "/a"]
    parameter = {"in": "path", "name": "b", "required": True, "schema": {"type": "string"}}
    app = serve(
        {
            path: {
                "get": {
                    "operationId": path,
                    "responses": JSON,
                    "parameters": [parameter] if "{" in path else [],
                }
            }
            for path in paths
        },
        dict.fromkeys(paths, op),
    )
    for target in ["//a", "/azc", "/x.(y)+/1", "/sp%20ace", "/gr%C3%B6%C3%9Fe", "/a%23b", "/A", "/b", "/a"]:
        assert "'id' is a required property" in app("GET", target).json["detail"], target


def test_the_validator_fetches_nothing(responding, monkeypatch):
    """A reference to another host is not followed when a response is validated."""
    asked = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *host: asked.append(host))
    schemas = {"schemas": {"Odd": {"patternProperties": {"a": {"$ref": "http://elsewhere.invalid/schema"}}}}}
    responses = {"200": documented({"anyOf": [{"$ref": "#/components/schemas/Odd"}]})}
    assert responding(responses, {"a": 1}, components=schemas).get("/").status == 500
    assert asked == []


def test_embedded_resources_are_validated(responding):
    """A response's schema may be a resource of its own, or refer to one by its $id."""
    schemas = {
        "schemas": {
            "Size": {"$id": "https://schemas.test/size", "type": "integer"},
            "Box": {
                "$id": "urn:box",
                "properties": {"w": {"$ref": "#/$defs/w"}},
                "$defs": {"w": {"maximum": 5}},
            },
        }
    }
    for schema, right, wrong in [
        ({"$ref": "https://schemas.test/size"}, 5, "5"),
        ({"patternProperties": {"^s": {"$ref": "https://schemas.test/size"}}}, {"s": 5}, {"s": "5"}),
        ({"$ref": "#/components/schemas/Box"}, {"w": 5}, {"w": 6}),
    ]:
        responses = {"200": documented(schema)}
        assert responding(responses, right, components=schemas).get("/").status == 200
        assert responding(responses, wrong, components=schemas).get("/").status == 500


def test_nothing_is_stored_or_taken_for_something_else(responding):
    """Every response, a problem too, is stored by nobody and is of no other media type than it says."""
    app = responding(JSON, {"id": 1})
    for headers in (app("GET", "/").headers, app("GET", "/nothing").headers):
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_an_operation_may_say_how_long_it_is_stored(responding):
    """A Cache-Control of the handler's stays, alone."""
    returned = Response({"id": 1}, headers={"Cache-Control": "max-age=60"})
    assert responding(JSON, returned)("GET", "/").headers["cache-control"] == "max-age=60"
