"""A document of any size is refused, or read in bounded time and memory, however many parts it has."""

import re
from itertools import pairwise

import pytest

from contract_first.contract import ContractError, load_contract, loading, validation
from contract_first.contract.document import anatomy
from contract_first.contract.repair import leniency, unusable

from .conftest import BOTH, DOCUMENT, GET, PET, parameters, schema


@pytest.mark.parametrize("lenient", [True, False])
def test_operations_without_end(write, lenient):
    """A document of more than thirty thousand operations is refused before anything else is done with it."""
    paths = {f"/{number}": {"get": GET} for number in range(30_001)}
    with pytest.raises(ContractError, match="#/paths: has more than 30000 operations"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": paths}), lenient=lenient)


def test_additional_operations_without_end(write):
    """Operations of other methods are as many."""
    methods = {f"M{number}": GET for number in range(30_001)}
    document = {"openapi": "3.2.0", **DOCUMENT, "paths": {"/pets": {"additionalOperations": methods}}}
    with pytest.raises(ContractError, match="#/paths: has more than 30000 operations"):
        load_contract(write(document), lenient=True)


MANY = range(10_001)


PARAMETERS = [{"name": f"p{number}", "in": "query", "schema": {}} for number in MANY]


MEDIA_TYPES = {f"a/b{number}": {} for number in MANY}


@pytest.mark.parametrize(
    ("pointer", "members"),
    [
        ("/paths/~1pets/parameters", {"paths": {"/pets": {"parameters": PARAMETERS, "get": GET}}}),
        ("/paths/~1pets/get/parameters", {"paths": {"/pets": {"get": {**GET, "parameters": PARAMETERS}}}}),
        (
            "/paths/~1pets/put/requestBody/content",
            {"paths": {"/pets": {"put": {**GET, "requestBody": {"content": MEDIA_TYPES}}}}},
        ),
        (
            "/components/securitySchemes",
            {"components": {"securitySchemes": {f"k{each}": {"type": "mutualTLS"} for each in MANY}}},
        ),
        ("/servers", {"paths": {"/pets": {"get": GET}}, "servers": [{"url": f"/{each}"} for each in MANY]}),
    ],
)
@pytest.mark.parametrize("lenient", [True, False])
def test_members_without_end(write, pointer, members, lenient):
    """So is one with an object of more than ten thousand members, each of which is validated and read."""
    with pytest.raises(ContractError, match=f"#{pointer}: has more than 10000 members"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, **members}), lenient=lenient)


def test_server_without_end(write):
    """So is one with a server of more variables than any address has."""
    url = "".join(f"/{{v{number}}}" for number in range(2000))
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {"/pets": {"get": GET, "servers": [{"url": url}]}}}
    with pytest.raises(ContractError, match="#/paths/~1pets: has a server whose URL has more than 10000"):
        load_contract(write(document), lenient=True)


def test_webhooks_without_end(write, monkeypatch):
    """Webhooks count as operations."""
    monkeypatch.setattr(loading, "MAX_OPERATIONS", 10)
    webhooks = {f"w{number}": {"post": GET} for number in range(11)}
    with pytest.raises(ContractError, match=r"#/webhooks: has more than 10 operations\. Split it"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "webhooks": webhooks}), lenient=True)


@pytest.mark.parametrize("lenient", [True, False])
def test_names_below_names(write, lenient):
    """What is below long names is refused: the pointer of each object there would hold all of them."""
    node = {"type": "string"}
    for level in range(30):
        node = {"properties": {"n" * 100 + str(level): node}}
    with pytest.raises(ContractError, match="is below names of more than 2000 characters") as refused:
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, **schema(node)}), lenient=lenient)
    assert len(str(refused.value)) < 2500


@pytest.fixture
def schemas(write):
    """Loads a document of these schemas leniently, and returns its defects."""

    def load(**schemas):
        document = {"openapi": "3.1.0", **DOCUMENT, "components": {"schemas": schemas}}
        return load_contract(write(document), lenient=True).defects

    return load


