"""Photos are stored; `s3_bucket` is the name of a bucket that no other test has."""

import boto3
import httpx2

from uploads import store


def test_the_url_shows_the_photo(s3_bucket: str) -> None:
    """It does, with the type that was stored."""
    response = httpx2.get(store(s3_bucket, "cat.jpg", b"a cat"))
    assert (response.content, response.headers["content-type"]) == (b"a cat", "image/jpeg")


def test_the_url_shows_no_other_photo(s3_bucket: str) -> None:
    """The signature is of one key."""
    url = store(s3_bucket, "cat.jpg", b"a cat")
    boto3.client("s3").put_object(Bucket=s3_bucket, Key="dog.jpg", Body=b"a dog")
    assert httpx2.get(url.replace("cat.jpg", "dog.jpg")).status_code == httpx2.codes.FORBIDDEN
