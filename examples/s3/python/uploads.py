"""Stores photos."""

import boto3
from botocore.config import Config


def store(bucket: str, name: str, photo: bytes) -> str:
    """Store a photo, and return a URL that shows it for an hour."""
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    s3.put_object(Bucket=bucket, Key=name, Body=photo, ContentType="image/jpeg")
    return s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": name}, ExpiresIn=3600)
