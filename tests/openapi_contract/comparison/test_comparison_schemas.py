"""Two spellings of one thing are no change, and a change is found wherever it stands."""

from copy import deepcopy

import pytest

from openapi_contract import ContractError, pointers
from openapi_contract.comparison import compare, effort, schemas
from openapi_contract.contract import Contract
from scanner_contract import load_contract

from .conftest import AGED, BODY, INTEGER, LONGER, REF, RESPONSE, SCHEMAS, SHORTER, STRING

NULL = {"type": "null"}
PARAMETER = ("paths", "/pets", "get", "parameters", 0, "content")
PET = {"type": "object", "required": ["name"], "properties": {"name": STRING}}
SAME = [
    (STRING | {"const": "a"}, {"enum": ["a"]}),
    ({"const": 1}, {"const": 1.0}),
    ({"enum": [{"a": [1]}]}, {"enum": [{"a": [1.0]}]}),
    (STRING | {"format": "byte"}, STRING | {"contentEncoding": "base64"}),
    (STRING | {"format": "binary"}, STRING | {"contentMediaType": "application/octet-stream"}),
    ({"type": ["string", "null"]}, {"anyOf": [STRING, NULL]}),
    ({"type": ["string", "null"]}, {"oneOf": [NULL, STRING]}),
    ({"type": ["string", "integer"]}, {"anyOf": [INTEGER, STRING]}),
    ({"type": ["integer", "number"]}, {"type": "number"}),
    ({"enum": ["a", "b"]}, {"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]}),
    (PET, {"allOf": [{"type": "object", "required": ["name"]}, {"properties": {"name": STRING}}]}),
    (PET, {"allOf": [PET, PET]}),
    (PET, {"anyOf": [PET]}),
    (PET, REF),
    (PET, {"$ref": "#/components/schemas/Pet", "description": "A pet"}),
    ({"anyOf": [PET, AGED]}, {"anyOf": [AGED, PET]}),
    ({"anyOf": [PET, {"anyOf": [AGED, STRING]}]}, {"anyOf": [STRING, AGED, REF]}),
    (True, {}),
    (STRING | {"minLength": 0}, STRING),
    (STRING | {"maxItems": 3}, STRING),
    (PET | {"additionalProperties": True}, PET),
    (PET | {"additionalProperties": False}, PET | {"unevaluatedProperties": False}),
    ({"type": "array", "items": {}}, {"type": "array"}),
    (STRING | {"title": "A", "description": "a", "examples": ["a"]}, STRING),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling(schema_rules, one, other):
    """Two spellings of one schema are no change, in either direction."""
    assert schema_rules(one, other, schemas={"Pet": PET}) == ([], [])
    assert schema_rules(other, one, schemas={"Pet": PET}) == ([], [])


@pytest.mark.parametrize(
    ("in_30", "in_31"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
            {"type": "integer", "exclusiveMinimum": 0},
        ),
        ({"type": "number", "maximum": 9, "exclusiveMaximum": False}, {"type": "number", "maximum": 9}),
        ({"$ref": "#/components/schemas/Pet", "nullable": True}, REF),
    ],
)
def test_spelling_of_versions(document, rules, in_30, in_31):
    """OpenAPI 3.0 and 3.1 spell one schema in their own ways."""
    pets = {SCHEMAS: {"Pet": PET}}
    old, new = document(pets | {BODY: in_30}), document(pets | {BODY: in_31})
    old["openapi"] = "3.0.3"
    assert rules(old, new) == []
    assert rules(new, old) == []


PLACES = {
    "property": lambda schema: {"type": "object", "properties": {"a": schema}},
    "items": lambda schema: {"type": "array", "items": schema},
    "first item": lambda schema: {"type": "array", "prefixItems": [schema]},
    "additional properties": lambda schema: {"type": "object", "additionalProperties": schema},
    "properties of a pattern": lambda schema: {"type": "object", "patternProperties": {"^x-": schema}},
    "names of properties": lambda schema: {"type": "object", "propertyNames": schema},
    "allOf": lambda schema: {"allOf": [{"type": "string"}, schema]},
    "anyOf": lambda schema: {"anyOf": [schema, PET]},
    "nullable": lambda schema: {"anyOf": [schema, NULL]},
    "far below": lambda schema: {
        "allOf": [{"properties": {"a": {"items": {"oneOf": [{"properties": {"b": schema}}, INTEGER]}}}}]
    },
    "allOf of a property": lambda schema: {
        "allOf": [{"properties": {"a": STRING}}, {"properties": {"a": schema}}]
    },
}


@pytest.mark.parametrize("place", PLACES)
def test_found_wherever_it_stands(schema_rules, place):
    """A limit that became stricter is found below properties, items and alternatives."""
    built = PLACES[place]
    assert schema_rules(built(LONGER), built(SHORTER)) == (
        ["request-max-length-narrowed"],
        ["response-max-length-narrowed"],
    )


def test_through_references(document, rules):
    """A change of a component is found where a ``$ref`` leads to it through another component."""
    old, new = (
        document(
            {
                SCHEMAS: {
                    "Pet": {"properties": {"tag": {"$ref": "#/components/schemas/Tag"}}},
                    "Tag": tag,
                },
                ("paths", "/pets", "post", "requestBody", "content", "application/json", "schema"): REF,
            }
        )
        for tag in (LONGER, SHORTER)
    )
    assert rules(old, new) == ["request-max-length-narrowed"]


@pytest.mark.parametrize("condition", ["not", "if", "then", "else", "contains", "unevaluatedItems"])
def test_condition_through_a_reference(document, condition):
    """A component that a condition refers to has changed the condition, which is reported there."""
    old, new = (document({BODY: {condition: REF}, SCHEMAS: {"Pet": pet}}) for pet in (LONGER, SHORTER))
    assert compare(Contract(old, "old"), Contract(old, "new")) == []
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    found = change.finding
    assert (found.rule.name, found.detail) == ("request-condition-changed", condition)
    assert found.pointer == pointers.join("", *BODY)


CAT = {"$ref": "#/components/schemas/Cat"}
WRAPPED = [
    ({"allOf": [REF], "additionalProperties": False}, {"allOf": [REF]}, ()),
    ({"$ref": "#/components/schemas/Pet", "minProperties": 1}, REF, ()),
    ({"anyOf": [REF, NULL]}, REF, ("anyOf", 1)),
    ({"oneOf": [REF, CAT]}, REF, ("oneOf", 1)),
    ({"oneOf": [REF, CAT], "discriminator": {"propertyName": "name"}}, {"oneOf": [REF, CAT]}, ()),
]


@pytest.mark.parametrize(("one", "other", "keys"), WRAPPED)
def test_found_where_it_changed(document, one, other, keys):
    """What changed around components is reported there, once, and not where the components stand."""
    documents = [document({BODY: body, SCHEMAS: {"Pet": PET, "Cat": AGED}}) for body in (one, other)]
    for old, new in (documents, reversed(documents)):
        (change,) = compare(Contract(old, "old"), Contract(new, "new"))
        assert change.finding.pointer == pointers.join("", *BODY, *keys)


RECURSIVE = {
    "itself": {"Pet": {"$ref": "#/components/schemas/Pet"}},
    "property": {"Pet": {"type": "object", "properties": {"a": LONGER, "child": REF}}},
    "allOf": {"Pet": {"allOf": [REF, {"properties": {"a": LONGER}}]}},
    "anyOf": {"Pet": {"anyOf": [REF, STRING, {"type": "array", "items": REF}]}},
    "two": {
        "Pet": {"oneOf": [{"$ref": "#/components/schemas/Tag"}, STRING]},
        "Tag": {"type": "object", "additionalProperties": REF},
    },
}


@pytest.mark.parametrize("schemas", RECURSIVE.values(), ids=RECURSIVE)
def test_recursion(schema_rules, schemas):
    """A schema that recurs is compared to the end, and equals itself."""
    assert schema_rules(REF, REF, schemas=schemas) == ([], [])


def test_change_within_recursion(document):
    """A change in a schema that recurs is reported once."""
    old, new = (
        document({BODY: REF, SCHEMAS: {"Pet": {"properties": {"a": leaf, "child": REF}}}})
        for leaf in (LONGER, SHORTER)
    )
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    assert (change.finding.where, change.finding.detail) == ("Pet.a", "maxLength 5, was 9")


def test_alternatives_that_multiply(schema_rules):
    """Alternatives of alternatives, two to the power of a thousand, are compared in bounded time."""
    schemas = {
        f"S{n}": {"allOf": [{"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"}, {"minLength": n}]}] * 2}
        for n in range(1000)
    } | {"S1000": STRING}
    assert schema_rules({"$ref": "#/components/schemas/S0"}, STRING, schemas=schemas)


