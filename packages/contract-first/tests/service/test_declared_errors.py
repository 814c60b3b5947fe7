"""What goes wrong is sent as the operation declares it, and says what went wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from contract_first.contract import Contract
from contract_first.service import create_app
from contract_first.service.functions import ResolverError
from contract_first.service.messages.problems import (
    Conflict,
    InsufficientScope,
    NotFound,
    Problem,
    RateLimited,
    ServiceUnavailable,
    Unauthorized,
    ValidationFailed,
    Violation,
)

JSON, PROBLEM = "application/json", "application/problem+json"
TEXT, INTEGER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
OR_NULL = {"type": ["string", "null"]}
GONE = NotFound("There is no pet 5.")
WRONG = ValidationFailed(
    [Violation("body", "/age", "maximum", "is more than 40"), Violation("query", "n", "type", "is no number")]
)


class Sold(Conflict):
    """A kind of problem of one API."""

    code = "PET_SOLD"


def shape(required=None, /, **properties):
    """Return the schema of an object; all of its members are required by default."""
    return {
        "type": "object",
        "required": list(properties) if required is None else required,
        "properties": properties,
    }


def array(items, **more):
    """Return the schema of a list."""
    return {"type": "array", "items": items, **more}


def declared(schema, media_type=JSON, **more):
    """Return a response."""
    return {"description": "", "content": {media_type: {"schema": schema, **more}}}


@pytest.fixture(scope="module")
def failing(serve):
    """Bind ``GET /`` with these responses to a handler that raises."""

    def make(responses, problem, **options):
        async def op():
            raise problem

        operation = {"operationId": "op", "responses": {"200": {"description": ""}, **responses}}
        return serve({"/": {"get": operation}}, {"op": op}, **options)

    return make


@pytest.fixture(scope="module")
def body_of(failing):
    """Return the body of an error of this schema; it is validated as all are."""

    def send(schema, problem, media_type=JSON, **more):
        response = failing({"default": declared(schema, media_type, **more)}, problem).get(
            "/", X_Request_ID="r1"
        )
        assert (response.status, response.headers["content-type"]) == (problem.status, media_type)
        return response.json

    return send


@pytest.mark.parametrize("key", ["404", "4XX", "default"])
def test_an_error_is_as_declared(key, failing):
    """For the status, else for its range, else by default."""
    others = {other: declared({"const": other}) for other in ("404", "4XX", "default")}
    others = {other: others[other] for other in list(others)[list(others).index(key) + 1 :]}
    response = failing({key: declared(shape(code=TEXT, message=TEXT)), **others}, GONE).get("/")
    assert (response.status, response.headers["content-type"]) == (404, JSON)
    assert response.json == {"code": "not_found", "message": "There is no pet 5."}
    assert response.headers["content-length"] == str(len(response.body))


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"404": {"description": ""}},
        {"5XX": declared(shape(message=TEXT))},
        {"404": declared({"type": "object"}, PROBLEM)},
        {"404": declared({"type": "string", "format": "binary"}, "image/png")},
    ],
)
def test_problem_details_are_sent_elsewhere(responses, failing):
    """Where nothing is declared for the status, or what nobody can write, or problem details are."""
    response = failing(responses, GONE).get("/")
    assert (response.status, response.headers["content-type"]) == (404, PROBLEM)
    assert response.json.keys() >= {"type", "title", "status", "detail", "instance", "error_code"}


def test_paths_that_the_contract_lacks(failing):
    """No operation declares their errors."""
    app = failing({"default": declared(shape(message=TEXT))}, GONE)
    for method, target, status in (("GET", "/no", 404), ("PUT", "/", 405)):
        response = app(method, target)
        assert (response.status, response.headers["content-type"]) == (status, PROBLEM)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", PROBLEM),
        ("application/json", JSON),
        ("application/xml", "application/xml"),
        ("application/xml;q=0.5, application/json;q=0.9", JSON),
        ("text/html", PROBLEM),
    ],
)
def test_the_media_type_that_the_client_accepts(accept, media_type, failing):
    """Of several; where it accepts none of them, it gets the first all the same."""
    content = {name: {"schema": shape([], message=TEXT)} for name in ("application/xml", JSON, PROBLEM)}
    response = failing({"404": {"description": "", "content": content}}, GONE).get("/", Accept=accept)
    assert response.headers["content-type"] == media_type
    assert b"There is no pet 5." in response.body


def test_errors_of_requests(serve):
    """Authentication, negotiation and validation of a request are declared as a handler's errors are."""

    class ClosedAuthenticator:
        async def admit(self, *_):
            raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})

    success = {"description": "", "content": {JSON: {}}}
    operation = {
        "operationId": "op",
        "parameters": [{"in": "query", "name": "n", "schema": INTEGER}],
        "responses": {"200": success, "default": declared(shape(message=TEXT))},
    }
    app = serve({"/": {"get": operation}})
    assert app.get("/?n=x").json == {"message": 'query n: value is not of type "integer" but "string"'}
    assert app.get("/", Accept="image/png").json["message"].startswith("This operation responds with")
    refused = serve({"/": {"get": operation}}, authenticator=ClosedAuthenticator()).get("/")
    assert (refused.status, refused.json) == (401, {"message": "A valid credential is required."})
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_body_over_its_limit(serve):
    """The rest of it is not read, so the connection ends."""
    operation = {
        "operationId": "op",
        "requestBody": {"content": {"text/plain": {}}},
        "responses": {"200": {"description": ""}, "413": declared(shape(message=TEXT))},
    }
    response = serve({"/": {"post": operation}}).post("/", b"x" * 10_000_000, "text/plain")
    assert (response.status, response.headers["connection"]) == (413, "close")
    assert "bytes" in response.json["message"]


