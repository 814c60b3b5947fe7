"""The photo bucket, in an S3 that responds and in some that do not."""

from __future__ import annotations

import asyncio
import runpy
import socket
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from boto3.session import Session
from botocore.client import BaseClient

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.messages.traces import CURRENT, Trace
from scanner_api.storage.photo_bucket import bucket
from scanner_api.storage.photo_bucket.bucket import PhotoBucket, StoredObject
from scanner_api.storage.photo_bucket.errors import DeletionRefused
from scanner_api.storage.photo_bucket.presigning import UploadRules

http_server = runpy.run_path(str(Path(__file__).parents[2] / "services" / "http_server.py"))["http_server"]
NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


class Frozen:
    """A clock that stands still."""

    def now(self):
        """Return the same moment always."""
        return NOW


def photo_bucket(endpoint_url, name="photos"):
    """Return a bucket with credentials, at an endpoint."""
    rules = UploadRules(max_bytes=1000, expires_seconds=60)
    session = Session("key", "secret")
    return PhotoBucket(name, "us-west-2", rules, Frozen(), endpoint_url=endpoint_url, session=session)


def ask(photos, question):
    """Connect, put a question to the bucket, and close it."""

    async def scenario():
        await photos.connect()
        return await question(photos)

    try:
        return asyncio.run(scenario())
    finally:
        photos.close()


def test_a_form_has_all_its_fields():
    """A form is for the key, the type and the fields that it was asked for, at the time of the clock."""
    fields = {"x-amz-meta-session-id": "2b3c"}
    bucket_of_photos = photo_bucket("http://127.0.0.1:9")
    form = ask(bucket_of_photos, lambda photos: photos.presign("k.png", "image/png", fields))
    assert (bucket_of_photos.forms, bucket_of_photos.calls) == (1, {})
    assert form.url == "http://127.0.0.1:9/photos"
    assert form.expires_in == 60
    assert form.fields["x-amz-date"] == "20260314T150926Z"
    assert form.fields.items() >= {**fields, "key": "k.png", "Content-Type": "image/png"}.items()


def test_an_object_is_seen_as_it_is(s3):
    """The head of an object has its size, type and ETag; one that is not there is None."""
    client = Session("key", "secret").client("s3", endpoint_url=s3.url, region_name="us-west-2")
    put = client.put_object(Bucket="photos", Key="a/b.png", Body=b"12345", ContentType="image/png")
    client.close()

    async def question(photos):
        return await photos.head("a/b.png"), await photos.head("a/c.png")

    photos = photo_bucket(s3.url)
    found, missing = ask(photos, question)
    assert photos.calls == {("head_object", "ok"): 1, ("head_object", "missing"): 1}
    assert found == StoredObject(size=5, content_type="image/png", etag=put["ETag"])
    assert missing is None


@pytest.mark.parametrize(
    ("content", "calls"), [(b"12345", ["GetObject"]), (b"", ["GetObject", "HeadObject"])]
)
def test_the_beginning_of_an_object_comes_with_its_metadata(s3, content, calls, monkeypatch):
    """One request reads both; of an empty object, which has no first byte, another one reads its metadata."""
    client = Session("key", "secret").client("s3", endpoint_url=s3.url, region_name="us-west-2")
    put = client.put_object(Bucket="photos", Key="begin.png", Body=content, ContentType="image/png")
    client.close()
    made, call = [], BaseClient._make_api_call

    def noted(self, operation, parameters):
        made.append(operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)

    async def question(photos):
        return await photos.begin("begin.png", 3)

    stored = StoredObject(size=len(content), content_type="image/png", etag=put["ETag"])
    assert ask(photo_bucket(s3.url), question) == (stored, content[:3])
    assert made == calls


@pytest.mark.parametrize(
    ("offset", "status", "fields", "sent"),
    [
        (0, 206, {"Content-Length": "1000", "Content-Range": "bytes 0-999/5000"}, 400),
        (0, 206, {"Content-Length": "400", "Content-Range": "bytes 0-399/*"}, 400),
        (0, 206, {"Content-Length": "400"}, 400),
        (800, 200, {"Content-Length": "5000"}, 5000),
    ],
)
def test_a_part_that_is_cut_short_or_of_unknown_size_or_another_is_a_503(offset, status, fields, sent):
    """What is no photo by its bytes may be one, and the size is stored with the photo."""

    def respond(request):
        request.send_response(status)
        for name, value in {**fields, "ETag": '"a"'}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(bytes(sent))
        request.close_connection = True

    with http_server(respond) as url, pytest.raises(ServiceUnavailable):
        ask(photo_bucket(url), lambda photos: photos.begin("a/c.png", 4096, offset))


