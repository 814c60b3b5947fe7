"""Presigned URLs and signed headers, of Signature Versions 4 and 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "photos/ünï cöde+%2F&=?#.png"


def test_presigned_urls(client, bucket):
    """Presigned URLs put and get an object, with the headers that they ask for."""
    put = client.generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": KEY, "ContentType": "image/png"}
    )
    assert httpx2.put(put, content=b"x", headers={"Content-Type": "image/png"}).status_code == 200
    asked = {"Bucket": bucket, "Key": KEY, "ResponseContentDisposition": 'attachment; filename="a.png"'}
    got = httpx2.get(client.generate_presigned_url("get_object", Params=asked))
    assert (got.content, got.headers["Content-Disposition"]) == (b"x", 'attachment; filename="a.png"')
    assert got.headers["Content-Type"] == "image/png"


@pytest.fixture
def presign(connect: Callable[..., Any]) -> Callable[..., str]:
    """Presign an upload with a query that is there before it is signed."""

    def presign(bucket: str, query: str) -> str:
        client = connect()
        add = lambda request, **_: setattr(request, "url", f"{request.url}?{query}")  # noqa: E731 -- a hook
        client.meta.events.register("before-sign.s3.PutObject", add)
        url: str = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
        return url

    return presign


@pytest.mark.parametrize("name", ["if-none-match", "If-None-Match"])
def test_conditions_in_presigned_urls(name, presign, client, bucket):
    """An upload that must not replace an object does not, if that is in its query."""
    url = presign(bucket, f"{name}=%2A")
    assert [httpx2.put(url, content=content).status_code for content in (b"x", b"y")] == [200, 412]
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_checksums_in_presigned_urls(presign, client, bucket):
    """A checksum in a query is passed over: SDKs presign before there is content, with that of none."""
    url = presign(bucket, "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32")
    assert httpx2.put(url, content=b"x").status_code == 200
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_unsigned_payload_header_of_presigned_urls(presign, bucket):
    """The one x-amz- header that a presigned URL need not sign is that of the payload."""
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    assert httpx2.put(presign(bucket, ""), content=b"x", headers=headers).status_code == 200


def test_payload_header_that_is_signed_and_not_sent(connect, bucket, error):
    """A presigned URL that signs the payload's header is good for requests that have it."""
    client = connect()
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}

    def add(request: Any, **_: Any) -> None:
        request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"

    client.meta.events.register("before-sign.s3.PutObject", add)
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert httpx2.put(url, content=b"x", headers=headers).status_code == 200
    refused = httpx2.put(url, content=b"x")
    assert (refused.status_code, error(refused)["Code"]) == (403, "SignatureDoesNotMatch")


def test_signed_headers_in_the_query(connect, bucket, error):
    """A signed header may be sent in the presigned query instead, as older SDKs do, or as well, but equal."""
    client = connect()

    def add(request: Any, **_: Any) -> None:
        request.url += "?x-amz-server-side-encryption=AES256"
        request.headers["x-amz-server-side-encryption"] = "AES256"

    client.meta.events.register("before-sign.s3.PutObject", add)
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert "x-amz-server-side-encryption&" in url  # among the signed headers
    assert httpx2.put(url, content=b"x").status_code == 200
    equal, other = ({"x-amz-server-side-encryption": method} for method in ("AES256", "aws:kms"))
    assert httpx2.put(url, content=b"x", headers=equal).status_code == 200
    refused = httpx2.put(url, content=b"x", headers=other)
    assert (refused.status_code, error(refused)["Code"]) == (403, "SignatureDoesNotMatch")


MALFORMED = (400, "AuthorizationQueryParametersError")

DENIED = (403, "AccessDenied")


def replaced(old: str, new: str) -> Callable[[str], str]:
    """Change a part of a URL."""
    return lambda url: url.replace(old, new)


@pytest.mark.parametrize(
    ("spoil", "refusal", "message"),
    [
        (replaced("/k?", "/l?"), (403, "SignatureDoesNotMatch"), "Check your key"),
        (replaced("X-Amz-Date=2", "X-Amz-Date=x2"), MALFORMED, "ISO8601"),
        (replaced("X-Amz-Expires=9", "X-Amz-Expires=-9"), MALFORMED, "non-negative"),
        (replaced("X-Amz-Expires=9", "X-Amz-Expires=x"), MALFORMED, "a number"),
        (replaced("X-Amz-Expires=9", "X-Amz-Expires=9999999"), MALFORMED, "less than a week"),
        (replaced("X-Amz-Expires=9", "X-Amz-Expires=0"), DENIED, "Request has expired"),
        (replaced("X-Amz-Expires=9&", ""), MALFORMED, "requires the X-Amz-Algorithm"),
        (replaced("X-Amz-Algorithm=AWS4", "X-Amz-Algorithm=AWS5"), MALFORMED, "only supports"),
        (replaced("us-west-2", "us-west-1"), MALFORMED, "the region 'us-west-1' is wrong"),
        (lambda url: url.split("?")[0], DENIED, "Access Denied"),
    ],
)
def test_presigned_urls_that_are_refused(spoil, refusal, message, client, bucket, error):
    """A presigned URL that was changed, or has expired, is refused in S3's words."""
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=9)
    response = httpx2.get(spoil(url))
    elements = error(response)
    assert (response.status_code, elements["Code"]) == refusal
    assert message in elements["Message"]


def test_headers_that_were_not_signed(client, bucket, error):
    """x-amz- headers that a presigned URL does not sign are refused by name."""
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    elements = error(httpx2.put(url, content=b"x", headers={"x-amz-acl": "public-read"}))
    assert (elements["Code"], elements["HeadersNotSigned"]) == ("AccessDenied", "x-amz-acl")
