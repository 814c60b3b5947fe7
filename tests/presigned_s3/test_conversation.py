"""boto3 talks to the mock as it would to S3."""

from __future__ import annotations

import http.client
import io
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "photos/ünï cöde+%2F&=?#.png"


def code(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the code of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error: str = caught.value.response["Error"]["Code"]
    return error


def test_put_and_get(client, bucket):
    """An object comes back with its content, type and metadata, under a key of any characters."""
    put = client.put_object(
        Bucket=bucket, Key=KEY, Body=b"0123456789", ContentType="image/png",
        ContentEncoding="gzip", Metadata={"my_key": "v", "b": "w"},
    )  # fmt: skip
    got = client.get_object(Bucket=bucket, Key=KEY, ChecksumMode="ENABLED")
    assert got["Body"].read() == b"0123456789"
    assert (got["ETag"], got["ContentType"], got["ContentEncoding"]) == (put["ETag"], "image/png", "gzip")
    assert got["ServerSideEncryption"] == "AES256"
    assert got["ChecksumCRC32"] == put["ChecksumCRC32"]
    assert got["Metadata"] == {"my_key": "v", "b": "w"}
    assert [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]] == [KEY]


@pytest.mark.parametrize(
    ("range_", "content", "content_range"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=4-2", b"0123456789", None),
        ("bytes=-", b"0123456789", None),
        ("lines=1-2", b"0123456789", None),
    ],
)
def test_ranges(range_, content, content_range, client, bucket):
    """A range is served as S3 serves it; one that makes no sense is no range."""
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = client.get_object(Bucket=bucket, Key="k", Range=range_)
    assert (got["Body"].read(), got.get("ContentRange")) == (content, content_range)
    assert client.head_object(Bucket=bucket, Key="k", Range=range_)["ContentLength"] == len(content)


def test_checksums_in_responses(connect, bucket):
    """A response has the checksum of its whole body if it is requested, and nothing else of checksums."""
    client = connect(response_checksum_validation="when_required")
    put = client.put_object(Bucket=bucket, Key="k", Body=b"0123456789", ChecksumAlgorithm="SHA256")
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload, ChecksumAlgorithm="SHA256")["UploadId"]
    part = client.upload_part(**upload, PartNumber=1, Body=b"0123456789", ChecksumAlgorithm="SHA256")
    parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}]
    whole = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    for key, checksum in (("k", put["ChecksumSHA256"]), ("parts", whole["ChecksumSHA256"])):
        for more, expected in (
            ({}, set()),
            ({"ChecksumMode": "ENABLED", "Range": "bytes=2-4"}, set()),
            ({"ChecksumMode": "ENABLED"}, {"x-amz-checksum-sha256"}),
        ):
            for read in (client.get_object, client.head_object):
                got = read(Bucket=bucket, Key=key, **more)
                headers = got["ResponseMetadata"]["HTTPHeaders"]
                names = {name for name in headers if "checksum" in name or name == "content-md5"}
                assert names - {"x-amz-checksum-type"} == expected
                assert got.get("ChecksumSHA256") == (checksum if expected else None)


def test_checksum_of_an_object_whose_client_names_none(connect, bucket, form, post):
    """Without a checksum of the client's, an object has the default one, however it came."""
    client = connect(request_checksum_calculation="when_required")
    put = client.put_object(Bucket=bucket, Key="k", Body=b"test data")
    form.send(b"test data")
    posted = post(form).headers
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part(**upload, PartNumber=1, Body=b"test data")["ETag"]}
    completed = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    heads = [
        client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        for key in ("k", form.fields["key"], "parts")
    ]
    for response in (put, completed, *heads):
        assert (response["ChecksumCRC64NVME"], response["ChecksumType"]) == ("rsrzr5yYqFU=", "FULL_OBJECT")
    assert posted["x-amz-checksum-crc64nvme"] == "rsrzr5yYqFU="
    assert posted["x-amz-checksum-type"] == "FULL_OBJECT"


