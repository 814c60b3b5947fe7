"""The result on a whole exchange, by contracts of every kind."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_first.check.exchange import Message, Validation
from contract_first.check.validation import ExchangeValidator
from contract_first.check.validation.requests import RequestValidator
from contract_first.contract import Contract
from contract_first.contract.document.pointers import lookup

KEY = {"X-Key": "k"}


def test_an_exchange_that_conforms_to_the_contract_has_no_violations(validator, listed, added):
    """Nothing is said of requests and responses as the contract wants them."""
    assert validator.verdict(listed("/things?limit=3&kind=old&tags=a&tags=b")) == Validation()
    assert validator.verdict(added()) == Validation()


def test_every_violation_points_at_the_contracts_own_words(
    validator, listed, added, exchange, message, document
):
    """Pointers lead to the keyword that is broken, through references, and always somewhere."""
    wrong = [
        listed("/things?limit=11", message(headers={"X-Trace": "a"}), response=message([{"name": 1}])),
        added(message({"name": "too long", "more": 1}), response=message({})),
        added(message(), status=500),
        exchange("GET", "/things/1"),
    ]
    validations = [validator.verdict(each) for each in wrong]
    pointers = {
        each.pointer for validation in validations for each in (*validation.request, *validation.response)
    }
    assert pointers == {
        "/paths/~1things/get/parameters/0/schema/maximum",
        "/paths/~1things/parameters/0/schema/type",
        "/paths/~1things/get/responses/200/headers/X-Total/required",
        "/components/schemas/Thing/properties/name/type",
        "/components/schemas/Thing/properties/name/maxLength",
        "/components/schemas/Thing/additionalProperties",
        "/components/schemas/Thing/required",
        "/paths/~1things/post/security",
        "/paths/~1things/post/requestBody/required",
        "/paths/~1things/post/responses",
        "/paths/~1things~1{id}/get/parameters/1/required",
        "/paths/~1things~1{id}/get/responses/200",
    }
    for pointer in pointers:
        lookup(document, pointer)


def test_values_are_not_in_what_is_reported(validator, added, listed, message):
    """A value may be a secret: details say what is expected, not what was sent."""
    secret = "hunter2-hunter2"
    wrong = [
        added(message({"name": secret}, KEY), response=message({"name": secret})),
        listed(f"/things?kind={secret}&limit={secret}", message(headers={"X-Trace": secret})),
        listed(response=message([secret], {"X-Total": secret})),
    ]
    validations = [validator.verdict(each) for each in wrong]
    assert all(validation.request or validation.response for validation in validations)
    assert secret not in repr(validations)


def test_what_was_cut_is_not_validated_but_its_head_is(validator, added, message, summary):
    """A body that was not kept whole breaks nothing; status, headers and parameters are validated."""
    fields = {**KEY, "Content-Type": "application/json"}
    cut = message(b"{", fields, body_bytes=9)
    validation = validator.verdict(added(cut, response=cut))
    assert not validation.request
    assert not validation.response
    assert "request's body" in validation.unjudged
    assert "response's body" in validation.unjudged
    assert summary(validator.verdict(added(message(b"{", {}, body_bytes=9))).request) == [
        ("security", "", "required")
    ]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_the_contract_calls_deprecated_is_no_violation(document, listed, version, summary):
    """Deprecated parameters and headers may be used, without a warning."""
    document["openapi"] = version
    document["paths"]["/things"]["get"]["parameters"][2]["deprecated"] = True
    document["paths"]["/things"]["get"]["responses"]["200"]["headers"]["X-Total"]["deprecated"] = True
    validator = ExchangeValidator(Contract(document, "things.json"))
    assert validator.verdict(listed("/things?tags=a")) == Validation()
    assert summary(validator.verdict(listed("/things?tags=a&limit=11")).request) == [
        ("query", "limit", "maximum")
    ]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0", "3.2.0"])
def test_what_is_read_only_need_not_be_sent_and_may_be(openapi, document, added, exchange, message, summary):
    """Read-only properties *should not* be sent: they, and a read-only parameter, are no violation."""
    thing = document["components"]["schemas"]["Thing"]
    thing["required"] = ["id", "name"]
    thing["properties"]["id"] = {"$ref": "#/components/schemas/Id"}
    document["components"]["schemas"]["Id"] = {"type": "integer", "readOnly": True}
    document["paths"]["/things/{id}"]["get"]["parameters"][0]["schema"]["readOnly"] = True
    document["openapi"] = openapi
    validator, response = (
        ExchangeValidator(Contract(document, "things.json")),
        message({"id": 1, "name": "a"}),
    )
    for sent in ({"name": "a"}, {"id": 1, "name": "a"}):
        assert validator.verdict(added(message(sent, KEY), response=response)) == Validation()
    wrong = validator.verdict(added(message({"id": 1}, KEY), response=message({"name": "a"})))
    assert summary(wrong.request) == summary(wrong.response) == [("body", "", "required")]
    text = message(b"x", {"Content-Type": "text/plain"})
    assert validator.verdict(exchange("GET", "/things/1?must=a", response=text)) == Validation()


def test_what_openapi_core_cannot_validate_the_other_engine_does(
    document, listed, added, message, changed, summary
):
    """A pattern that Python cannot read is no reason to let everything through, or nothing."""
    document["components"]["schemas"]["Thing"]["properties"]["name"] = {"pattern": r"^\p{Lu}+$"}
    parameter = {"in": "query", "name": "word", "schema": {"pattern": r"^\p{Lu}+$"}}
    validator = changed(parameters=[parameter])
    kept, broken = message({"name": "É"}, KEY), message({"name": "é"}, KEY)
    assert validator.verdict(added(kept, response=kept)) == Validation()
    validation = validator.verdict(added(broken, response=broken))
    assert summary(validation.request) == summary(validation.response) == [("body", "/name", "pattern")]
    assert validator.verdict(listed("/things?word=%C3%89")) == Validation()
    assert summary(validator.verdict(listed("/things?word=e")).request) == [("query", "word", "pattern")]


def test_a_schema_that_cannot_be_compiled_leaves_the_rest_to_be_validated(document, listed, added, summary):
    """One operation with a broken pattern is not validated, and says so; the others are."""
    document["components"]["schemas"]["Thing"]["properties"]["name"] = {"pattern": "("}
    validator = ExchangeValidator(Contract(document, "things.json"))
    validator.prepare()
    assert "cannot be validated" in validator.verdict(added()).unjudged
    assert summary(validator.verdict(listed("/things?limit=11")).request) == [("query", "limit", "maximum")]


def test_a_start_compiles_no_more_than_it_has_to(document, listed, summary, monkeypatch):
    """Operations beyond the first thousands are compiled when an exchange asks for them."""
    compiled = []

    class Noting(RequestValidator):
        def __init__(self, operation, *rest):
            compiled.append(operation.operation_id)
            super().__init__(operation, *rest)

    monkeypatch.setattr("contract_first.check.validation.validator.MOST_PREPARED", 0)
    monkeypatch.setattr("contract_first.check.validation.validator.RequestValidator", Noting)
    validator = ExchangeValidator(Contract(document, "things.json"))
    validator.prepare()
    assert compiled == []
    assert summary(validator.verdict(listed("/things?limit=11")).request) == [("query", "limit", "maximum")]
    assert len(compiled) == 1


def test_what_only_openapi_core_finds_is_reported_in_its_words(listed, changed, summary):
    """Formats that it checks and the other engine does not are violations, without the value."""
    parameter = {"in": "query", "name": "day", "schema": {"type": "string", "format": "date"}}
    validation = changed(parameters=[parameter]).verdict(listed("/things?day=2024-02-30"))
    assert summary(validation.request) == [("query", "day", "format")]
    assert "2024-02-30" not in repr(validation)
    assert validation.request[0].pointer == "/paths/~1things/get/parameters/0/schema/format"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    "width",
    [
        ({"type": "integer", "format": "uint32"}, -1, 1),
        ({"type": "integer", "format": "int32"}, 2**31, 1),
        ({"type": "integer", "format": "int32"}, 2**31 - 1, 0),
        ({"type": "number", "format": "int32"}, 2**31, 0),
        ({"type": "number", "format": "uint32"}, 6.7e307, 0),
    ],
)
def test_widths_bound_integers_alone(document, message, changed, added, summary, version, width):
    """A width bounds what a schema says is an integer, in requests and responses, as the mock has it."""
    document["openapi"], (schema, value, violations) = version, width
    document["components"]["schemas"]["Thing"] = {"type": "object", "properties": {"size": schema}}
    sent = message({"size": value}, KEY)
    validation = changed().verdict(added(sent, response=sent))
    expected = [("body", "/size", "format")] * violations
    assert (summary(validation.request), summary(validation.response)) == (expected, expected)


def test_formats_are_reported_beside_other_violations(document, message, changed, added, summary):
    """A body may violate a format and another keyword; both are reported."""
    document["components"]["schemas"]["Thing"]["properties"] = {
        "name": {"type": "string", "minLength": 2},
        "mail": {"type": "string", "format": "email"},
    }
    validation = changed().verdict(added(message({"name": "a", "mail": "x"}, KEY)))
    assert summary(validation.request) == [("body", "/name", "minLength"), ("body", "/mail", "format")]


TEXTS = st.text(max_size=20)
MESSAGES = st.builds(
    lambda fields, body, more: Message(headers=fields, body=body, body_bytes=len(body) + more),
    st.lists(
        st.tuples(st.sampled_from(["Content-Type", "content-encoding", "X-Key", "Cookie"]) | TEXTS, TEXTS)
    ),
    st.binary() | st.recursive(st.none() | TEXTS, st.lists).map(json.dumps).map(str.encode),
    st.sampled_from([0, 0, 0, 1]),
)


@settings(max_examples=100, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "HEAD"]) | TEXTS,
    target=st.sampled_from(["/things", "/things/1?must=", "/things?"])
    | TEXTS
    | TEXTS.map("/things?".__add__),
    status=st.integers(),
    request_message=MESSAGES,
    response_message=MESSAGES,
)
def test_nothing_that_was_sent_ends_the_validator(
    validator, exchange, method, target, status, request_message, response_message
):
    """Whatever is in an exchange, there is a result, and it is not that validating failed."""
    validation = validator.verdict(exchange(method, target, request_message, status, response_message))
    assert "cannot be validated" not in validation.unjudged
