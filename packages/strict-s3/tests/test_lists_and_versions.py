"""Lists, page by page, and versions: what S3 lists, in which order, and what stays when an object goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from .conftest import code_of

NAMES = ("asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud")


@pytest.fixture
def filled(client, bucket):
    """Return a bucket with an object of each name."""
    for name in NAMES:
        client.put_object(Bucket=bucket, Key=name, Body=b"x")
    return bucket


def page_of(listed):
    """Return the keys and the common prefixes of a page, and whether there is more."""
    keys = [one["Key"] for one in listed.get("Contents", ())]
    return keys, [one["Prefix"] for one in listed.get("CommonPrefixes", ())], listed["IsTruncated"]


def versions_of(client, bucket):
    """Return the ids of the versions of all objects, the newest first."""
    return [one["VersionId"] for one in client.list_object_versions(Bucket=bucket).get("Versions", ())]


@pytest.mark.parametrize("version", [1, 2])
def test_keys_and_common_prefixes_share_the_pages(version, client, filled):
    """A common prefix is on one page, counts as a key does, and is what the next page starts after."""
    asked = {"Bucket": filled, "Delimiter": "/", "MaxKeys": 1}
    operation = client.list_objects if version == 1 else client.list_objects_v2
    start = "Marker" if version == 1 else "ContinuationToken"
    listed, pages = operation(**asked), []
    while True:
        pages.append(page_of(listed))
        if f"Next{start}" not in listed:
            break
        listed = operation(**asked, **{start: listed[f"Next{start}"]})
    assert pages == [(["asdf"], [], True), ([], ["boo/"], True), ([], ["cquux/"], False)]
    listed = operation(Bucket=filled, Delimiter="/", Prefix="boo/", MaxKeys=2)
    assert page_of(listed) == (["boo/bar"], ["boo/baz/"], False)


def test_what_a_list_repeats_of_its_request(client, filled):
    """Version 1 repeats its prefix as it is, Version 2 where page 1 starts; owners are listed on request."""
    assert client.list_objects(Bucket=filled, Prefix="\n")["Prefix"] == "\n"
    token = client.list_objects_v2(Bucket=filled, StartAfter="asdf", MaxKeys=1)["NextContinuationToken"]
    listed = client.list_objects_v2(Bucket=filled, StartAfter="asdf", ContinuationToken=token)
    assert (listed.get("StartAfter"), page_of(listed)[0]) == (None, list(NAMES[2:]))
    assert "Owner" not in client.list_objects_v2(Bucket=filled, FetchOwner=False)["Contents"][0]
    owner = client.list_objects_v2(Bucket=filled, FetchOwner=True)["Contents"][0]["Owner"]["ID"]
    assert owner == client.list_buckets()["Owner"]["ID"]
    assert owner == client.get_object_acl(Bucket=filled, Key="asdf")["Owner"]["ID"]
    empty = client.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (page_of(empty), empty["KeyCount"]) == (([], [], False), 0)


def test_what_no_list_can_be_asked_for(client, filled):
    """Numbers, tokens and encodings that are none are refused, and named."""
    for asked in (
        {"EncodingType": "hex"},
        {"ContinuationToken": "*"},
        {"ContinuationToken": ""},
        {"MaxKeys": -1},
    ):
        assert code_of(client.list_objects_v2, Bucket=filled, **asked) == "InvalidArgument", asked
    assert code_of(client.list_object_versions, Bucket=filled, VersionIdMarker="x") == "InvalidArgument"


def test_buckets_are_listed_page_by_page(client, bucket):
    """A page of buckets names the next one; with a parameter, each bucket has its region."""
    names = [f"{bucket}-{number}" for number in range(3)]
    for name in names:
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    first = client.list_buckets(Prefix=f"{bucket}-", MaxBuckets=2)
    rest = client.list_buckets(Prefix=f"{bucket}-", ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for one in (*first["Buckets"], *rest["Buckets"])] == names
    assert first["Buckets"][0]["BucketRegion"] == "us-west-2"
    assert "ContinuationToken" not in rest


def test_uploads_are_listed_page_by_page(client, bucket):
    """Uploads are listed by key and time, with when each was started."""
    started = [
        client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("b", "a/1", "b")
    ]
    listed = client.list_multipart_uploads(Bucket=bucket, MaxUploads=2)
    assert [one["UploadId"] for one in listed["Uploads"]] == [started[1], started[0]]
    assert datetime.now(UTC) - listed["Uploads"][0]["Initiated"] < timedelta(days=1)
    rest = client.list_multipart_uploads(
        Bucket=bucket, KeyMarker=listed["NextKeyMarker"], UploadIdMarker=listed["NextUploadIdMarker"]
    )
    assert [one["UploadId"] for one in rest["Uploads"]] == [started[2]]
    grouped = client.list_multipart_uploads(Bucket=bucket, Delimiter="/", Prefix="a")
    assert [one["Prefix"] for one in grouped["CommonPrefixes"]] == ["a/"]


def test_versions_are_listed_page_by_page(client, bucket):
    """A page of versions begins in the middle of a key's, if it has to."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put = [client.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"] for key in ("a", "a", "b")]
    marker = client.delete_object(Bucket=bucket, Key="a")["VersionId"]
    listed = client.list_object_versions(Bucket=bucket, MaxKeys=2)
    assert [(one["VersionId"], one["IsLatest"]) for one in listed["DeleteMarkers"]] == [(marker, True)]
    assert [(one["VersionId"], one["IsLatest"]) for one in listed["Versions"]] == [(put[1], False)]
    rest = client.list_object_versions(
        Bucket=bucket, KeyMarker=listed["NextKeyMarker"], VersionIdMarker=listed["NextVersionIdMarker"]
    )
    assert [one["VersionId"] for one in rest["Versions"]] == [put[0], put[2]]


