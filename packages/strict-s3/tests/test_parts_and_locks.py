"""Objects made of parts, read part by part; locks; owners; and what new buckets have at Amazon's today."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from strict_s3 import running
from strict_s3.app import create_app
from strict_s3.auth.access import public_policy
from strict_s3.messages.errors import S3Error
from strict_s3.objects.object_attributes import describe
from strict_s3.options import Options
from strict_s3.store.records import set_parts

MIB = 1024**2
PARTS = (b"a" * 5 * MIB, b"b" * 5 * MIB, b"c")
KEYS = {"AK": "a-secret-key"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder that S3 keeps its objects in."""
    return tmp_path_factory.mktemp("data")


def sha256_of(content):
    """Return a SHA-256 as S3 writes it."""
    return b64encode(sha256(content).digest()).decode()


WHOLE = {"ChecksumSHA256": sha256_of(b"whole"), "ChecksumType": "FULL_OBJECT"}


def connect(s3, **config):
    """Return a client that makes one attempt."""
    return boto3.client(
        "s3", endpoint_url=s3.url, region_name=s3.region, aws_access_key_id="AK",
        aws_secret_access_key=KEYS["AK"], config=Config(retries={"max_attempts": 0}, **config),
    )  # fmt: skip


def upload(client, key, **options):
    """Upload the parts."""
    started = client.create_multipart_upload(Bucket="photos", Key=key, **options)["UploadId"]
    parts = []
    for number, body in enumerate(PARTS, 1):
        part = client.upload_part(
            Bucket="photos", Key=key, UploadId=started, PartNumber=number, Body=body, **options
        )
        listed = {name: part[name] for name in ("ETag", "ChecksumSHA256", "ChecksumCRC32") if name in part}
        parts.append({"PartNumber": number, **listed})
    client.complete_multipart_upload(
        Bucket="photos", Key=key, UploadId=started, MultipartUpload={"Parts": parts}
    )


@pytest.fixture(scope="module")
def client(folder):
    """Return a client of an S3 that was started again after the parts were uploaded."""
    with running("photos", credentials=KEYS, data=folder) as s3:
        first = connect(s3)
        upload(first, "parts")
        upload(first, "sums", ChecksumAlgorithm="SHA256")
        first.put_object(Bucket="photos", Key="whole", Body=b"whole", ChecksumAlgorithm="SHA256")
        first.put_object(Bucket="photos", Key="empty", Body=b"")
    with running("photos", credentials=KEYS, data=folder) as s3:
        yield connect(s3)


@pytest.mark.parametrize(
    ("key", "number", "content", "range_", "count"),
    [
        ("parts", 1, PARTS[0], "bytes 0-5242879/10485761", 3),
        ("parts", 3, PARTS[2], "bytes 10485760-10485760/10485761", 3),
        ("whole", 1, b"whole", "bytes 0-4/5", None),
    ],
)
def test_a_part_is_read(key, number, content, range_, count, client):
    """A part is read, or asked about, as the range that it is; what is in one piece is its own first part."""
    got = client.get_object(Bucket="photos", Key=key, PartNumber=number)
    assert got["Body"].read() == content
    head = client.head_object(Bucket="photos", Key=key, PartNumber=number)
    for response in (got, head):
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert (response["ContentLength"], response["ContentRange"]) == (len(content), range_)
        assert response.get("PartsCount") == count


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"Key": "parts", "PartNumber": 4}, "InvalidPartNumber"),
        ({"Key": "whole", "PartNumber": 2}, "InvalidPartNumber"),
        ({"Key": "parts", "PartNumber": 0}, "InvalidArgument"),
        ({"Key": "parts", "PartNumber": 1, "Range": "bytes=0-1"}, "InvalidRequest"),
    ],
)
def test_parts_that_are_none(options, code, client):
    """A part that is not there is a 416, what is no number or has a range as well a 400."""
    with pytest.raises(ClientError, match=code):
        client.get_object(Bucket="photos", **options)
    assert client.get_object(Bucket="photos", Key="empty", PartNumber=1)["Body"].read() == b""


