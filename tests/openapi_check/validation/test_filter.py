"""The compiled filters in front of openapi-core spare it work; they decide nothing."""

from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openapi_check.validation import ExchangeValidator
from openapi_check.validation.requests import RequestValidator

TEXT = st.text(max_size=6).filter(lambda text: text.isascii() and text.isprintable())
NUMBER = st.integers(-20, 20) | st.floats(-20, 20) | st.sampled_from([10, 11, 1e2, 1.0, 2**70])
THING = st.dictionaries(st.sampled_from(["name", "size", "more"]), TEXT | NUMBER | st.none(), max_size=3)
VALUE = THING | st.lists(THING, max_size=3) | TEXT | NUMBER | st.booleans() | st.none()
WORD = TEXT | NUMBER.map(str) | st.sampled_from(["new", "old", "true", "10", "010", "1e1", "+1", "1_0"])
QUERY = st.lists(st.tuples(st.sampled_from(["limit", "kind", "tags", "q"]), WORD), max_size=3).map(urlencode)
FIELDS = st.dictionaries(st.sampled_from(["X-Trace", "X-Total", "Cookie"]), WORD, max_size=3)


def requests_of(validator):
    """Return the validators of requests that an exchange validator has made."""
    return [each for each in validator._validators.values() if isinstance(each, RequestValidator)]


@pytest.fixture(scope="module")
def unfiltered(validator):
    """Return a validator by the small contract that brings everything before openapi-core."""
    slow = ExchangeValidator(validator._contract)
    slow.prepare()
    for each in slow._validators.values():
        each._filter = SimpleNamespace(accepts=lambda *_: False)
    for of_requests in requests_of(slow):
        body = of_requests._body
        schemas = [each.schema for each in of_requests._parameters]
        for schema in [*schemas, *(body._schemas.values() if body else ())]:
            schema.accepts = lambda _: False
    return slow


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


def test_the_unfiltered_validator_has_no_filter(unfiltered, listed):
    """The comparison is one: where openapi-core is not asked, this validator has nothing to say."""
    calls = []
    core = unfiltered._core
    for of_requests in requests_of(unfiltered):
        of_requests._core = SimpleNamespace(
            request_errors=lambda *asked: calls.append("request") or core.request_errors(*asked)
        )
    unfiltered.verdict(listed("/things?limit=1"))
    assert calls == ["request"]