def test_range_beyond_the_end(client, bucket):
    """A range that begins after the end is an InvalidRange."""
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert code(client.get_object, Bucket=bucket, Key="k", Range="bytes=10-") == "InvalidRange"


def test_conditional_requests(client, bucket):
    """If-Match and If-None-Match are honoured for reading and for writing."""
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    assert code(client.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == "304"
    assert code(client.get_object, Bucket=bucket, Key="k", IfMatch='"other"') == "PreconditionFailed"
    assert code(client.put_object, Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*") == "PreconditionFailed"
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize("form", ["{}", '"{}"', 'W/"{}"', '"other", {}', "*"])
def test_forms_of_etags(form, client, bucket):
    """An ETag in a precondition may lack its quotes, or be one of several."""
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"].strip('"')
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    listed = form.format(etag)
    assert httpx.get(url, headers={"If-Match": listed}).content == b"x"
    response = httpx.get(url, headers={"If-None-Match": listed})
    assert (response.status_code, response.headers["ETag"]) == (304, f'"{etag}"')
    head = {"Bucket": bucket, "Key": "k"}
    assert client.head_object(**head, IfMatch=listed)["ETag"] == f'"{etag}"'
    assert code(client.head_object, **head, IfNoneMatch=listed) == "304"
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/k"}
    assert client.copy_object(**copy, CopySourceIfMatch=listed)["CopyObjectResult"]["ETag"] == f'"{etag}"'
    with pytest.raises(ClientError) as caught:
        client.copy_object(**copy, CopySourceIfNoneMatch=listed)
    assert caught.value.response["Error"]["Condition"] == "x-amz-copy-source-If-None-Match"


def test_dates_that_are_none(client, bucket):
    """A precondition whose date cannot be read is no precondition."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert httpx.get(url, headers={"If-Unmodified-Since": "long ago"}).status_code == 200


def test_modified_since(client, bucket):
    """An object that is not modified since a time is not copied; a time to come is passed over."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    modified = client.head_object(Bucket=bucket, Key="k")["LastModified"]
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "k"}}
    assert code(client.copy_object, **copy, CopySourceIfModifiedSince=modified) == "PreconditionFailed"
    later = datetime.now(UTC) + timedelta(days=1)
    client.copy_object(**copy, CopySourceIfModifiedSince=later)
    assert client.get_object(Bucket=bucket, Key="copy", IfModifiedSince=later)["Body"].read() == b"x"


DISPOSITION = "attachment; filename=фото.png"


def test_headers_that_are_not_ascii(client, bucket, form, post):
    """A header may be UTF-8: in a request, where it is signed so, in a form, and in the response."""
    where = {"Bucket": bucket, "Key": "k"}
    url = client.generate_presigned_url("put_object", Params={**where, "ContentDisposition": DISPOSITION})
    headers = {"Content-Disposition": DISPOSITION.encode(), "Cache-Control": "größer".encode()}
    assert httpx.put(url, content=b"x", headers=headers).status_code == 200
    form.allow({"Content-Disposition": DISPOSITION, "Cache-Control": "größer"})
    assert post(form).status_code == 204
    for key in ("k", form.fields["key"]):
        got = httpx.get(client.generate_presigned_url("get_object", Params={**where, "Key": key}))
        raw = {name.lower(): value.decode() for name, value in got.headers.raw}
        assert (raw[b"content-disposition"], raw[b"cache-control"]) == (DISPOSITION, "größer")


def test_a_conditional_upload_in_parts(client, bucket):
    """If-Match and If-None-Match hold for an upload in parts, which else would replace an object."""
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part(**upload, PartNumber=1, Body=b"y")["ETag"]}
    upload["MultipartUpload"] = {"Parts": [part]}
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"other"'}):
        assert code(client.complete_multipart_upload, **upload, **condition) == "PreconditionFailed"
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    done = client.complete_multipart_upload(**upload, IfMatch=etag)
    assert done["ServerSideEncryption"] == "AES256"
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"y"


