"""Photos into the bucket and out of it."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile

import pytest
from boto3.session import Session

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.photo_bucket.errors import ObjectTooLarge
from scanner_api.storage.photo_bucket.presigning import UploadRules


class Frozen:
    """A clock that stands still."""

    def now(self):
        """Return the same moment always."""
        return datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def on_bucket(url, question, name="photos", **rules):
    """Put a question to a bucket, and close it."""
    upload_rules = UploadRules(max_bytes=1000, expires_seconds=60, **rules)
    session = Session("key", "secret")
    bucket = PhotoBucket(name, "us-west-2", upload_rules, Frozen(), endpoint_url=url, session=session)

    async def scenario():
        await bucket.connect()
        return await question(bucket)

    try:
        return asyncio.run(scenario())
    finally:
        bucket.close()


def test_what_is_put_is_what_is_got(s3):
    """A file comes back byte by byte, under its type; a key without an object is None."""
    content = bytes(range(256)) * 4096

    async def question(bucket):
        with SpooledTemporaryFile() as file:
            file.write(content)
            file.seek(0)
            await bucket.put("a.png", file, "image/png")
        return await bucket.get("a.png", 2**20), await bucket.head("a.png"), await bucket.get("b.png", 2**20)

    got, head, missing = on_bucket(s3.url, question)
    assert got == content
    assert (head.size, head.content_type) == (len(content), "image/png")
    assert missing is None


def test_an_object_over_the_bound_is_not_read(s3):
    """An object of more bytes than are expected is an error that says how many it has."""

    async def question(bucket):
        await bucket.put("large.png", io.BytesIO(b"12345"), "image/png")
        assert await bucket.get("large.png", 5) == b"12345"
        with pytest.raises(ObjectTooLarge, match="has 5 bytes; at most 4"):
            await bucket.get("large.png", 4)

    on_bucket(s3.url, question)


def test_uploads_are_held_to_the_rules_of_forms(s3):
    """What the settings ask of uploads by form, uploads through the API ask for too."""
    client = Session("key", "secret").client("s3", endpoint_url=s3.url, region_name="us-west-2")

    async def question(bucket):
        await bucket.put("kept.png", io.BytesIO(b"1"), "image/png")
        return client.head_object(Bucket="photos", Key="kept.png")

    head = on_bucket(s3.url, question, server_side_encryption="aws:kms", kms_key_id="k", acl="private")
    client.close()
    key = "arn:aws:kms:us-west-2:123456789012:key/k"  # S3 names a key by its ARN, however it was asked for
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", None])
def test_a_bucket_that_cannot_be_used_is_unavailable(s3, url):
    """With an S3 that is not there, or without the bucket in it, transfers are a 503."""
    name = "photos" if url else "nothing"

    async def question(bucket):
        with pytest.raises(ServiceUnavailable):
            await bucket.put("a.png", io.BytesIO(b"1"), "image/png")
        if url:
            with pytest.raises(ServiceUnavailable):
                await bucket.get("a.png", 10)

    on_bucket(url or s3.url, question, name)