@pytest.fixture
def looked_up(monkeypatch):
    """Gets each schema whose reference is followed to find out whether it can be used."""
    found, target = [], unusable._target
    monkeypatch.setattr(unusable, "_target", lambda *given: found.append(given) or target(*given))
    return found


def test_a_chain_of_schemas(schemas, looked_up):
    """Schemas that lead from one to the next are each looked up a few times, however long the chain is."""
    chain = {f"S{each}": {"allOf": [{"$ref": f"#/components/schemas/S{each + 1}"}]} for each in range(500)}
    assert not schemas(**chain, S500={"type": "string"})
    assert len(looked_up) < 5 * len(chain)


def test_schemas_that_are_compared(schemas, monkeypatch):
    """What many an ``allOf`` leads to is compared a bounded number of times, and left out once."""
    monkeypatch.setattr(unusable, "MOST_COMPARED", 1000)
    closed = {
        f"C{each}": {"properties": {f"p{each}": {}}, "required": [f"p{each}"], "additionalProperties": False}
        for each in range(20)
    }
    all_of = [{"$ref": f"#/components/schemas/{name}"} for name in closed]
    many = {f"S{each}": {"allOf": all_of} for each in range(500)}
    parts, flaws = [], []
    for name, found in (("_parts", parts), ("_closed", flaws)):
        function = getattr(unusable, name)

        def noted(*given, function=function, found=found):
            found += (listed := list(function(*given)))
            return listed

        monkeypatch.setattr(unusable, name, noted)
    assert len(schemas(**closed, **many)) == len(closed) == len(flaws)
    assert len(parts) <= 1000


def test_schemas_that_are_evaluated_twice(schemas, monkeypatch):
    """What has ``unevaluatedProperties`` evaluates what is beside it twice, and that the same again."""
    monkeypatch.setattr(unusable, "MOST_STEPS", 1000)
    both = ({"$ref": f"#/components/schemas/S{each + 1}"} for each in range(6))
    chain = {f"S{index}": {"anyOf": [each, {**each}]} for index, each in enumerate(both)}
    assert not schemas(**chain, S6={"type": "object"})
    for each in chain.values():
        each["unevaluatedProperties"] = False
    (defect,) = schemas(**chain, S6={"type": "object"})
    assert defect.reason.startswith("leads to more than 1000 schemas for one value")


def test_schemas_that_lead_on_and_on(schemas):
    """A violation names all schemas on the way to it, so thousands of violations have no long ways."""
    names = [f"S{index}" for index in range(2000)]
    chain = {
        name: {"allOf": [{"$ref": f"#/components/schemas/{other}"}, {"required": [name]}]}
        for name, other in pairwise([*names, "End"])
    }
    defects = schemas(**chain, End={"type": "object"})
    assert 0 < len(defects) < 5
    assert {each.reason.partition(", or ")[2] for each in defects} == {"through too many on the way."}


def test_members_that_many_schemas_require(schemas):
    """What is required counts as well: each may be missing."""
    required = {f"S{index}": {"required": [f"{index}_{each}" for each in range(9000)]} for index in range(12)}
    all_of = [{"$ref": f"#/components/schemas/{name}"} for name in required]
    (defect,) = schemas(**required, All={"allOf": all_of})
    assert defect.reason.startswith("leads to more than 100000 schemas for one value")


def test_names_without_end(write, monkeypatch):
    """Errors of components' names, each with a copy of what it is about, do not multiply."""
    sizes = []
    flaws = validation._flaws

    def counted(error, pointer):
        sizes.append(len(error.instance))
        return flaws(error, pointer)

    monkeypatch.setattr(validation, "_flaws", counted)
    components = {"schemas": {f"S {number}": {"type": "string"} for number in range(1000)}}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, "components": components}), lenient=True)
    assert [each.action for each in contract.defects] == ["accepted"]
    assert max(sizes) <= 100


