"""Parts and uploads under way, page by page, and what there is where a delete marker stands."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest

from .conftest import code_of, response_to

MARKER = ("MethodNotAllowed", 405, "DeleteMarker")


@pytest.fixture
def marked(client, bucket):
    """A key whose latest version is a delete marker, with the ids of its versions."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = client.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    return version, client.delete_object(Bucket=bucket, Key="k")["VersionId"]


def upload_of(client, bucket, *parts, **attributes):
    """Start an upload and send its parts."""
    started = client.create_multipart_upload(Bucket=bucket, Key="k", **attributes)
    upload = {"Bucket": bucket, "Key": "k", "UploadId": started["UploadId"]}
    more = {"ChecksumAlgorithm": attributes["ChecksumAlgorithm"]} if "ChecksumAlgorithm" in attributes else {}
    for number, body in enumerate(parts, 1):
        client.upload_part(**upload, PartNumber=number, Body=body, **more)
    return upload


def test_parts_are_listed_page_by_page(client, bucket):
    """A page of parts says which part it ends with; one without parts ends with 0."""
    upload = upload_of(client, bucket, b"one", b"two")
    first = client.list_parts(**upload, MaxParts=1)
    assert [(part["PartNumber"], part["Size"]) for part in first["Parts"]] == [(1, 3)]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 1)
    rest = client.list_parts(**upload, PartNumberMarker=1)
    assert [part["PartNumber"] for part in rest["Parts"]] == [2]
    assert (rest["IsTruncated"], rest["NextPartNumberMarker"]) == (False, 2)
    beyond = client.list_parts(**upload, PartNumberMarker=9)
    assert ("Parts" in beyond, beyond["NextPartNumberMarker"], beyond["MaxParts"]) == (False, 0, 1000)


def test_parts_are_listed_with_the_checksums_of_their_upload(client, bucket):
    """Parts have checksums in a list if their upload has an algorithm."""
    listed = client.list_parts(**upload_of(client, bucket, b"one", ChecksumAlgorithm="SHA256"))
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ("SHA256", "COMPOSITE")
    expected = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
    assert listed["Parts"][0]["ChecksumSHA256"] == expected
    plain = client.list_parts(**upload_of(client, bucket, b"one"))
    assert not [name for name in (*plain, *plain["Parts"][0]) if name.startswith("Checksum")]


def test_parts_of_no_upload(client, bucket):
    """An upload is one of its key alone."""
    upload = upload_of(client, bucket)
    error = response_to(client.list_parts, **{**upload, "Key": "other"})["Error"]
    assert (error["Code"], error["UploadId"]) == ("NoSuchUpload", upload["UploadId"])


def test_where_a_list_of_uploads_ends(client, bucket):
    """Every page names the upload that it ends with, the last one too; a page without uploads names none."""
    empty = client.list_multipart_uploads(Bucket=bucket)
    assert (empty["NextKeyMarker"], empty["NextUploadIdMarker"]) == ("", "")
    ids = [client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("a", "b/c")]
    both = client.list_multipart_uploads(Bucket=bucket)
    assert (both["NextKeyMarker"], both["NextUploadIdMarker"]) == ("b/c", ids[1])
    grouped = client.list_multipart_uploads(Bucket=bucket, Delimiter="/", Prefix="b")
    assert (grouped["NextKeyMarker"], grouped["NextUploadIdMarker"]) == ("", "")


def test_markers_of_uploads(client, bucket):
    """An upload's id says nothing without a key, and has to be one of its key."""
    ids = [client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("a", "b")]
    listed = client.list_multipart_uploads(Bucket=bucket, UploadIdMarker=ids[0])
    assert ([one["Key"] for one in listed["Uploads"]], listed["UploadIdMarker"]) == (["a", "b"], "")
    error = response_to(client.list_multipart_uploads, Bucket=bucket, KeyMarker="b", UploadIdMarker=ids[0])[
        "Error"
    ]
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "upload-id-marker")


@pytest.mark.parametrize(
    "name", ["list_objects", "list_objects_v2", "list_object_versions", "list_multipart_uploads"]
)
def test_an_empty_encoding(name, client, bucket):
    """No list has an empty encoding."""
    error = response_to(getattr(client, name), Bucket=bucket, EncodingType="")["Error"]
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "encoding-type")


