"""``Prefer``: which of the documented responses a client gets."""

from __future__ import annotations

import pytest

from contract_first.mock.responses.preferences import Preferences, preferences_of
from contract_first.service.messages.problems import BadRequest

PET = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
EXAMPLES = {"small": {"value": {"id": 1}}, "large": {"value": {"id": 10**6}}}
RESPONSES = {
    "200": {"description": "", "content": {"application/json": {"schema": PET, "examples": EXAMPLES}}},
    "404": {
        "description": "",
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "examples": {"gone": {"$ref": "#/components/examples/Gone"}},
            }
        },
    },
    "5XX": {"description": ""},
}
COMPONENTS = {"examples": {"Gone": {"value": {"why": "gone"}}}}


@pytest.fixture(scope="module")
def app(responding):
    """Respond to ``GET /`` with what is above."""
    return responding(RESPONSES, components=COMPONENTS)


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("code=404", Preferences(404, applied=b"code=404")),
        ("Code = 404", Preferences(404, applied=b"code=404")),
        ('code="404"', Preferences(404, applied=b"code=404")),
        ("example=cat", Preferences(example="cat", applied=b"example=cat")),
        (
            'example="a \\"cat\\", big"',
            Preferences(example='a "cat", big', applied=b'example="a \\"cat\\", big"'),
        ),
        ("dynamic=true", Preferences(dynamic=True, applied=b"dynamic=true")),
        ("code=404, code=500", Preferences(404, applied=b"code=404")),
        ("respond-async, wait=10, code=404", Preferences(404, applied=b"code=404")),
        ("respond-async; code=404", Preferences()),
        ("code", Preferences()),
        ("", Preferences()),
        (',,;="', Preferences()),
    ],
)
def test_the_syntax_of_rfc_7240(field, read):
    """Names in any case, quoted strings, the first of a repetition; parameters and strangers do not count."""
    assert preferences_of(field.encode()) == read


@pytest.mark.parametrize(
    "field", ["code=abc", "code=99", "code=600", "code=\u0664\u0660\u0664", "dynamic=maybe"]
)
def test_a_value_that_a_preference_cannot_have(field):
    """It is named, with what was expected."""
    with pytest.raises(BadRequest, match="expected"):
        preferences_of(field.encode())


@pytest.mark.parametrize(
    ("prefer", "status", "body", "source"),
    [
        ("code=200", 200, {"id": 1}, "example"),
        ("example=large", 200, {"id": 10**6}, "example"),
        ("code=404", 404, {"why": "gone"}, "example"),
        ("example=gone", 404, {"why": "gone"}, "example"),
        ("code=404, example=gone", 404, {"why": "gone"}, "example"),
    ],
)
def test_a_documented_response_is_selected(prefer, status, body, source, app):
    """By its status, by its example's name, or by both; the response says what was applied."""
    response = app.get(prefer=prefer)
    assert (response.status, response.json, response.source) == (status, body, source)
    assert response.headers["preference-applied"] == prefer


@pytest.mark.parametrize(
    ("query", "status", "body", "applied"),
    [
        ("__code=404", 404, {"why": "gone"}, "code=404"),
        ("a=1&__example=large&b=", 200, {"id": 10**6}, "example=large"),
        ("__code=404&__example=gone", 404, {"why": "gone"}, "code=404, example=gone"),
        ("__code=404&__code=500", 404, {"why": "gone"}, "code=404"),
    ],
)
def test_the_query_prefers_as_the_header_does(query, status, body, applied, app):
    """An address bar cannot send headers."""
    response = app.get(f"/?{query}")
    assert (response.status, response.json) == (status, body)
    assert response.headers["preference-applied"] == applied


def test_the_header_goes_before_the_query(app):
    """What it leaves open the query may say."""
    response = app.get("/?__code=500&__example=gone", prefer="code=404")
    assert (response.status, response.headers["preference-applied"]) == (404, "code=404, example=gone")
    for name, value in (("code", "gone"), ("dynamic", "2")):
        for source, refused in (
            ("The query asks for __", app.get(f"/?__{name}={value}")),
            ("Prefer asks for ", app.get(prefer=f"{name}={value}")),
        ):
            assert refused.status == 400
            assert f"{source}{name}='{value}'; expected" in refused.json["detail"]
    assert app.get("/?__dynamic=true").source == "generated"