@pytest.mark.parametrize("marked", ["readOnly", "writeOnly"])
def test_properties_for_the_other_side(schema_rules, marked):
    """A property that only responses have concerns no request, and the reverse."""
    old = PET | {"required": ["name", "id"], "properties": {"name": STRING, "id": STRING | {marked: True}}}
    requests, responses = schema_rules(old, PET)
    concerned, other = (responses, requests) if marked == "readOnly" else (requests, responses)
    assert concerned[0].endswith("property-removed")
    assert other == []


def test_alternatives_that_stay(document):
    """An alternative that stays as it is has not changed, whatever becomes of the others."""
    hexadecimal, words = STRING | {"pattern": "^[0-9a-f]+$"}, STRING | {"pattern": "^[a-z ]+$"}
    old, new = (document({BODY: {"anyOf": [first, words]}}) for first in (hexadecimal, {"type": "boolean"}))
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    assert change.finding.rule.name == "request-type-changed"
    assert change.finding.pointer == pointers.join("", *BODY, "anyOf", 0)


def test_header_behind_a_reference(document):
    """A change of a header is reported where it stands, not where a response refers to it."""
    headers = {"X-Age": {"$ref": "#/components/headers/Age"}}
    place = ("paths", "/pets", "post", "responses", "200", "headers")
    old, new = (
        document({place: headers, ("components", "headers"): {"Age": {"schema": each}}})
        for each in (INTEGER, STRING)
    )
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    assert change.finding.pointer == "/components/headers/Age/schema"


