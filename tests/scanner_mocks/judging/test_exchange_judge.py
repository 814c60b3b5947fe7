import gzip
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner_contract import Contract, load_contract
from scanner_contract.pointers import lookup
from scanner_mocks.journal import Message, Verdict
from scanner_mocks.judging import ExchangeJudge

KEY = {"X-Key": "k"}
FORM = "application/x-www-form-urlencoded"
DEEP = b"[" * 5000 + b"]" * 5000


def told(violations):
    """Return part, place and rule of each violation."""
    return [(each.part, each.where, each.rule) for each in violations]


def test_an_exchange_that_keeps_the_contract_has_no_violations(judge, listed, added):
    """Nothing is said of requests and answers as the contract wants them."""
    assert judge.verdict(listed("/things?limit=3&kind=old&tags=a&tags=b")) == Verdict()
    assert judge.verdict(added()) == Verdict()


@pytest.mark.parametrize(
    ("target", "headers", "violation"),
    [
        ("/things?limit=11", {}, ("query", "limit", "maximum")),
        ("/things?limit=1_0", {}, ("query", "limit", "type")),
        ("/things?limit=1&limit=2", {}, ("query", "limit", "repeated")),
        ("/things?limit=%zz", {}, ("query", "", "encoding")),
        ("/things?kind=other", {}, ("query", "kind", "enum")),
        ("/things", {"X-Trace": "a"}, ("header", "X-Trace", "type")),
        ("/things", {"Cookie": "theme=dark"}, ("cookie", "theme", "maxLength")),
    ],
)
def test_each_wrong_parameter_is_named(judge, listed, message, target, headers, violation):
    """A parameter that breaks its schema, is sent twice or cannot be read breaks the request alone."""
    verdict = judge.verdict(listed(target, message(headers=headers)))
    assert told(verdict.request) == [violation]
    assert not verdict.response


def test_an_empty_query_parameter_is_an_empty_string(judge, listed):
    """What openapi-core calls an empty value is judged by the schema."""
    assert judge.verdict(listed("/things?q=")) == Verdict()


def test_wrong_and_missing_parameters_are_told_together(judge, exchange, message):
    """Every parameter is judged, not only the first that is wrong."""
    verdict = judge.verdict(
        exchange("GET", "/things/a", response=message(b"x", {"Content-Type": "text/plain"}))
    )
    assert told(verdict.request) == [("query", "must", "required"), ("path", "id", "type")]


@pytest.mark.parametrize(
    ("body", "headers", "violation"),
    [
        ({}, KEY, ("body", "", "required")),
        ({"name": "too long"}, KEY, ("body", "/name", "maxLength")),
        ({"name": "a", "size": "b"}, KEY, ("body", "/size", "type")),
        ({"name": "a", "more": 1}, KEY, ("body", "", "additionalProperties")),
        (b"", KEY, ("body", "", "required")),
        (b"{", {**KEY, "Content-Type": "application/json"}, ("body", "", "encoding")),
        (DEEP, {**KEY, "Content-Type": "application/json"}, ("body", "", "encoding")),
        (b"<a/>", {**KEY, "Content-Type": "text/xml"}, ("media type", "", "undocumented")),
        (b"name=too+long", {**KEY, "Content-Type": FORM}, ("body", "/name", "maxLength")),
        ({"name": "a"}, {}, ("security", "", "required")),
        ({"name": "a"}, {"X-Key": " "}, ("security", "", "required")),
        ({"name": "a"}, {"Authorization": "Basic eDp5"}, ("security", "", "required")),
    ],
)  # fmt: skip
def test_each_wrong_request_body_or_credential_is_named(judge, added, message, body, headers, violation):
    """A body that is missing, unreadable, of another media type or against its schema is a violation."""
    assert told(judge.verdict(added(message(body, headers))).request) == [violation]


@pytest.mark.parametrize("headers", [KEY, {"Authorization": "Bearer abc"}, {"authorization": "Bearer ***"}])
def test_each_security_alternative_suffices(judge, added, message, headers):
    """A credential of any alternative will do, masked or not."""
    assert judge.verdict(added(message({"name": "a"}, headers))) == Verdict()


def test_a_multipart_body_is_read_part_by_part(judge, added, message):
    """A form with a file keeps the contract, and one without it does not; a large file is no trouble."""

    def form(name, content):
        part = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n'.encode()
        headers = {**KEY, "Content-Type": "multipart/form-data; boundary=b"}
        return message(part + content + b"\r\n--b--\r\n", headers)

    assert judge.verdict(added(form("file", b"x" * 2_000_000))) == Verdict()
    assert told(judge.verdict(added(form("other", b"x"))).request) == [("body", "", "required")]
    broken = message(b"--b\r\n", {**KEY, "Content-Type": "multipart/form-data; boundary=b"})
    assert told(judge.verdict(added(broken)).request) == [("body", "", "encoding")]