def test_suspended_versioning_leaves_other_versions(client, bucket):
    """While versioning is suspended, writes and deletions replace the version ``null`` alone."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = [client.put_object(Bucket=bucket, Key="k", Body=b"old")["VersionId"] for _ in range(2)]
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    for content in (b"one", b"two"):
        client.put_object(Bucket=bucket, Key="k", Body=content)
    assert versions_of(client, bucket) == ["null", *reversed(kept)]
    deleted = client.delete_object(Bucket=bucket, Key="k")
    assert (deleted["DeleteMarker"], deleted["VersionId"]) == (True, "null")
    assert versions_of(client, bucket) == list(reversed(kept))
    client.delete_object(Bucket=bucket, Key="k", VersionId="null")
    client.delete_object(Bucket=bucket, Key="k", VersionId=kept[1])
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"
    assert versions_of(client, bucket) == kept[:1]


def test_a_delete_marker_needs_no_object(client, bucket):
    """With versioning, the deletion of a key that never was makes a delete marker."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    (deleted,) = client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})["Deleted"]
    (marker,) = client.list_object_versions(Bucket=bucket)["DeleteMarkers"]
    assert (marker["Key"], marker["VersionId"]) == ("k", deleted["DeleteMarkerVersionId"])
    assert code_of(client.get_object, Bucket=bucket, Key="k") == "NoSuchKey"
    client.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert "DeleteMarkers" not in client.list_object_versions(Bucket=bucket)


def test_a_copy_to_itself_changes_something(client, bucket):
    """S3 refuses a copy of an object to itself that would leave everything as it is."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"a": "b"})
    source = {"Bucket": bucket, "Key": "k"}
    assert code_of(client.copy_object, Bucket=bucket, Key="k", CopySource=source) == "InvalidRequest"
    client.copy_object(
        Bucket=bucket, Key="k", CopySource=source, Metadata={"c": "d"}, MetadataDirective="REPLACE"
    )
    assert client.head_object(Bucket=bucket, Key="k")["Metadata"] == {"c": "d"}
    client.copy_object(Bucket=bucket, Key="k", CopySource=source, StorageClass="STANDARD_IA")
    assert client.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize("name", ["foo.-bar", "foo-.bar"])
def test_names_with_a_dash_beside_a_dot(name, client):
    """A bucket's name is a host name: no part of it begins or ends with a dash."""
    assert code_of(client.create_bucket, Bucket=name) == "InvalidBucketName"


def test_the_only_version(client, bucket):
    """Without versioning, an object can be read by the id of the version that it has."""
    client.put_object(Bucket=bucket, Key="k", Body=b"xyz")
    about = {"Bucket": bucket, "Key": "k", "VersionId": "null"}
    assert client.head_object(**about)["ContentLength"] == 3
    assert client.get_object(Range="bytes=1-1", **about)["Body"].read() == b"y"