def test_an_empty_token_of_buckets(client, bucket):
    """A list of buckets begins at the beginning with an empty token."""
    listed = client.list_buckets(ContinuationToken="", Prefix=bucket)
    assert [one["Name"] for one in listed["Buckets"]] == [bucket]


@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.parametrize("name", ["get_object_tagging", "delete_object_tagging", "get_object_acl"])
def test_a_delete_marker_has_no_subresources(name, by_id, client, bucket, marked):
    """A delete marker has neither tags nor an ACL."""
    version = {"VersionId": marked[1]} if by_id else {}
    response = response_to(getattr(client, name), Bucket=bucket, Key="k", **version)
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    assert (response["Error"]["Code"], status, response["Error"]["ResourceType"]) == MARKER


def test_a_delete_marker_is_no_object(client, bucket, marked):
    """A delete marker can be deleted alone, and says so; a key that ends with one does not exist."""
    response = response_to(client.get_object, Bucket=bucket, Key="k", VersionId=marked[1])
    headers = response["ResponseMetadata"]["HTTPHeaders"]
    assert (response["Error"]["Code"], response["Error"]["ResourceType"]) == (MARKER[0], MARKER[2])
    assert (headers["allow"], headers["x-amz-delete-marker"]) == ("DELETE", "true")
    assert headers["x-amz-version-id"] == marked[1]
    assert code_of(client.get_object, Bucket=bucket, Key="k") == "NoSuchKey"
    deleted = client.delete_object(Bucket=bucket, Key="k", VersionId=marked[1])
    assert (deleted["DeleteMarker"], deleted["VersionId"]) == (True, marked[1])
    assert client.get_object(Bucket=bucket, Key="k")["VersionId"] == marked[0]
    assert "DeleteMarker" not in client.delete_object(Bucket=bucket, Key="k", VersionId=marked[0])


def test_tags_of_versions(client, bucket, marked):
    """A response about the tags of a version names it."""
    version = {"Bucket": bucket, "Key": "k", "VersionId": marked[0]}
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    assert client.put_object_tagging(**version, Tagging=tags)["VersionId"] == marked[0]
    read = client.get_object_tagging(**version)
    assert (read["TagSet"], read["VersionId"]) == (tags["TagSet"], marked[0])
    assert client.delete_object_tagging(**version)["VersionId"] == marked[0]


def test_tags_of_no_object(client, bucket):
    """The tags of a key that does not exist cannot be deleted."""
    assert code_of(client.delete_object_tagging, Bucket=bucket, Key="none") == "NoSuchKey"


def test_the_version_without_an_id(client, bucket):
    """The version without an id is named once there is versioning, and not before."""
    assert "VersionId" not in client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert "VersionId" not in client.get_object(Bucket=bucket, Key="k")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert client.get_object(Bucket=bucket, Key="k")["VersionId"] == "null"


def test_a_range_beyond_its_source(client, bucket):
    """A part cannot be copied from where its source has nothing."""
    upload = upload_of(client, bucket)
    client.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    part = {"PartNumber": 1, "CopySource": f"{bucket}/source", "CopySourceRange": "bytes=10-19"}
    assert code_of(client.upload_part_copy, **upload, **part) == "InvalidRequest"


@pytest.mark.parametrize("name", ["get_object", "delete_object", "get_object_tagging", "get_object_acl"])
def test_what_is_no_version_id(name, client, bucket, marked):
    """S3 knows the ids of its versions: another text is none, one of a version that is gone still is."""
    wrong = ("A" if marked[0][0] != "A" else "B") + marked[0][1:]
    error = response_to(getattr(client, name), Bucket=bucket, Key="k", VersionId=wrong)["Error"]
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "versionId")
    assert error["ArgumentValue"] == wrong
    for _ in "12":
        deleted = client.delete_object(Bucket=bucket, Key="k", VersionId=marked[0])
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    gone = response_to(client.get_object, Bucket=bucket, Key="k", VersionId=marked[0])["Error"]
    assert (gone["Code"], gone["VersionId"]) == ("NoSuchVersion", marked[0])


