"""What the package offers to others."""

from __future__ import annotations

from typing import Any

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def client(usual: Any) -> Any:
    """Return a client by what the server says of itself."""
    ((access_key, secret_key),) = usual.credentials.items()
    return boto3.client(
        "s3",
        endpoint_url=usual.url,
        region_name=usual.region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(signature_version="s3v4"),
    )


def test_a_server_for_a_while(client):
    """It serves requests once it is entered, and its credentials are known."""
    client.put_object(Bucket="photos", Key="a", Body=b"1")
    assert client.get_object(Bucket="photos", Key="a")["Body"].read() == b"1"


def test_the_usual_region(client):
    """By default it is us-east-1, which has no LocationConstraint: neither in a request nor in a response."""
    assert client.meta.region_name == "us-east-1"
    url = client.generate_presigned_url("list_objects_v2", {"Bucket": "photos"})
    assert httpx2.get(url).status_code == 200
    client.create_bucket(Bucket="another")
    with pytest.raises(ClientError, match="InvalidLocationConstraint"):
        client.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
    client.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    locations = [client.get_bucket_location(Bucket=name) for name in ("photos", "another", "far")]
    assert [location["LocationConstraint"] for location in locations] == [None, None, "eu-west-1"]
    assert client.head_bucket(Bucket="another")["BucketRegion"] == "us-east-1"


def test_the_owner_is_an_option(client):
    """The account that owns the buckets can be another one, against moto's environment."""
    assert client.head_bucket(Bucket="photos", ExpectedBucketOwner="111122223333")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.list_objects_v2(Bucket="photos", ExpectedBucketOwner="123456789012")