def test_a_parameter_of_the_contract_is_no_preference(mocked):
    """Whatever it is named."""
    parameter = {"name": "__code", "in": "query", "schema": {"type": "string"}}
    app = mocked({"/": {"get": {"parameters": [parameter], "responses": RESPONSES}}}, components=COMPONENTS)
    assert app.get("/?__code=404").status == 200


def test_a_range_documents_its_statuses(app):
    """``5XX`` is any of them, without content if it has none."""
    response = app.get(prefer="code=507")
    assert (response.status, response.body) == (507, b"")


def test_an_operation_that_documents_no_response(mocked):
    """OpenAPI 3.1 requires none: any status is sent without content, 200 unless another is asked for."""
    app = mocked({"/": {"get": {}}})
    for sent, status in (({}, 200), ({"prefer": "code=404"}, 404)):
        response = app.get(**sent)
        assert (response.status, response.body) == (status, b"")


@pytest.mark.parametrize(
    ("prefer", "there"),
    [
        ("code=418", "200, 404, 5XX"),
        ("example=medium", "small, large"),
        ("code=404, example=small", "gone"),
        ("code=503, example=small", "none"),
    ],
)
def test_what_is_not_documented_is_refused_with_what_is(prefer, there, app):
    """An undocumented status or example is a 404 that lists those that there are."""
    response = app.get(prefer=prefer)
    assert response.status == 404
    assert response.json["detail"].endswith(f"has {there}.")
    assert "preference-applied" not in response.headers


def test_the_example_without_a_name_is_the_default(responding):
    """It is asked for by this name, also beside named ones and in the media type that alone has it."""
    types = {
        "application/xml": {"example": "<a/>"},
        "application/json": {"examples": {"small": {"value": 1}}},
        "text/plain": {"examples": {"default": {"value": "a"}}, "example": "b"},
    }
    app = responding({"200": {"description": "", "content": types}})
    assert app.get(prefer="example=default").body == b"<a/>"
    assert app.get(prefer="example=small").json == 1
    assert app.get(prefer="example=default", accept="text/plain").body == b"a"
    assert app.get(prefer="example=big").json["detail"].endswith("has default, small.")


def test_a_dynamic_response_is_another_each_time(responding):
    """It is made from the schema though there are examples; the same calls get the same of another mock."""
    apps = [responding(RESPONSES, components=COMPONENTS) for _ in range(2)]
    calls = [[app.get(prefer="dynamic=true") for _ in range(5)] for app in apps]
    reported, again = ([each.json["id"] for each in made] for made in calls)
    assert reported == again
    assert len(set(reported)) > 1
    assert {each.source for made in calls for each in made} == {"generated"}


def test_a_selected_example_that_violates_the_contract(responding):
    """It is sent as it is, with a header that says what it violates, and no value of it."""
    violating = {"schema": PET, "examples": {"broken": {"value": {"id": "sec\u20acret" * 500, "tag": 1}}}}
    app = responding({"200": {"description": "", "content": {"application/json": violating}}})
    response = app.get(prefer="example=broken")
    assert response.status == 200
    assert response.json == violating["examples"]["broken"]["value"]
    assert response.source == "example"
    assert "body/id" in response.headers["x-mock-violation"]
    assert "secret" not in response.headers["x-mock-violation"]
    assert len(response.headers["x-mock-violation"]) <= 1000
    assert (
        app.get(prefer="example=broken").headers["x-mock-violation"] == response.headers["x-mock-violation"]
    )
    plain = app.get()
    assert plain.source == "example-repaired"
    assert plain.json["tag"] == 1
    assert "x-mock-violation" not in plain.headers


def test_preferences_are_for_admitted_callers(mocked):
    """A client that is not let in does not choose."""
    operation = {"responses": RESPONSES, "security": [{"key": []}]}
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    components = {**COMPONENTS, "securitySchemes": {"key": scheme}}
    app = mocked({"/": {"get": operation}}, components=components)
    assert app.get(prefer="code=404").status == 401
    assert app.get(prefer="code=404", x_key="x").status == 404