@pytest.mark.parametrize(
    ("status", "body", "headers", "violation"),
    [
        (500, {}, {}, ("status", "500", "undocumented")),
        (200, [{"name": 1}], {"X-Total": "1"}, ("body", "/0/name", "type")),
        (200, b"", {"X-Total": "1"}, ("body", "", "required")),
        (200, b"[", {"X-Total": "1", "Content-Type": "application/json"}, ("body", "", "encoding")),
        (200, b"[NaN]", {"X-Total": "1", "Content-Type": "application/json"}, ("body", "", "encoding")),
        (200, DEEP, {"X-Total": "1", "Content-Type": "application/json"}, ("body", "", "encoding")),
        (200, b"x", {"X-Total": "1", "Content-Type": "text/html; a; b"}, ("media type", "", "undocumented")),
        (200, b"x", {"X-Total": "1"}, ("media type", "", "undocumented")),
        (200, [], {}, ("header", "X-Total", "required")),
        (200, [], {"X-Total": "many"}, ("header", "X-Total", "schema")),
        (204, b"x", {}, ("body", "", "undocumented")),
    ],
)
def test_each_wrong_answer_is_named(judge, listed, message, status, body, headers, violation):
    """A status, media type, header or body that the contract does not have breaks the answer alone."""
    verdict = judge.verdict(listed(status=status, response=message(body, headers)))
    assert told(verdict.response) == [violation]
    assert not verdict.request


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/nothing"), ("DELETE", "/things"), ("BREW", "/things"), ("GET", "/things/")],
)
def test_an_undocumented_operation_is_a_violation_of_the_request(judge, exchange, method, target):
    """Whoever calls what the contract does not have breaks it, and the answer is not judged."""
    verdict = judge.verdict(exchange(method, target))
    assert told(verdict.request) == [("operation", method, "undocumented")]
    assert not verdict.response
    assert verdict.unjudged


def test_a_preflight_is_not_judged(judge, exchange):
    """OPTIONS is HTTP's own, and that of CORS."""
    verdict = judge.verdict(exchange("OPTIONS", "/things"))
    assert not verdict.request
    assert "OPTIONS" in verdict.unjudged


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


@pytest.mark.parametrize(
    "target", ["/things", "https://api.example/v1/things", "http://localhost/v1/things?x#y", "/v1/things"]
)
def test_paths_are_found_below_the_servers_base_paths_and_without(judge, listed, target):
    """The contract's servers say where it is deployed; on one's own machine that may be elsewhere."""
    assert judge.operation_id("GET", target) == "list_things"
    assert judge.verdict(listed(target)) == Verdict()


def test_a_base_url_of_ones_own_counts_too(document, listed):
    """A deployment that the contract does not tell of is told by its base URL."""
    contract = Contract(document, "things.json")
    assert ExchangeJudge(contract, "https://staging.example/api/").verdict(listed("/api/things")) == Verdict()
    assert ExchangeJudge(contract).verdict(listed("/api/things")).request


def test_servers_of_paths_and_operations_count_too(document, listed):
    """A path or an operation may have servers of its own, and its answers are judged all the same."""
    document["paths"]["/things"]["servers"] = [{"url": "/odd"}]
    document["paths"]["/things"]["get"]["servers"] = [{"url": "https://{host}:{port}/odder/{x}"}]
    judge = ExchangeJudge(Contract(document, "things.json"))
    for target in ("/odd/things", "/odder/any/things"):
        assert judge.verdict(listed(target)) == Verdict()


def test_head_is_answered_without_the_body_of_get(judge, listed, message):
    """HEAD has GET's headers and no body."""
    assert judge.verdict(listed(method="HEAD", response=message(headers={"X-Total": "1"}))) == Verdict()
    lacking = judge.verdict(listed(method="HEAD", response=message()))
    assert told(lacking.response) == [("header", "X-Total", "required")]


def test_bodies_are_judged_without_their_content_coding(judge, listed, message):
    """What is compressed is judged as what it stands for; what cannot be decoded is not judged."""

    def coded(body, coding):
        fields = {"X-Total": "1", "Content-Type": "application/json", "Content-Encoding": coding}
        return judge.verdict(listed(response=message(body, fields)))

    assert coded(gzip.compress(b"[]"), "gzip") == Verdict()
    assert told(coded(gzip.compress(b"{}"), "GZIP").response) == [("body", "", "type")]
    for body, coding in ((b"?", "br"), (b"?", "gzip"), (gzip.compress(b"[]")[:-4], "gzip")):
        verdict = coded(body, coding)
        assert not verdict.response
        assert "answer's body" in verdict.unjudged


