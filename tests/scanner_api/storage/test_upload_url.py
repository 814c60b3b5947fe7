"""Forms are posted to where S3 takes them."""

from __future__ import annotations

import pytest
from boto3.session import Session
from botocore.config import Config

from scanner_api.storage.photo_bucket.address import upload_url
from scanner_api.storage.photo_bucket.errors import PhotoBucketError

REGIONS = [
    "us-east-1",
    "us-west-2",
    "eu-central-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "eusc-de-east-1",
]
SESSION = Session("key", "secret")
REGIONAL = Config(
    signature_version="s3v4", s3={"us_east_1_regional_endpoint": "regional", "addressing_style": "virtual"}
)


def botocore_url(bucket, region, endpoint_url=None):
    """Return what generate_presigned_post says, set to be regional as we always are."""
    client = SESSION.client(
        "s3", region_name=region, endpoint_url=endpoint_url, config=REGIONAL if endpoint_url is None else None
    )
    return client.generate_presigned_post(bucket, "key")["url"]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("bucket", ["photos", "my.photos", "a-1"])
def test_the_url_is_botocores(region, bucket):
    """In every partition of AWS the URL is the one that botocore comes to."""
    assert upload_url(bucket, region, None) == botocore_url(bucket, region)


def test_the_url_is_the_regional_host_of_the_bucket():
    """The bucket is in the host name, and the region too, so that no redirect loses the form."""
    assert upload_url("photos", "us-east-1", None) == "https://photos.s3.us-east-1.amazonaws.com/"


@pytest.mark.parametrize("bucket", ["my.photos", "Photos", "my_photos"])
def test_a_bucket_that_cannot_be_a_host_is_in_the_path(bucket):
    """Dots would break the certificate, capitals and underscores the host name."""
    assert upload_url(bucket, "us-west-2", None) == f"https://s3.us-west-2.amazonaws.com/{bucket}"


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:9000", "https://s3.example.com/", "http://[::1]:9000", "https://example.com/store"],
)
def test_an_endpoint_of_ones_own_has_the_bucket_in_the_path(endpoint):
    """Any other S3 is addressed by path, as botocore does."""
    assert upload_url("photos", "us-west-2", endpoint) == botocore_url("photos", "us-west-2", endpoint)


@pytest.mark.parametrize("bucket", ["", "ab", "a" * 64, "a/b", "a?b", "photos\n", "bücket", "a b", "a@b"])
def test_a_malformed_bucket_is_a_clear_error(bucket):
    """What would end up elsewhere in the URL is refused, naming the setting."""
    with pytest.raises(PhotoBucketError, match=r"s3_bucket"):
        upload_url(bucket, "us-west-2", None)


@pytest.mark.parametrize(
    "region", ["", "west", "us west-2", "us-west-2.evil.example/", "US-WEST-2", "us-west-2\n"]
)
def test_a_region_that_aws_has_not_is_a_clear_error(region):
    """A region outside all of AWS's partitions is refused, naming the setting."""
    with pytest.raises(PhotoBucketError, match=r"s3_region"):
        upload_url("photos", region, None)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "127.0.0.1:9000",
        "ftp://example.com",
        "http://",
        "http://host:port",
        "http://host:0",
        "http://host:99999",
        "http://[::1",
        "http://user:hunter2@host",
        "http://host/?a=b",
        "http://host/#f",
    ],
)
def test_a_malformed_endpoint_is_a_clear_error(endpoint):
    """An endpoint has to be an HTTP URL; the error names the setting and not what may be secret in it."""
    with pytest.raises(PhotoBucketError, match=r"s3_endpoint_url.*http://") as caught:
        upload_url("photos", "us-west-2", endpoint)
    assert "hunter2" not in str(caught.value)
