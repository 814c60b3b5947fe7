"""Every rule of a comparison, on a pair of documents in which it occurs alone."""

import pytest

from contract_first.contract.comparison import RULES

LIST = ("paths", "/pets", "get")
ADD = ("paths", "/pets", "post")
PARAMETERS = (*LIST, "parameters")
PARAMETER = (*PARAMETERS, 0)
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
OK = (*ADD, "responses", "200")
SCHEMES = ("components", "securitySchemes")
SERVER = {"url": "https://pets.example"}
TOKEN = {"token": []}
KEY = {"key": []}
QUERY = {"name": "sort", "in": "query", "schema": {"type": "string"}}
NEW = {"operationId": "new", "responses": {"200": {"description": "OK"}}}
NEW_STATUS = {"description": "New"}
ANY_JSON = {"application/json": {"schema": {}}}


def in_xml(place, xml):
    """Return what makes a body one in XML, with an XML Object at a member."""
    schema = {"type": "object", "properties": {"id": {"type": "string", "xml": xml}}}
    return {(*place, "content"): {"application/xml; charset=utf-8": {"schema": schema}}}


# the rule, its mirror (when old and new are swapped), and what is put into the old and the new document
HOOK = {"post": {"responses": {"200": {"description": "OK"}}}}
GONE, STAYS = ({"deprecated": True, "x-sunset": day} for day in ("2001-12-31", "2999-12-31"))
PAIRS = [
    ("path-added", "operation-removed-after-sunset", {}, {("paths", "/new"): {"get": NEW | GONE}}),
    ("path-added", "path-removed", {}, {("paths", "/new"): {"get": NEW | STAYS}}),
    ("path-added", "path-removed", {}, {("paths", "/new"): {"get": NEW | {"deprecated": True}}}),
    ("parameter-added", "parameter-removed-after-sunset", {}, {PARAMETERS: [LIMIT, QUERY | GONE]}),
    ("parameter-added", "parameter-removed", {}, {PARAMETERS: [LIMIT, QUERY | STAYS]}),
    (
        "sunset-later",
        "sunset-earlier",
        {(*LIST, "deprecated"): True, (*LIST, "x-sunset"): "2998-01-01T00:00:00Z"},
        {(*LIST, "deprecated"): True, (*LIST, "x-sunset"): "Wed, 01 Jan 2999 00:00:00 GMT"},
    ),
    (
        "sunset-later",
        "sunset-earlier",
        {PARAMETERS: [LIMIT | {"deprecated": True, "x-sunset": "2998-01-01"}]},
        {PARAMETERS: [LIMIT | STAYS]},
    ),
    ("stability-decreased", "stability-increased", {}, {(*LIST, "x-stability-level"): "beta"}),
    (
        "unstable-operation-changed",
        "parameter-added",
        {(*LIST, "x-stability-level"): "alpha"},
        {(*LIST, "x-stability-level"): "alpha", PARAMETERS: []},
    ),
    (
        "path-added",
        "unstable-operation-changed",
        {},
        {("paths", "/new"): {"get": NEW | {"x-stability": "draft"}}},
    ),
    ("webhook-added", "webhook-removed", {}, {("webhooks",): {"newPet": HOOK}}),
    ("webhook-added", "webhook-removed", {}, {(*ADD, "callbacks"): {"done": {"{$request.body#/url}": HOOK}}}),
    ("path-added", "path-removed", {}, {("paths", "/new"): {"get": NEW}}),
    ("operation-added", "operation-removed", {}, {("paths", "/pets", "put"): NEW}),
    ("operation-id-renamed", "operation-id-renamed", {}, {(*LIST, "operationId"): "all_pets"}),
    ("operation-deprecated", "operation-undeprecated", {}, {(*LIST, "deprecated"): True}),
    (
        "server-added",
        "server-removed",
        {},
        {("servers",): [SERVER, {"url": "/"}]},
    ),
    ("parameter-added", "parameter-removed", {}, {PARAMETERS: [LIMIT, QUERY]}),
    ("required-parameter-added", "parameter-removed", {}, {PARAMETERS: [LIMIT, QUERY | {"required": True}]}),
    ("parameter-became-required", "parameter-became-optional", {}, {(*PARAMETER, "required"): True}),
    ("parameter-deprecated", "parameter-undeprecated", {}, {(*PARAMETER, "deprecated"): True}),
    ("parameter-style-changed", "parameter-style-changed", {}, {(*PARAMETER, "explode"): False}),
    ("request-body-added", "request-body-removed", {}, {(*LIST, "requestBody"): {"content": ANY_JSON}}),
    (
        "required-request-body-added",
        "request-body-removed",
        {},
        {(*LIST, "requestBody"): {"content": ANY_JSON, "required": True}},
    ),
    (
        "request-body-became-required",
        "request-body-became-optional",
        {},
        {(*ADD, "requestBody", "required"): True},
    ),
    (
        "request-media-type-added",
        "request-media-type-removed",
        {},
        {(*ADD, "requestBody", "content", "text/csv"): {}},
    ),
    (
        "request-encoding-changed",
        "request-encoding-changed",
        {(*ADD, "requestBody", "content"): {"multipart/form-data": {}}},
        {
            (*ADD, "requestBody", "content"): {
                "multipart/form-data": {"encoding": {"a": {"contentType": "image/png"}}}
            }
        },
    ),
    ("response-media-type-added", "response-media-type-removed", {}, {(*OK, "content", "text/csv"): {}}),
    (
        "response-status-added",
        "response-status-removed",
        {},
        {(*ADD, "responses", "202"): NEW_STATUS},
    ),
    (
        "response-error-added",
        "response-error-removed",
        {},
        {(*ADD, "responses", "409"): NEW_STATUS},
    ),
    ("response-header-added", "response-header-removed", {}, {(*OK, "headers", "X-Id"): {"schema": {}}}),
    (
        "response-header-became-required",
        "response-header-became-optional",
        {},
        {(*OK, "headers", "X-Age", "required"): True},
    ),
    ("security-added", "security-removed", {}, {(*LIST, "security"): [KEY]}),
    ("security-alternative-added", "security-alternative-removed", {}, {(*ADD, "security"): [KEY, TOKEN]}),
    ("security-scheme-added", "security-scheme-removed", {}, {(*ADD, "security"): [KEY | TOKEN]}),
    (
        "security-scope-added",
        "security-scope-removed",
        {(*ADD, "security"): [{"token": ["read"]}]},
        {(*ADD, "security"): [{"token": ["read", "write"]}]},
    ),
    ("security-scheme-changed", "security-scheme-changed", {}, {(*SCHEMES, "key", "name"): "X-Other"}),
    *(
        (f"{side}-{rule}-changed", f"{side}-{rule}-changed", in_xml(place, old), in_xml(place, new))
        for side, place in (("request", (*ADD, "requestBody")), ("response", OK))
        for rule, old, new in (
            ("xml", {"name": "a"}, {"name": "b"}),
            ("xml", {}, {"attribute": True}),
            ("xml-namespace", {"prefix": "a"}, {"prefix": "b"}),
        )
    ),
]

