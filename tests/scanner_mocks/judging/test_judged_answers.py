"""Answers: statuses, fields and bodies, in whatever content coding."""

import gzip
import zlib

import pytest

from scanner_mocks.journal import Verdict

DEEP = b"[" * 5000 + b"]" * 5000


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
def test_each_wrong_answer_is_named(judge, listed, message, status, body, headers, violation, told):
    """A status, media type, header or body that the contract does not have breaks the answer alone."""
    verdict = judge.verdict(listed(status=status, response=message(body, headers)))
    assert told(verdict.response) == [violation]
    assert not verdict.request


def test_head_is_answered_without_the_body_of_get(judge, listed, message, told):
    """HEAD has GET's headers and no body."""
    assert judge.verdict(listed(method="HEAD", response=message(headers={"X-Total": "1"}))) == Verdict()
    lacking = judge.verdict(listed(method="HEAD", response=message()))
    assert told(lacking.response) == [("header", "X-Total", "required")]


def test_bodies_are_judged_without_their_content_coding(judge, listed, message, told):
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


def test_a_coding_upon_coding_ends(judge, listed, message):
    """Two codings are two; a great many are not worth a judge's time."""

    def coded(coding, body):
        fields = {"X-Total": "1", "Content-Type": "application/json", "Content-Encoding": coding}
        return judge.verdict(listed(response=message(body, fields)))

    assert coded("deflate, gzip", gzip.compress(zlib.compress(b"[]"))) == Verdict()
    assert "content codings" in coded(", ".join(["gzip"] * 99), b"[]").unjudged


def test_a_body_that_inflates_without_end_is_not_judged(judge, listed, message):
    """A few bytes that stand for a great many end at the limit."""
    bomb = gzip.compress(b" " * (17 * 1024 * 1024))
    fields = {"X-Total": "1", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert "longer than" in judge.verdict(listed(response=message(bomb, fields))).unjudged


def test_a_large_body_is_judged_without_the_slow_engine(judge, listed, message, told):
    """A large answer keeps the contract or breaks it; either way it is told within a bounded time."""
    things = [{"name": "a"}] * 20_000
    assert judge.verdict(listed(response=message(things, {"X-Total": "1"}))) == Verdict()
    wrong = judge.verdict(listed(response=message([*things, 1], {"X-Total": "1"})))
    assert told(wrong.response) == [("body", "", "schema")]


def test_no_answer_is_not_judged(judge, listed):
    """A connection that ended without an answer leaves nothing to judge but the request."""
    assert judge.verdict(listed("/things?limit=11", status=0)).unjudged
    assert judge.verdict(listed("/things?limit=11", status=0)).request


@pytest.mark.parametrize(
    "schema", [{"type": "string"}, {"type": "array"}, {"type": "object", "required": ["id"]}]
)
@pytest.mark.parametrize(
    "media_type",
    ["application/xml", "application/x-ndjson", "text/csv", "text/event-stream", "application/pdf"],
)
def test_what_is_no_json_value_breaks_no_schema_of_one(schema, media_type, listed, message, changed):
    """XML, CSV, events and files are described by schemas that nothing tells how to read them by."""
    answer = {"description": "", "content": {media_type: {"schema": schema}}}
    judge = changed("get", responses={"200": answer})
    assert judge.verdict(listed(response=message(b"<id>1</id>", {"Content-Type": media_type}))) == Verdict()


def test_texts_are_judged_in_their_charset(listed, message, changed, told):
    """A text of any kind is what its schema of a string is asked about, in Latin-1 as well."""
    answer = {"description": "", "content": {"text/csv": {"schema": {"type": "string", "maxLength": 3}}}}
    judge = changed("get", responses={"200": answer})

    def sent(body, charset):
        fields = {"Content-Type": f"text/csv; charset={charset}"}
        return told(judge.verdict(listed(response=message(body, fields))).response)

    assert sent("é;é".encode("latin-1"), "iso-8859-1") == []
    assert sent("é;é".encode(), "utf-8") == []
    assert sent(b"a;b;c", "utf-8") == [("body", "", "maxLength")]