def test_there_is_no_beginning_of_nothing(s3):
    """An object that is not there is None."""
    assert ask(photo_bucket(s3.url), lambda photos: photos.begin("a/c.png", 3)) is None


def test_many_objects_are_deleted_at_once(s3):
    """A thousand keys are one call; those that are not there are no error, and others stay."""
    client = Session("key", "secret").client("s3", endpoint_url=s3.url, region_name="us-west-2")
    for key in ("many/1", "many/2", "many/3"):
        client.put_object(Bucket="photos", Key=key, Body=b"1")
    keys = ["many/1", "many/3", *(f"missing/{number}" for number in range(998))]
    ask(photo_bucket(s3.url), lambda photos: photos.delete_many(keys))
    left = client.list_objects_v2(Bucket="photos", Prefix="many/")["Contents"]
    client.close()
    assert [each["Key"] for each in left] == ["many/2"]


def test_objects_that_s3_does_not_delete(s3, monkeypatch, caplog):
    """A 200 with errors counts as failed, and the first object is named with its reason, in the log too."""
    errors = [{"Key": key, "Code": "AccessDenied"} for key in ("b", "c")]
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *_: {"Errors": errors})
    photos = photo_bucket(s3.url)
    with pytest.raises(DeletionRefused, match="S3 does not delete b: AccessDenied"):
        ask(photos, lambda photos: photos.delete_many(["a", "b", "c"]))
    assert photos.calls == {("delete_objects", "failed"): 1}
    assert "S3 does not delete b: AccessDenied. Objects that stay: 2 of 3" in caplog.text


def test_objects_of_a_bucket_that_is_not_there(s3):
    """A bucket that does not exist is no bucket whose objects are deleted."""
    with pytest.raises(ServiceUnavailable, match="does not exist"):
        ask(photo_bucket(s3.url, "elsewhere"), lambda photos: photos.delete_many(["key"]))


def test_many_heads_at_once_share_the_threads(s3):
    """More heads than there are threads wait for their turn."""

    async def question(photos):
        return await asyncio.gather(*[photos.head(f"missing-{number}") for number in range(20)])

    assert ask(photo_bucket(s3.url), question) == [None] * 20


def test_a_bucket_that_is_there_responds_to_a_ping(s3):
    """A ping of the bucket succeeds."""
    assert ask(photo_bucket(s3.url), lambda photos: photos.ping()) is None


def test_a_bucket_that_is_not_there_fails_a_ping(s3):
    """A ping says that the bucket does not exist."""
    with pytest.raises(ServiceUnavailable, match="does not exist"):
        ask(photo_bucket(s3.url, "elsewhere"), lambda photos: photos.ping())


@contextmanager
def refusing():
    """Give the port of a socket that takes no connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def silent():
    """Give the port of a socket that takes connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("server", [refusing, silent])
@pytest.mark.parametrize("question", [lambda photos: photos.ping(), lambda photos: photos.head("key")])
def test_an_s3_that_does_not_respond_is_a_503(monkeypatch, server, question):
    """No response, in time or at all, is a problem that says no more than that."""
    monkeypatch.setattr(bucket, "_SECONDS", 0.5)
    with server() as port, pytest.raises(ServiceUnavailable, match=r"^The photo bucket does not respond\.$"):
        ask(photo_bucket(f"http://127.0.0.1:{port}"), question)


@contextmanager
def refusing_all():
    """Yield the URL of a server that responds with 403 to everything, and the headers of its requests."""
    seen = []

    def respond(request):
        seen.append(request.headers)
        request.send_error(403)

    with http_server(respond) as url:
        yield url, seen


def test_a_refusal_is_a_503():
    """An S3 that responds neither 200 nor 404 is a problem too, which tells nothing of our permissions."""
    message = r"^The photo bucket does not respond\.$"
    with refusing_all() as (url, _), pytest.raises(ServiceUnavailable, match=message):
        ask(photo_bucket(url), lambda photos: photos.head("key"))


def test_calls_are_part_of_the_trace_of_a_request():
    """S3 gets the trace of the request that asks, with a parent of our own; without one, nothing."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    async def asked(photos):
        for current in (None, Trace(trace, "01", "vendor=1")):
            CURRENT.set(current)
            with pytest.raises(ServiceUnavailable):
                await photos.head("key")

    with refusing_all() as (url, seen):
        photos = photo_bucket(url)
        ask(photos, asked)
    assert photos.calls == {("head_object", "failed"): 2}
    without, within = seen
    assert "traceparent" not in without
    assert within["traceparent"].startswith(f"00-{trace}-")
    assert within["tracestate"] == "vendor=1"
