"""What the package offers to others."""

from __future__ import annotations

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from strict_s3 import running


def test_a_server_for_a_while():
    """It serves requests once it is entered, and its credentials are known."""
    with running("photos") as s3:
        ((access_key, secret_key),) = s3.credentials.items()
        client = boto3.client(
            "s3",
            endpoint_url=s3.url,
            region_name=s3.region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
        )
        client.put_object(Bucket="photos", Key="a", Body=b"1")
        assert client.get_object(Bucket="photos", Key="a")["Body"].read() == b"1"
        client.close()


def test_the_usual_region():
    """By default it is us-east-1, which has no LocationConstraint: neither in a request nor in a response."""
    with running("photos") as s3:
        ((access_key, secret_key),) = s3.credentials.items()
        client = boto3.client(
            "s3",
            endpoint_url=s3.url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(signature_version="s3v4"),
        )
        url = client.generate_presigned_url("list_objects_v2", {"Bucket": "photos"})
        assert httpx2.get(url).status_code == 200
        client.create_bucket(Bucket="another")
        with pytest.raises(ClientError, match="InvalidLocationConstraint"):
            client.create_bucket(
                Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": "us-east-1"}
            )
        client.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        locations = [client.get_bucket_location(Bucket=name) for name in ("photos", "another", "far")]
        assert [location["LocationConstraint"] for location in locations] == [None, None, "eu-west-1"]
        assert client.head_bucket(Bucket="another")["BucketRegion"] == "us-east-1"
        client.close()
