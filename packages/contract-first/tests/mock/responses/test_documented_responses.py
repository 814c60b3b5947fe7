"""Which response a plain request gets: status, media type, body and headers as documented."""

from __future__ import annotations

import json

import pytest

from contract_first.mock.responses import MockStrictness
from contract_first.service.response.response_validation import ResponseValidator

JSON = "application/json"
USED_UP = "The rate limit is used up; retry in 1 seconds."
MANY = {f"{n}": {"value": n} for n in range(-50, 0)}


def content(schema=None, media_type=JSON, **more):
    """Return the content of a response."""
    return {"description": "", "content": {media_type: {"schema": schema or {"type": "object"}, **more}}}


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        (["404", "200"], 200),
        (["default", "201"], 201),
        (["2XX"], 200),
        (["2XX", "204", "210", "202"], 202),
        (["4XX", "2XX"], 200),
        (["default"], 200),
        (["302"], 302),
        (["404", "500"], 404),
        (["204"], 204),
    ],
)
def test_the_plain_status(codes, status, responding):
    """It is the lowest success, else what default may be, else what there is."""
    response = responding({code: {"description": ""} for code in codes}).get()
    assert (response.status, response.body) == (status, b"")


def test_a_response_without_content_has_no_body(responding):
    """204 has no Content-Length either."""
    assert "content-length" not in responding({"204": {"description": ""}}).get().headers
    assert responding({"200": {"description": ""}}).get().headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("media_type", "accept", "sent", "body"),
    [
        ("*/*", None, JSON, b'"x"'),
        ("application/*", None, JSON, b'"x"'),
        ("text/*", None, "text/plain", b"x"),
        ("text/csv", None, "text/csv", b"x"),
        ("application/hal+json", None, "application/hal+json", b'"x"'),
        ("application/json; charset=utf-8", None, "application/json; charset=utf-8", b'"x"'),
        ("application/octet-stream", None, "application/octet-stream", b"x"),
        ("application/xml", "application/xml", "application/xml", b"x"),
    ],
)
def test_an_example_in_any_media_type(media_type, accept, sent, body, responding):
    """A media range gets a media type of it, and the example is sent as that spells it."""
    app = responding({"200": content({"type": "string"}, media_type, example="x")})
    response = app.get(**({} if accept is None else {"accept": accept}))
    assert (response.status, response.headers["content-type"], response.body) == (200, sent, body)
    assert response.source == "example"


@pytest.mark.parametrize("media_type", ["image/png", "image/*", "video/mp4", "application/pdf", "text/html"])
def test_a_generated_body_that_is_no_json(media_type, responding):
    """Something is sent, of the media type that is declared."""
    response = responding({"200": content({"type": "string", "format": "binary"}, media_type)}).get()
    assert response.status == 200
    assert response.body
    assert response.headers["content-type"] == media_type.replace("*", "png")


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"type": "string"}, str),
        ({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}, dict),
        ({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}, dict),
        ({"const": {"data": "x", "extra": 1}}, dict),
        ({"const": {"data": "x"}}, str),
    ],
)
def test_a_generated_event_can_be_read_by_a_browser(schema, data, responding):
    """Where no itemSchema says what an event is, the value is its data: an EventSource ignores all else."""
    body = responding({"200": content(schema, "text/event-stream")}).get().body.decode()
    *events, rest = body.split("\n\n")
    assert (rest, len(set(events)), len(events)) == ("", 1, 1 if schema == {"type": "string"} else 3)
    event = events[0]
    name, _, value = event.replace("\ndata: ", "").partition(": ")
    assert name == "data"
    assert data is str or isinstance(json.loads(value), data)


def test_the_accept_header_chooses(responding):
    """Of several media types the preferred one is sent; JSON where it is all the same."""
    object_ = {"type": "object", "required": ["a b"], "properties": {"a b": {"const": "<"}}}
    types = {"application/xml": {"schema": object_}, JSON: {"schema": object_}}
    app = responding({"200": {"description": "", "content": types}})
    assert app.get().headers["content-type"] == JSON
    assert app.get(accept="*/*").json == {"a b": "<"}
    xml = app.get(accept="application/json;q=0.5, application/xml")
    assert xml.headers["content-type"] == "application/xml"
    assert xml.body.endswith(b'<root><member name="a b">&lt;</member></root>')
    assert app.get(accept="image/png").status == 406