@pytest.mark.parametrize("deletes", [False, True])
def test_an_upload_in_parts_that_another_overtook(deletes, client, bucket):
    """A conditional upload in parts is refused where its object was changed since it began, even back."""
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part(**upload, PartNumber=1, Body=b"y")["ETag"]}
    upload["MultipartUpload"] = {"Parts": [part]}
    if deletes:
        client.delete_object(Bucket=bucket, Key="k")
    else:
        client.put_object(Bucket=bucket, Key="k", Body=b"x")
    condition = {"IfNoneMatch": "*"} if deletes else {"IfMatch": etag}
    assert code(client.complete_multipart_upload, **upload, **condition) == "ConditionalRequestConflict"
    client.complete_multipart_upload(**upload)


@pytest.mark.parametrize(
    ("conditions", "header", "message"),
    [
        ({"IfMatch": "*"}, "If-Match", "We don't accept the provided value of If-Match header for this API"),
        (
            {"IfNoneMatch": '"etag"'},
            "If-None-Match",
            "We don't accept the provided value of If-None-Match header for this API",
        ),
        (
            {"IfMatch": '"etag"', "IfNoneMatch": "*"},
            "If-Match,If-None-Match",
            "Multiple conditional request headers present in the request",
        ),
    ],
)
def test_conditions_that_no_upload_has(conditions, header, message, client, bucket):
    """An upload has one condition: If-Match with an ETag, or If-None-Match with a star."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket=bucket, Key="k", Body=b"y", **conditions)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Header"], error["additionalMessage"]) == ("NotImplemented", header, message)
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_conditional_upload_without_an_object(client, bucket):
    """What is to be replaced has to be there; the error names it."""
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket=bucket, Key="k", IfMatch='"etag"')
    error = caught.value.response["Error"]
    assert (error["Code"], error["Key"]) == ("NoSuchKey", "k")


EARLY, LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize(
    "condition",
    [
        {"CopySourceIfMatch": '"other"'},
        {"CopySourceIfNoneMatch": '"9dd4e461268c8034f5c8564e155c67a6"'},
        {"CopySourceIfUnmodifiedSince": EARLY},
        {"IfNoneMatch": "*"},
        {"IfMatch": '"other"'},
    ],
)
def test_conditional_copies(condition, client, bucket):
    """A copy is refused unless its source, and what it would replace, are as it wants them."""
    client.put_object(Bucket=bucket, Key="source", Body=b"x")
    client.put_object(Bucket=bucket, Key="k", Body=b"y")
    copy = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": bucket, "Key": "source"}}
    assert code(client.copy_object, **copy, **condition) == "PreconditionFailed"
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"y"


def test_a_copy_whose_conditions_hold(client, bucket):
    """A copy is made when its source, and what it would replace, are as it wants them."""
    etag = client.put_object(Bucket=bucket, Key="a \xfc+", Body=b"x")["ETag"]
    source = {"Bucket": bucket, "Key": "a \xfc+"}
    client.copy_object(Bucket=bucket, Key="k", CopySource=source, CopySourceIfMatch=etag, IfNoneMatch="*")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert code(client.copy_object, Bucket=bucket, Key="j", CopySource=source, IfMatch=etag) == "NoSuchKey"


TAGS = "&".join(f"t{number}=1" for number in range(11))


@pytest.mark.parametrize("tags", [TAGS, "aws:t=1"])
def test_a_refusal_leaves_what_was_there(tags, client, bucket):
    """An upload or copy that is refused for its tags leaves the object of its key, or none, as it was."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="t=1")
    copy = {"CopySource": f"{bucket}/k", "TaggingDirective": "REPLACE", "MetadataDirective": "REPLACE"}
    for key in ("k", "none"):
        upload = {"Bucket": bucket, "Key": key}
        assert code(client.put_object, **upload, Body=b"y", Tagging=tags) in ("BadRequest", "InvalidTag")
        assert code(client.copy_object, **upload, **copy, Tagging=tags) in ("BadRequest", "InvalidTag")
        upload["UploadId"] = client.create_multipart_upload(**upload, Tagging=tags)["UploadId"]
        part = {"PartNumber": 1, "ETag": client.upload_part(**upload, PartNumber=1, Body=b"y")["ETag"]}
        complete = client.complete_multipart_upload
        refusal = code(complete, **upload, MultipartUpload={"Parts": [part]})
        assert refusal in ("BadRequest", "InvalidTag")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert client.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_locked_objects(client, bucket):
    """A version that is uploaded with a lock and a checksum is kept until the lock is passed by."""
    locked = f"{bucket[:50]}-locked"
    client.create_bucket(
        Bucket=locked,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": client.meta.region_name},
    )
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": LATE}
    version = client.put_object(Bucket=locked, Key="k", Body=b"x", **lock)["VersionId"]
    assert code(client.delete_object, Bucket=locked, Key="k", VersionId=version) == "AccessDenied"
    client.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)


