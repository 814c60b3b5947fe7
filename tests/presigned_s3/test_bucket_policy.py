"""Bucket policies: whom they name, what they name, and under which conditions."""

from __future__ import annotations

import json

import httpx
import pytest
from botocore.exceptions import ClientError

from presigned_s3.access import verdict
from presigned_s3.conditions import Asked

ENCRYPTION = "s3:x-amz-server-side-encryption"
OWNER = "123456789012"


@pytest.fixture
def permit(client, bucket):
    """Put a bucket policy with these statements, which are about everyone and all objects by default."""

    def permit(*statements):
        about = {"Effect": "Allow", "Resource": f"arn:aws:s3:::{bucket}/*"}
        whole = [about | ({} if "NotPrincipal" in one else {"Principal": "*"}) | one for one in statements]
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": whole}))

    return permit


def status(server, bucket, key="k", **headers):
    """Return the status of reading an object without a signature."""
    return httpx.get(f"{server.url}/{bucket}/{key}", headers=headers).status_code


def refused(call, **arguments):
    """Return the code that a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_reads_from_a_page(server, client, bucket, permit):
    """A condition compares a header of the request; without it only IfExists is met."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    page = {"aws:Referer": "http://www.example.com/*"}
    permit({"Action": "s3:GetObject", "Condition": {"StringLike": page}})
    assert status(server, bucket, referer="http://www.example.com/a") == 200
    assert status(server, bucket, referer="http://other.example/") == 403
    assert status(server, bucket) == 403
    permit({"Action": "s3:GetObject", "Condition": {"StringLikeIfExists": page}})
    assert status(server, bucket) == 200
    permit({"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"StringNotLike": page}})
    assert status(server, bucket) == 403
    assert refused(client.get_object, Bucket=bucket, Key="k") == "AccessDenied"


def test_reads_by_tag(server, client, bucket, permit):
    """A condition compares a tag of the object, and of the request."""
    for key, tags in (("k", "level=public&a=b"), ("l", "level=private"), ("m", "")):
        client.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging=tags)
    permit(
        {"Action": "s3:GetObject", "Condition": {"StringEquals": {"s3:ExistingObjectTag/level": "public"}}},
        {"Action": "s3:PutObject", "Condition": {"StringEquals": {"s3:RequestObjectTag/level": ["public"]}}},
    )
    assert [status(server, bucket, key) for key in "klm"] == [200, 403, 403]
    url = f"{server.url}/{bucket}/new"
    assert httpx.put(url, content=b"x").status_code == 403
    assert httpx.put(url, content=b"x", headers={"x-amz-tagging": "level=public"}).status_code == 200


def test_uploads_have_to_be_encrypted(client, bucket, permit):
    """What is denied to everyone is denied to the owner."""
    permit(
        {
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Condition": {"StringNotEquals": {ENCRYPTION: "aws:kms"}},
        },
        {"Effect": "Deny", "Action": "s3:PutObject", "Condition": {"Null": {ENCRYPTION: True}}},
    )
    one = {"Bucket": bucket, "Key": "k", "Body": b"x"}
    assert refused(client.put_object, **one) == "AccessDenied"
    assert refused(client.put_object, **one, ServerSideEncryption="AES256") == "AccessDenied"
    client.put_object(**one, ServerSideEncryption="aws:kms")
    form = client.generate_presigned_post(
        bucket,
        "f",
        {"x-amz-server-side-encryption": "aws:kms"},
        [["starts-with", "$x-amz-server-side-encryption", ""]],
    )
    assert httpx.post(form["url"], data=form["fields"], files={"file": b"y"}).status_code == 204
    form = client.generate_presigned_post(bucket, "f")
    assert httpx.post(form["url"], data=form["fields"], files={"file": b"y"}).status_code == 403


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"Bool": {"aws:SecureTransport": True}}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, True),
        ({"NumericGreaterThan": {"s3:max-keys": 10}}, False),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "A/"}, "Null": {"s3:delimiter": "true"}}, True),
        ({"ForAnyValue:StringLike": {"s3:prefix": ["b/*", "a/*"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"NumericEquals": {"s3:max-keys": "ten"}}, False),
        (["not a condition"], False),
    ],
)
def test_operators(condition, is_met, server, bucket, permit):
    """Conditions compare texts, numbers and truths; what is unknown here is not met."""
    permit({"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": condition})
    listed = httpx.get(f"{server.url}/{bucket}", params={"prefix": "a/", "max-keys": "10"})
    assert listed.status_code == (200 if is_met else 403)


def test_what_a_statement_is_not_about(server, client, bucket, permit):
    """NotAction, NotResource and NotPrincipal are about all others; the account is one that can be named."""
    for key in ("k", "private/k"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    permit({"NotAction": "s3:DeleteObject"})
    assert status(server, bucket) == 200
    assert httpx.delete(f"{server.url}/{bucket}/k").status_code == 403
    permit({"Action": "s3:*"}, {"Effect": "Deny", "NotPrincipal": {"AWS": OWNER}, "Action": "s3:GetObject"})
    assert status(server, bucket) == 403
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    root = {"AWS": [f"arn:aws:iam::{OWNER}:root"]}
    permit({"Effect": "Deny", "Principal": root, "Action": "s3:GetObject"})
    assert refused(client.get_object, Bucket=bucket, Key="k") == "AccessDenied"


@pytest.mark.parametrize(
    "policy",
    [
        {"Statement": {"Effect": ["Deny"], "Principal": "*", "Action": "s3:*", "Resource": "*"}},
        {"Statement": [{"Effect": "Refuse", "Principal": "*", "Action": "s3:*", "Resource": "*"}]},
        {"Statement": ["Deny"]},
        {"Statement": [], "Id": "x" * 20 * 1024},
    ],
)
def test_policies_that_nobody_could_take_back(policy, client, bucket):
    """An effect is one of two, and a policy has 20 KB at most; the bucket goes on as it was."""
    assert refused(client.put_bucket_policy, Bucket=bucket, Policy=json.dumps(policy)) == "MalformedPolicy"
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_an_effect_of_before_that_is_none():
    """A policy that a version before took has no effect, and is no error."""
    statement = {"Effect": ["Deny"], "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Statement": statement}).encode()
    assert verdict(policy, "s3:GetObject", "b", "k", Asked({}, {}, "http", dict)) == ""