STRING, INTEGER, ARRAY, OBJECT = ({"type": name} for name in ("string", "integer", "array", "object"))
A = {"type": "object", "properties": {"a": STRING}}
CLOSED = {"additionalProperties": False}
ONE_OF_TWO = {"anyOf": [STRING | {"maxLength": 9}, A]}

# the subject of a rule, its kind, and the old and new schema; each is a rule of requests and one of responses
DISCRIMINATED = {"discriminator": {"propertyName": "a", "mapping": {"x": "#/components/schemas/X"}}}
EITHER = {"type": "object", "properties": {"a": STRING, "b": STRING}}
AT_LEAST_ONE = [{"required": ["a"]}, {"required": ["b"]}]
SCHEMAS = [
    ("type", "narrowed", {"type": ["string", "integer"]}, STRING),
    ("type", "changed", STRING, INTEGER),
    ("enum", "narrowed", STRING | {"enum": ["a", "b"]}, STRING | {"enum": ["a"]}),
    ("enum", "changed", STRING | {"enum": ["a", "b"]}, STRING | {"enum": ["a", "c"]}),
    ("pattern", "narrowed", STRING, STRING | {"pattern": "^a"}),
    ("pattern", "changed", STRING | {"pattern": "^b"}, STRING | {"pattern": "^a"}),
    ("format", "narrowed", STRING, STRING | {"format": "date"}),
    ("format", "narrowed", INTEGER | {"format": "int64"}, INTEGER | {"format": "int32"}),
    ("format", "changed", STRING | {"format": "time"}, STRING | {"format": "date"}),
    ("multiple-of", "narrowed", INTEGER | {"multipleOf": 2}, INTEGER | {"multipleOf": 4}),
    ("multiple-of", "changed", INTEGER | {"multipleOf": 2}, INTEGER | {"multipleOf": 3}),
    ("minimum", "narrowed", INTEGER | {"minimum": 0}, INTEGER | {"minimum": 1}),
    ("minimum", "narrowed", INTEGER | {"minimum": 0}, INTEGER | {"exclusiveMinimum": 0}),
    ("maximum", "narrowed", INTEGER, INTEGER | {"maximum": 9}),
    ("maximum", "narrowed", INTEGER, INTEGER | {"maximum": 0}),
    ("maximum", "narrowed", INTEGER | {"maximum": 9}, INTEGER | {"exclusiveMaximum": 9}),
    ("min-length", "narrowed", STRING, STRING | {"minLength": 1}),
    ("max-length", "narrowed", STRING | {"maxLength": 9}, STRING | {"maxLength": 8}),
    ("min-items", "narrowed", ARRAY, ARRAY | {"minItems": 1}),
    ("max-items", "narrowed", ARRAY, ARRAY | {"maxItems": 1}),
    ("max-items", "narrowed", ARRAY, ARRAY | {"maxItems": 0}),
    ("unique-items", "narrowed", ARRAY, ARRAY | {"uniqueItems": True}),
    ("min-properties", "narrowed", OBJECT, OBJECT | {"minProperties": 1}),
    ("max-properties", "narrowed", OBJECT, OBJECT | {"maxProperties": 1}),
    ("additional-properties", "narrowed", A, A | CLOSED),
    ("additional-properties", "narrowed", A, A | {"additionalProperties": STRING}),
    ("nullable", "removed", {"type": ["string", "null"]}, STRING),
    ("nullable", "removed", {"anyOf": [A, {"type": "null"}]}, A),
    ("alternative", "removed", {"anyOf": [*ONE_OF_TWO["anyOf"], {"type": "array"}]}, ONE_OF_TWO),
    ("alternatives", "became-exclusive", EITHER | {"anyOf": AT_LEAST_ONE}, EITHER | {"oneOf": AT_LEAST_ONE}),
    (
        "extensible-enum",
        "narrowed",
        STRING | {"x-extensible-enum": ["a", "b"]},
        STRING | {"x-extensible-enum": ["a"]},
    ),
    ("condition", "narrowed", A, A | {"not": {"required": ["a"]}}),
    ("condition", "changed", STRING | {"contentSchema": OBJECT}, STRING),
    ("discriminator", "changed", A | DISCRIMINATED | {"anyOf": [OBJECT]}, A | {"anyOf": [OBJECT]}),
]
REVERSE = {
    "narrowed": "widened",
    "removed": "added",
    "changed": "changed",
    "became-exclusive": "became-inclusive",
}
SIDES = ("request", "response")