def test_not_modified_has_no_body(client, bucket, server):
    """A response that has no body by its status sends none, so that the connection can go on."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    connection = http.client.HTTPConnection(server.url.partition("//")[2])
    connection.request("GET", url, headers={"If-None-Match": '"9dd4e461268c8034f5c8564e155c67a6"'})
    assert connection.getresponse().read() == b""
    connection.sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)
    connection.close()


def test_copy_tag_delete(client, bucket):
    """Objects are copied with their tags, and gone when deleted, one by one or several at once."""
    client.put_object(Bucket=bucket, Key="a", Body=b"x", Tagging="t=1", ContentType="image/png")
    client.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    client.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a"})
    copied = client.get_object(Bucket=bucket, Key="b")
    assert (copied["Body"].read(), copied["ContentType"]) == (b"x", "image/png")
    assert client.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]
    client.delete_object(Bucket=bucket, Key="a")
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}, {"Key": "c"}, {"Key": "none"}]})
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert code(client.get_object, Bucket=bucket, Key="a") == "NoSuchKey"
    client.delete_bucket(Bucket=bucket)
    assert code(client.list_objects_v2, Bucket=bucket) == "NoSuchBucket"


def test_versions(client, bucket):
    """In a versioned bucket every version keeps its content, until it is deleted itself."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first, second = (
        client.put_object(Bucket=bucket, Key="k", Body=body)["VersionId"] for body in (b"1", b"22")
    )
    client.delete_object(Bucket=bucket, Key="k")
    assert code(client.get_object, Bucket=bucket, Key="k") == "NoSuchKey"
    contents = [
        client.get_object(Bucket=bucket, Key="k", VersionId=one)["Body"].read() for one in (first, second)
    ]
    assert contents == [b"1", b"22"]
    client.delete_object(Bucket=bucket, Key="k", VersionId=first)
    assert code(client.get_object, Bucket=bucket, Key="k", VersionId=first) == "NoSuchVersion"


def test_version_that_is_not_there(client, bucket):
    """Deleting a version that an object does not have leaves it, one by one and several at once."""
    client.put_object(Bucket=bucket, Key="k", Body=b"1")
    missing = {"Key": "k", "VersionId": "no-such-version"}
    client.delete_object(Bucket=bucket, **missing)
    client.delete_objects(Bucket=bucket, Delete={"Objects": [missing]})
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    client.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_multipart_upload(client, bucket):
    """boto3 uploads a large file in parts, which come back as one."""
    content = os.urandom(17 * 1024**2)
    client.upload_fileobj(io.BytesIO(content), bucket, "large", ExtraArgs={"ContentType": "image/png"})
    got = client.get_object(Bucket=bucket, Key="large")
    assert got["Body"].read() == content
    assert (got["ETag"].rstrip('"').endswith("-3"), got["ContentType"]) == (True, "image/png")