def test_components_without_end(write):
    """What the document refers to may have more."""
    components = {"schemas": {f"S{number}": {"type": "string"} for number in MANY}}
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {"/pets": {"get": GET}}, "components": components}
    assert not load_contract(write(document)).defects


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enum", [{"a": number} for number in MANY]),
        ("allOf", [{"type": "object"} for _ in MANY]),
        ("prefixItems", [{"type": "integer"} for _ in MANY]),
        ("$defs", {f"d{number}": {"$id": f"http://pets.example/{number}"} for number in MANY}),
        ("required", [f"p{number}" for number in MANY]),
    ],
)
def test_schema_without_end(write, field, value, lenient):
    """So is one with a schema, however deep, of as many alternatives, properties or values."""
    document = {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": {"name": {field: value}}})}
    pointer = re.escape(f"#{PET}/properties/name/{field}")
    with pytest.raises(ContractError, match=f"{pointer}: has more than 10000 members"):
        load_contract(write(document), lenient=lenient)


@pytest.mark.parametrize("field", ["default", "const", "x-rows"])
def test_values_of_many_members(write, field):
    """Values may have more."""
    document = {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": {"name": {field: list(MANY)}}})}
    assert not load_contract(write(document)).defects


@pytest.mark.parametrize("lenient", [True, False])
def test_schemas_without_end(write, monkeypatch, lenient):
    """So is one of schemas without end, wherever they are."""
    monkeypatch.setattr("contract_first.contract.reading.extent.MAX_OBJECTS", 1000)
    properties = {f"p{number}": {"items": {"type": "string"}} for number in range(500)}
    document = {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": properties})}
    with pytest.raises(ContractError, match=r"more than 1000 operations, .* Split it.* overlay"):
        load_contract(write(document), lenient=lenient)


@pytest.mark.parametrize("lenient", [True, False])
def test_servers_without_end(write, monkeypatch, lenient):
    """Servers count as objects, each segment of their URLs as one more."""
    monkeypatch.setattr("contract_first.contract.reading.extent.MAX_OBJECTS", 1000)
    paths = {f"/{number}": {"get": {**GET, "servers": [{"url": "/a" * 50}]}} for number in range(20)}
    with pytest.raises(ContractError, match="has more than 1000 operations"):
        load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": paths}), lenient=lenient)


@pytest.mark.parametrize("lenient", [True, False])
def test_objects_below_long_names(write, monkeypatch, lenient):
    """Objects with long pointers count as several."""
    monkeypatch.setattr("contract_first.contract.reading.extent.MAX_OBJECTS", 1000)
    monkeypatch.setattr("contract_first.contract.reading.embedding.MAX_OBJECTS", 1000)
    properties = {f"p{number}": {"type": "string"} for number in range(400)}

    def document(name):
        return write(
            {"openapi": "3.1.0", **DOCUMENT, **schema({"properties": {name: {"properties": properties}}})}
        )

    assert load_contract(document("n"), lenient=lenient).operations
    with pytest.raises(ContractError, match="has more than 1000 operations"):
        load_contract(document("n" * 1200), lenient=lenient)


@pytest.mark.parametrize("lenient", [True, False])
def test_valid_documents_are_walked_once(write, monkeypatch, lenient):
    """All that looks at the objects of a document looks at the same ones, found in one walk."""
    looked_at = []

    def noting(place):
        looked_at.append(place.pointer)
        return children(place)

    children = anatomy.children
    monkeypatch.setattr(anatomy, "children", noting)
    load_contract(
        write({"openapi": "3.1.0", **DOCUMENT, **schema({"items": {"type": "string"}})}), lenient=lenient
    )
    assert f"{PET}/items" in looked_at
    assert len(looked_at) == len(set(looked_at))


def test_security_of_all_operations(write):
    """Operations share what the document requires of each of them."""
    paths = {"/a": {"get": GET}, "/b": {"get": {**GET, "security": []}}, "/c": {"get": GET}}
    schemes = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}}}
    rest = {"paths": paths, "security": [{"key": []}], "components": schemes}
    first, own, third = load_contract(write({"openapi": "3.1.0", **DOCUMENT, **rest})).operations
    assert (first.security, own.security) == (({"key": []},), ())
    assert third.security is first.security