WITH_DEFAULT = {"type": "object", "properties": {"a": STRING | {"default": "x"}}}
# rules of properties and of defaults: the two names in requests, then in responses (None for no rule)
PROPERTIES = [
    (("property-added", "property-removed"), ("property-added", "property-removed"), OBJECT, A),
    (
        ("required-property-added", "property-removed"),
        ("property-added", "property-removed"),
        OBJECT,
        A | {"required": ["a"]},
    ),
    (
        ("property-added", "property-refused"),
        ("property-added", "property-removed"),
        OBJECT | CLOSED,
        A | CLOSED,
    ),
    (
        ("property-became-required", "property-became-optional"),
        ("property-became-required", "property-became-optional"),
        A,
        A | {"required": ["a"]},
    ),
    (
        ("property-became-required-with-default", "property-became-optional"),
        ("property-became-required", "property-became-optional"),
        WITH_DEFAULT,
        WITH_DEFAULT | {"required": ["a"]},
    ),
    (
        ("property-added", "property-removed"),
        ("property-added", "property-removed"),
        OBJECT,
        WITH_DEFAULT | {"required": ["a"]},
    ),
    (("default-changed", "default-changed"), (None, None), STRING, STRING | {"default": "a"}),
]


@pytest.mark.parametrize(("rule", "mirror", "old", "new"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_rule_of_operations(document, rules, rule, mirror, old, new):
    """What is put into a document yields its rule and no other, and the mirror of it the other way round."""
    before, after = document(old), document(new)
    assert rules(before, after) == [rule]
    assert rules(after, before) == [mirror]


@pytest.mark.parametrize(("subject", "kind", "old", "new"), SCHEMAS)
def test_rule_of_schemas(schema_rules, subject, kind, old, new):
    """A schema that changed yields one rule for requests and one for responses, and so does the reverse."""
    names = [f"{side}-{subject}-{kind}" for side in SIDES]
    mirrors = [f"{side}-{subject}-{REVERSE[kind]}" for side in SIDES]
    assert schema_rules(old, new) == tuple([name] for name in names)
    assert schema_rules(new, old) == tuple([name] for name in mirrors)


@pytest.mark.parametrize(("requests", "responses", "old", "new"), PROPERTIES)
def test_rule_of_properties(schema_rules, requests, responses, old, new):
    """A property that comes, goes, or has to be there yields one rule on each side, as does its reverse."""
    for direction, pair in enumerate([(old, new), (new, old)]):
        names = [f"request-{requests[direction]}"], [f"response-{responses[direction]}"]
        assert schema_rules(*pair) == (names[0], names[1] if responses[direction] else [])


def test_property_deprecated(schema_rules):
    """A property that is announced to go away is risky on both sides."""
    old, new = ({"type": "object", "properties": {"a": STRING | more}} for more in ({}, {"deprecated": True}))
    assert schema_rules(old, new) == (["property-deprecated"],) * 2
    assert schema_rules(new, old) == (["property-undeprecated"],) * 2


def test_property_after_its_sunset(schema_rules):
    """A deprecated property may go once its date has come, and not before."""
    for more, names in (
        (GONE, ["property-removed-after-sunset"] * 2),
        (STAYS, ["request-property-removed", "response-property-removed"]),
    ):
        old = {"type": "object", "properties": {"a": STRING | more}}
        assert schema_rules(old, {"type": "object"}) == tuple([name] for name in names)


def test_extensible_enum(schema_rules):
    """One more value of a list that is announced to grow breaks no reader; one less does break senders."""
    old, new = (STRING | {"enum": values, "x-extensible-enum": True} for values in (["a"], ["a", "b"]))
    assert schema_rules(old, new) == (
        ["request-extensible-enum-widened"],
        ["response-extensible-enum-widened"],
    )
    assert schema_rules(new, old) == (["request-enum-narrowed"], ["response-enum-narrowed"])


def test_what_clients_receive(document, rules):
    """In a webhook, clients read the request and send the response."""

    def hook(body=A, reply=A):
        content = [{"content": {"application/json": {"schema": schema}}} for schema in (body, reply)]
        responses = {"200": {"description": "OK"} | content[1]}
        return document(
            {("webhooks",): {"newPet": {"post": {"requestBody": content[0], "responses": responses}}}}
        )

    required = A | {"required": ["a"]}
    assert rules(hook(body=required), hook(body=A)) == ["response-property-became-optional"]
    assert rules(hook(reply=A), hook(reply=required)) == ["request-property-became-required"]


def test_a_parameters_sunset_that_goes_away(document, rules):
    """Without a date, nobody knows when it goes."""
    old, new = (document({PARAMETERS: [LIMIT | more]}) for more in (STAYS, {"deprecated": True}))
    assert rules(old, new) == ["sunset-earlier"]


def test_what_was_required_together_and_excludes_each_other_now(schema_rules):
    """Each value that conformed is refused, as it conforms to both alternatives."""
    old = EITHER | {"required": ["a", "b"]}
    requests, responses = schema_rules(old, EITHER | {"oneOf": AT_LEAST_ONE})
    assert requests[0] == "request-condition-narrowed"
    assert RULES[requests[0]].severity == "breaking"
    assert "response-alternative-added" in responses
    loose = EITHER | {"oneOf": [{"required": ["a"], "properties": {"b": False}}, {"required": ["b"]}]}
    assert "request-condition-narrowed" not in schema_rules(loose, loose | {"description": "the same"})[0]


def test_xml_counts_in_xml_alone(schema_rules):
    """What an XML Object says changes nothing of a body in JSON."""
    assert schema_rules(STRING, STRING | {"xml": {"name": "a"}}) == ([], [])


def test_every_rule_is_tested():
    """The tables above name every rule there is."""
    named = {name for pair in PAIRS for name in pair[:2]} | {
        "property-deprecated",
        "property-undeprecated",
        "property-removed-after-sunset",
    }
    for subject, kind, _, _ in SCHEMAS:
        named |= {f"{side}-{subject}-{each}" for side in SIDES for each in (kind, REVERSE[kind])}
    for requests, responses, _, _ in PROPERTIES:
        named |= {f"request-{name}" for name in requests} | {f"response-{name}" for name in responses if name}
    assert named == set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_meaning(rule):
    """Every rule says in one sentence what it means, and whom it concerns as its name does."""
    assert rule.meaning.endswith(".")
    assert rule.meaning.count(". ") == 0
    assert not rule.name.startswith(("request-", "response-")) or rule.name.startswith(rule.side)