def test_the_parameters_of_a_range_choose(responding):
    """Of versions that differ in a parameter the one that is asked for; with none the first."""
    content = {f"application/json;version={number}": {"example": number} for number in (1, 2)}
    app = responding({"200": {"description": "", "content": content}})
    assert [app.get(accept=f"{JSON};version={number}").json for number in (1, 2)] == [1, 2]
    assert app.get(accept=JSON).json == 1
    assert app.get(accept=f"{JSON};version=2").headers["content-type"] == f"{JSON};version=2"


@pytest.mark.parametrize("codes", [("202", "201"), ("201", "202")])
def test_the_accept_header_chooses_a_success(codes, responding):
    """Who asks for JSON gets it though another is lower; who takes anything gets the lowest."""
    bodies = {"201": {"description": ""}, "202": content({"const": 1})}
    app = responding({code: bodies[code] for code in codes})
    assert app.get(accept=JSON).status == 202
    assert app.get().status == app.get(accept="*/*").status == 201
    assert app.get(accept=JSON, prefer="code=201").status == 201
    assert app.get(accept="image/png").status == 406


PET = {
    "type": "object",
    "xml": {"name": "pet", "namespace": "urn:pets", "prefix": "p"},
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True, "name": "no"}},
        "first-name": {"type": "string"},
        "nick": {"type": ["string", "null"]},
        "tags": {
            "type": "array",
            "items": {"type": "string", "xml": {"name": "tag"}},
            "xml": {"wrapped": True},
        },
        "toys": {"type": "array", "items": {"type": "string"}},
        "vet": {"oneOf": [{"$ref": "#/components/schemas/Vet"}, {"type": "string"}]},
    },
}
VET = {
    "$anchor": "doctor",
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "xml": {"name": "n"}}},
}
REX = {"id": 1, "first-name": "R&x", "nick": None, "tags": ["a"], "toys": ["b", "c"], "vet": {"name": "V"}}
REX_XML = (
    '<p:pet xmlns:p="urn:pets" no="1"><first-name>R&amp;x</first-name>'
    '<nick xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"></nick>'
    "<tags><tag>a</tag></tags><toys>b</toys><toys>c</toys><vet><n>V</n></vet></p:pet>"
)


@pytest.mark.parametrize(
    ("schema", "example", "written"),
    [
        ({"$ref": "#/components/schemas/Pet"}, REX, REX_XML),
        ({"$ref": "#/components/schemas/Vet"}, {"name": "V"}, "<Vet><n>V</n></Vet>"),
        ({"$ref": "#doctor"}, {"name": "V"}, "<Vet><n>V</n></Vet>"),
        (
            {"allOf": [{"$ref": "#/components/schemas/Pet"}], "xml": {"prefix": ""}},
            {},
            '<pet xmlns="urn:pets"></pet>',
        ),
        (
            {"type": "array", "items": {"$ref": "#/components/schemas/Vet"}, "xml": {"name": "vets"}},
            [{"name": "V"}],
            "<vets><Vet><n>V</n></Vet></vets>",
        ),
        (
            {"type": "array", "items": {"type": "integer"}},
            [1, 2],
            "<root><item>1</item><item>2</item></root>",
        ),
        ({"type": "object"}, {"x": "a\1"}, "<root><x>a\ufffd</x></root>"),
        (
            {"type": "object", "additionalProperties": VET},
            {"a": {"name": "V"}},
            "<root><a><n>V</n></a></root>",
        ),
    ],
)
def test_xml_is_written_as_the_schema_says(schema, example, written, responding):
    """Names, attributes, wrapped arrays, prefixes and namespaces are those of the XML Objects."""
    holder = {"application/xml": {"schema": schema, "example": example}}
    components = {"schemas": {"Pet": PET, "Vet": VET}}
    app = responding({"200": {"description": "", "content": holder}}, components=components)
    response = app.get()
    assert response.source == "example"
    assert response.body.decode().partition("?>")[2] == written