@pytest.mark.parametrize(
    ("key", "options", "checksums"),
    [
        ("sums", {"PartNumber": 3}, {"ChecksumSHA256": sha256_of(PARTS[2]), "ChecksumType": "COMPOSITE"}),
        ("sums", {"Range": "bytes=0-9"}, {}),
        ("parts", {"PartNumber": 1}, {}),
        ("whole", {"PartNumber": 1}, WHOLE),
        ("whole", {"Range": "bytes=0-"}, WHOLE),
    ],
)
def test_checksums_are_those_of_the_body(key, options, checksums, client):
    """A part has its own checksum, and a range none unless it is the whole object."""
    for operation in (client.get_object, client.head_object):
        response = operation(Bucket="photos", Key=key, ChecksumMode="ENABLED", **options)
        assert {name: response[name] for name in response if name.startswith("Checksum")} == checksums


def test_attributes_of_parts(client):
    """GetObjectAttributes counts parts, and lists those that have checksums of their own, page by page."""
    asked = ["ETag", "ObjectParts", "ObjectSize"]
    plain = client.get_object_attributes(Bucket="photos", Key="parts", ObjectAttributes=asked)
    assert plain["ObjectSize"] == 10 * MIB + 1
    assert plain["ObjectParts"]["TotalPartsCount"] == 3
    page = client.get_object_attributes(
        Bucket="photos", Key="sums", ObjectAttributes=asked, MaxParts=1, PartNumberMarker=1
    )["ObjectParts"]
    assert [(part["PartNumber"], part["Size"]) for part in page["Parts"]] == [(2, 5 * MIB)]
    assert page["Parts"][0]["ChecksumSHA256"] == sha256_of(PARTS[1])
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["TotalPartsCount"]) == (True, 2, 3)
    assert "ObjectParts" not in client.get_object_attributes(
        Bucket="photos", Key="whole", ObjectAttributes=asked
    )
    alone = client.get_object_attributes(Bucket="photos", Key="sums", ObjectAttributes=["ObjectParts"])
    assert len(alone["ObjectParts"]["Parts"]) == 3


def test_attributes_with_spaces(client):
    """The attributes that a client asks for may have spaces between them."""
    client.meta.events.register("before-sign.s3.GetObjectAttributes", ask_with_spaces)
    assert (
        client.get_object_attributes(Bucket="photos", Key="whole", ObjectAttributes=["ETag"])["ObjectSize"]
        == 5
    )


def test_a_number_of_parts_that_is_none():
    """How many parts are asked for has to be a number."""
    key = SimpleNamespace(
        etag="", checksum_algorithm="SHA256", checksum_value="s", checksum_type="COMPOSITE",
        storage_class="STANDARD", size=1,
    )  # fmt: skip
    set_parts(key, [(1, "s")])
    asked = {"x-amz-object-attributes": "ObjectParts", "x-amz-max-parts": "many"}
    with pytest.raises(S3Error, match="max-parts not an integer"):
        describe(key, asked)


def ask_with_spaces(request, **_):
    """Ask for two attributes, with a space between them."""
    request.headers.replace_header("x-amz-object-attributes", "ETag, ObjectSize")


def test_an_object_is_locked(client):
    """Retention and legal hold are put, read and hold: a version goes only with a bypass."""
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    version = {"Bucket": "locked", "Key": "k"}
    version["VersionId"] = client.put_object(**version, Body=b"x")["VersionId"]
    with pytest.raises(ClientError, match="NoSuchObjectLockConfiguration"):
        client.get_object_retention(**version)
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    client.put_object_retention(**version, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until})
    assert client.get_object_retention(**version)["Retention"] == {
        "Mode": "GOVERNANCE",
        "RetainUntilDate": until,
    }
    client.put_object_legal_hold(**version, LegalHold={"Status": "ON"})
    assert client.get_object_legal_hold(**version)["LegalHold"] == {"Status": "ON"}
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(**version)
    client.put_object_legal_hold(**version, LegalHold={"Status": "OFF"})
    client.delete_object(**version, BypassGovernanceRetention=True)


def test_owners_are_compared(client):
    """A request that expects another owner is refused; the one account owns all buckets."""
    assert client.head_bucket(Bucket="photos", ExpectedBucketOwner="123456789012")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.list_objects_v2(Bucket="photos", ExpectedBucketOwner="111122223333")
    with pytest.raises(ClientError, match="InvalidBucketOwnerAWSAccountID"):
        client.list_objects_v2(Bucket="photos", ExpectedBucketOwner="me")