def test_a_body_that_inflates_without_end_is_not_judged(judge, listed, message):
    """A few bytes that stand for a great many end at the limit."""
    bomb = gzip.compress(b" " * (17 * 1024 * 1024))
    fields = {"X-Total": "1", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert "longer than" in judge.verdict(listed(response=message(bomb, fields))).unjudged


def test_what_was_cut_is_not_judged_but_its_head_is(judge, added, message):
    """A body that was not kept whole breaks nothing; status, headers and parameters are judged."""
    fields = {**KEY, "Content-Type": "application/json"}
    cut = message(b"{", fields, body_bytes=9)
    verdict = judge.verdict(added(cut, response=cut))
    assert not verdict.request
    assert not verdict.response
    assert "request's body" in verdict.unjudged
    assert "answer's body" in verdict.unjudged
    assert told(judge.verdict(added(message(b"{", {}, body_bytes=9))).request) == [
        ("security", "", "required")
    ]


def test_no_answer_is_not_judged(judge, listed):
    """A connection that ended without an answer leaves nothing to judge but the request."""
    assert judge.verdict(listed("/things?limit=11", status=0)).unjudged
    assert judge.verdict(listed("/things?limit=11", status=0)).request


def test_a_large_body_is_judged_without_the_slow_engine(judge, listed, message):
    """A large answer keeps the contract or breaks it; either way it is told within a bounded time."""
    things = [{"name": "a"}] * 20_000
    assert judge.verdict(listed(response=message(things, {"X-Total": "1"}))) == Verdict()
    wrong = judge.verdict(listed(response=message([*things, 1], {"X-Total": "1"})))
    assert told(wrong.response) == [("body", "", "schema")]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_the_contract_calls_deprecated_is_no_violation(document, listed, version):
    """Deprecated parameters and headers may be used, without a warning."""
    document["openapi"] = version
    document["paths"]["/things"]["get"]["parameters"][2]["deprecated"] = True
    document["paths"]["/things"]["get"]["responses"]["200"]["headers"]["X-Total"]["deprecated"] = True
    judge = ExchangeJudge(Contract(document, "things.json"))
    assert judge.verdict(listed("/things?tags=a")) == Verdict()
    assert told(judge.verdict(listed("/things?tags=a&limit=11")).request) == [("query", "limit", "maximum")]


def test_a_coding_upon_coding_ends(judge, listed, message):
    """Two codings are two; a great many are not worth a judge's time."""

    def coded(coding, body):
        fields = {"X-Total": "1", "Content-Type": "application/json", "Content-Encoding": coding}
        return judge.verdict(listed(response=message(body, fields)))

    assert coded("deflate, gzip", gzip.compress(zlib.compress(b"[]"))) == Verdict()
    assert "content codings" in coded(", ".join(["gzip"] * 99), b"[]").unjudged


def changed(document, method="get", **operation):
    """Return a judge by the small contract with an operation on /things that differs."""
    document["paths"]["/things"][method].update(operation)
    return ExchangeJudge(Contract(document, "things.json"))


def test_what_is_read_only_in_3_0_need_not_be_sent_and_may_be(document, added, exchange, message):
    """Read-only properties *should not* be sent: they, and a read-only parameter, are no violation."""
    thing = document["components"]["schemas"]["Thing"]
    thing["required"] = ["id", "name"]
    thing["properties"]["id"] = {"$ref": "#/components/schemas/Id"}
    document["components"]["schemas"]["Id"] = {"type": "integer", "readOnly": True}
    document["paths"]["/things/{id}"]["get"]["parameters"][0]["schema"]["readOnly"] = True
    document["openapi"] = "3.0.3"
    judge, answered = ExchangeJudge(Contract(document, "things.json")), message({"id": 1, "name": "a"})
    for sent in ({"name": "a"}, {"id": 1, "name": "a"}):
        assert judge.verdict(added(message(sent, KEY), response=answered)) == Verdict()
    wrong = judge.verdict(added(message({"id": 1}, KEY), response=message({"name": "a"})))
    assert told(wrong.request) == told(wrong.response) == [("body", "", "required")]
    text = message(b"x", {"Content-Type": "text/plain"})
    assert judge.verdict(exchange("GET", "/things/1?must=a", response=text)) == Verdict()


def test_what_openapi_core_cannot_judge_the_other_engine_does(document, listed, added, message):
    """A pattern that Python cannot read is no reason to let everything through, or nothing."""
    document["components"]["schemas"]["Thing"]["properties"]["name"] = {"pattern": r"^\p{Lu}+$"}
    parameter = {"in": "query", "name": "word", "schema": {"pattern": r"^\p{Lu}+$"}}
    judge = changed(document, parameters=[parameter])
    kept, broken = message({"name": "É"}, KEY), message({"name": "é"}, KEY)
    assert judge.verdict(added(kept, response=kept)) == Verdict()
    verdict = judge.verdict(added(broken, response=broken))
    assert told(verdict.request) == told(verdict.response) == [("body", "/name", "pattern")]
    assert judge.verdict(listed("/things?word=%C3%89")) == Verdict()
    assert told(judge.verdict(listed("/things?word=e")).request) == [("query", "word", "pattern")]


def test_a_schema_that_cannot_be_compiled_leaves_the_rest_to_be_judged(document, listed, added):
    """One operation with a broken pattern is not judged, and says so; the others are."""
    document["components"]["schemas"]["Thing"]["properties"]["name"] = {"pattern": "("}
    judge = ExchangeJudge(Contract(document, "things.json"))
    judge.prepare()
    assert "cannot be judged" in judge.verdict(added()).unjudged
    assert told(judge.verdict(listed("/things?limit=11")).request) == [("query", "limit", "maximum")]


def test_what_only_openapi_core_finds_is_told_in_its_words(document, listed):
    """Formats that it checks and the other engine does not are violations, without the value."""
    parameter = {"in": "query", "name": "day", "schema": {"type": "string", "format": "date"}}
    verdict = changed(document, parameters=[parameter]).verdict(listed("/things?day=2024-02-30"))
    assert told(verdict.request) == [("query", "day", "format")]
    assert "2024-02-30" not in repr(verdict)
    assert verdict.request[0].pointer == "/paths/~1things/get/parameters/0/schema/format"


def test_texts_and_bytes_are_bodies_too(document, added, message):
    """Text is judged as such, in its charset; bytes are no JSON value, and there is little to say of them."""
    text = {"schema": {"type": "string", "maxLength": 3}}
    content = {"text/*": text, "application/octet-stream": {"schema": {}}}
    judge = changed(document, "post", requestBody={"content": content}, security=[])

    def sent(body, media_type):
        return told(judge.verdict(added(message(body, {"Content-Type": media_type}))).request)

    assert sent("é é".encode(), "text/plain; charset=utf-8") == []
    assert sent("é é".encode("latin-1"), "text/plain; charset=iso-8859-1") == []
    assert sent(b"too long", "text/plain") == [("body", "", "maxLength")]
    assert sent(b"\xff", "text/plain") == [("body", "", "encoding")]
    assert sent(b"\xff", "application/octet-stream") == []


def test_parameters_that_hold_json_are_read_as_such(document, listed):
    """A parameter with a media type is JSON, or cannot be read."""
    content = {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "integer"}}}}}
    judge = changed(document, parameters=[{"in": "query", "name": "filter", "content": content}])
    assert judge.verdict(listed("/things?filter=%7B%22a%22:1%7D")) == Verdict()
    for query, violation in (
        ("%7B%22a%22:%22b%22%7D", ("query", "filter/a", "type")),
        ("%7B", ("query", "filter", "encoding")),
    ):
        assert told(judge.verdict(listed(f"/things?filter={query}")).request) == [violation]


def test_a_credential_in_the_query_counts(document, listed):
    """Wherever a scheme says that its credential is, there it is looked for."""
    document["components"]["securitySchemes"]["key"]["in"] = "query"
    judge = changed(document, security=[{"key": []}])
    assert judge.verdict(listed("/things?X-Key=k")) == Verdict()
    assert told(judge.verdict(listed("/things")).request) == [("security", "", "required")]
    assert ("query", "", "encoding") in told(judge.verdict(listed("/things?X-Key=%zz")).request)


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
    assert "cannot be judged" not in verdict.unjudged


def test_one_judge_serves_the_packaged_contract(exchange, message):
    """The contract in force is one like any other."""
    judge = ExchangeJudge(load_contract())
    verdict = judge.verdict(
        exchange("GET", "/scanner/api/v1/sessions/x", message(headers={"X-API-Key": "***"}))
    )
    assert ("path", "id", "minLength") in told(verdict.request)
    assert ("body", "", "required") in told(verdict.response)
