"""The verdict on a whole exchange, by contracts of every kind."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openapi_check.validation import ExchangeValidator
from openapi_contract import Contract
from openapi_contract.pointers import lookup
from openapi_mock.journal import Message, Validation
from scanner_contract import load_contract

KEY = {"X-Key": "k"}


def test_an_exchange_that_keeps_the_contract_has_no_violations(judge, listed, added):
    """Nothing is said of requests and answers as the contract wants them."""
    assert judge.verdict(listed("/things?limit=3&kind=old&tags=a&tags=b")) == Validation()
    assert judge.verdict(added()) == Validation()


def test_every_violation_points_at_the_contracts_own_words(judge, listed, added, exchange, message, document):
    """Pointers lead to the keyword that is broken, through references, and always somewhere."""
    wrong = [
        listed("/things?limit=11", message(headers={"X-Trace": "a"}), response=message([{"name": 1}])),
        added(message({"name": "too long", "more": 1}), response=message({})),
        added(message(), status=500),
        exchange("GET", "/things/1"),
    ]
    verdicts = [judge.verdict(each) for each in wrong]
    pointers = {each.pointer for verdict in verdicts for each in (*verdict.request, *verdict.response)}
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


def test_values_are_not_in_what_is_told(judge, added, listed, message):
    """A value may be a secret: details say what is wanted, not what was sent."""
    secret = "hunter2-hunter2"
    wrong = [
        added(message({"name": secret}, KEY), response=message({"name": secret})),
        listed(f"/things?kind={secret}&limit={secret}", message(headers={"X-Trace": secret})),
        listed(response=message([secret], {"X-Total": secret})),
    ]
    verdicts = [judge.verdict(each) for each in wrong]
    assert all(verdict.request or verdict.response for verdict in verdicts)
    assert secret not in repr(verdicts)


def test_what_was_cut_is_not_judged_but_its_head_is(judge, added, message, told):
    """A body that was not kept whole breaks nothing; status, headers and parameters are judged."""
    fields = {**KEY, "Content-Type": "application/json"}
    cut = message(b"{", fields, body_bytes=9)
    verdict = judge.verdict(added(cut, response=cut))
    assert not verdict.request
    assert not verdict.response
    assert "request's body" in verdict.unjudged
    assert "response's body" in verdict.unjudged
    assert told(judge.verdict(added(message(b"{", {}, body_bytes=9))).request) == [
        ("security", "", "required")
    ]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_the_contract_calls_deprecated_is_no_violation(document, listed, version, told):
    """Deprecated parameters and headers may be used, without a warning."""
    document["openapi"] = version
    document["paths"]["/things"]["get"]["parameters"][2]["deprecated"] = True
    document["paths"]["/things"]["get"]["responses"]["200"]["headers"]["X-Total"]["deprecated"] = True
    judge = ExchangeValidator(Contract(document, "things.json"))
    assert judge.verdict(listed("/things?tags=a")) == Validation()
    assert told(judge.verdict(listed("/things?tags=a&limit=11")).request) == [("query", "limit", "maximum")]


def test_what_is_read_only_in_3_0_need_not_be_sent_and_may_be(document, added, exchange, message, told):
    """Read-only properties *should not* be sent: they, and a read-only parameter, are no violation."""
    thing = document["components"]["schemas"]["Thing"]
    thing["required"] = ["id", "name"]
    thing["properties"]["id"] = {"$ref": "#/components/schemas/Id"}
    document["components"]["schemas"]["Id"] = {"type": "integer", "readOnly": True}
    document["paths"]["/things/{id}"]["get"]["parameters"][0]["schema"]["readOnly"] = True
    document["openapi"] = "3.0.3"
    judge, answered = ExchangeValidator(Contract(document, "things.json")), message({"id": 1, "name": "a"})
    for sent in ({"name": "a"}, {"id": 1, "name": "a"}):
        assert judge.verdict(added(message(sent, KEY), response=answered)) == Validation()
    wrong = judge.verdict(added(message({"id": 1}, KEY), response=message({"name": "a"})))
    assert told(wrong.request) == told(wrong.response) == [("body", "", "required")]
    text = message(b"x", {"Content-Type": "text/plain"})
    assert judge.verdict(exchange("GET", "/things/1?must=a", response=text)) == Validation()


def test_what_openapi_core_cannot_judge_the_other_engine_does(
    document, listed, added, message, changed, told
):
    """A pattern that Python cannot read is no reason to let everything through, or nothing."""
    document["components"]["schemas"]["Thing"]["properties"]["name"] = {"pattern": r"^\p{Lu}+$"}
    parameter = {"in": "query", "name": "word", "schema": {"pattern": r"^\p{Lu}+$"}}
    judge = changed(parameters=[parameter])
    kept, broken = message({"name": "É"}, KEY), message({"name": "é"}, KEY)
    assert judge.verdict(added(kept, response=kept)) == Validation()
    verdict = judge.verdict(added(broken, response=broken))
    assert told(verdict.request) == told(verdict.response) == [("body", "/name", "pattern")]
    assert judge.verdict(listed("/things?word=%C3%89")) == Validation()
    assert told(judge.verdict(listed("/things?word=e")).request) == [("query", "word", "pattern")]


def test_a_schema_that_cannot_be_compiled_leaves_the_rest_to_be_judged(document, listed, added, told):
    """One operation with a broken pattern is not judged, and says so; the others are."""
    document["components"]["schemas"]["Thing"]["properties"]["name"] = {"pattern": "("}
    judge = ExchangeValidator(Contract(document, "things.json"))
    judge.prepare()
    assert "cannot be validated" in judge.verdict(added()).unjudged
    assert told(judge.verdict(listed("/things?limit=11")).request) == [("query", "limit", "maximum")]


def test_what_only_openapi_core_finds_is_told_in_its_words(listed, changed, told):
    """Formats that it checks and the other engine does not are violations, without the value."""
    parameter = {"in": "query", "name": "day", "schema": {"type": "string", "format": "date"}}
    verdict = changed(parameters=[parameter]).verdict(listed("/things?day=2024-02-30"))
    assert told(verdict.request) == [("query", "day", "format")]
    assert "2024-02-30" not in repr(verdict)
    assert verdict.request[0].pointer == "/paths/~1things/get/parameters/0/schema/format"


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
def test_nothing_that_was_sent_ends_the_judge(
    judge, exchange, method, target, status, request_message, response_message
):
    """Whatever is in an exchange, there is a verdict, and it is not that judging failed."""
    verdict = judge.verdict(exchange(method, target, request_message, status, response_message))
    assert "cannot be validated" not in verdict.unjudged


def test_one_judge_serves_the_packaged_contract(exchange, message, told):
    """The contract in force is one like any other."""
    judge = ExchangeValidator(load_contract())
    verdict = judge.verdict(
        exchange("GET", "/scanner/api/v1/sessions/x", message(headers={"X-API-Key": "***"}))
    )
    assert ("path", "id", "minLength") in told(verdict.request)
    assert ("body", "", "required") in told(verdict.response)
