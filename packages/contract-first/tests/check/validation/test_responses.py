"""Responses: statuses, fields and bodies, in whatever content coding."""

import gzip
import sys
import zlib
from importlib import import_module

import brotli
import pytest

from contract_first.check.exchange import Validation
from contract_first.check.validation.content_codings import MOST_BYTES
from contract_first.distribution import CONTRACT_FIRST

ZSTD = "compression" if sys.version_info >= (3, 14) else "backports"
zstd = import_module(f"{ZSTD}.zstd")
DEEP = b"[" * 5000 + b"]" * 5000

XML = "application/xml"


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
def test_each_wrong_response_is_named(validator, listed, message, status, body, headers, violation, summary):
    """A status, media type, header or body that the contract does not have breaks the response alone."""
    validation = validator.verdict(listed(status=status, response=message(body, headers)))
    assert summary(validation.response) == [violation]
    assert not validation.request


def test_head_gets_a_response_without_the_body_of_get(validator, listed, message, summary):
    """HEAD has GET's headers and no body."""
    assert (
        validator.verdict(listed(method="HEAD", response=message(headers={"X-Total": "1"}))) == Validation()
    )
    lacking = validator.verdict(listed(method="HEAD", response=message()))
    assert summary(lacking.response) == [("header", "X-Total", "required")]


CODED = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "deflate, br": lambda body: brotli.compress(zlib.compress(body)),
}


@pytest.fixture
def coded(validator, listed, message):
    """Return the result on a response whose body is in a content coding."""

    def validation(body, coding):
        fields = {"X-Total": "1", "Content-Type": "application/json", "Content-Encoding": coding}
        return validator.verdict(listed(response=message(body, fields)))

    return validation


@pytest.mark.parametrize("coding", CODED)
def test_bodies_are_validated_without_their_content_coding(coded, summary, coding):
    """What is compressed is validated as what it stands for."""
    assert coded(CODED[coding](b"[]"), coding) == Validation()
    assert summary(coded(CODED[coding](b"{}"), coding).response) == [("body", "", "type")]


@pytest.mark.parametrize("coding", CODED)
def test_what_cannot_be_decoded_is_not_validated(coded, coding):
    """A body that is in another coding, ends before its end or after it, or holds too much is counted."""
    body = CODED[coding](b"[]")
    bomb = CODED[coding](b" " * (MOST_BYTES + 1))
    for sent, why in ((b"\xff" * 9, ""), (body[:-1], ""), (body + body, ""), (bomb, "is longer than")):
        validation = coded(sent, coding)
        assert not validation.response
        assert "response's body is not validated: it " in validation.unjudged
        assert why in validation.unjudged
    assert coded(CODED[coding](b"[" + b" " * (MOST_BYTES - 2) + b"]"), coding) == Validation()


def test_a_coding_that_is_not_known_is_reported(coded):
    """A body in a coding of somebody's own is not validated, and the result names the coding."""
    assert "'pack200-gzip' is not known" in coded(b"[]", "pack200-gzip").unjudged


@pytest.mark.parametrize(("coding", "module"), [("br", "brotli"), ("zstd", ZSTD)])
def test_a_coding_whose_library_is_missing_tells_the_extra(coded, monkeypatch, coding, module):
    """The plain install validates no br and no zstd, and says what to install."""
    monkeypatch.setitem(sys.modules, module, None)
    assert CONTRACT_FIRST.how_to_install("check") in coded(CODED[coding](b"[]"), coding).unjudged


def test_zstd_asks_for_no_more_memory_than_http_allows(coded):
    """A window beyond the 8 MiB that HTTP has for it is not made."""

    def sent(window_bits):
        compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: window_bits})
        return compressor.compress(b"[]") + compressor.flush()

    assert coded(sent(23), "zstd") == Validation()
    assert "not validated" in coded(sent(24), "zstd").unjudged


