"""Multipart uploads: their parts, checksums and claims."""

from __future__ import annotations

import hashlib
import io
import os
from base64 import b64encode
from functools import partial

import pytest


def test_multipart_upload(client, bucket):
    """boto3 uploads a large file in parts, which come back as one."""
    content = os.urandom(17 * 1024**2)
    client.upload_fileobj(io.BytesIO(content), bucket, "large", ExtraArgs={"ContentType": "image/png"})
    got = client.get_object(Bucket=bucket, Key="large")
    assert got["Body"].read() == content
    assert (got["ETag"].rstrip('"').endswith("-3"), got["ContentType"]) == (True, "image/png")


def test_parts_that_do_not_fit(client, bucket, code):
    """CompleteMultipartUpload refuses parts that miss, are out of order or, but for the last, too small."""
    upload = {
        "Bucket": bucket,
        "Key": "k",
        "UploadId": client.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"],
    }
    client.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    etags = [client.upload_part(**upload, PartNumber=number, Body=b"x" * number)["ETag"] for number in (1, 2)]
    parts = [{"PartNumber": number + 1, "ETag": etag} for number, etag in enumerate(etags)]
    for listed, expected in (
        (parts, "EntityTooSmall"), (parts[::-1], "InvalidPartOrder"), ([], "InvalidRequest"),
        ([{"PartNumber": 1, "ETag": etags[1]}], "InvalidPart"),
        ([{"PartNumber": 3, "ETag": etags[1]}], "InvalidPart"),
    ):  # fmt: skip
        assert code(client.complete_multipart_upload, **upload, MultipartUpload={"Parts": listed}) == expected
    assert code(client.upload_part, **upload, PartNumber=10_001, Body=b"") == "InvalidArgument"
    copied = client.upload_part_copy(
        **upload, PartNumber=2, CopySource={"Bucket": bucket, "Key": "source"}, CopySourceRange="bytes=2-4"
    )
    listed = [(part["PartNumber"], part["Size"]) for part in client.list_parts(**upload)["Parts"]]
    assert listed == [(1, 1), (2, 3)]
    last = [{"PartNumber": 2, "ETag": copied["CopyPartResult"]["ETag"]}]
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": last})
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"234"
    assert code(client.upload_part, **upload, PartNumber=1, Body=b"") == "NoSuchUpload"


def test_upload_completed_twice(client, bucket):
    """A repeated completion of an upload gets the same response, and the object stays as it is."""
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]}
    upload["MultipartUpload"] = {"Parts": [part]}
    first = client.complete_multipart_upload(**upload)["ETag"]
    client.put_object(Bucket=bucket, Key="k", Body=b"newer")
    assert client.complete_multipart_upload(**upload)["ETag"] == first
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"newer"


@pytest.mark.parametrize(
    ("claim", "refusal"),
    [({"MpuObjectSize": 8}, "InvalidRequest"), ({"ChecksumCRC32": "AAAAAA=="}, "BadDigest")],
)
def test_claims_of_what_an_upload_becomes(claim, refusal, client, bucket, code):
    """A size or checksum that the whole does not have refuses its completion; a right one does not."""
    upload = {"Bucket": bucket, "Key": "k"}
    created = client.create_multipart_upload(**upload, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload["UploadId"] = created["UploadId"]
    part = client.upload_part(**upload, PartNumber=1, Body=b"test data", ChecksumAlgorithm="CRC32")
    upload["MultipartUpload"] = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    assert code(client.complete_multipart_upload, **upload, **claim) == refusal
    client.complete_multipart_upload(**upload, MpuObjectSize=9, ChecksumCRC32="0wiusg==")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"test data"


def test_aborted_upload(client, bucket, code):
    """An upload that was aborted is not there any more."""
    upload_id = client.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    client.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=1, Body=b"x")
    client.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id)
    assert code(client.abort_multipart_upload, Bucket=bucket, Key="k", UploadId=upload_id) == "NoSuchUpload"


