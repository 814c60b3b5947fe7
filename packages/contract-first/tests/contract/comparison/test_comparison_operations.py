"""What an operation is beside its schemas: paths, parameters, media types, statuses, servers, security."""

import pytest

from contract_first.contract.comparison import compare
from contract_first.contract.contract import Contract

from .conftest import AGED, BODY, INTEGER, LONGER, PET, REF, RESPONSE, SCHEMAS, SHORTER, STRING


def test_header_behind_a_reference(document):
    """A change of a header is reported where it stands, not where a response refers to it."""
    headers = {"X-Age": {"$ref": "#/components/headers/Age"}}
    place = ("paths", "/pets", "post", "responses", "200", "headers")
    old, new = (
        document({place: headers, ("components", "headers"): {"Age": {"schema": each}}})
        for each in (INTEGER, STRING)
    )
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    assert change.difference.pointer == "/components/headers/Age/schema"


def test_renamed_path_parameter(document, rules):
    """The name of a path parameter is between the braces only."""
    old = document()
    new = document()
    path = new["paths"].pop("/pets/{id}")
    path["parameters"][0]["name"] = "pet_id"
    new["paths"]["/pets/{pet_id}"] = path
    assert rules(old, new) == []


def test_renamed_security_scheme(document, rules):
    """A security scheme that wants the same under another name is no change."""
    new = document({("paths", "/pets", "post", "security"): [{"apiKey": []}]})
    schemes = new["components"]["securitySchemes"]
    schemes["apiKey"] = schemes.pop("key") | {"description": "A key"}
    assert rules(document(), new) == []


PARAMETER = ("paths", "/pets", "get", "parameters", 0, "content")


@pytest.mark.parametrize("place", [BODY[:-2], RESPONSE[:-2], PARAMETER])
def test_media_types_in_another_case(document, rules, place):
    """Media types are the same in lower and upper case, with and without spaces."""
    names = "text/xml; charset=utf-8", "Text/XML;charset=UTF-8"
    old, new = (document({PARAMETER: {}, place: {name: {"schema": STRING}}}) for name in names)
    assert rules(old, new) == []


@pytest.mark.parametrize("media_range", ["application/json", "application/*", "*/*"])
def test_media_range_that_covers(document, rules, media_range):
    """A request body that can still be sent is compared with the range that takes it now."""
    content = ("paths", "/pets", "post", "requestBody", "content")
    old = document({content: {"application/json; v=1": {"schema": LONGER}}})
    assert rules(old, document({content: {media_range: {"schema": SHORTER}}})) == [
        "request-max-length-narrowed",
        "request-media-type-added",
    ]


def test_base_urls(document, rules):
    """Servers are the same if the URL that paths are appended to is, its variables at their defaults."""
    slash, one, other = (
        document({("servers",): [server]})
        for server in (
            {"url": "https://pets.example/"},
            {"url": "https://{host}.example", "variables": {"host": {"default": "pets"}}},
            {"url": "https://{host}.example", "variables": {"host": {"default": "dogs"}}},
        )
    )
    assert rules(document(), slash) == rules(document(), one) == []
    assert rules(one, other) == ["server-removed", "server-added"]


SECURITY = ("paths", "/pets", "post", "security")


@pytest.mark.parametrize(
    ("expected", "detail"),
    [
        ([{"key": [], "token": []}], "key and token, was key"),
        ([{"key": ["read"]}], "key (read), was key"),
        ([{"token": []}], "key"),
    ],
)
def test_credentials_by_name(document, expected, detail):
    """Stricter security is reported with the credentials that are expected, and those that were enough."""
    found = compare(Contract(document(), "old"), Contract(document({SECURITY: expected}), "new"))
    assert found[0].difference.detail == detail


def test_status_that_its_range_covers(document, rules):
    """A status that became part of a range is compared with that, and is not gone."""
    new = document()
    responses = new["paths"]["/pets"]["get"]["responses"]
    responses["4XX"] = responses.pop("404")
    assert rules(document(), new) == ["response-error-added"]


def test_reference_objects(document, rules):
    """Parameters, bodies, responses and headers are the same when a component holds them."""
    new = document()
    add, components = new["paths"]["/pets"]["post"], new["components"]
    components["requestBodies"] = {"Pet": add["requestBody"]}
    components["headers"] = {"Age": add["responses"]["200"]["headers"]["X-Age"]}
    headers = {"X-Age": {"$ref": "#/components/headers/Age"}}
    components["responses"] = {"Pet": add["responses"]["200"] | {"headers": headers}}
    add["requestBody"] = {"$ref": "#/components/requestBodies/Pet"}
    add["responses"] = {"200": {"$ref": "#/components/responses/Pet"}}
    assert rules(document(), new) == []


def test_shared_change_is_reported_once(document):
    """What several operations meet is one change that names them, in the order of the document."""
    error = {"description": "None", "content": {"application/json": {"schema": REF}}}
    places = [("paths", path, "get", "responses", "404") for path in ("/pets", "/pets/{id}")]
    old, new = (document({SCHEMAS: {"Pet": pet}} | dict.fromkeys(places, error)) for pet in (PET, AGED))
    changes = compare(Contract(old, "old"), Contract(new, "new"))
    assert {change.operations for change in changes} == {("GET /pets", "GET /pets/{id}")}
    assert [(str(change.severity), change.difference.where) for change in changes] == [
        ("breaking", "Pet.name"),
        ("safe", "Pet.age"),
    ]


def test_path_is_reported_once(document):
    """A path that came or went is one change of all its operations."""
    old, new = Contract(document(), "old"), Contract(document({("paths", "/pets"): None}), "new")
    for one, other in ((old, new), (new, old)):
        (change,) = compare(one, other)
        assert change.operations == ("GET /pets", "POST /pets")
        assert change.difference.pointer == "/paths/~1pets"