def test_head_is_get_without_the_body(responding):
    """Only the body is left out."""
    app = responding({"200": content()})
    got, headed = app.get(), app("HEAD", "/")
    assert (headed.status, headed.body) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_declared_headers_are_sent(responding):
    """From their example, else from their schema; those that frame a message are the mock's own."""
    response = content()
    response["headers"] = {
        "X-Rate": {"schema": {"type": "integer", "minimum": 7, "maximum": 7}, "required": True},
        "Link": {"schema": {"type": "string"}, "example": "<https://pets.test>; rel=next"},
        "X-List": {"schema": {"type": "array", "items": {"enum": ["a"]}, "minItems": 2}},
        "X-Split": {"schema": {"type": "string"}, "example": "a\r\nSet-Cookie: b"},
        "Content-Length": {"schema": {"type": "integer"}},
        "Content-Type": {"schema": {"type": "string"}},
        "Transfer-Encoding": {"schema": {"type": "string"}},
    }
    headers = responding({"200": response}).get().headers
    assert headers["x-rate"] == "7"
    assert headers["link"] == "<https://pets.test>; rel=next"
    assert headers["x-list"] == "a,a"
    assert "\n" not in headers["x-split"]
    assert headers["content-type"] == JSON
    assert headers["content-length"] == "2"
    assert "transfer-encoding" not in headers


def test_headers_with_content(responding):
    """They are written in their media type, and read in it where the mock has the header already."""
    text = {"content": {"text/plain": {"schema": {"type": "string"}, "example": "no-cache"}}}
    json_ = {"content": {JSON: {"schema": {"type": "object"}, "example": {"a": [1, 2]}}}}
    response = {**content(), "headers": {"Cache-Control": text, "X-Text": text, "X-Json": json_}}
    got = responding({"200": response}).get()
    assert (got.status, got.headers["x-text"], got.headers["x-json"]) == (200, "no-cache", '{"a": [1, 2]}')


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    ("media_type", "schema", "text"),
    [
        ("application/xml", {"const": "a"}, "a"),
        ("application/jwt", {"const": "a"}, "a"),
        ("application/x-www-form-urlencoded", {"const": {"a": "b c"}}, "a=b+c"),
        ("text/plain", {"const": 5, "type": "integer"}, "5"),
        ("*/*", {"const": "a"}, "a"),
    ],
)
def test_headers_with_content_that_no_schema_describes(required, media_type, schema, text, responding):
    """They are sent as they are written, and nobody says that they violate the schema."""
    header = {"required": required, "content": {media_type: {"schema": schema}}}
    got = responding({"200": {**content(), "headers": {"X-A": header}}}).get()
    assert (got.status, got.headers["x-a"]) == (200, text)


def test_an_example_is_not_blamed_for_a_header(responding, caplog):
    """It conforms; what the mock has no value for is the header."""
    header = {"required": True, "schema": {"const": "\u2603"}}
    responses = {"200": {**content(example={}), "headers": {"X-A": header}}}
    got = responding(responses, strictness=MockStrictness(reports_examples=True)).get()
    assert (got.status, "X-A" in got.json["detail"]) == (501, True)
    assert "example for" not in caplog.text


@pytest.mark.parametrize(
    ("holder", "source", "value"),
    [
        ({"example": {"a": 1}, "schema": {"type": "object", "example": {"a": 2}}}, "example", {"a": 1}),
        ({"schema": {"type": "object", "example": {"a": 2}}}, "example", {"a": 2}),
        ({"schema": {"type": "object", "examples": [{"a": 3}]}}, "example", {"a": 3}),
        ({"schema": {"$ref": "#/components/schemas/Shown"}}, "example", {"a": 4}),
        ({"schema": {"type": "object"}, "example": '{"a": 5}'}, "example", {"a": 5}),
        ({"schema": {"type": "integer", "minimum": 6, "maximum": 6}, "example": 7}, "generated", 6),
        ({"schema": {"type": "object", "properties": {"a": {"default": 8}}}}, "generated", {"a": 8}),
        ({"examples": MANY, "schema": {"const": 10}}, "generated", 10),
        ({"examples": {"far": {"externalValue": "https://x.test"}, "near": {"value": 9}}}, "example", 9),
    ],
)
def test_examples_before_generated_values(holder, source, value, responding):
    """The media type's examples, then its schema's; one that violates the schema is skipped."""
    shown = {"Shown": {"type": "object", "example": {"a": 4}}}
    response = {"description": "", "content": {JSON: holder}}
    got = responding({"200": response}, components={"schemas": shown}).get()
    assert (got.source, got.json) == (source, value)


