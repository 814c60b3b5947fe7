"""The upload URL of a bucket."""

import re
from typing import Final
from urllib.parse import urlsplit

from .errors import PhotoBucketError

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{3,63}")
_DNS_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")


def upload_url(bucket: str, region: str, endpoint_url: str | None) -> str:
    """Return the URL that forms are posted to.

    On AWS it is the bucket's regional host, ``https://BUCKET.s3.REGION.amazonaws.com/``; the bucket moves to
    the path where its name is none for a host (dots break the certificate) and at any other endpoint.

    Raises:
        PhotoBucketError: bucket, region or endpoint is malformed, or AWS has no such region.
    """
    if not _NAME.fullmatch(bucket):
        raise PhotoBucketError(
            f"{bucket!r} is not a bucket name (s3_bucket): 3 to 63 letters, digits, '.', '-' or '_'."
        )
    if endpoint_url is not None:
        return f"{_checked(endpoint_url)}/{bucket}"
    host = _host(region)
    return f"https://{bucket}.{host}/" if _DNS_LABEL.fullmatch(bucket) else f"https://{host}/{bucket}"


def _checked(endpoint_url: str) -> str:
    try:
        parts = urlsplit(endpoint_url)
        complete = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, an unfinished IPv6 address
        complete = False
    if not complete or parts.query or parts.fragment or "@" in parts.netloc:
        raise PhotoBucketError(
            "The endpoint of the photo bucket (s3_endpoint_url) has to be http:// or https://, a host, and at"
            " most a port and a path."
        )
    return endpoint_url.rstrip("/")


def _host(region: str) -> str:
    """Return the host of S3 in a region; each of AWS's partitions has a domain of its own."""
    from botocore.loaders import create_loader  # noqa: PLC0415 -- another S3 needs none of it

    for partition in create_loader().load_data("partitions")["partitions"]:
        if re.fullmatch(partition["regionRegex"], region):
            return f"s3.{region}.{partition['outputs']['dnsSuffix']}"
    raise PhotoBucketError(f"AWS has no region {region!r} (s3_region).")
