"""Requests that are signed by hand: what boto3 does not send."""

from __future__ import annotations

import hashlib
import http.client
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PUBLIC = (
    '{"Statement": [{"Effect": "%s", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::%s/*"}]}'
)


@pytest.fixture
def send(server: Any, keys: Any, sign: Callable[..., str]) -> Callable[..., httpx2.Response]:
    """Sign and send a request, as the documentation says, step by step."""

    def send(
        method: str,
        target: str,
        body: bytes = b"",
        *,
        at: datetime | None = None,
        date: str | None = None,
        sent: bytes | Iterator[bytes] | None = None,
        **more: str,
    ) -> httpx2.Response:
        now = at or datetime.now(UTC)
        time, path, query = f"{now:%Y%m%dT%H%M%SZ}", *target.partition("?")[::2]
        headers = {
            "host": urlsplit(server.url).netloc,
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            **({"x-amz-date": time} if date is None else {"date": date}),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        names = sorted(headers)
        lines = [f"{name}:{headers[name]}" for name in names]
        canonical = [method, path, query, *lines, "", ";".join(names), headers["x-amz-content-sha256"]]
        scope = f"{now:%Y%m%d}/{keys.region}/s3/aws4_request"
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"
        signature = sign(text, keys.secret, f"{now:%Y%m%d}", keys.region)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={keys.access}/{scope},"
            f"SignedHeaders={';'.join(names)},Signature={signature}"
        )
        return httpx2.request(method, server.url + target, content=sent or body, headers=headers)

    return send


def test_date_header(send, bucket):
    """The time may be in the header Date instead of x-amz-date."""
    now = datetime.now(UTC)
    put = partial(send, "PUT", f"/{bucket}/k", b"x", at=now)
    assert put(date=format_datetime(now, usegmt=True)).status_code == 200
    for date in ("yesterday", "Fri, 31 Dec 9999 23:59:59 -2300"):
        refused = put(date=date)
        assert (refused.status_code, "valid Date or x-amz-date" in refused.text) == (403, True)


@pytest.mark.parametrize("minutes", [-16, 16])
def test_clock_that_is_wrong(minutes, send, bucket, error):
    """A request signed more than a quarter of an hour off is too skewed."""
    response = send("PUT", f"/{bucket}/k", b"x", at=datetime.now(UTC) + timedelta(minutes=minutes))
    elements = error(response)
    assert (response.status_code, elements["Code"]) == (403, "RequestTimeTooSkewed")
    assert elements["MaxAllowedSkewMilliseconds"] == "900000"


@pytest.mark.parametrize("empty", ["max-parts", "part-number-marker"])
def test_empty_parameters_of_a_list_of_parts(empty, send, client, bucket):
    """An empty number is none."""
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    client.upload_part(**upload, PartNumber=1, Body=b"x")
    response = send("GET", f"/{bucket}/k?{empty}=&uploadId={upload['UploadId']}")
    assert (response.status_code, response.text.count("<Part>")) == (200, 1)


def test_body_that_was_not_signed(send, bucket, error, client):
    """A body with another SHA-256 than the signed one is refused, and not stored."""
    response = send("PUT", f"/{bucket}/k", b"x", sent=b"y")
    assert error(response)["Code"] == "XAmzContentSHA256Mismatch"
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


TRAILER = {
    "content_encoding": "aws-chunked",
    "x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x_amz_decoded_content_length": "9",
    "x_amz_trailer": "x-amz-checksum-crc32",
}
CHUNKS = b"9\r\ntest data\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n"


def test_a_plus_in_the_source_of_a_copy_is_a_space(send, bucket, client):
    """As in a query; a plus itself is encoded."""
    client.put_object(Bucket=bucket, Key="a b+", Body=b"x")
    for source in ("a+b%2B", "a%20b%2B"):
        response = send("PUT", f"/{bucket}/copy", x_amz_copy_source=f"/{bucket}/{source}")
        assert response.status_code == 200


def test_a_trailer_that_is_declared_comes(send, bucket, client, error):
    """A checksum that was announced and is not sent verifies nothing: nothing is stored."""
    response = send("PUT", f"/{bucket}/k", sent=b"9\r\ntest data\r\n0\r\n\r\n", **TRAILER)
    assert (response.status_code, error(response)["Code"]) == (400, "MalformedTrailerError")
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("in_pieces", [False, True])
def test_streamed_with_a_trailer(in_pieces, send, bucket, client):
    """A body in aws-chunked coding, with or without HTTP's own chunks, is stored decoded."""
    body = CHUNKS % b"0wiusg=="
    pieces = (body[at : at + 7] for at in range(0, len(body), 7))
    response = send("PUT", f"/{bucket}/k", sent=pieces if in_pieces else body, **TRAILER)
    assert response.status_code == 200
    got = client.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"test data"
    assert "ContentEncoding" not in got


@pytest.mark.parametrize(
    ("body", "more", "code"),
    [
        (CHUNKS % b"AAAAAA==", {}, "BadDigest"),
        (CHUNKS % b"0wiusg==", {"x_amz_decoded_content_length": "8"}, "IncompleteBody"),
        (CHUNKS % b"0wiusg==", {"x_amz_content_sha256": "nonsense"}, "InvalidArgument"),
    ],
)
def test_streamed_wrongly(body, more, code, send, bucket, error):
    """A trailing checksum, a decoded length and the word for what is signed are verified."""
    response = send("PUT", f"/{bucket}/k", sent=body, **{**TRAILER, **more})
    assert error(response)["Code"] == code


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("Bearer token", "InvalidArgument"),
        ("AWS4-HMAC-SHA256 Credential=a", "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b", "InvalidRequest"),
        ("", "InvalidArgument"),
    ],
)
def test_authorization_headers_that_are_none(authorization, code, server, bucket, error):
    """An Authorization header of another kind or with parts missing is distinguished."""
    response = httpx2.get(f"{server.url}/{bucket}/k", headers={"Authorization": authorization})
    assert error(response)["Code"] == code


