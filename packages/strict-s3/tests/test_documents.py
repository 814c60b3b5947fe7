"""Documents about buckets and tags: what S3 takes, refuses, and reads back as it was put."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from strict_s3.buckets.documents import (
    check_bypass,
    check_document,
    check_ownership,
    check_tagging_header,
    check_tags,
)
from strict_s3.messages.errors import S3Error
from strict_s3.messages.orders import Bucket, Order
from strict_s3.store.locks import check_bucket

BUCKET = Bucket(
    name="photos", region="us-west-2", cors=(), policy=None, public=frozenset(), has_acls=False,
    blocks=frozenset(), encrypts=False, encryption={}, kms_keys="", versioning="Enabled", has_lock=False,
    locks=False,
)  # fmt: skip
LOCKED = replace(BUCKET, has_lock=True)
DOTTED = replace(BUCKET, name="my.photos")
SUSPENDED = replace(BUCKET, versioning="Suspended")


def lock(inside: str) -> str:
    """Return a configuration of object locks with this default retention."""
    return f"<C>{LOCKS}<Rule><DefaultRetention>{inside}</DefaultRetention></Rule></C>"


def rule(algorithm: str, key: str = "") -> str:
    """Return a rule of default encryption."""
    inside = f"<SSEAlgorithm>{algorithm}</SSEAlgorithm>{key}"
    return f"<Rule><ApplyServerSideEncryptionByDefault>{inside}</ApplyServerSideEncryptionByDefault></Rule>"


def owned(*rules: str) -> str:
    """Return ownership controls with these rules."""
    inside = "".join(f"<Rule><ObjectOwnership>{one}</ObjectOwnership></Rule>" for one in rules)
    return f"<C>{inside}</C>"


def check(name: str, document: str, bucket: Bucket) -> None:
    """Check a document as it is checked when it is put."""
    check_bucket(Order("PUT", bucket.name, "", ((name, ""),), body=document.encode()), bucket)
    check_document(name, document.encode(), bucket)


GOVERNANCE, DAYS, YEARS = "<Mode>GOVERNANCE</Mode>", "<Days>1</Days>", "<Years>1</Years>"
LOCKS = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"
KEY = "<KMSMasterKeyID>k</KMSMasterKeyID>"


@pytest.mark.parametrize(
    ("name", "document", "bucket"),
    [
        ("versioning", '<C xmlns="urn:s3"><Status>Enabled</Status></C>', LOCKED),
        ("versioning", "<C><Status>Suspended</Status></C>", BUCKET),
        ("object-lock", f"<C>{LOCKS}</C>", BUCKET),
        ("object-lock", lock(GOVERNANCE + DAYS), BUCKET),
        ("ownershipControls", owned("ObjectWriter"), BUCKET),
        ("accelerate", "<C><Status>Enabled</Status></C>", BUCKET),
        ("encryption", f"<C>{rule('AES256')}</C>", BUCKET),
        ("encryption", f"<C>{rule('aws:kms', KEY)}</C>", BUCKET),
        ("policy", '{"Statement": []}', BUCKET),
        ("tagging", "<T><TagSet><Tag><Key>größe/1</Key><Value></Value></Tag></TagSet></T>", BUCKET),
        ("requestPayment", "<C><Payer>BucketOwner</Payer></C>", BUCKET),
        ("website", "not looked at", BUCKET),
    ],
)
def test_documents_that_are_taken(name, document, bucket):
    """A document that says what S3 knows is taken, in any namespace."""
    check(name, document, bucket)


@pytest.mark.parametrize(
    ("name", "document", "bucket", "refusal"),
    [
        ("versioning", "<C><Status>enabled</Status></C>", BUCKET, "MalformedXML"),
        ("versioning", "<C/>", BUCKET, "IllegalVersioningConfigurationException"),
        ("versioning", "<C><Status>Suspended</Status></C>", LOCKED, "InvalidBucketState"),
        ("versioning", "no document", BUCKET, "MalformedXML"),
        ("object-lock", lock(GOVERNANCE + DAYS), SUSPENDED, "InvalidBucketState"),
        ("object-lock", "<C/>", BUCKET, "MalformedXML"),
        ("object-lock", lock(""), BUCKET, "MalformedXML"),
        ("object-lock", f"<C>{LOCKS}<Rule/></C>", BUCKET, "MalformedXML"),
        ("object-lock", lock(GOVERNANCE), BUCKET, "MalformedXML"),
        ("object-lock", lock(f"<Mode>LAX</Mode>{DAYS}"), BUCKET, "MalformedXML"),
        ("object-lock", lock(GOVERNANCE + DAYS + YEARS), BUCKET, "MalformedXML"),
        ("ownershipControls", owned(), BUCKET, "MalformedXML"),
        ("ownershipControls", owned("Anyone"), BUCKET, "MalformedXML"),
        ("ownershipControls", owned("ObjectWriter", "ObjectWriter"), BUCKET, "MalformedXML"),
        ("accelerate", "<C><Status>enabled</Status></C>", BUCKET, "MalformedXML"),
        ("accelerate", "<C><Status>Enabled</Status></C>", DOTTED, "InvalidRequest"),
        ("encryption", "<C/>", BUCKET, "MalformedXML"),
        ("encryption", f"<C>{rule('AES256')}{rule('AES256')}</C>", BUCKET, "MalformedXML"),
        ("encryption", f"<C>{rule('AES256', KEY)}</C>", BUCKET, "InvalidArgument"),
        ("policy", "", BUCKET, "MalformedPolicy"),
        ("policy", "[]", BUCKET, "MalformedPolicy"),
        ("policy", "{}", BUCKET, "MalformedPolicy"),
    ],
)
def test_documents_that_are_refused(name, document, bucket, refusal):
    """A document that says anything else is refused, before anything changes."""
    with pytest.raises(S3Error) as caught:
        check(name, document, bucket)
    assert caught.value.code == refusal


@pytest.mark.parametrize(
    ("tags", "of_bucket", "message", "elements"),
    [
        ([("a", "1"), ("a", "2")], False, "multiple Tags with the same key", {"TagKey": "a"}),
        ([("a,b", "1")], False, "TagKey you have provided is invalid", {"TagKey": "a,b"}),
        ([("a", "1,2")], True, "TagValue you have provided is invalid", {"TagKey": "a", "TagValue": "1,2"}),
        ([("aws:a", "1")], True, "System tags cannot be added", {"TagKey": "aws:a"}),
        ([("aws:a", "1")], False, "cannot be prefixed with aws:", {"TagKey": "aws:a"}),
    ],
)
def test_tags_that_are_refused(tags, of_bucket, message, elements):
    """A tag that cannot be is named."""
    inside = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    with pytest.raises(S3Error, match=message) as caught:
        check_tags(f"<Tagging><TagSet>{inside}</TagSet></Tagging>".encode(), of_bucket=of_bucket)
    assert (caught.value.code, caught.value.elements) == ("InvalidTag", elements)


@pytest.mark.parametrize("value", ["a=1&a=2", "a=1,b=2"])
def test_headers_with_tags_that_are_refused(value):
    """The header has tags as a query, each once."""
    with pytest.raises(S3Error) as caught:
        check_tagging_header(value)
    assert caught.value.elements == {"ArgumentName": "x-amz-tagging", "ArgumentValue": value}
    check_tagging_header("a=1&b&&c=")


def test_headers_about_buckets():
    """Ownership is one of three, and nothing goes past locks that a bucket does not have."""
    with pytest.raises(S3Error, match="Invalid x-amz-object-ownership header: Anyone"):
        check_ownership({"x-amz-object-ownership": "Anyone"})
    bypass = {"x-amz-bypass-governance-retention": "true"}
    with pytest.raises(S3Error, match="only applicable to Object Lock enabled buckets"):
        check_bypass(bypass, BUCKET)
    check_bypass(bypass, LOCKED)


def test_documents_over_the_wire(client, bucket, keys):
    """What was put is read as it was put; what nobody put is what every new bucket has."""
    rules = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    ]
    tags = [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "1"}]
    client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert client.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    put = client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": []}))
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
    client.delete_public_access_block(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        client.get_public_access_block(Bucket=bucket)
    assert caught.value.response["Error"]["BucketName"] == bucket
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configuration = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
    }
    client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    assert client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == configuration
    for call, refusal in (
        (lambda: client.put_object(Bucket=bucket, Key="k", Tagging="a=1&a=2"), "InvalidArgument"),
        (
            lambda: client.create_bucket(
                Bucket=f"photos-{uuid4().hex}",
                ObjectOwnership="Anyone",
                CreateBucketConfiguration={"LocationConstraint": keys.region},
            ),
            "InvalidArgument",
        ),
    ):
        with pytest.raises(ClientError, match=refusal):
            call()


def test_who_pays_for_requests(client, bucket, code):
    """The bucket's owner does: that can be put and read, and nothing else."""
    call = client.put_bucket_request_payment
    call(Bucket=bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    assert client.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    other = {"Bucket": bucket, "RequestPaymentConfiguration": {"Payer": "Requester"}}
    assert code(call, **other) == "NotImplemented"
    client.head_bucket(Bucket=bucket)