def test_parts_that_do_not_fit(client, bucket):
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
def test_claims_of_what_an_upload_becomes(claim, refusal, client, bucket):
    """A size or checksum that the whole does not have refuses its completion; a right one does not."""
    upload = {"Bucket": bucket, "Key": "k"}
    created = client.create_multipart_upload(**upload, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload["UploadId"] = created["UploadId"]
    part = client.upload_part(**upload, PartNumber=1, Body=b"test data", ChecksumAlgorithm="CRC32")
    upload["MultipartUpload"] = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    assert code(client.complete_multipart_upload, **upload, **claim) == refusal
    client.complete_multipart_upload(**upload, MpuObjectSize=9, ChecksumCRC32="0wiusg==")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"test data"


def test_aborted_upload(client, bucket):
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
def test_checksums_that_no_upload_has(asked, client, bucket):
    """An upload in parts is not started with a checksum that S3 does not know."""
    assert code(client.create_multipart_upload, Bucket=bucket, Key="k", **asked) == "InvalidRequest"


@pytest.mark.parametrize(
    ("checksum", "refusal"), [({}, "InvalidRequest"), ({"ChecksumCRC32": "AAAAAA=="}, "InvalidPart")]
)
def test_checksums_of_parts(checksum, refusal, client, bucket):
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


def test_wrong_checksums(client, bucket):
    """A checksum or MD5 that is not the content's is refused, and nothing is stored."""
    assert code(client.put_object, Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32="AAAAAA==") == "BadDigest"
    assert (
        code(client.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
        == "BadDigest"
    )
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_any_credential_makes_buckets_and_rules(connect, keys, bucket):
    """Every credential may make buckets, objects and rules."""
    other = connect(keys.other, keys.other_secret)
    other.put_bucket_cors(
        Bucket=bucket, CORSConfiguration={"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}
    )
    other.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert bucket in [one["Name"] for one in other.list_buckets()["Buckets"]]


@pytest.mark.parametrize(
    ("access_key", "secret", "expected"),
    [
        ("AKIDUNKNOWN", "s", "InvalidAccessKeyId"),
        ("ASIAIOSFODNN7EXAMPLE", "s", "InvalidAccessKeyId"),
        (None, "wrong", "SignatureDoesNotMatch"),
    ],
)
def test_wrong_credentials(access_key, secret, expected, connect, keys, bucket):
    """An access key that is unknown, or lacks its token, and a wrong secret are distinguished."""
    wrong = connect(access_key or keys.access, secret)
    assert code(wrong.put_object, Bucket=bucket, Key="k", Body=b"x" * 100_000) == expected
    assert code(wrong.list_buckets) == expected


def test_wrong_region(connect, bucket):
    """A request signed for another region gets the right one, and boto3 goes there."""
    assert connect(region="eu-west-1").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_region_of_a_bucket(connect, bucket, error):
    """A request signed for another region gets the bucket's, in a header too."""
    url = connect(region="eu-west-1").generate_presigned_url("list_objects_v2", Params={"Bucket": bucket})
    response = httpx.get(url)
    assert (error(response)["Region"], response.headers["x-amz-bucket-region"]) == ("us-west-2", "us-west-2")


def test_encryption_of_copies(client, bucket):
    """A copy is encrypted as any object is, and its response says so."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    copied = client.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert copied["ServerSideEncryption"] == "AES256"
    assert client.head_object(Bucket=bucket, Key="copy")["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize("range_", ["bytes=0-10", "bytes=5-2", "bytes=a-b", "0-5", "bytes=0-", "bytes=-3"])
def test_ranges_that_cannot_be_copied(range_, client, bucket):
    """A part is copied from a range inside its source, with both ends, or not at all."""
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    upload = {"Bucket": bucket, "Key": "copy"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "CopySource": f"{bucket}/k", "CopySourceRange": range_}
    assert code(client.upload_part_copy, **upload, **part) == "InvalidArgument"


def test_delete_marker_in_responses(client, bucket):
    """A response for a deleted object of a versioned bucket says that there is a delete marker."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    marker = client.delete_object(Bucket=bucket, Key="k")["VersionId"]
    for read in (client.get_object, client.head_object):
        with pytest.raises(ClientError) as caught:
            read(Bucket=bucket, Key="k")
        headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker)


def test_a_thousand_keys_at_most(client, bucket):
    """One request deletes, and lists, no more than a thousand keys."""
    keys = [{"Key": f"k{number}"} for number in range(1001)]
    assert code(client.delete_objects, Bucket=bucket, Delete={"Objects": keys}) == "MalformedXML"
    assert len(client.delete_objects(Bucket=bucket, Delete={"Objects": keys[:1000]})["Deleted"]) == 1000
    assert client.list_objects_v2(Bucket=bucket, MaxKeys=2000)["MaxKeys"] == 1000


def test_where_a_list_starts(client, bucket):
    """A page of a list says where it starts; prefixes that keys have in common are encoded like keys."""
    for key in ("a%2Fb/1", "c & d/2", "e"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    listed = client.list_objects(Bucket=bucket, Delimiter="/", Marker="a")
    assert [one["Prefix"] for one in listed["CommonPrefixes"]] == ["a%2Fb/", "c & d/"]
    assert (listed["Marker"], listed["Contents"][0]["Key"]) == ("a", "e")
    assert client.list_objects(Bucket=bucket)["Marker"] == ""
    first = client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    assert "ContinuationToken" not in first
    token = first["NextContinuationToken"]
    assert client.list_objects_v2(Bucket=bucket, ContinuationToken=token)["ContinuationToken"] == token


def test_presigned_urls(client, bucket):
    """Presigned URLs put and get an object, with the headers that they ask for."""
    put = client.generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": KEY, "ContentType": "image/png"}
    )
    assert httpx.put(put, content=b"x", headers={"Content-Type": "image/png"}).status_code == 200
    asked = {"Bucket": bucket, "Key": KEY, "ResponseContentDisposition": 'attachment; filename="a.png"'}
    got = httpx.get(client.generate_presigned_url("get_object", Params=asked))
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
    assert [httpx.put(url, content=content).status_code for content in (b"x", b"y")] == [200, 412]
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_checksums_in_presigned_urls(presign, client, bucket):
    """A checksum in a query is passed over: SDKs presign before there is content, with that of none."""
    url = presign(bucket, "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32")
    assert httpx.put(url, content=b"x").status_code == 200
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_unsigned_payload_header_of_presigned_urls(presign, bucket):
    """The one x-amz- header that a presigned URL need not sign is that of the payload."""
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    assert httpx.put(presign(bucket, ""), content=b"x", headers=headers).status_code == 200


def test_payload_header_that_is_signed_and_not_sent(connect, bucket, error):
    """A presigned URL that signs the payload's header is good for requests that have it."""
    client = connect()
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}

    def add(request: Any, **_: Any) -> None:
        request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"

    client.meta.events.register("before-sign.s3.PutObject", add)
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert httpx.put(url, content=b"x", headers=headers).status_code == 200
    refused = httpx.put(url, content=b"x")
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
    assert httpx.put(url, content=b"x").status_code == 200
    equal, other = ({"x-amz-server-side-encryption": method} for method in ("AES256", "aws:kms"))
    assert httpx.put(url, content=b"x", headers=equal).status_code == 200
    refused = httpx.put(url, content=b"x", headers=other)
    assert (refused.status_code, error(refused)["Code"]) == (403, "SignatureDoesNotMatch")


def version_2(server: Any, keys: Any, region: str) -> Any:
    """Return a client that presigns as boto3 does by default."""
    return boto3.client(
        "s3", endpoint_url=server.url, region_name=region,
        aws_access_key_id=keys.access, aws_secret_access_key=keys.secret,
    )  # fmt: skip


def test_presigned_urls_of_version_2(server, keys, client, bucket):
    """In an old region, URLs and forms of Signature Version 2 are taken, with the headers that they sign."""
    old = version_2(server, keys, keys.region)
    attributes = {"ContentType": "image/png", "ACL": "private", "Metadata": {"a": "b"}}
    put = old.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": KEY, **attributes})
    assert "Signature=" in put
    assert httpx.put(put, content=b"x").status_code == 200
    asked = {"Bucket": bucket, "Key": KEY, "ResponseContentDisposition": 'attachment; filename="a b.png"'}
    got = httpx.get(old.generate_presigned_url("get_object", Params=asked))
    assert (got.content, got.headers["Content-Disposition"]) == (b"x", 'attachment; filename="a b.png"')
    assert (got.headers["Content-Type"], got.headers["x-amz-meta-a"]) == ("image/png", "b")
    assert "expires" not in got.headers
    form = old.generate_presigned_post(bucket, "posted")
    assert httpx.post(form["url"], data=form["fields"], files={"file": b"y"}).status_code == 204
    assert client.get_object(Bucket=bucket, Key="posted")["Body"].read() == b"y"


@pytest.mark.parametrize(
    ("spoil", "refusal", "message"),
    [
        (lambda url: url.replace("/k?", "/l?"), (403, "SignatureDoesNotMatch"), "Check your key"),
        (lambda url: url.replace("Signature=", "Signature=A"), (403, "SignatureDoesNotMatch"), "Check"),
        (lambda url: url.replace("Expires=", "Expires=1&E="), (403, "AccessDenied"), "Request has expired"),
        (lambda url: url.replace("Expires=", "E="), (403, "AccessDenied"), "requires the Signature, Expires"),
        (lambda url: url.replace("Expires=", "Expires=x"), (403, "AccessDenied"), "seconds since epoch"),
        (lambda url: url.replace("AKIA", "AKIB"), (403, "InvalidAccessKeyId"), "does not exist"),
        (lambda url: url + "&x-amz-acl=private", (403, "SignatureDoesNotMatch"), "Check your key"),
    ],
)
def test_presigned_urls_of_version_2_that_are_refused(spoil, refusal, message, server, keys, bucket, error):
    """A URL of Version 2 that was changed, or has expired, is refused in S3's words."""
    old = version_2(server, keys, keys.region)
    url = old.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    response = httpx.get(spoil(url))
    elements = error(response)
    assert (response.status_code, elements["Code"]) == refusal
    assert message in elements["Message"]


@pytest.mark.parametrize("date", ["yesterday", "Fri, 31 Dec 9999 23:59:59 -2300"])
def test_headers_of_version_2_without_a_time(date, server, bucket, error):
    """A time that cannot be read, or that UTC has not, is refused."""
    response = httpx.get(f"{server.url}/{bucket}/k", headers={"authorization": "AWS a:b", "date": date})
    assert (response.status_code, error(response)["Code"]) == (403, "AccessDenied")


def test_version_2_in_newer_regions(server, keys, connect, error):
    """In a region from after January 2014, URLs and forms of Version 2 are refused."""
    bucket = "in-frankfurt"
    where = {"LocationConstraint": "eu-central-1"}
    connect(region="eu-central-1").create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    form = version_2(server, keys, keys.region).generate_presigned_post(bucket, "k")
    for response in (
        httpx.get(f"{server.url}/{bucket}/k{V2}"),
        httpx.post(form["url"], data=form["fields"], files={"file": b"y"}),
    ):
        assert (response.status_code, error(response)["Code"]) == (400, "InvalidRequest")
        message = (
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        )
        assert error(response)["Message"] == message


MALFORMED = (400, "AuthorizationQueryParametersError")
DENIED = (403, "AccessDenied")
V2 = "?AWSAccessKeyId=a&Signature=b&Expires=1"


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
        (lambda url: url.split("?")[0] + V2, DENIED, "Request has expired"),
        (lambda url: url.split("?")[0], DENIED, "Access Denied"),
    ],
)
def test_presigned_urls_that_are_refused(spoil, refusal, message, client, bucket, error):
    """A presigned URL that was changed, has expired, or is of Version 2, is refused in S3's words."""
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=9)
    response = httpx.get(spoil(url))
    elements = error(response)
    assert (response.status_code, elements["Code"]) == refusal
    assert message in elements["Message"]