def test_an_exception_tells_nothing(failing):
    """It is a 500 as declared, without a word of the cause."""

    class SecretError(Exception):
        pass

    response = failing({"500": declared(shape(code=TEXT, message=TEXT))}, SecretError("secret")).get("/")
    assert response.json == {
        "code": "internal_error",
        "message": "The server could not complete the request.",
    }


FAMILIES = {
    "wrapped": (
        shape(error=shape(code=INTEGER, message=TEXT)),
        GONE,
        {"error": {"code": 404, "message": "There is no pet 5."}},
    ),
    "list": (
        shape(errors=array(shape(field=TEXT, message=TEXT))),
        WRONG,
        {
            "errors": [
                {"field": "age", "message": "is more than 40"},
                {"field": "n", "message": "is no number"},
            ]
        },
    ),
    "list of one": (shape(errors=array(shape(message=TEXT))), GONE, {"errors": [{"message": GONE.detail}]}),
    "list beside a text": (
        shape(message=TEXT, errors=array(TEXT)),
        GONE,
        {"message": GONE.detail, "errors": []},
    ),
    "list of texts": (
        shape(errors=array(TEXT)),
        WRONG,
        {"errors": ["body /age: is more than 40", "query n: is no number"]},
    ),
    "at the top": (array(shape(message=TEXT)), GONE, [{"message": GONE.detail}]),
    "by field": (
        shape(errors={"type": "object", "additionalProperties": array(TEXT)}),
        WRONG,
        {"errors": {"age": ["body /age: is more than 40"], "n": ["query n: is no number"]}},
    ),
    "JSON:API": (
        shape(
            errors=array(
                shape(
                    [],
                    status=TEXT,
                    code=TEXT,
                    title=TEXT,
                    detail=TEXT,
                    source=shape([], pointer=TEXT, parameter=TEXT),
                )
            )
        ),
        WRONG,
        {
            "errors": [
                {
                    "status": "422",
                    "code": "maximum",
                    "title": "Unprocessable Content",
                    "detail": "is more than 40",
                    "source": {"pointer": "/age"},
                },
                {
                    "status": "422",
                    "code": "type",
                    "title": "Unprocessable Content",
                    "detail": "is no number",
                    "source": {"parameter": "n"},
                },
            ]
        },
    ),
    "OAuth": (
        shape(error={"enum": ["invalid_request", "insufficient_scope"]}, error_description=TEXT),
        InsufficientScope(["pets"]),
        {"error": "insufficient_scope", "error_description": "The operation requires the scopes pets."},
    ),
    "Google": (
        shape(
            error=shape(
                code=INTEGER,
                message=TEXT,
                status={"enum": ["INVALID_ARGUMENT", "NOT_FOUND", "INTERNAL"]},
                details=array({"type": "object"}),
            )
        ),
        GONE,
        {"error": {"code": 404, "message": GONE.detail, "status": "NOT_FOUND", "details": []}},
    ),
    "AWS": (
        shape(["__type"], __type={**TEXT, "example": "ValidationException"}, message=TEXT),
        GONE,
        {"__type": "NotFound", "message": GONE.detail},
    ),
    "Spring": (
        shape(status=INTEGER, error={**TEXT, "example": "Bad Request"}, message=TEXT, path=TEXT),
        GONE,
        {"status": 404, "error": "Not Found", "message": GONE.detail, "path": "/"},
    ),
    "FastAPI": (
        shape([], detail=array(shape(loc=array({"anyOf": [TEXT, INTEGER]}), msg=TEXT, type=TEXT))),
        WRONG,
        {
            "detail": [
                {"loc": ["body", "age"], "msg": "is more than 40", "type": "maximum"},
                {"loc": ["query", "n"], "msg": "is no number", "type": "type"},
            ]
        },
    ),
    "FastAPI without a violation": (
        shape([], detail=array(shape(loc=array(TEXT), msg=TEXT, type=TEXT))),
        GONE,
        {"detail": [{"loc": [], "msg": GONE.detail, "type": "not_found"}]},
    ),
    "problem": (
        shape(
            type={**TEXT, "format": "uri-reference"}, title=TEXT, status=INTEGER, detail=TEXT, instance=TEXT
        ),
        GONE,
        {
            "type": "https://errors.test/not_found",
            "title": "Not Found",
            "status": 404,
            "detail": GONE.detail,
            "instance": "/",
        },
    ),
    "ASP.NET": (
        shape([], type=OR_NULL, title=OR_NULL, detail=OR_NULL, instance=OR_NULL),
        GONE,
        {
            "type": "https://errors.test/not_found",
            "title": "Not Found",
            "detail": GONE.detail,
            "instance": "/",
        },
    ),
    "codes that may be null": (
        shape(code=OR_NULL, message=OR_NULL, more=OR_NULL),
        GONE,
        {"code": "not_found", "message": GONE.detail, "more": None},
    ),
    "flags": (
        shape(success=BOOLEAN, error=BOOLEAN, retryable=BOOLEAN, message=TEXT, request_id=TEXT),
        GONE,
        {"success": False, "error": True, "retryable": False, "message": GONE.detail, "request_id": "r1"},
    ),
    "described": (
        shape(
            sentence={**TEXT, "description": "A human-readable explanation."},
            uid={**TEXT, "description": "The request ID."},
        ),
        GONE,
        {"sentence": GONE.detail, "uid": "r1"},
    ),
    "text alone": (TEXT, GONE, GONE.detail),
    "sole member": (shape(why={**TEXT, "maxLength": 12}), GONE, {"why": "There is no "}),
    "alternatives": ({"oneOf": [shape(a=INTEGER), shape(message=TEXT)]}, GONE, {"message": GONE.detail}),
    "extension": (
        shape(stockLeft=INTEGER, message=TEXT),
        Problem(409, "No.", stock_left=7),
        {"stockLeft": 7, "message": "No."},
    ),
    "when to retry": (
        shape(retry_after=INTEGER, transient=BOOLEAN, message=TEXT),
        RateLimited(7, "No."),
        {"retry_after": 7, "transient": True, "message": "No."},
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_members_mean_something(family, body_of):
    """Text, code, status, place and request are where their names say, in each family of errors."""
    schema, problem, expected = FAMILIES[family]
    assert body_of(schema, problem) == expected


@pytest.mark.parametrize(
    ("code", "problem", "expected"),
    [
        (TEXT, Sold("x"), "PET_SOLD"),
        ({"enum": ["PET_SOLD", "CONFLICT"]}, Sold("x"), "PET_SOLD"),
        ({"enum": ["BAD", "CONFLICT"]}, Sold("x"), "CONFLICT"),
        ({"enum": ["BAD", "ResourceNotFoundException", "INTERNAL"]}, GONE, "ResourceNotFoundException"),
        ({"enum": ["UNAVAILABLE", "BAD"]}, ServiceUnavailable(), "UNAVAILABLE"),
        ({"enum": ["a", "generic_error"]}, GONE, "generic_error"),
        ({"enum": ["E40001", "E40401"]}, GONE, "E40401"),
        ({"enum": [1001, 404]}, GONE, 404),
        ({**TEXT, "examples": ["NOT_ALLOWED", "PET_NOT_FOUND"]}, GONE, "PET_NOT_FOUND"),
        ({**TEXT, "example": "INVALID_PET"}, GONE, "NOT_FOUND"),
        ({**TEXT, "example": "invalid-pet"}, GONE, "not-found"),
        ({**TEXT, "example": "invalidPet"}, GONE, "notFound"),
        ({**TEXT, "example": "400"}, GONE, "404"),
        ({**TEXT, "const": "E1"}, GONE, "E1"),
        ({**TEXT, "pattern": "^E[0-9]$", "default": "E5"}, GONE, "E5"),
    ],
)
def test_a_code_is_a_documented_one(code, problem, expected, body_of):
    """One that fits status and kind, of the class or the schema; else the kind, spelled as the example is."""
    assert body_of(shape(code=code, message=TEXT), problem)["code"] == expected


def test_a_time_is_now(body_of):
    """As a timestamp, a date, or in seconds."""
    date_time, date = ({"type": "string", "format": name} for name in ("date-time", "date"))
    body = body_of(shape(message=TEXT, timestamp=date_time, date=date, time=INTEGER), GONE)
    age = datetime.now(UTC) - datetime.fromisoformat(body["timestamp"])
    assert timedelta(minutes=-1) < age < timedelta(minutes=1)
    assert body["date"] == body["timestamp"][:10]
    assert abs(body["time"] - datetime.now(UTC).timestamp()) < 60


def test_what_means_nothing(body_of):
    """A required member has its default, its only value or the author's example; others are left out."""
    schema = shape(
        ["a", "b", "c", "d", "message"],
        a={**TEXT, "default": "A"},
        b={"const": "B"},
        c={**TEXT, "example": "C"},
        d=TEXT,
        e=TEXT,
        message=TEXT,
        pet=shape(id=INTEGER, name=TEXT),
    )
    example = {"a": "x", "d": "D", "e": "E", "b": "B", "c": "x", "message": "No."}
    assert body_of(schema, GONE, example=example) == {
        "a": "A",
        "b": "B",
        "c": "x",
        "d": "D",
        "message": GONE.detail,
    }


def test_an_example_without_a_schema(failing):
    """Its members are those of the error."""
    content = {JSON: {"example": {"code": "E404", "message": "Mine.", "errors": [{"detail": "It."}]}}}
    response = failing({"404": {"description": "", "content": content}}, GONE).get("/")
    assert response.json == {"code": "E404", "message": GONE.detail, "errors": []}
    free = failing({"404": {"description": "", "content": {JSON: {}}}}, GONE).get("/")
    assert (free.headers["content-type"], free.json["detail"]) == (JSON, GONE.detail)


def test_members_of_a_problem_fill_those_of_their_name(body_of):
    """In any style of spelling, also nested, and only where they conform."""
    schema = shape(["message"], message=TEXT, error=shape([], petId=INTEGER), count=INTEGER, soldAt=TEXT)
    sold_at = datetime(2026, 1, 2, tzinfo=UTC)
    body = body_of(schema, Conflict("Sold.", pet_id=5, count="x", sold_at=sold_at, other=1))
    assert body == {"message": "Sold.", "error": {"petId": 5}, "soldAt": "2026-01-02T00:00:00Z"}
    assert body_of(shape(code=TEXT, message=TEXT), Conflict("Sold.", code="S1"))["code"] == "S1"


def test_problem_details_with_members_of_the_contract(body_of):
    """Members that a contract requires beside those of RFC 9457 are filled in."""
    schema = shape(title=TEXT, errorCode=TEXT, trace_id=TEXT)
    body = body_of(schema, GONE, PROBLEM)
    assert (body["detail"], body["errorCode"], body["trace_id"]) == (GONE.detail, "not_found", "r1")


@pytest.mark.parametrize("media_type", ["text/plain", "text/html", "application/xml"])
def test_errors_that_are_no_json(media_type, failing):
    """A text is what is wrong; what a client sent does not run as a page."""
    schema = TEXT if media_type.startswith("text/") else shape(message=TEXT)
    response = failing({"404": declared(schema, media_type)}, NotFound("<script>")).get("/")
    assert response.headers["content-type"].startswith(media_type)
    assert response.body.endswith(
        {
            "text/plain": b"<script>",
            "text/html": b"&lt;script&gt;",
            "application/xml": b"<message>&lt;script&gt;</message></root>",
        }[media_type]
    )


def test_no_markup_is_sent_of_what_a_client_sent(failing):
    """Neither where the text does not conform: then problem details are sent."""
    schema = {**TEXT, "maxLength": 8}
    response = failing({"404": declared(schema, "text/html")}, NotFound("<script>")).get("/")
    assert response.headers["content-type"] == PROBLEM


UNFILLED = shape(a=TEXT, b=INTEGER, c=TEXT, message=TEXT)
PATTERN = shape(code={**TEXT, "pattern": "^E[0-9]{4}$"}, message=TEXT)
CLOSED = {**shape(["a", "b"], message=TEXT), "additionalProperties": False}


@pytest.mark.parametrize("schema", [UNFILLED, PATTERN, CLOSED])
def test_a_schema_that_nothing_fills(schema, failing, caplog):
    """Problem details are sent; the log says the operation, the status, where, why and what to declare."""
    counted = []
    app = failing({"404": declared(schema)}, GONE, on_violation=counted.append)
    response = app.get("/")
    assert (response.status, response.headers["content-type"]) == (404, PROBLEM)
    assert response.json["detail"] == GONE.detail
    assert [operation.operation_id for operation in counted] == ["op"]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("op violated the contract with 404 at /paths/~1/get/responses/404: body")
    assert "declare a default or an example" in line


def test_an_example_of_the_author_fills_it(body_of):
    """What it has, where no error says it, with what is wrong in it."""
    example = {"a": "A", "b": 5, "c": "C", "message": "No."}
    assert body_of(UNFILLED, GONE, example=example) == {**example, "message": GONE.detail}
    assert body_of(PATTERN, GONE, example={"code": "E0404", "message": "No."})["code"] == "E0404"


def test_a_header_that_is_required(failing, caplog):
    """An error without it does not conform, as a success would not."""
    headers = {"X-A": {"required": True, "schema": TEXT}}
    response = failing({"404": {**declared(shape(message=TEXT)), "headers": headers}}, GONE).get("/")
    assert response.headers["content-type"] == PROBLEM
    assert "X-A" in caplog.text
    sent = failing(
        {"404": {**declared(shape(message=TEXT)), "headers": headers}}, NotFound(headers={"X-A": "a"})
    )
    assert (sent.get("/").headers["content-type"], sent.get("/").headers["x-a"]) == (JSON, "a")


def test_the_user_decides(failing, caplog):
    """A function says what the body is; where it returns None, or fails, that is as without it."""

    def errors(problem, operation, status):
        if status == 409:
            return {"message": f"{operation.operation_id}: {problem.detail}"}
        if status == 410:
            return {"massage": problem.detail}
        if status == 418:
            raise LookupError(status)
        return None

    def sent(status):
        return failing({"4XX": declared(shape(message=TEXT))}, Problem(status, "No."), errors=errors).get("/")

    assert sent(409).json == {"message": "op: No."}
    assert sent(404).json == {"message": "No."}
    for status, reason in ((410, "'message' is a required property"), (418, "LookupError")):
        assert (sent(status).status, sent(status).headers["content-type"]) == (status, PROBLEM)
        assert reason in caplog.text


@pytest.mark.parametrize(
    ("errors", "error", "expected"),
    [
        (5, TypeError, "expected a function"),
        (lambda problem: problem, ResolverError, "takes problem; expected"),
    ],
)
def test_what_is_no_function_of_errors(errors, error, expected):
    """It fails the start."""
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}
    with pytest.raises(error, match=expected):
        create_app(Contract(document, "test"), {}, errors=errors)


def test_a_recursive_error(body_of):
    """A schema that refers to itself is filled in once."""
    node = {"type": "object", "required": ["message"], "properties": {"message": TEXT}}
    node["properties"] |= {"error": node, "details": array(node)}
    assert json.dumps(body_of(json_schema(), GONE)) == json.dumps({"message": GONE.detail})


def json_schema():
    """Return a schema that leads to itself."""
    reference = {"$ref": "#/paths/~1/get/responses/default/content/application~1json/schema"}
    return shape(["message"], message=TEXT, error=reference, details=array(reference))
