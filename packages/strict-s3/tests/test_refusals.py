"""What S3 refuses of content and its checksums, sent as no client would."""

from base64 import b64encode
from zlib import crc32

import httpx2
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .conftest import ACCESS_KEY, REGION, SECRET_KEY, code_of

TRAILER = "x-amz-trailer"
LENGTH = "x-amz-decoded-content-length"
CRC32 = "x-amz-checksum-crc32"


@pytest.fixture
def stream(server, bucket):
    """Put an object in the coding of AWS's SDKs, and return status and code."""

    def stream(*chunks, trailers=(), **headers):
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n"
        body += b"".join(f"{name}:{value}\r\n".encode() for name, value in trailers) + b"\r\n"
        length = {LENGTH: str(sum(map(len, chunks)))}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {"content-encoding": "aws-chunked", **length, **headers}
        headers = {name: value for name, value in headers.items() if value}
        request = AWSRequest("PUT", f"{server.url}/{bucket}/k", headers, body)
        request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
        S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION).add_auth(request)
        response = httpx2.put(request.url, content=body, headers=dict(request.headers))
        return response.status_code, response.text.partition("<Code>")[2].partition("<")[0]

    return stream


def test_chunks_and_trailers(stream):
    """The last chunk may be small; a trailer that is announced is sent."""
    assert stream(b"x" * 8192, b"y") == (200, "")
    checksum = b64encode(crc32(b"x").to_bytes(4, "big")).decode()
    assert stream(b"x", trailers=[(CRC32, checksum)], x_amz_trailer=CRC32) == (200, "")
    assert stream(b"y", trailers=[(CRC32, checksum)], x_amz_trailer=CRC32) == (400, "BadDigest")


def test_chunks_without_the_length_of_the_content(stream):
    """It cannot be known of what is sent in chunks."""
    assert stream(b"x", **{LENGTH.replace("-", "_"): ""}) == (411, "MissingContentLength")


def test_chunks_that_are_too_small(stream):
    """Only the last one may be."""
    assert stream(b"x" * 8191, b"y") == (403, "InvalidChunkSizeError")


@pytest.mark.parametrize(
    ("trailers", "announced"),
    [
        ([], CRC32),
        ([(CRC32, "jNwjgw==")], ""),
        ([(CRC32, "jNwjgw=="), ("x-amz-meta-a", "1")], CRC32),
        ([("x-amz-checksum-sha1", "jNwjgw==")], CRC32),
    ],
)
def test_trailers_that_are_not_those_announced(trailers, announced, stream):
    """They are announced and missing, or not announced."""
    assert stream(b"x", trailers=trailers, x_amz_trailer=announced) == (400, "MalformedTrailerError")


@pytest.mark.parametrize("name", ["SHA512", "MD5"])
def test_checksums_of_today(name, client, bucket, send):
    """Those that botocore's model has, and that need no library of their own."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    copied = client.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", ChecksumAlgorithm=name)[
        "CopyObjectResult"
    ]
    read = client.get_object(Bucket=bucket, Key="copy", ChecksumMode="Enabled")
    assert read[f"Checksum{name}"] == copied[f"Checksum{name}"]
    headers = {f"x-amz-checksum-{name.lower()}": read[f"Checksum{name}"]}
    assert send("PUT", f"{bucket}/again", b"x", **headers).status_code == 200
    assert "BadDigest" in send("PUT", f"{bucket}/again", b"y", **headers).text


@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_storage_classes_that_need_a_restore(name, client, bucket):
    """There is no restore here."""
    assert code_of(client.put_object, Bucket=bucket, Key="k", StorageClass=name) == "NotImplemented"
    assert (
        code_of(client.create_multipart_upload, Bucket=bucket, Key="k", StorageClass=name) == "NotImplemented"
    )
    client.put_object(Bucket=bucket, Key="k", StorageClass="GLACIER_IR")
