"""The house rules find what breaks them, where it stands, and nothing else."""

import pytest

from contract_first.contract.contract import Contract
from contract_first.contract.linting import RULES, Ignored, lint

GET = "/paths/~1pets/get"
PET_REF = {"$ref": "#/components/schemas/Pet"}
REX = {"$ref": "#/components/examples/Rex"}
AGE = {"type": "integer", "minimum": 0}


@pytest.fixture
def document(minimal):
    """A document that keeps every rule, with an example in each place that may have one."""
    operation = minimal["paths"]["/pets"]["get"]
    minimal["info"] |= {"description": "Pets", "contact": {"name": "A"}, "license": {"name": "MIT"}}
    minimal |= {"security": [], "tags": [{"name": "pets", "description": "Animals"}]}
    operation |= {"tags": ["pets"], "summary": "List pets"}
    operation["parameters"] = [{"name": "age", "in": "query", "schema": AGE, "example": 3}]
    operation["responses"] = {
        "200": {
            "description": "Pets",
            "headers": {"X-Age": {"schema": AGE, "examples": {"old": {"value": 9}}}},
            "content": {
                "application/json": {
                    "schema": PET_REF,
                    "examples": {
                        "rex": {"$ref": "#/components/examples/Rex"},
                        "far": {"externalValue": "/x"},
                    },
                }
            },
        },
        "404": {"description": "None"},
    }
    minimal["components"] = {
        "schemas": {
            "Pet": {
                "type": "object",
                "properties": {
                    "age": AGE | {"examples": [1, 2], "default": 0},
                    "child": {"$ref": "#/components/schemas/Pet"},
                },
                "example": {"age": 1, "child": {"age": 0}},
            }
        },
        "examples": {"Rex": {"value": {"age": 5}}},
    }
    return minimal


def faults(document, rule="", **options):
    """Return the rule, pointer and reason of each error of a document, or of what violates a rule."""
    return [
        (fault.rule, fault.pointer, fault.reason)
        for fault in lint(Contract(document, "pets"), **options)
        if (fault.rule == rule if rule else fault.severity == "error")
    ]


def test_nothing_wrong(document):
    """A document that keeps every rule has no fault."""
    assert lint(Contract(document, "pets")) == []


@pytest.mark.parametrize(
    ("missing", "rule", "reason"),
    [
        ("operationId", "operation-id", "has no operationId"),
        ("tags", "tag", "has no tag"),
    ],
)
def test_operation(document, missing, rule, reason):
    """An operation without an id of its own, or without a tag, is a fault."""
    del document["paths"]["/pets"]["get"][missing]
    ((found, pointer, message),) = faults(document, rule)
    assert (found, pointer) == (rule, GET)
    assert message.startswith(reason)


def test_what_is_missing_for_readers_is_a_note(document):
    """Errors are what keeps tools from reading a contract; its author may leave the rest to other linters."""
    operation = document["paths"]["/pets"]["get"]
    del operation["tags"], operation["summary"], operation["responses"]["404"], document["security"]
    document["components"]["schemas"]["Unused"] = {"type": "object"}
    rules = {"tag", "operation-description", "error-response", "security", "unused-component"}
    assert {(fault.rule, fault.severity) for fault in lint(Contract(document, "pets"))} == {
        (rule, "note") for rule in rules
    }


@pytest.mark.parametrize(
    ("status", "is_fault"), [("400", False), ("4XX", False), ("default", False), ("500", True)]
)
def test_error_response(document, status, is_fault):
    """An operation that declares no error of its caller is a fault."""
    responses = document["paths"]["/pets"]["get"]["responses"]
    responses[status] = responses.pop("404")
    assert [fault[:2] for fault in faults(document, "error-response")] == [("error-response", GET)] * is_fault


PET = ("components", "schemas", "Pet")
HEADER = ("paths", "/pets", "get", "responses", "200", "headers", "X-Age")
WRONG = [
    (("paths", "/pets", "get", "parameters", 0, "example"), -1, f"{GET}/parameters/0/example"),
    (
        (*HEADER, "examples", "old", "value"),
        "x",
        f"{GET}/responses/200/headers/X-Age/examples/old/value",
    ),
    (
        ("paths", "/pets", "get", "responses", "200", "content", "application/json", "example"),
        {"age": "x"},
        f"{GET}/responses/200/content/application~1json/example/age",
    ),
    (("components", "examples", "Rex", "value"), {"age": "x"}, "/components/examples/Rex/value/age"),
    ((*PET, "properties", "age", "examples"), [1, "x"], "/components/schemas/Pet/properties/age/examples/1"),
    ((*PET, "properties", "age", "default"), -1, "/components/schemas/Pet/properties/age/default"),
    ((*PET, "example"), {"child": {"age": -1}}, "/components/schemas/Pet/example/child/age"),
]