def test_headers_that_were_not_signed(client, bucket, error):
    """x-amz- headers that a presigned URL does not sign are refused by name."""
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    elements = error(httpx.put(url, content=b"x", headers={"x-amz-acl": "public-read"}))
    assert (elements["Code"], elements["HeadersNotSigned"]) == ("AccessDenied", "x-amz-acl")


def test_uploads_without_a_length(client, bucket, error):
    """An upload whose length is not announced is not implemented, as at S3."""
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    elements = error(httpx.put(url, content=iter([b"x"])))
    assert (elements["Code"], elements["Header"]) == ("NotImplemented", "Transfer-Encoding")


def test_bucket_in_the_host_name(client, bucket, form, server):
    """A bucket may be in the host name; what is signed, and the Location, are then without it in the path."""
    port = server.url.rpartition(":")[2]
    host = f"{bucket}.localhost:{port}"
    response = httpx.post(
        server.url, content=form.body(),
        headers={"Content-Type": f"multipart/form-data; boundary={form.boundary}", "Host": host},
    )  # fmt: skip
    assert response.status_code == 204
    assert response.headers["Location"] == f"http://{host}/{form.fields['key'].replace('/', '%2F')}"
    assert client.head_object(Bucket=bucket, Key=form.fields["key"])["ContentLength"] == len(form.file)


