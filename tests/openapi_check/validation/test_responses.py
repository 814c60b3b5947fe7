"""Answers: statuses, fields and bodies, in whatever content coding."""

import gzip
import sys
import zlib

import brotli
import pytest
from backports import zstd

from openapi_contract.distribution import how_to_install
from openapi_mock.journal import Validation

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
    assert judge.verdict(listed(method="HEAD", response=message(headers={"X-Total": "1"}))) == Validation()
    lacking = judge.verdict(listed(method="HEAD", response=message()))
    assert told(lacking.response) == [("header", "X-Total", "required")]


CODED = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "deflate, br": lambda body: brotli.compress(zlib.compress(body)),
}


@pytest.fixture
def coded(judge, listed, message):
    """Return the verdict on an answer whose body is in a content coding."""

    def verdict(body, coding):
        fields = {"X-Total": "1", "Content-Type": "application/json", "Content-Encoding": coding}
        return judge.verdict(listed(response=message(body, fields)))

    return verdict


@pytest.mark.parametrize("coding", CODED)
def test_bodies_are_judged_without_their_content_coding(coded, told, coding):
    """What is compressed is judged as what it stands for."""
    assert coded(CODED[coding](b"[]"), coding) == Validation()
    assert told(coded(CODED[coding](b"{}"), coding).response) == [("body", "", "type")]


@pytest.mark.parametrize("coding", CODED)
def test_what_cannot_be_decoded_is_not_judged(coded, coding):
    """A body that is in another coding, ends before its end or after it, or holds too much is counted."""
    body = CODED[coding](b"[]")
    bomb = CODED[coding](b" " * (16 * 1024 * 1024 + 1))
    for sent, why in ((b"\xff" * 9, ""), (body[:-1], ""), (body + body, ""), (bomb, "is longer than")):
        verdict = coded(sent, coding)
        assert not verdict.response
        assert "response's body is not validated: it " in verdict.unjudged
        assert why in verdict.unjudged
    assert coded(CODED[coding](b"[" + b" " * (16 * 1024 * 1024 - 2) + b"]"), coding) == Validation()


def test_a_coding_that_is_not_known_is_told(coded):
    """A body in a coding of somebody's own is not judged, and the verdict names the coding."""
    assert "'pack200-gzip' is not known" in coded(b"[]", "pack200-gzip").unjudged


@pytest.mark.parametrize(("coding", "module"), [("br", "brotli"), ("zstd", "backports")])
def test_a_coding_whose_library_is_missing_tells_the_extra(coded, monkeypatch, coding, module):
    """The plain install judges no br and no zstd, and says what to install."""
    monkeypatch.setitem(sys.modules, module, None)
    assert how_to_install("check") in coded(CODED[coding](b"[]"), coding).unjudged


def test_zstd_asks_for_no_more_memory_than_http_allows(coded):
    """A window beyond the 8 MiB that HTTP has for it is not made."""

    def sent(window_bits):
        compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: window_bits})
        return compressor.compress(b"[]") + compressor.flush()

    assert coded(sent(23), "zstd") == Validation()
    assert "not validated" in coded(sent(24), "zstd").unjudged


def test_there_is_an_end_to_codings_upon_codings(coded):
    """A great many codings are not worth a judge's time."""
    assert "content codings" in coded(b"[]", ", ".join(["gzip"] * 99)).unjudged


def test_a_large_body_is_judged_without_the_slow_engine(judge, listed, message, told):
    """A large answer keeps the contract or breaks it; either way it is told within a bounded time."""
    things = [{"name": "a"}] * 20_000
    assert judge.verdict(listed(response=message(things, {"X-Total": "1"}))) == Validation()
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
    assert (
        judge.verdict(listed(response=message(b"<id>1</id>", {"Content-Type": media_type}))) == Validation()
    )


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
