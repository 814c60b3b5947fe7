"""Requests are validated as the service does; the filter in front of openapi-core decides nothing."""

import json
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_first.check.validation import ExchangeValidator
from contract_first.service import Response, create_app

TEXT = st.text(max_size=6).filter(lambda text: text.isascii() and text.isprintable())
NUMBER = st.integers(-20, 20) | st.floats(-20, 20) | st.sampled_from([10, 11, 1e2, 1.0, 2**70])
THING = st.dictionaries(st.sampled_from(["name", "size", "more"]), TEXT | NUMBER | st.none(), max_size=3)
VALUE = THING | st.lists(THING, max_size=3) | TEXT | NUMBER | st.booleans() | st.none()
WORD = TEXT | NUMBER.map(str) | st.sampled_from(["new", "old", "true", "10", "010", "1e1", "+1", "1_0"])
QUERY = st.lists(st.tuples(st.sampled_from(["limit", "kind", "tags", "q"]), WORD), max_size=3).map(urlencode)
FIELDS = st.dictionaries(st.sampled_from(["X-Trace", "X-Total", "Cookie"]), WORD, max_size=3)


@pytest.fixture(scope="module")
def unfiltered(validator):
    """Return a validator by the small contract that brings every response before openapi-core."""
    slow = ExchangeValidator(validator._contract)
    slow.prepare()
    for of_responses in slow._responses.values():
        of_responses._filter = SimpleNamespace(accepts=lambda *_: False)
    return slow


@pytest.fixture(scope="module")
def refusals(validator, call_asgi):
    """Return what sends a request to a service of the small contract, and returns what it refuses in it.

    None if it accepts the request, and nothing if that could not be read.
    """

    async def handler(**_):
        return Response(status=204)

    contract = validator._contract
    handlers = dict.fromkeys((operation.operation_id for operation in contract.operations), handler)
    hooks = dict.fromkeys(contract.security_schemes, lambda *_: "caller")
    app = create_app(contract, handlers, authenticate=hooks)

    def refused(method, target, message):
        fields = [(name.lower().encode(), value.encode()) for name, value in message.headers]
        body = {"type": "http.request", "body": message.body}
        response = call_asgi(app, method, target.encode(), fields, [body])
        if response.status not in {400, 422}:
            return None
        errors = json.loads(response.body).get("errors", [])
        return [(each["in"], each.get("name", each.get("pointer")), each["rule"]) for each in errors]

    return refused


@settings(max_examples=60, deadline=None)
@given(query=QUERY, fields=FIELDS, value=VALUE)
def test_what_a_filter_accepts_openapi_core_accepts(
    validator, unfiltered, listed, message, query, fields, value
):
    """Parameters, fields and responses get the same result with the filters and without."""
    exchange = listed(f"/things?{query}", message(headers=fields), response=message(value, fields))
    assert validator.verdict(exchange) == unfiltered.verdict(exchange)


@settings(max_examples=40, deadline=None)
@given(value=VALUE)
def test_bodies_are_validated_the_same_without_a_filter(validator, unfiltered, added, message, value):
    """Request bodies and responses get the same result with the filters and without."""
    exchange = added(message(value, {"X-Key": "k"}), response=message(value))
    assert validator.verdict(exchange) == unfiltered.verdict(exchange)


@settings(max_examples=60, deadline=None)
@given(query=QUERY, fields=FIELDS)
def test_parameters_violate_the_contract_where_the_service_refuses_them(
    validator, refusals, listed, message, summary, query, fields
):
    """What is reported of parameters is what the service itself would have refused them for."""
    request, target = message(headers=fields), f"/things?{query}"
    reported, refused = (
        summary(validator.verdict(listed(target, request)).request),
        refusals("GET", target, request),
    )
    assert sorted(reported) == sorted(refused or reported * (refused is not None))


@settings(max_examples=40, deadline=None)
@given(value=VALUE)
def test_bodies_violate_the_contract_where_the_service_refuses_them(
    validator, refusals, added, message, summary, value
):
    """What is reported of a body is what the service itself would have refused it for."""
    request = message(value, {"X-Key": "k"})
    reported, refused = (
        summary(validator.verdict(added(request)).request),
        refusals("POST", "/things", request),
    )
    assert sorted(reported) == sorted(refused or reported * (refused is not None))


def test_the_unfiltered_validator_has_no_filter(unfiltered, listed):
    """The comparison is one: where openapi-core is not asked, this validator has nothing to say."""
    calls = []
    core = unfiltered._core
    for of_responses in unfiltered._responses.values():
        of_responses._core = SimpleNamespace(
            errors=lambda *response: calls.append("response") or core.errors(*response)
        )
    unfiltered.verdict(listed("/things?limit=1"))
    assert calls == ["response"]