def test_a_conversation_with_the_bucket_in_the_host_name(bucket, server, keys):
    """All that is done to an object can be done with its bucket in the host name."""
    port = server.url.rpartition(":")[2]
    client = boto3.client(
        "s3", endpoint_url=f"http://s3.localhost:{port}", region_name=keys.region,
        aws_access_key_id=keys.access, aws_secret_access_key=keys.secret,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )  # fmt: skip

    def ask(operation: str, method: str, content: bytes = b"", **parameters: str) -> httpx.Response:
        """Send a presigned request to the address that its host name would resolve to."""
        url = httpx.URL(client.generate_presigned_url(operation, Params=parameters))
        there = url.copy_with(host="127.0.0.1")
        return httpx.request(method, there, content=content, headers={"Host": url.netloc.decode()})

    where = {"Bucket": bucket, "Key": KEY}
    assert ask("put_object", "PUT", b"x", **where).status_code == 200
    assert ask("head_object", "HEAD", **where).headers["Content-Length"] == "1"
    assert ask("get_object", "GET", **where).content == b"x"
    assert b"<KeyCount>1</KeyCount>" in ask("list_objects_v2", "GET", Bucket=bucket).content
    assert bucket in ask("list_buckets", "GET").text
    assert ask("delete_object", "DELETE", **where).status_code == 204
    assert ask("get_object", "GET", **where).status_code == 404


def test_what_everyone_may(client, bucket, server):
    """Objects are private, unless the bucket policy or an ACL grants them to everyone."""
    client.put_object(Bucket=bucket, Key="public/k", Body=b"x")
    client.put_object(Bucket=bucket, Key="private/k", Body=b"x")
    urls = [f"{server.url}/{bucket}/{folder}/k" for folder in ("public", "private")]
    assert [httpx.get(url).status_code for url in urls] == [403, 403]
    resource = f"arn:aws:s3:::{bucket}/public/*"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [statement]}))
    assert [httpx.get(url).status_code for url in urls] == [200, 403]
    client.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Statement": [statement | {"Effect": "Deny"}]})
    )
    assert code(client.get_object, Bucket=bucket, Key="public/k") == "AccessDenied"
    client.delete_bucket_policy(Bucket=bucket)
    client.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    client.put_object_acl(Bucket=bucket, Key="public/k", ACL="public-read")
    assert [httpx.get(url).status_code for url in urls] == [200, 403]
