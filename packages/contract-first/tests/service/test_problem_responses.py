import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from contract_first.service.messages import problems
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request
from contract_first.service.pages import Page

MEMBERS = {
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "error_code",
    "retryable",
    "timestamp",
    "request_id",
}
TRANSIENT = {429, 500, 503}
RESPONSES = {"responses": {"200": {"description": "", "content": {"application/json": {}}}}}


def raising(serve, error, **options):
    """Bind ``GET /`` to a handler that raises."""

    async def op():
        raise error

    return serve({"/": {"get": {"operationId": "op", **RESPONSES}}}, {"op": op}, **options)


def classes():
    """Return all problem classes."""
    return list(problems.BY_STATUS.values())


def instance_of(kind):
    """Return a problem of a class."""
    arguments = {problems.ValidationFailed: ([],), problems.RateLimited: (5,)}
    return kind(*arguments.get(kind, ("What went wrong.",)))


@pytest.mark.parametrize("kind", [Problem, *classes()])
def test_every_problem_is_written_whole(kind, serve):
    """Each class of problem becomes its status and a document with every member of the API's problems."""
    response = raising(serve, instance_of(kind)).get("/?n=1")
    document = response.json
    assert document.keys() >= MEMBERS
    assert response.status == document["status"] == kind.status
    assert document["type"] == "https://errors.test/" + kind.code
    assert (document["error_code"], document["retryable"]) == (kind.code, kind.status in TRANSIENT)
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == "/"
    assert document["request_id"] == response.headers["x-request-id"]
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-length"] == str(len(response.body))
    age = datetime.now(UTC) - datetime.fromisoformat(document["timestamp"])
    assert timedelta() <= age < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("problem", "is_transient"),
    [
        (Problem(502, "Away."), True),
        (Problem(520, "Away."), True),
        (Problem(501, "Never."), False),
        (Problem(409, "Busy.", headers={"retry-after": "3"}), True),
        (Problem(418, "Short."), False),
    ],
)
def test_what_may_succeed_later(problem, is_transient):
    """A failure of the server is transient, and what says when to retry."""
    assert problem.is_transient is is_transient


def test_a_problem_carries_its_headers_and_extensions(serve):
    """Headers and extension members of a problem are sent, beside those of the request."""

    class HeaderAuthenticator:
        async def admit(self, request, *_):
            request.response_headers.append((b"ratelimit-limit", b"300"))

    error = problems.Conflict("It is closed.", headers={"X-State": "closed"}, state="COMPLETED")
    response = raising(serve, error, authenticator=HeaderAuthenticator()).get("/")
    assert (response.headers["x-state"], response.headers["ratelimit-limit"]) == ("closed", "300")
    assert response.json["state"] == "COMPLETED"


@pytest.mark.parametrize(
    "error",
    [RuntimeError("secret"), KeyError("secret"), RecursionError(), ExceptionGroup("secret", [ValueError()])],
)
@pytest.mark.parametrize("reveal", [True, False])
def test_an_exception_tells_nothing(error, reveal, serve, caplog):
    """An exception in a handler is logged whole under the request's id; the response has no word of it."""
    response = raising(serve, error, reveal=reveal).get("/", X_Request_ID="r-1")
    assert (response.status, response.json["error_code"]) == (500, "internal_error")
    assert response.json["retryable"] is True
    assert b"secret" not in response.body
    assert type(error).__name__.encode() not in response.body
    (record,) = [each for each in caplog.records if each.name == "contract_first.service.errors"]
    assert record.exc_info[1] is error
    assert "r-1" in record.getMessage()


def test_a_cancelled_request_is_not_an_error(serve):
    """Cancellation passes through: it is the server's, not a handler's failure."""
    with pytest.raises(asyncio.CancelledError):
        raising(serve, asyncio.CancelledError()).get("/")


def test_the_authenticator_comes_first(serve):
    """A client that is not let in learns nothing of what else is wrong, and no handler runs."""

    class ClosedAuthenticator:
        async def admit(self, *_):
            raise problems.Unauthorized

    app = raising(serve, RuntimeError(), authenticator=ClosedAuthenticator())
    for method, target in [("GET", "/?n=%zz"), ("PUT", "/"), ("GET", "/nowhere"), ("OPTIONS", "/")]:
        assert app(method, target).status == 401


@pytest.mark.parametrize("expected", ["r-1", "0123456789abcdef", "A.b_c~d-e", "x" * 64])
def test_a_clients_request_id_is_kept(expected, serve):
    """A plain token as X-Request-ID names the exchange in the header and in the problem."""
    response = raising(serve, problems.Conflict()).get("/", X_Request_ID=expected)
    assert response.headers["x-request-id"] == response.json["request_id"] == expected


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b" ",
        b"a b",
        b"x" * 65,
        b"a\r\nSet-Cookie: x",
        b"a\n",
        b"\xff",
        b"<script>",
        b"a, b",
        b"%0a",
        b'"a"',
        b"{}",
    ],
)
def test_a_hostile_request_id_is_replaced(hostile, serve):
    """Anything else is not echoed, neither in a header nor in a log: a fresh id takes its place."""
    app = raising(serve, problems.Conflict())
    responses = [app("GET", "/", headers=[(b"X-Request-ID", hostile)]) for _ in range(2)]
    ids = {each.headers["x-request-id"] for each in responses}
    assert len(ids) == 2
    assert all(len(each) == 24 and each.isalnum() for each in ids)