def test_a_documented_problem_of_the_api_is_its_own(responding):
    """Where problem details are documented, the body is the one that the API would send, headers included."""
    codes = ["400", "401", "405", "422", "429", "503"]
    app = responding({code: content(media_type="application/problem+json") for code in codes})
    got = {code: app.get(prefer=f"code={code}") for code in codes}
    assert [each.json["title"] for each in got.values()] == [
        *("Bad Request", "Unauthorized", "Method Not Allowed"),
        *("Unprocessable Content", "Too Many Requests", "Service Unavailable"),
    ]
    assert got["400"].json.keys() == {"type", "title", "status", "detail", "instance"}
    assert {each.json["type"] for each in got.values()} == {"about:blank"}
    assert "www-authenticate" in got["401"].headers
    assert got["405"].headers["allow"] == "GET, OPTIONS"
    assert (
        got["429"].json["detail"]
        == f"The rate limit is used up; retry in {got['429'].headers['retry-after']} seconds."
    )
    assert "retry-after" in got["503"].headers


def test_another_apis_problems_are_the_contracts(responding):
    """An example of a problem is sent as it is."""
    problem = content(media_type="application/problem+json", example={"title": "No"})
    assert responding({"404": problem}).get().json == {"title": "No"}


def test_an_example_is_no_page_of_this_machine(responding):
    """A page of the contract runs nothing here; how long it is stored is as the contract says."""
    headers = {"Cache-Control": {"schema": {"const": "max-age=60"}}}
    page = content({"type": "string"}, "text/html", example="<script>alert(1)</script>")
    got = responding({"200": {**page, "headers": headers}}).get().headers
    assert (got["content-security-policy"], got["cache-control"]) == ("sandbox", "max-age=60")


def test_an_example_that_violates_its_schema_is_validated_once(responding, monkeypatch, caplog):
    """openapi-core takes seconds over a large one; its error is logged, and the next value is validated."""
    validated, found = [], ResponseValidator.errors_of
    monkeypatch.setattr(
        ResponseValidator, "errors_of", lambda *args: validated.append(args[2].body) or found(*args)
    )
    app = responding({"200": content({"type": "integer", "minimum": 5}, example=4)}, openapi="3.0.3")
    assert app.get().json >= 5
    assert validated.count(b"4") == 1
    assert "violates minimum 5" in caplog.text


def test_an_example_of_an_error_is_of_its_status(responding):
    """One of a range or of the default gives way where it names another; asked for by name, it does not."""
    properties = {"code": {}, "message": {"type": "string"}}
    example = {"error": {"code": "422", "message": "Works as expected."}}
    schema = {"type": "object", "properties": {"error": {"type": "object", "properties": properties}}}
    content = {"application/json": {"schema": schema, "examples": {"wrong": {"value": example}}}}
    errors = {key: {"description": "", "content": content} for key in ("422", "default")}
    app = responding({"200": {"description": ""}, **errors})
    too_many = app.get(prefer="code=429")
    assert too_many.json == {"error": {"code": 429, "message": USED_UP}}
    assert too_many.headers["x-mock-answer"] == "example-repaired"
    assert app.get(prefer="code=422").json == app.get(prefer="code=429, example=wrong").json == example


@pytest.mark.parametrize("key", ["429", "4XX", "default"])
def test_an_error_says_which_status_it_is_of(key, responding):
    """Where its members mean that by their names, as far as their schemas allow."""
    error = {
        "type": "object",
        "required": ["code", "message", "errors"],
        "properties": {
            "code": {"type": "integer", "example": 422},
            "message": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "string"}},
        },
    }
    app = responding(
        {"200": {"description": ""}, key: {"description": "", "content": {JSON: {"schema": error}}}}
    )
    response = app.get(prefer="code=429")
    assert (response.status, response.json["code"]) == (429, 429)
    assert response.json["message"] == USED_UP
    content = {JSON: {"schema": error, "example": {"code": 7, "message": "Mine", "errors": []}}}
    assert responding({key: {"description": "", "content": content}}).get(prefer="code=429").json["code"] == 7