@pytest.mark.parametrize("composite", [False, True])
def test_checksum_of_a_multipart_upload(composite, client, bucket):
    """An upload started with a checksum has it in the end: of the whole, or of the parts' checksums."""
    kind = "COMPOSITE" if composite else "FULL_OBJECT"
    created = client.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType=kind
    )
    upload = {"Bucket": bucket, "Key": "k", "UploadId": created["UploadId"]}
    part = client.upload_part(**upload, PartNumber=1, Body=b"test data", ChecksumAlgorithm="CRC32")
    listed = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]
    done = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})
    head = client.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == ("Dl3bFA==-1" if composite else "0wiusg==")
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (head["ChecksumCRC32"], kind)


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("CRC32C", "COMPOSITE"), ("SHA1", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT")]
)
def test_kind_of_checksum_that_an_algorithm_has(algorithm, kind, client, bucket):
    """Which kind of checksum an upload in parts has, where none is asked for, is up to the algorithm."""
    created = client.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert (created["ChecksumAlgorithm"], created["ChecksumType"]) == (algorithm, kind)


@pytest.mark.parametrize(
    "asked",
    [
        {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
        {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
        {"ChecksumAlgorithm": "CRC32", "ChecksumType": "HALF"},
        {"ChecksumAlgorithm": "ROT13"},
        {"ChecksumType": "COMPOSITE"},
    ],
)
def test_checksums_that_no_upload_has(asked, client, bucket, code):
    """An upload in parts is not started with a checksum that S3 does not know."""
    assert code(client.create_multipart_upload, Bucket=bucket, Key="k", **asked) == "InvalidRequest"


@pytest.mark.parametrize(
    ("checksum", "refusal"), [({}, "InvalidRequest"), ({"ChecksumCRC32": "AAAAAA=="}, "InvalidPart")]
)
def test_checksums_of_parts(checksum, refusal, client, bucket, code):
    """A checksum of the parts' checksums asks that they be listed, right, and of copied parts too."""
    source = {"Bucket": bucket, "Key": "source"}
    client.put_object(**source, Body=b"test data")
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload, ChecksumAlgorithm="CRC32")["UploadId"]
    copied = client.upload_part_copy(**upload, PartNumber=1, CopySource=source)["CopyPartResult"]
    listed = {"PartNumber": 1, "ETag": copied["ETag"]}
    complete = client.complete_multipart_upload
    assert code(complete, **upload, MultipartUpload={"Parts": [{**listed, **checksum}]}) == refusal
    listed["ChecksumCRC32"] = copied["ChecksumCRC32"]
    assert complete(**upload, MultipartUpload={"Parts": [listed]})["ChecksumCRC32"] == "Dl3bFA==-1"


def test_wrong_checksums(client, bucket, code):
    """A checksum or MD5 that is not the content's is refused, and nothing is stored."""
    assert code(client.put_object, Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32="AAAAAA==") == "BadDigest"
    assert (
        code(client.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
        == "BadDigest"
    )
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_what_a_completion_says_of_the_checksum(client, bucket, code):
    """A checksum of the parts' checksums, with their number or without, and its kind are compared."""
    one = {"Bucket": bucket, "Key": "k"}
    one["UploadId"] = client.create_multipart_upload(**one, ChecksumAlgorithm="SHA256")["UploadId"]
    part = client.upload_part(**one, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256")
    listed = {"PartNumber": 1, **{name: part[name] for name in ("ETag", "ChecksumSHA256")}}
    complete = partial(client.complete_multipart_upload, **one, MultipartUpload={"Parts": [listed]})
    wrong = b64encode(bytes(32)).decode()
    assert code(complete, ChecksumSHA256=wrong) == code(complete, ChecksumSHA256=f"{wrong}-1") == "BadDigest"
    assert code(complete, ChecksumType="FULL_OBJECT") == "InvalidRequest"
    digest = hashlib.sha256(hashlib.sha256(b"x").digest()).digest()
    right = f"{b64encode(digest).decode()}-1"
    assert complete(ChecksumSHA256=right, ChecksumType="COMPOSITE")["ChecksumSHA256"] == right