def test_there_is_an_end_to_codings_upon_codings(coded):
    """A great many codings are not worth a validator's time."""
    assert "content codings" in coded(b"[]", ", ".join(["gzip"] * 99)).unjudged


def test_a_large_body_is_validated_without_the_slow_engine(validator, listed, message, summary):
    """A large response conforms to the contract or breaks it; either way that shows within a bounded time."""
    things = [{"name": "a"}] * 20_000
    assert validator.verdict(listed(response=message(things, {"X-Total": "1"}))) == Validation()
    wrong = validator.verdict(listed(response=message([*things, 1], {"X-Total": "1"})))
    assert summary(wrong.response) == [("body", "", "schema")]


def test_no_response_is_not_validated(validator, listed):
    """A connection that ended without a response leaves nothing to validate but the request."""
    assert validator.verdict(listed("/things?limit=11", status=0)).unjudged
    assert validator.verdict(listed("/things?limit=11", status=0)).request


@pytest.mark.parametrize(
    "schema", [{"type": "string"}, {"type": "array"}, {"type": "object", "required": ["id"]}]
)
@pytest.mark.parametrize(
    "media_type",
    ["application/x-ndjson", "text/csv", "text/event-stream", "application/pdf"],
)
def test_what_is_no_json_value_breaks_no_schema_of_one(schema, media_type, listed, message, changed):
    """CSV, events and files are described by schemas that nothing tells how to read them by."""
    response = {"description": "", "content": {media_type: {"schema": schema}}}
    validator = changed("get", responses={"200": response})
    assert (
        validator.verdict(listed(response=message(b"<id>1</id>", {"Content-Type": media_type})))
        == Validation()
    )


def test_xml_is_validated(listed, message, changed, summary):
    """XML is the value that its schema says it is; what is no XML is no value."""
    schema = {"type": "object", "properties": {"id": {"type": "integer", "xml": {"attribute": True}}}}
    validator = changed("get", responses={"200": {"description": "", "content": {XML: {"schema": schema}}}})

    def sent(body):
        return summary(validator.verdict(listed(response=message(body, {"Content-Type": XML}))).response)

    assert sent(b"<a id='1'/>") == []
    assert sent(b"<a id='x'/>") == [("body", "/id", "type")]
    assert sent(b"<a") == [("body", "", "encoding")]


def test_xml_of_more_elements_than_are_read_is_not_validated(listed, message, changed, summary):
    """An export may be as long as its server likes: the rest of the response is validated."""
    schema = {"type": "array", "items": {"type": "integer"}}
    required = {"X-Rows": {"required": True, "schema": {"type": "integer"}}}
    declared = {"description": "", "content": {XML: {"schema": schema}}, "headers": required}
    validator = changed("get", responses={"200": declared})
    of_3_000, body = (b"<a>" + b"<b>1</b>" * number + b"</a>" for number in (3_000, 50_000))
    conforming = {"Content-Type": XML, "X-Rows": "3000"}
    assert validator.verdict(listed(response=message(of_3_000, conforming))).response == []
    validation = validator.verdict(listed(response=message(body, {"Content-Type": XML})))
    assert summary(validation.response) == [("header", "X-Rows", "required")]
    assert "the response's body is not validated: The body has over 100000 tags" in validation.unjudged


def test_texts_are_validated_in_their_charset(listed, message, changed, summary):
    """A text of any kind is what its schema of a string is asked about, in Latin-1 as well."""
    response = {"description": "", "content": {"text/csv": {"schema": {"type": "string", "maxLength": 3}}}}
    validator = changed("get", responses={"200": response})

    def sent(body, charset):
        fields = {"Content-Type": f"text/csv; charset={charset}"}
        return summary(validator.verdict(listed(response=message(body, fields))).response)

    assert sent("é;é".encode("latin-1"), "iso-8859-1") == []
    assert sent("é;é".encode(), "utf-8") == []
    assert sent(b"a;b;c", "utf-8") == [("body", "", "maxLength")]
