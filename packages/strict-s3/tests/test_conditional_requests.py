"""Conditions of reads, writes and copies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from botocore.exceptions import ClientError


def test_conditional_requests(client, bucket, code):
    """If-Match and If-None-Match are honoured for reading and for writing."""
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    assert code(client.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == "304"
    assert code(client.get_object, Bucket=bucket, Key="k", IfMatch='"other"') == "PreconditionFailed"
    assert code(client.put_object, Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*") == "PreconditionFailed"
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize("form", ["{}", '"{}"', 'W/"{}"', '"other", {}', "*"])
def test_forms_of_etags(form, client, bucket, code):
    """An ETag in a precondition may lack its quotes, or be one of several."""
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"].strip('"')
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    listed = form.format(etag)
    assert httpx2.get(url, headers={"If-Match": listed}).content == b"x"
    response = httpx2.get(url, headers={"If-None-Match": listed})
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
    assert httpx2.get(url, headers={"If-Unmodified-Since": "long ago"}).status_code == 200


def test_modified_since(client, bucket, code):
    """An object that is not modified since a time is not copied; a time to come is passed over."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    modified = client.head_object(Bucket=bucket, Key="k")["LastModified"]
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "k"}}
    assert code(client.copy_object, **copy, CopySourceIfModifiedSince=modified) == "PreconditionFailed"
    later = datetime.now(UTC) + timedelta(days=1)
    client.copy_object(**copy, CopySourceIfModifiedSince=later)
    assert client.get_object(Bucket=bucket, Key="copy", IfModifiedSince=later)["Body"].read() == b"x"


def test_a_conditional_upload_in_parts(client, bucket, code):
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
def test_an_upload_in_parts_that_another_overtook(deletes, client, bucket, code):
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
def test_conditional_copies(condition, client, bucket, code):
    """A copy is refused unless its source, and what it would replace, are as it wants them."""
    client.put_object(Bucket=bucket, Key="source", Body=b"x")
    client.put_object(Bucket=bucket, Key="k", Body=b"y")
    copy = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": bucket, "Key": "source"}}
    assert code(client.copy_object, **copy, **condition) == "PreconditionFailed"
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"y"


def test_a_copy_whose_conditions_hold(client, bucket, code):
    """A copy is made when its source, and what it would replace, are as it wants them."""
    etag = client.put_object(Bucket=bucket, Key="a \xfc+", Body=b"x")["ETag"]
    source = {"Bucket": bucket, "Key": "a \xfc+"}
    client.copy_object(Bucket=bucket, Key="k", CopySource=source, CopySourceIfMatch=etag, IfNoneMatch="*")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert code(client.copy_object, Bucket=bucket, Key="j", CopySource=source, IfMatch=etag) == "NoSuchKey"


def test_conditional_deletions(client, bucket, code):
    """An object is deleted only if it has the ETag that the request asks for; a star asks for any object."""
    etags = {key: client.put_object(Bucket=bucket, Key=key, Body=b"x")["ETag"] for key in "abcd"}
    call = client.delete_object
    assert code(call, Bucket=bucket, Key="a", IfMatch='"other"') == "PreconditionFailed"
    assert code(call, Bucket=bucket, Key="none", IfMatch="*") == "NoSuchKey"
    call(Bucket=bucket, Key="a", IfMatch=etags["a"])
    call(Bucket=bucket, Key="b", IfMatch="*")
    objects = [{"Key": "c", "ETag": etags["c"]}, {"Key": "d", "ETag": "other"}, {"Key": "none", "ETag": "x"}]
    done = client.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [one["Key"] for one in done["Deleted"]] == ["c"]
    errors = {one["Key"]: one["Code"] for one in done["Errors"]}
    assert errors == {"d": "PreconditionFailed", "none": "NoSuchKey"}
    assert [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["d"]