@pytest.mark.parametrize(("keys", "value", "pointer"), WRONG, ids=[pointer for _, _, pointer in WRONG])
def test_example(document, keys, value, pointer):
    """An example or a default that breaks its schema is a fault where it breaks it."""
    *above, last = keys
    node = document
    for key in above:
        node = node[key]
    node[last] = value
    assert [fault[:2] for fault in faults(document)] == [("example", pointer)]


def test_openapi_30(document):
    """Examples of OpenAPI 3.0 are validated by its own dialect."""
    document["openapi"] = "3.0.3"
    age = document["components"]["schemas"]["Pet"]["properties"]["age"]
    del age["examples"]
    age |= {"nullable": True, "example": None, "exclusiveMinimum": True, "default": 0}
    ((rule, pointer, reason),) = [each for each in faults(document) if each[1].endswith("default")]
    assert (rule, pointer) == ("example", "/components/schemas/Pet/properties/age/default")
    assert reason.startswith("violates its schema: value is less than or equal to")


def test_schema_that_refers_elsewhere(document):
    """A schema that cannot be compiled is a fault, and nothing is fetched for it."""
    document["components"]["schemas"]["Pet"]["properties"]["age"]["$ref"] = "https://other.example/age"
    found = faults(document)
    assert found
    assert all(reason.startswith("cannot be compiled: ") for _, _, reason in found)


@pytest.mark.parametrize("required", [{"required": ["id"]}, {"allOf": [{"required": ["id"]}]}])
@pytest.mark.parametrize(
    ("mark", "place"), [("readOnly", "request"), ("writeOnly", "response"), ("readOnly", "schema")]
)
def test_what_the_other_direction_requires(document, required, mark, place):
    """An example lacks nothing if only the other direction has to have it."""
    body = {"content": {"application/json": {"schema": PET_REF, "example": {}}}}
    pet = document["components"]["schemas"]["Pet"]
    pet |= required
    pet["properties"]["id"] = {"type": "string", mark: True}
    operation = document["paths"]["/pets"]["get"]
    for status in operation["responses"].values():
        status.pop("content", None)
    del pet["properties"]["age"]["examples"], pet["properties"]["child"]
    if place != "schema":
        del pet["example"]
        operation |= {"requestBody": body} if place == "request" else {}
        operation["responses"]["200"] |= body if place == "response" else {}
    else:
        pet["example"] = {}
    assert [rule for rule, _, _ in faults(document | {"openapi": "3.0.3"})] == []
    assert [rule for rule, _, _ in faults(document | {"openapi": "3.1.0"})] == []


def test_what_its_own_direction_requires(document):
    """In OpenAPI 3.0 a response has to have what is ``readOnly`` and required."""
    pet = document["components"]["schemas"]["Pet"]
    pet |= {"required": ["age"]}
    pet["properties"]["age"] = AGE | {"readOnly": True}
    document["components"]["examples"]["Rex"]["value"] = {}
    found = faults(document | {"openapi": "3.0.3"})
    assert [(rule, pointer) for rule, pointer, _ in found] == [("example", "/components/examples/Rex/value")]


POST = ("paths", "/pets", "post")
JSON = ("content", "application/json")
NODE = {"type": "object", "properties": {"id": {"type": "string", "readOnly": True}}}
HIDDEN = {
    "type": "object",
    "properties": {"list": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}}},
}
KEY = {"type": "object", "properties": {"key": {"type": "string", "writeOnly": True}}}
OTHER = {
    "operationId": "other",
    "summary": "Other",
    "tags": ["pets"],
    "responses": {"default": {"description": ""}},
}
AGAIN = "/components/schemas/Again"
# the rule, what is put into the document, and the place that violates it
VIOLATIONS = [
    ("operation-id-url", {("paths", "/pets", "get", "operationId"): "list pets"}, f"{GET}/operationId"),
    ("operation-description", {("paths", "/pets", "get", "summary"): ""}, GET),
    ("security", {("security",): None}, ""),
    ("security", {("security",): None, ("paths", "/o"): {"get": OTHER | {"security": []}}}, GET),
    (
        "ref-siblings",
        {(*PET, "properties", "child", "minProperties"): 1},
        "/components/schemas/Pet/properties/child",
    ),
    (
        "nullable-type",
        {(*PET, "properties", "any"): {"nullable": True}},
        "/components/schemas/Pet/properties/any",
    ),
    (
        "pattern",
        {(*PET, "properties", "age", "pattern"): r"\A[0-9]+\Z"},
        "/components/schemas/Pet/properties/age/pattern",
    ),
    (
        "read-only",
        {
            POST: OTHER
            | {"requestBody": {"content": {"application/json": {"schema": NODE, "example": {"id": "1"}}}}}
        },
        "/paths/~1pets/post/requestBody/content/application~1json/example/id",
    ),
    (
        "write-only",
        {
            ("components", "schemas", "Key"): KEY,
            ("paths", "/pets", "get", "responses", "404", "content"): {
                "application/json": {"schema": HIDDEN, "example": {"list": [{}, {"key": "a"}]}}
            },
        },
        f"{GET}/responses/404/content/application~1json/example/list/1/key",
    ),
    ("unused-component", {("components", "schemas", "Again"): {}}, AGAIN),
    (
        "unused-component",
        {("components", "securitySchemes"): {"k": {"type": "http"}}},
        "/components/securitySchemes/k",
    ),
    ("tag-declared", {("tags",): []}, f"{GET}/tags/0"),
    ("tag-description", {("tags",): [{"name": "pets"}]}, "/tags/0"),
    *(
        (f"info-{member}", {("info", member): None}, "/info")
        for member in ("description", "contact", "license")
    ),
]