def test_alternatives_by_their_constants(schema_rules):
    """An alternative is known by its constants: taking out one of many is one change."""
    cats, dogs, birds = (
        {"type": "object", "properties": {"kind": {"const": kind}, "name": STRING}}
        for kind in ("cat", "dog", "bird")
    )
    assert schema_rules({"oneOf": [cats, dogs, birds]}, {"oneOf": [cats, birds]}) == (
        ["request-alternative-removed"],
        ["response-alternative-removed"],
    )


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
    assert found[0].finding.detail == detail


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
    assert [(str(change.severity), change.finding.where) for change in changes] == [
        ("breaking", "Pet.name"),
        ("safe", "Pet.age"),
    ]


def test_path_is_reported_once(document):
    """A path that came or went is one change of all its operations."""
    old, new = Contract(document(), "old"), Contract(document({("paths", "/pets"): None}), "new")
    for one, other in ((old, new), (new, old)):
        (change,) = compare(one, other)
        assert change.operations == ("GET /pets", "POST /pets")
        assert change.finding.pointer == "/paths/~1pets"


def test_packaged_contract():
    """The packaged contract has not changed since it was packaged."""
    assert compare(load_contract(), load_contract()) == []


@pytest.mark.parametrize("operations", [2, 20])
def test_a_schema_that_operations_share_is_compared_once(monkeypatch, operations):
    """However many refer to it; nor is what is the same below it looked for again."""
    compared = []

    def noting(alternative, fallback):
        compared.append(fallback.pointer)
        return shape_of(alternative, fallback)

    shape_of = schemas.shape_of
    monkeypatch.setattr(schemas, "shape_of", noting)
    response = {"description": "OK", "content": {"application/json": {"schema": REF}}}
    paths = {f"/{number}": {"get": {"responses": {"200": response}}} for number in range(operations)}
    document = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"Pet": PET}}}
    other = deepcopy(document) | {"info": {"title": "Pets"}}
    assert compare(Contract(document, "old"), Contract(other, "new")) == []
    assert len(compared) == 2 * len(["Pet", "Pet.name"])


@pytest.fixture
def many(document):
    """Returns a document of operations that each say ``allOf`` of one schema for themselves."""

    def build(operations=20, kind="string", says=lambda _: ""):
        built = document(
            {SCHEMAS: {"Pet": {"properties": {f"p{each}": {"type": kind} for each in range(50)}}}}
        )
        for number in range(operations):
            schema = {"allOf": [REF], "description": says(number)}
            response = {"description": "OK", "content": {"application/json": {"schema": schema}}}
            built["paths"][f"/{number}"] = {"get": {"responses": {"200": response}}}
        return built

    return build


@pytest.mark.parametrize("operations", [2, 20])
def test_schemas_written_alike_are_compared_once(monkeypatch, many, operations):
    """What is written alike in both contracts, and was the same, is not looked at in other operations."""
    compared = []
    shape_of = schemas.shape_of
    monkeypatch.setattr(schemas, "shape_of", lambda *given: compared.append(given) or shape_of(*given))
    old, new = many(operations), many(operations) | {"info": {"title": "Pets"}}
    before = len(compared)
    assert compare(Contract(old, "old"), Contract(new, "new")) == []
    assert len(compared) - before < 2 * 70


@pytest.mark.parametrize("kind", ["string", "integer"])
def test_more_than_a_comparison_may_take(monkeypatch, many, kind):
    """Work that multiplies is refused, whether there is a change to find or not, and not called the same."""
    monkeypatch.setattr(effort, "MOST_STEPS", 1000)
    old, new = many(says=str), many(kind=kind, says=str) | {"info": {"title": "Pets"}}
    with pytest.raises(
        ContractError, match="new: cannot be compared with old: it takes more than 1000 steps"
    ):
        compare(Contract(old, "old"), Contract(new, "new"))


def test_alternatives_that_exclude_each_other_are_counted(monkeypatch, document):
    """Each of thousands of alternatives may exclude each other one."""
    monkeypatch.setattr(effort, "MOST_STEPS", 3000)
    old, new = (document({BODY: {"oneOf": [{"const": at + n} for n in range(100)]}}) for at in (0, 1))
    with pytest.raises(ContractError, match="cannot be compared"):
        compare(Contract(old, "old"), Contract(new, "new"))


def test_servers_and_credentials_of_all_operations(monkeypatch, document):
    """Changes of what all operations have are counted for each, and what is equal is not gone through."""
    monkeypatch.setattr(effort, "MOST_STEPS", 100)
    old, new = document(), document()
    for contract, name in ((old, "a"), (new, "b")):
        contract["servers"] = [{"url": f"https://{name}{number}.example"} for number in range(50)]
    with pytest.raises(ContractError, match="cannot be compared"):
        compare(Contract(old, "old"), Contract(new, "new"))