def test_a_success_has_a_request_id_too(responding):
    """Every response names its exchange."""
    app = responding(RESPONSES["responses"], {})
    assert app.get("/", X_Request_ID="r-1").headers["x-request-id"] == "r-1"


def test_422_says_where_what_and_why(taking):
    """An entry of errors has in, name or pointer, rule and detail, and nothing else."""
    response = taking({"in": "query", "name": "n", "schema": {"type": "integer", "maximum": 5}}).get("/?n=6")
    assert response.json["detail"] == "The request violates the contract in 1 part; see errors."
    assert response.json["errors"] == [
        {"in": "query", "name": "n", "rule": "maximum", "detail": "value is greater than the maximum of 5"}
    ]


def test_422_names_body_and_parameters_together(serve):
    """Parameters do not hide what is wrong with the body."""
    operation = {
        "operationId": "op",
        "parameters": [{"in": "query", "name": "n", "schema": {"type": "integer"}}],
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        **RESPONSES,
    }
    response = serve({"/": {"post": operation}}).post("/?n=x", [])
    assert response.errors == [("query", "n", "type"), ("body", "", "type")]
    assert response.json["detail"] == "The request violates the contract in 2 parts; see errors."


def test_hostile_text_stays_text(serve):
    """Names from the client that a problem repeats are escaped as JSON, and bounded."""
    schema = {"properties": {"a": {}}, "additionalProperties": False}
    body = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    app = serve({"/": {"post": {"operationId": "op", **body, **RESPONSES}}})
    response = app.post("/", {'"}\r\n<script>': 1, "x" * 100_000: 1})
    assert response.errors == [("body", "", "additionalProperties")]
    assert len(response.body) < 2000
    assert b"\r\n" not in response.body


async def test_a_response_that_has_started_is_not_followed_by_another(serve):
    """An exception after the first byte is only logged: there is no second response."""

    class BrokenPipe:
        def __init__(self):
            self.started = 0

        async def __call__(self, message):
            self.started += message["type"] == "http.response.start"
            if message["type"] == "http.response.body":
                raise OSError("the client is gone")

    async def op():
        return {}

    app = serve({"/": {"get": {"operationId": "op", **RESPONSES}}}, {"op": op})
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
    }
    send = BrokenPipe()
    (await app.asgi(scope, None, send))
    assert send.started == 1


async def test_a_server_without_a_raw_path(serve):
    """Where the server gives no raw path, the decoded one stands for it."""

    async def op(id_):
        return id_

    parameter = {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}
    app = serve({"/{id}": {"get": {"operationId": "op", "parameters": [parameter], **RESPONSES}}}, {"op": op})
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/é", "query_string": b"", "headers": []}
    (await app.asgi(scope, None, send))
    assert json.loads(sent[1]["body"]) == "é"


def test_a_request_joins_what_is_repeated():
    """Repeated fields are one list, cookies one header; a client without an address is unknown."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"cookie", b"a=1"), (b"x", b"1"), (b"cookie", b"b=2"), (b"x", b"2")],
    }
    request = Request(scope, None, "r", None)
    assert request.header(b"x") == "1, 2"
    assert request.header(b"y") is None
    assert request.cookies == {"a": "1", "b": "2"}
    assert request.client_address == "unknown"
    assert Request({**scope, "client": ("192.0.2.1", 5)}, None, "r", None).client_address == "192.0.2.1"


def test_a_disconnect_is_no_error_in_the_log(reading, caplog):
    """A client that goes away is noted for the curious, and is no error."""
    caplog.set_level(logging.DEBUG, "contract_first.service.errors")
    reading({})(
        "POST", "/", headers={"content-type": "application/json"}, events=[{"type": "http.disconnect"}]
    )
    assert [
        record.levelname for record in caplog.records if record.name == "contract_first.service.errors"
    ] == ["DEBUG"]


def test_pages_are_outside_of_the_contract(serve):
    """A page responds at its path alone, before the authenticator and whatever the contract has there."""

    class ClosedAuthenticator:
        async def admit(self, *_):
            raise problems.Unauthorized

    async def page(scope, _, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    app = raising(serve, RuntimeError(), authenticator=ClosedAuthenticator(), pages={"/healthz": page})
    assert app.get("/healthz").body == b"/healthz"
    assert app.get("/healthz/").status == 401


def test_what_a_page_refuses_is_a_problem(serve):
    """A page responds to GET and HEAD; to any other method it says so as the operations do."""
    app = raising(serve, RuntimeError(), pages={"/page": Page(b"page", "text/plain")})
    assert [app(method, "/page").body for method in ("GET", "HEAD")] == [b"page", b"page"]
    refused = app.post("/page", b"")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    assert refused.json["error_code"] == "method_not_allowed"