def test_an_owner_that_is_none():
    """An account has 12 digits."""
    with pytest.raises(ValueError, match=r"'me' is not an AWS account ID: 12 digits\."):
        create_app(Options(buckets=("photos",), credentials=KEYS, account="me"))


def block(client, bucket, *names):
    """Block public access to a bucket in these ways alone."""
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(names, True))


@pytest.fixture
def shared(client):
    """Return a client and the URL of an object in a bucket where ACLs count."""
    client.create_bucket(Bucket="shared", ACL="private", ObjectOwnership="ObjectWriter")
    client.put_object(Bucket="shared", Key="k", Body=b"x")
    yield client, f"{client.meta.endpoint_url}/shared/k"
    client.delete_object(Bucket="shared", Key="k")
    client.delete_bucket(Bucket="shared")


POLICY = public_policy("shared").decode()


def test_a_block_refuses_what_would_be_public(shared):
    """Public ACLs and policies are refused in a bucket whose block says so; others are not."""
    client, _ = shared
    client.put_object_acl(Bucket="shared", Key="k", ACL="public-read")
    client.put_bucket_policy(Bucket="shared", Policy=POLICY)
    block(client, "shared", "BlockPublicAcls", "BlockPublicPolicy")
    everyone = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
    for refused in (
        lambda: client.put_object_acl(Bucket="shared", Key="k", ACL="public-read"),
        lambda: client.put_object_acl(Bucket="shared", Key="k", GrantRead=everyone),
        lambda: client.put_bucket_acl(Bucket="shared", ACL="public-read"),
        lambda: client.put_object(Bucket="shared", Key="l", Body=b"x", ACL="public-read"),
        lambda: client.put_bucket_policy(Bucket="shared", Policy=POLICY),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    client.put_object_acl(Bucket="shared", Key="k", ACL="bucket-owner-read")
    client.put_bucket_policy(
        Bucket="shared", Policy=POLICY.replace('"*"', '{"AWS": "arn:aws:iam::000000000001:root"}', 1)
    )


@pytest.mark.parametrize(
    ("opened", "name"), [("acl", "IgnorePublicAcls"), ("policy", "RestrictPublicBuckets")]
)
def test_a_block_closes_what_is_public(opened, name, shared):
    """What ACLs or a policy opened is closed to everyone by a block, and open again without it."""
    client, url = shared
    if opened == "acl":
        client.put_object_acl(Bucket="shared", Key="k", ACL="public-read")
    else:
        client.put_bucket_policy(Bucket="shared", Policy=POLICY)
    assert httpx2.get(url).status_code == 200
    block(client, "shared", name)
    assert httpx2.get(url).status_code == 403
    assert client.get_object(Bucket="shared", Key="k")["Body"].read() == b"x"
    client.delete_public_access_block(Bucket="shared")
    assert httpx2.get(url).status_code == 200


def test_new_buckets_are_closed(client):
    """A new bucket has its owner's objects alone, and blocks public access, as since April 2023."""
    rules = client.get_bucket_ownership_controls(Bucket="photos")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert set(
        client.get_public_access_block(Bucket="photos")["PublicAccessBlockConfiguration"].values()
    ) == {True}


def test_acls_without_ownership_controls(client):
    """A bucket whose ownership controls are deleted has ACLs, as one that was made before there were any."""
    client.create_bucket(Bucket="with-acls")
    public = {"Bucket": "with-acls", "Key": "k", "Body": b"x", "ACL": "public-read"}
    with pytest.raises(ClientError, match="AccessControlListNotSupported"):
        client.put_object(**public)
    client.delete_bucket_ownership_controls(Bucket="with-acls")
    client.put_object(**public)
    assert httpx2.get(f"{client.meta.endpoint_url}/with-acls/k").content == b"x"


def test_an_empty_origin(client):
    """CORS rules may have an empty origin, which is read as it was put, and which no page has."""
    rules = [{"AllowedOrigins": ["", "https://page.test"], "AllowedMethods": ["GET"]}]
    client.put_bucket_cors(Bucket="photos", CORSConfiguration={"CORSRules": rules})
    assert client.get_bucket_cors(Bucket="photos")["CORSRules"] == rules
    for origin, allowed in (("https://page.test", "https://page.test"), ("https://other.test", None)):
        response = httpx2.get(f"{client.meta.endpoint_url}/photos/whole", headers={"Origin": origin})
        assert response.headers.get("access-control-allow-origin") == allowed
