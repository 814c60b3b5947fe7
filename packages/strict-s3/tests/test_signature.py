"""Signatures, against the vectors that AWS publishes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from strict_s3.auth.payload import ChunkedBody, ChunkSigner
from strict_s3.auth.signature import (
    Credential,
    Scope,
    WrongScope,
    canonical_request,
    check,
    check_token,
    signature,
    string_to_sign,
)
from strict_s3.messages.errors import S3Error
from strict_s3.messages.response import Response

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SCOPE = Scope("AKIAIOSFODNN7EXAMPLE", "20130524", "us-east-1")
TIME = "20130524T000000Z"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
POST_POLICY = """{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}"""


def signed(method, path, query, headers, payload):
    """Return the signature of a request of AWS's examples."""
    canonical = canonical_request(method, path, query, headers, headers, payload)
    return signature(SECRET, SCOPE, string_to_sign(TIME, SCOPE, canonical))


def test_post_policy():
    """The example of a browser-based upload has the published signature."""
    encoded = base64.b64encode(POST_POLICY.replace("\n", "\r\n").encode())
    scope = Scope("AKIAIOSFODNN7EXAMPLE", "20151229", "us-east-1")
    assert (
        signature(SECRET, scope, encoded)
        == "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
    )


def test_presigned_get():
    """The example of a presigned URL has the published signature."""
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request",
        "X-Amz-Date": TIME,
        "X-Amz-Expires": "86400",
        "X-Amz-SignedHeaders": "host",
    }
    headers = {"host": "examplebucket.s3.amazonaws.com"}
    assert (
        signed("GET", "/test.txt", query.items(), headers, "UNSIGNED-PAYLOAD")
        == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "payload", "right"),
    [
        (
            "GET",
            "/test.txt",
            [],
            {"range": "bytes=0-9"},
            EMPTY_SHA256,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            [],
            {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/",
            [("lifecycle", "")],
            {},
            EMPTY_SHA256,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/",
            [("max-keys", "2"), ("prefix", "J")],
            {},
            EMPTY_SHA256,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_signed_headers(method, path, query, headers, payload, right):
    """The examples of the Authorization header have the published signatures."""
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": payload,
        "x-amz-date": TIME,
        **headers,
    }
    assert signed(method, path, query, headers, payload) == right


CHUNKS = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)


class Trickle:
    """A stream that gives few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content, self._size = content, size

    def read(self, _size: int) -> bytes:
        """Read no more than a step, as a socket does."""
        block, self._content = self._content[: self._size], self._content[self._size :]
        return block


def chunked(content: bytes, size: int = 1000) -> bytes:
    """Return what the chunks of AWS's example carry."""
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    signer = ChunkSigner(Credential(SECRET), SCOPE, TIME, seed)
    return b"".join(ChunkedBody(Trickle(content, size), signer).blocks())


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_signed_chunks(size):
    """The example of a signed chunked upload is accepted, however it is cut into packets."""
    assert chunked(CHUNKS, size) == b"a" * 66560


@pytest.mark.parametrize(
    "spoiled",
    [
        CHUNKS.replace(b"aaa", b"aab", 1),
        CHUNKS.replace(b"signature=b6", b"signature=b7"),
        CHUNKS.replace(b";chunk-signature=", b";chunk-signatura_", 1),
    ],
)
def test_spoiled_chunks(spoiled):
    """A chunk whose data or signature was changed is refused."""
    with pytest.raises(S3Error) as caught:
        chunked(spoiled)
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "cut",
    [b"", b"10", CHUNKS[:1000], b"zz;x=y\r\n", b"9" * 10_000, b"1\r\nab\r\n", b"-1\r\n", b"-3\r\nabc\r\n"],
)
def test_incomplete_chunks(cut):
    """A chunked body that ends early or is no chunked body is incomplete, not an accident."""
    with pytest.raises(S3Error) as caught:
        b"".join(ChunkedBody(Trickle(cut, 100), None).blocks())
    assert caught.value.code == "IncompleteBody"


def test_trailers():
    """Trailer fields of an unsigned chunked body are there once it is read; without end they are refused."""
    body = ChunkedBody(Trickle(b"3\r\nabc\r\n0\r\nX-Amz-Checksum-Crc32: NSRBwg==\r\n\r\n", 5), None)
    assert b"".join(body.blocks()) == b"abc"
    assert body.trailers == {"x-amz-checksum-crc32": "NSRBwg=="}
    endless = ChunkedBody(Trickle(b"0\r\n" + b"a: b\r\n" * 1000, 50), None)
    with pytest.raises(S3Error):
        list(endless.blocks())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AKIA/20130524/us-east-1/s3", "the Credential is mal-formed"),
        ("/20130524/us-east-1/s3/aws4_request", "the Credential is mal-formed"),
        ("AKIA/2013-05-24/us-east-1/s3/aws4_request", "incorrect date format"),
        ("AKIA/20130524/us-east-1/ec2/aws4_request", 'incorrect service "ec2"'),
        ("AKIA/20130524/us-east-1/s3/aws5_request", 'incorrect terminal "aws5_request"'),
        ("AKIA/20130524/us-west-2/s3/aws4_request", "the region 'us-west-2' is wrong; expecting 'us-east-1'"),
        ("AKIA/20130525/us-east-1/s3/aws4_request", "Invalid credential date"),
    ],
)
def test_wrong_scopes(text, message):
    """A scope that is malformed, or for another day, region or service, is distinguished."""
    with pytest.raises(WrongScope, match=message):
        Scope.parse(text, "us-east-1", TIME)


def test_scope_with_slashes():
    """An access key may hold slashes; the region is free when none is asked for."""
    scope = Scope.parse("AK/IA/20130524/eu-west-1/s3/aws4_request", None, TIME)
    assert (scope.access_key, scope.region) == ("AK/IA", "eu-west-1")


def test_secrets_are_not_reported():
    """Neither the repr of a credential nor a refusal tells the secret key or the token."""
    credential = Credential.parse(f"{SECRET}:the-token:2030-01-01T00:00:00Z")
    with pytest.raises(S3Error) as caught:
        check(credential, SCOPE, "text", "0" * 64)
    texts = repr(credential) + str(caught.value) + str(Response.of_error(caught.value, "r", "h").body)
    assert SECRET not in texts
    assert "the-token" not in texts


@pytest.mark.parametrize(
    ("credential", "token", "code"),
    [
        ("s", "t", "InvalidToken"),
        ("s:t", "tt", "InvalidToken"),
        ("s:t:2020-01-01T00:00:00Z", "t", "ExpiredToken"),
        ("s:t:2020-01-01", "t", "ExpiredToken"),
    ],
)
def test_tokens(credential, token, code):
    """A token must be the credential's own, and in time."""
    with pytest.raises(S3Error) as caught:
        check_token(Credential.parse(credential), token, datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.code == code