def patterns_of(write, patterns):
    """Return those of a document that are kept, and why others are left out."""
    schemas = {f"S{number}": {"pattern": each} for number, each in enumerate(patterns)}
    document = {"openapi": "3.1.0", **DOCUMENT, "paths": {}, "components": {"schemas": schemas}}
    contract = load_contract(write(document), lenient=True)
    kept = contract.document["components"]["schemas"].values()
    return [each["pattern"] for each in kept if each], [each.reason for each in contract.defects]


def test_patterns_without_end(write, monkeypatch):
    """Patterns beyond a number are left out."""
    monkeypatch.setattr("contract_first.contract.repair.unusable.MOST_PATTERNS", 60)
    patterns = [f"^a{{{number + 10}}}$" for number in range(70)]
    kept, reasons = patterns_of(write, patterns + patterns)
    assert kept == 2 * patterns[:60]
    assert set(reasons) == {"is one of more than 60 patterns."}


def test_patterns_that_are_not_small(write, monkeypatch):
    """No more than these are compiled, not even to find out how large they are."""
    compiled, is_small = set(), unusable.is_small
    monkeypatch.setattr(unusable, "is_small", lambda pattern: compiled.add(pattern) or is_small(pattern))
    monkeypatch.setattr(unusable, "MOST_PATTERNS", 60)
    patterns_of(write, [f"^[^a]{{0,2{number}9}}$" for number in range(100)])
    assert len(compiled) == 60


@pytest.mark.parametrize("pattern", [r"^\p{{Lu}}{{1,1{}}}$", "^[^a]{{0,2{}9}}$"])
def test_large_patterns_without_end(write, pattern):
    """Large ones are left out much sooner, and those that are not large are kept."""
    large = [pattern.format(number + 10) for number in range(70)]
    kept, reasons = patterns_of(write, [*large, *large, "^[0-9]+$"])
    assert kept == [*large[:32], *large[:32], "^[0-9]+$"]
    assert set(reasons) == {"is one of more than 32 patterns that are large or no regular expressions."}


def test_invalid_patterns_without_end(write):
    """What is no pattern takes no other's place, and is not looked at for ever."""
    invalid, large = (
        [f"({number}" for number in range(49)],
        [f"^[^a]{{0,2{number}9}}$" for number in range(9)],
    )
    kept, reasons = patterns_of(write, [*invalid, *large, "^[0-9]+$"])
    assert kept == [*large, "^[0-9]+$"]
    assert reasons == ["is not a regular expression."] * 49
    kept, reasons = patterns_of(write, [*invalid, "(a", "(b", "^[0-9]+$"])
    assert kept == ["^[0-9]+$"]
    assert reasons.count("is one of more than 50 patterns that are large or no regular expressions.") == 1


def test_defects_without_end(write):
    """So is one that has defects everywhere."""
    schemas = {f"S{number}": {"type": "money"} for number in range(10_001)}
    with pytest.raises(ContractError, match="has too many defects"):
        load_contract(
            write({"openapi": "3.1.0", **DOCUMENT, "components": {"schemas": schemas}}), lenient=True
        )


@BOTH
@pytest.mark.parametrize(
    "document",
    [
        parameters(*({"in": "body", "name": f"p{number}"} for number in range(500))),
        schema({"properties": {f"p{number}": {"type": "money"} for number in range(500)}}),
    ],
    ids=["parameters", "properties"],
)
def test_defects_of_one_object_without_end(write, monkeypatch, document, version):
    """However many parts of an object are wrong, no more are validated than defects are allowed."""
    validated = []
    alone = validation._flaws_alone

    def counted(place, validator):
        validated.append(place.pointer)
        return alone(place, validator)

    monkeypatch.setattr(validation, "_flaws_alone", counted)
    monkeypatch.setattr(leniency, "MAX_DEFECTS", 10)
    with pytest.raises(ContractError, match="more than 10"):
        load_contract(write({"openapi": version, **DOCUMENT, **document}), lenient=True)
    assert len(validated) < 50
