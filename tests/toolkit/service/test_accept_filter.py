"""The accept filter on the contract of the Scanner: it accepts every success, and nothing wrong."""

import runpy
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import Phase, event, find, given, settings
from hypothesis import strategies as st

from scanner_contract import load_contract

ROOT = Path(__file__).parents[3]
engines = runpy.run_path(str(ROOT / "packages" / "contract-first" / "tests" / "service" / "engines.py"))
Engines, rendered = engines["Engines"], engines["rendered"]
texts, numbers, values = (engines[name] for name in ("texts", "numbers", "values"))

CONTRACT = load_contract()


@st.composite
def instances(draw, schema):
    """Return values that mostly keep a schema of the packaged contract."""
    if "$ref" in schema:
        target = CONTRACT.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return draw(instances(target))
    for combinator in ("allOf", "anyOf", "oneOf"):
        if combinator in schema:
            return draw(instances(draw(st.sampled_from(schema[combinator]))))
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    said = schema.get("type", "null")
    return draw(of_type(draw(st.sampled_from([said] if isinstance(said, str) else said)), schema))


def of_type(name, schema):
    """Return a strategy for one of the types that a schema names."""
    if name == "object":
        named = {name: instances(each) for name, each in schema.get("properties", {}).items()}
        needed = {name: named.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(needed, optional=named)
    if name == "array":
        return st.lists(instances(schema.get("items", {})), max_size=2)
    if name == "string" and "pattern" in schema:
        return st.from_regex(schema["pattern"])
    moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat())
    return {
        "string": moments if schema.get("format") == "date-time" else texts | st.uuids().map(str),
        "integer": numbers,
        "number": numbers,
        "boolean": st.booleans(),
        "null": st.none(),
    }[name]


@st.composite
def mutated(draw, strategy):
    """Return a value with one of its parts replaced, or left as it is."""
    value = draw(strategy)
    if not draw(st.booleans()) or not isinstance(value, dict) or not value:
        return value
    key = draw(st.sampled_from(sorted(value)))
    return {**value, key: draw(mutated(st.just(value[key])) | values)}


RESPONSES = [
    (operation, int(status), response["content"]["application/json"]["schema"])
    for operation in CONTRACT.operations
    for status, response in operation.responses.items()
    if status.startswith("2") and "application/json" in response.get("content", {})
]


HEADERS = [
    (b"ratelimit-policy", b"300;w=60"),
    *((name, b"5") for name in (b"ratelimit-limit", b"ratelimit-remaining", b"ratelimit-reset")),
    *((name, b"5") for name in (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")),
    (b"x-request-id", b"r"),
]


ENGINES = {operation.operation_id: Engines(CONTRACT, operation) for operation, _, _ in RESPONSES}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_filter_accepts_nothing_of_the_packaged_contract_that_the_validator_refuses(data):
    """Right or nearly right, what the filter accepts of the packaged contract, the validator does."""
    operation, status, schema = data.draw(st.sampled_from(RESPONSES))
    value = data.draw(mutated(instances(schema)))
    engines = ENGINES[operation.operation_id]
    event(f"accepted {engines.accepts(value, status, HEADERS)}")
    assert engines.wrongly_accepted(value, status, HEADERS) == []


@pytest.mark.parametrize("response", RESPONSES, ids=lambda response: response[0].operation_id)
def test_the_filter_speaks_for_the_packaged_contract(response):
    """The packaged contract's successes need no validator: the filter accepts right ones."""
    operation, status, schema = response
    engines = ENGINES[operation.operation_id]

    def is_accepted(value):
        return engines.filter.accepts(rendered(value, status, HEADERS), "application/json")

    generating = settings(phases=[Phase.generate], max_examples=1000, database=None)
    find(instances(schema), is_accepted, settings=generating)