def test_version_ids(client, bucket, marked):
    """Versions, delete markers among them, have ids of 32 characters; DeleteObjects names what is none."""
    assert [len(one) for one in marked] == [32, 32]
    objects = [{"Key": "k", "VersionId": one} for one in ("wrong", marked[1])]
    deleted = client.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [(one["Code"], one["VersionId"]) for one in deleted["Errors"]] == [("NoSuchVersion", "wrong")]
    assert [one["DeleteMarkerVersionId"] for one in deleted["Deleted"]] == [marked[1]]


def test_versions_that_are_deleted_page_by_page(client, bucket, marked):
    """A list goes on with the next version if the one that the page before ended with is gone."""
    names = []
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, MaxKeys=1)
    for page in pages:
        one = (page.get("Versions", []) + page.get("DeleteMarkers", []))[0]
        client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        names.append(one["VersionId"])
    assert names == [marked[1], marked[0]]


def test_a_bucket_with_versions_stays(client, bucket, marked):
    """A bucket of which only versions are left is not deleted, and its refusal says why."""
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)
    error = response_to(client.delete_bucket, Bucket=bucket)["Error"]
    assert (error["Code"], error["BucketName"]) == ("BucketNotEmpty", bucket)
    assert "delete all versions" in error["Message"]
    for version in marked:
        client.delete_object(Bucket=bucket, Key="k", VersionId=version)
    client.delete_bucket(Bucket=bucket)


@pytest.fixture
def composite(client, bucket):
    """The response to the completion of an upload whose checksum is made of those of its parts."""
    upload = upload_of(client, bucket, b"one", ChecksumAlgorithm="SHA256")
    (part,) = client.list_parts(**upload)["Parts"]
    listed = [{name: part[name] for name in ("PartNumber", "ETag", "ChecksumSHA256")}]
    return client.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})


@pytest.mark.parametrize("algorithm", [None, "XXHASH64", "CRC32"])
def test_checksums_of_copies(algorithm, client, bucket, composite):
    """A copy has a checksum of its whole content, whatever its source was made of."""
    assert composite["ChecksumSHA256"].endswith("=-1")
    more = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    source = {"Bucket": bucket, "CopySource": f"{bucket}/k"}
    if algorithm == "XXHASH64":
        assert code_of(client.copy_object, **source, Key="copy", **more) == "InvalidRequest"
        return
    name = f"Checksum{algorithm or 'SHA256'}"
    expected = {
        "ChecksumSHA256": base64.b64encode(hashlib.sha256(b"one").digest()).decode(),
        "ChecksumCRC32": base64.b64encode(zlib.crc32(b"one").to_bytes(4, "big")).decode(),
    }[name]
    copied = client.copy_object(**source, Key="copy", **more)["CopyObjectResult"]
    assert (copied[name], copied["ChecksumType"]) == (expected, "FULL_OBJECT")
    read = client.get_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    assert (read[name], read["ChecksumType"], read["Body"].read()) == (expected, "FULL_OBJECT", b"one")
    assert read["ETag"] == copied["ETag"] != composite["ETag"]


def test_the_checksum_of_parts_among_attributes(client, bucket, composite):
    """GetObjectAttributes has the checksum of parts without their number."""
    attributes = client.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])
    expected = {"ChecksumSHA256": composite["ChecksumSHA256"].removesuffix("-1"), "ChecksumType": "COMPOSITE"}
    assert attributes["Checksum"] == expected


@pytest.mark.parametrize(
    ("of_upload", "kind", "of_part", "message"),
    [
        ("SHA256", "COMPOSITE", "CRC32", "expected checksum Type: sha256, actual checksum Type: crc32"),
        ("CRC32C", "FULL_OBJECT", "SHA1", "expected checksum Type: crc32c, actual checksum Type: sha1"),
        ("SHA256", "COMPOSITE", None, "expected checksum Type: sha256, actual checksum Type: null"),
    ],
)
def test_parts_with_the_checksum_of_another_upload(of_upload, kind, of_part, message, connect, bucket):
    """A part has no checksum but its upload's, and has that if the object's is made of them."""
    client = connect(request_checksum_calculation="when_required")
    upload = upload_of(client, bucket, ChecksumAlgorithm=of_upload, ChecksumType=kind)
    more = {"ChecksumAlgorithm": of_part} if of_part else {}
    error = response_to(client.upload_part, **upload, PartNumber=1, Body=b"one", **more)["Error"]
    assert (error["Code"], message in error["Message"]) == ("InvalidRequest", True)
