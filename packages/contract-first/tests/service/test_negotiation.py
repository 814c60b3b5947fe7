import pytest

from contract_first.service.messages.problems import NotAcceptable
from contract_first.service.response.negotiation import Negotiation

JSON = {"200": {"description": "", "content": {"application/json": {}}}}
TEXT_OR_JSON = {
    "200": {"description": "", "content": {"text/csv; charset=utf-8": {}, "application/vnd.x+json": {}}}
}
RANGE = {"200": {"description": "", "content": {"image/*": {}}}}
NOTHING = {
    "204": {"description": ""},
    "404": {"description": "", "content": {"application/problem+json": {}}},
}
REDIRECT = {"303": {"description": "", "content": {"text/html": {}}}}

VERSIONS = {
    "200": {
        "description": "",
        "content": {"application/json;version=1": {}, "application/json; version=2": {}},
    }
}

# what an operation responds with, an Accept header, whether it is acceptable
ACCEPTS = [
    (JSON, None, True),
    (JSON, "", True),
    (JSON, "*/*", True),
    (JSON, "application/json", True),
    (JSON, "Application/JSON", True),
    (JSON, "application/*", True),
    (JSON, "application/json; charset=utf-8", True),
    (JSON, "text/html, application/json;q=0.1", True),
    (JSON, "text/html,application/xhtml+xml,*/*;q=0.8", True),
    (JSON, "text/html , */* ; Q=0.001", True),
    (JSON, "text/html, image/gif, *; q=.2, */*; q=.2", True),
    (JSON, "application/json;v=1;q=0, application/json", True),
    (JSON, "application/json, application/json;v=1;q=0", True),
    (JSON, "text/html", False),
    (JSON, "application/xml", False),
    (JSON, "application/json;q=0", False),
    (JSON, "application/json; q=0.000, text/*", False),
    (JSON, "*/*;q=0", False),
    (JSON, "application/*;q=0, */*", False),
    (JSON, "application/json;q=0, application/*", False),
    (JSON, "application/json;q=nan, text/html", False),
    (JSON, "application/problem+json", False),
    (JSON, "application/json;q=2", True),  # no range can be read: as if nothing were said
    (JSON, "nonsense", True),
    (JSON, "text/{plain}", True),
    (JSON, ",;=,", True),
    (TEXT_OR_JSON, "text/csv", True),
    (TEXT_OR_JSON, "application/vnd.x+json", True),
    (TEXT_OR_JSON, "application/json", False),
    (VERSIONS, "application/json", True),
    (VERSIONS, "application/json;Version=2", True),
    (VERSIONS, 'application/json; version="2"; charset=utf-8', True),
    (VERSIONS, "application/json;version=2;level=3", True),  # the contract knows no level
    (VERSIONS, "application/json;version=3", False),
    (VERSIONS, "application/json;version=3, application/*;q=0.1", True),
    (VERSIONS, "application/json;version=1;q=0, application/json;version=2;q=0", False),
    (JSON, "application/json;version=2", True),
    (RANGE, "image/png", True),
    (RANGE, "image/*;q=0.1", True),
    (RANGE, "image/png;q=0", False),
    (RANGE, "text/html", False),  # no type that the handler makes of the range is one
    (NOTHING, "text/html", True),
    (REDIRECT, "text/html", True),
    (REDIRECT, "application/json", False),
]


@pytest.mark.parametrize(("responses", "accept", "acceptable"), ACCEPTS)
def test_accept_is_read_as_rfc_9110_says(responses, accept, acceptable, serve):
    """406 is for an Accept that excludes every media type of the operation's successes, and for no other."""

    async def op():
        called.append(1)

    called = []
    app = serve({"/": {"get": {"operationId": "op", "responses": responses}}}, {"op": op})
    for _ in range(2):  # a header that was seen before gets the same response
        response = app("GET", "/", headers={} if accept is None else {"accept": accept})
        assert (response.status == 406) is not acceptable
    assert len(called) == (2 if acceptable else 0)


@pytest.mark.parametrize("schema", [{"default": None}, {"example": None}, {"enum": [None]}, {"const": None}])
def test_a_documented_accept_is_honoured(schema, serve):
    """A document may say by a parameter what to ask for, with any response; others are as ever."""
    documented = "application/vnd.x+json;version=2"
    schema = {key: [documented] if key == "enum" else documented for key in schema}
    accept = {"name": "Accept", "in": "header", "required": True, "schema": {"type": "string", **schema}}
    operation = {"operationId": "op", "parameters": [accept], "responses": JSON}

    async def op():
        return {}

    app = serve({"/": {"get": operation}}, {"op": op}, openapi="3.1.0")
    statuses = {
        asked: app.get("/", accept=asked).status
        for asked in (documented, "application/vnd.x+json", "application/json", "*/*", "text/html")
    }
    assert [asked for asked, status in statuses.items() if status == 406] == ["text/html"]


def test_406_is_a_problem_that_says_what_there_is(serve):
    """The problem of a 406 names what the operation responds with, and is itself always acceptable."""
    app = serve({"/": {"get": {"operationId": "op", "responses": TEXT_OR_JSON}}})
    response = app.get("/", accept="image/png")
    assert (response.status, response.json["error_code"]) == (406, "not_acceptable")
    assert response.headers["content-type"] == "application/problem+json"
    assert "text/csv or application/vnd.x+json" in response.json["detail"]


def test_errors_are_not_negotiated(serve):
    """Accept does not hide a 404 or a 405."""
    app = serve({"/": {"get": {"operationId": "op", "responses": JSON}}})
    assert app("GET", "/nowhere", headers={"accept": "text/html"}).status == 404
    assert app("PUT", "/", headers={"accept": "text/html"}).status == 405


def test_what_is_remembered_of_accept_is_bounded():
    """A client that never sends the same Accept twice cannot fill the memory."""
    negotiation = Negotiation(["application/json"])
    for accept in [*(f"text/x{number}" for number in range(400)), "text/" + "x" * 5000]:
        with pytest.raises(NotAcceptable):
            negotiation.check(accept)
    remembered = negotiation._remembered.cache_info()
    assert remembered.currsize == 256
    assert remembered.misses == 400  # not the long one
