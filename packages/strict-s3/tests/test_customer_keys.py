"""Encryption with a key of the customer's: who has not the key cannot read."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import httpx2
import pytest

from .conftest import refusal_of

KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
OTHER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"o" * 32}
ENCRYPTION = "x-amz-server-side-encryption"


def test_only_who_has_the_key_reads(client, bucket):
    """An object is read and copied with its key alone; responses name its MD5."""
    one = {"Bucket": bucket, "Key": "k"}
    put = client.put_object(**one, Body=b"secret", **KEY)
    md5 = b64encode(hashlib.md5(b"k" * 32, usedforsecurity=False).digest()).decode()
    assert (put["SSECustomerKeyMD5"], put.get("ServerSideEncryption")) == (md5, None)
    assert client.get_object(**one, **KEY)["Body"].read() == b"secret"
    assert client.head_object(**one, **KEY)["SSECustomerKeyMD5"] == md5
    assert refusal_of(client.get_object, **one) == (400, "InvalidRequest")
    assert refusal_of(client.head_object, **one)[0] == 400
    assert refusal_of(client.get_object, **one, **OTHER) == (403, "AccessDenied")
    size = {**one, "ObjectAttributes": ["ObjectSize"]}
    encoded = {
        "SSECustomerKey": b64encode(b"k" * 32).decode(),
        "SSECustomerKeyMD5": md5,
    }  # boto3 does not here
    assert client.get_object_attributes(**size, **KEY | encoded)["ObjectSize"] == 6
    assert refusal_of(client.get_object_attributes, **size) == (400, "InvalidRequest")
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": one}
    assert refusal_of(client.copy_object, **copy) == (400, "InvalidRequest")
    source = {f"CopySource{name}": value for name, value in KEY.items()}
    client.copy_object(**copy, **source, **OTHER)
    assert client.get_object(Bucket=bucket, Key="copy", **OTHER)["Body"].read() == b"secret"
    client.copy_object(**copy | {"Key": "plain"}, **source)
    assert client.get_object(Bucket=bucket, Key="plain")["ServerSideEncryption"] == "AES256"
    assert refusal_of(client.get_object, Bucket=bucket, Key="plain", **KEY) == (400, "InvalidRequest")


def test_parts_have_the_key_of_their_upload(client, bucket):
    """A part has the key that its upload began with, and so has the object."""
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload, **KEY)["UploadId"]
    part = {**upload, "PartNumber": 1, "Body": b"x"}
    assert refusal_of(client.upload_part, **part) == (400, "InvalidRequest")
    assert refusal_of(client.upload_part, **part, **OTHER) == (400, "InvalidRequest")
    etag = client.upload_part(**part, **KEY)["ETag"]
    client.put_object(Bucket=bucket, Key="source", Body=b"y")
    copied = {**upload, "PartNumber": 2, "CopySource": f"{bucket}/source"}
    assert client.upload_part_copy(**copied, **KEY)["SSECustomerKeyMD5"]
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert refusal_of(client.get_object, Bucket=bucket, Key="k") == (400, "InvalidRequest")
    assert client.get_object(Bucket=bucket, Key="k", **KEY)["Body"].read() == b"x"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"algorithm": "AES256"}, "InvalidArgument"),
        ({"algorithm": "AES256", "key": b64encode(b"k" * 32).decode()}, "InvalidArgument"),
        ({"key": b64encode(b"k" * 32).decode(), "key-md5": "AAAA"}, "InvalidArgument"),
        ({"algorithm": "AES256", "key": b64encode(b"k" * 32).decode(), "key-md5": "AAAA"}, "InvalidArgument"),
        ({"algorithm": "AES256", "key": "short", "key-md5": "AAAA"}, "InvalidArgument"),
        ({"algorithm": "DES", "key": "short", "key-md5": "AAAA"}, "InvalidEncryptionAlgorithmError"),
    ],
)
def test_headers_that_make_no_key(headers, code, connect, bucket):
    """Algorithm, key and MD5 come together, and fit each other."""
    client = connect()
    named = {f"{ENCRYPTION}-customer-{name}": value for name, value in headers.items()}

    def say(params, **_):
        params["headers"].update(named)

    client.meta.events.register("before-call.s3.PutObject", say)
    assert refusal_of(client.put_object, Bucket=bucket, Key="k", Body=b"x") == (400, code)


def test_one_encryption_at_a_time(client, bucket):
    """A customer's key excludes Amazon's; a request to read does not say how to encrypt."""
    both = {"Bucket": bucket, "Key": "k", "Body": b"x", "ServerSideEncryption": "AES256", **KEY}
    assert refusal_of(client.put_object, **both) == (400, "InvalidArgument")
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert httpx2.get(url).status_code == 200

    def encrypt(params, **_):
        params["headers"][ENCRYPTION] = "AES256"

    for operation, read in (("GetObject", client.get_object), ("HeadObject", client.head_object)):
        client.meta.events.register(f"before-call.s3.{operation}", encrypt)
        try:
            assert refusal_of(read, Bucket=bucket, Key="k")[0] == 400
        finally:
            client.meta.events.unregister(f"before-call.s3.{operation}", encrypt)
