"""What the package offers to others."""

from __future__ import annotations

import boto3

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