def changed(document, changes, version="3.0.3"):
    """Return the document in a version of OpenAPI, with values put in; None takes one out."""
    del document["components"]["schemas"]["Pet"]["properties"]["age"]["examples"]
    for (*above, last), value in changes.items():
        node = document
        for key in above:
            node = node[key]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return document | {"openapi": version}


@pytest.mark.parametrize(("rule", "changes", "pointer"), VIOLATIONS, ids=[rule for rule, _, _ in VIOLATIONS])
def test_rule(document, rule, changes, pointer):
    """What violates a rule is listed once, where it stands, with what is expected."""
    ((_, found, reason),) = faults(changed(document, changes), rule)
    assert found == pointer
    assert reason.startswith(RULES[rule].says)


def test_every_rule_is_tested():
    """Each rule has a document that violates it."""
    others = {"operation-id", "tag", "error-response", "example"}
    assert {rule for rule, _, _ in VIOLATIONS} | others == set(RULES)


@pytest.mark.parametrize("rule", ["ref-siblings", "nullable-type"])
def test_what_later_versions_allow(document, rule):
    """OpenAPI 3.1 reads what stands beside a reference, and knows no nullable."""
    changes = {
        (*PET, "properties", "child", "minProperties"): 1,
        (*PET, "properties", "any"): {"nullable": True},
    }
    assert faults(changed(document, changes, "3.1.0"), rule) == []


@pytest.mark.parametrize(
    "pattern", [r"^(?:a|b)+$", r"^(?<year>\d{4})[*+]+\+$", r"(?i:a)b*?[\]++]", r"\\A", "[]a++]"]
)
def test_pattern_of_ecmascript(document, pattern):
    """What ECMAScript compiles is no violation, with any class and escape."""
    assert faults(changed(document, {(*PET, "properties", "age", "pattern"): pattern}), "pattern") == []


@pytest.mark.parametrize("pattern", ["(?i)a", "(?P<year>a)", "(?>a)b", "a*+", r"a\Z", "(?#note)a"])
def test_pattern_of_others(document, pattern):
    """What Perl, Python or Java alone compile is one."""
    assert faults(changed(document, {(*PET, "properties", "age", "pattern"): pattern}), "pattern")


def test_heirs_are_used(document):
    """What a discriminator leads to by its name is used, though no reference says so."""
    base = {"type": "object", "discriminator": {"propertyName": "kind", "mapping": {"c": "Cat"}}}
    schemas = document["components"]["schemas"]
    schemas |= {
        "Base": base,
        "Dog": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
        "Cat": {"type": "object"},
    }
    assert faults(document, "unused-component") == []


def test_a_component_may_be_used_by_its_identity(document):
    """A reference may name an $id, with an anchor in it."""
    schemas = document["components"]["schemas"]
    page = {"$id": "https://pets.test/page", "$defs": {"item": {"$anchor": "item"}}}
    schemas |= {"Page": page, "Pages": {"items": {"$ref": "https://pets.test/page#item"}}}
    unused = faults(document, "unused-component")
    assert [pointer for _, pointer, _ in unused] == ["/components/schemas/Pages"]


def test_ignored(document):
    """A rule is left out at and below a place, or everywhere, and gets another severity."""
    operation = document["paths"]["/pets"]["get"]
    del operation["tags"], operation["operationId"]
    severe = {"tag": "error"}
    assert [fault[0] for fault in faults(document, severities=severe)] == ["operation-id", "tag"]
    entry, other = Ignored.of("tag#/paths/~1pets: these come later"), Ignored.of("tag#/paths/~1pe")
    assert entry == ("tag", "/paths/~1pets", "these come later")
    assert [fault[0] for fault in faults(document, ignored=[entry], severities=severe)] == ["operation-id"]
    assert [fault[0] for fault in faults(document, ignored=[other], severities=severe)] == [
        "operation-id",
        "tag",
    ]
    severities = {"tag": "off", "operation-id": "note"}
    (note,) = lint(Contract(document, "pets"), severities=severities)
    assert (note.rule, note.severity) == ("operation-id", "note")