@pytest.mark.parametrize(
    "name",
    [
        "ab", "Upper", "under_score", "-dash", "a" * 64, "192.168.1.1", "two..dots", "xn--photos", "sthree-a",
        "photos-s3alias", "photos--ol-s3",
    ],
)  # fmt: skip
def test_names_that_no_bucket_may_have(name, send, error):
    """A bucket name that S3 does not take is refused."""
    response = send("PUT", f"/{name}")
    assert (response.status_code, error(response)["Code"]) == (400, "InvalidBucketName")


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "code"),
    [
        ("PATCH", "", b"", 405, "MethodNotAllowed"),
        ("PATCH", "/k", b"", 405, "MethodNotAllowed"),
        ("GET", "/k?torrent=", b"", 501, "NotImplemented"),
        ("POST", "/k?restore=", b"<RestoreRequest/>", 501, "NotImplemented"),
        ("PUT", "/k?tagging=", b"<Tagging>", 404, "NoSuchKey"),
        ("POST", "/k?uploadId=u", b"<CompleteMultipartUpload>", 400, "MalformedXML"),
        ("GET", "/no%00thing", b"", 404, "NoSuchKey"),
        ("PUT", "?policy=", b"no JSON", 400, "MalformedPolicy"),
        ("PUT", "?policy=", b"[]", 400, "MalformedPolicy"),
        ("PUT", "?policy=", bytes(4 * 1024**2 + 1), 400, "MaxMessageLengthExceeded"),
    ],
)
def test_requests_that_make_no_sense(method, target, body, status, code, send, bucket, error):
    """What is signed well may still be asked wrongly."""
    response = send(method, f"/{bucket}{target}", body)
    assert (response.status_code, error(response)["Code"]) == (status, code)


@pytest.mark.parametrize("source", ["", "/", "bucket", "bucket/", "http://[/"])
def test_sources_that_name_no_object(source, send, bucket, error):
    """A copy has to name bucket and key of what it copies."""
    response = send("PUT", f"/{bucket}/k", x_amz_copy_source=source)
    assert (response.status_code, error(response)["ArgumentName"]) == (400, "x-amz-copy-source")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_nothing_is_done_to_the_service(method, send, error):
    """Where no bucket is named, buckets can be listed and nothing else."""
    response = send(method, "/")
    assert (response.status_code, error(response)["ResourceType"]) == (405, "SERVICE")


def test_a_denying_policy_stops_forms(client, bucket, form, post, error):
    """A bucket policy that denies everyone's uploads denies a form that is signed well."""
    client.put_bucket_policy(Bucket=bucket, Policy=PUBLIC % ("Deny", bucket))
    response = post(form)
    assert (response.status_code, error(response)["Code"]) == (403, "AccessDenied")


def test_an_allowing_policy_takes_forms(client, bucket, form, post):
    """A bucket policy that allows everyone's uploads takes a form that nobody signed."""
    client.put_bucket_policy(Bucket=bucket, Policy=PUBLIC % ("Allow", bucket))
    form.fields = {"key": "k"}
    assert post(form).status_code == 204


def test_a_body_of_no_announced_length(server, bucket, client, error):
    """A PUT that announces no length at all has none that S3 would take."""
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    connection.putrequest("PUT", url.removeprefix(server.url))
    connection.endheaders()
    received = connection.getresponse()
    response = httpx2.Response(received.status, headers=received.getheaders(), content=received.read())
    connection.close()
    assert (response.status_code, error(response)["Code"]) == (411, "MissingContentLength")


def post_raw(server: Any, form: Any, body: bytes, *headers: str) -> bytes:
    """Send a form's head and a body, and nothing more; return the whole response."""
    host = urlsplit(server.url)
    media_type = f"Content-Type: multipart/form-data; boundary={form.boundary}"
    lines = (f"POST /{form.bucket} HTTP/1.1", f"Host: {host.netloc}", media_type, *headers, "", "")
    with socket.create_connection((host.hostname, host.port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_form_in_chunks(server, form, client):
    """A form must announce its length, even if its chunks are whole."""
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(form.body()), form.body())
    response = post_raw(server, form, body, "Transfer-Encoding: chunked")
    assert (response[:12], b"<Code>MissingContentLength" in response) == (b"HTTP/1.1 411", True)
    assert client.list_objects_v2(Bucket=form.bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("missing", "announced", "code"),
    [(4, 4, b"MalformedPOSTRequest"), (4, 0, b"IncompleteBody"), (1, 0, b"IncompleteBody")],
)
def test_form_whose_end_is_missing(missing, announced, code, server, form, client):
    """A form without its last bytes is refused: by its boundary, or by its length if that counts them."""
    body = form.body()[:-missing]
    length = f"Content-Length: {len(body) + missing - announced}"
    response = post_raw(server, form, body, length)
    assert (response[:12], b"<Code>%s</Code>" % code in response) == (b"HTTP/1.1 400", True)
    assert client.list_objects_v2(Bucket=form.bucket)["KeyCount"] == 0
