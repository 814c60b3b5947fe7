"""Signature Version 2 from the server's side: headers, presigned requests and policies of forms.

S3 takes it in regions from before 30 January 2014 alone. Source: "Signing and authenticating REST requests
(AWS signature version 2)" in the API reference.
"""

import base64
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote

from strict_s3.messages.clock import http_date
from strict_s3.messages.errors import S3Error, access_denied, invalid_argument, invalid_request
from strict_s3.messages.request import VERSION_2_QUERY, Request

from .signature import Credential, compare

REGION: Final = "us-east-1"
"""The region of requests that are to no bucket."""

REGIONS: Final = frozenset({
    REGION, "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1",
    "sa-east-1",
})  # fmt: skip
"""The regions that accept it."""

_SIGNED_PARAMETERS = frozenset({
    "accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle", "location", "logging",
    "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "restore", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires",
})  # fmt: skip
_EXPIRES_DIGITS = 11


def refused() -> S3Error:
    """Return the refusal of a request that is signed with Version 2 where only Version 4 is taken."""
    message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    return invalid_request(message)


def query_parameters(request: Request) -> tuple[str, str, int]:
    """Return access key, signature and end (in seconds since 1970) of a presigned request.

    Raises:
        S3Error: AccessDenied; one is missing, or the end is no number.
    """
    access_key, provided, expires = (request.parameter(name) for name in VERSION_2_QUERY)
    if access_key is None or provided is None or expires is None:
        message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        raise access_denied(message)
    if not (expires.isascii() and expires.isdigit()) or len(expires) > _EXPIRES_DIGITS:
        raise access_denied(f"Invalid date (should be seconds since epoch): {expires}")
    return access_key, provided, int(expires)


def header_parameters(request: Request) -> tuple[str, str, datetime]:
    """Return access key, signature and time of a request with an Authorization header.

    Raises:
        S3Error: InvalidArgument, the header cannot be read; AccessDenied, there is no time.
    """
    header = request.headers["authorization"]
    access_key, colon, provided = header.removeprefix("AWS ").strip().partition(":")
    if not colon:
        raise invalid_argument(
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature", "Authorization", header
        )
    time = http_date(request.headers.get("x-amz-date") or request.headers.get("date", ""))
    if time is None:
        raise access_denied("AWS authentication requires a valid Date or x-amz-date header")
    return access_key, provided, time


def string_to_sign(request: Request) -> str:
    """Return what is signed for a request.

    Headers count in the query as well: SDKs move those that they sign there in a presigned request.
    """
    headers = {**{name.lower(): value for name, value in request.query}, **request.headers}
    time = "" if "x-amz-date" in headers else headers.get("date", "")
    amz = sorted(name for name in headers if name.startswith("x-amz-"))
    bucket = f"/{request.bucket}" if request.host_style else ""
    parameters = sorted(pair for pair in request.query if pair[0] in _SIGNED_PARAMETERS)
    query = "&".join(f"{name}={value}" if value else name for name, value in parameters)
    return "\n".join((
        request.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        request.parameter("Expires") or time,
        *(f"{name}:{headers[name]}" for name in amz),
        bucket + quote(request.path, safe="/-_.~") + (f"?{query}" if query else ""),
    ))  # fmt: skip


def check(credential: Credential, access_key: str, text: str, provided: str) -> None:
    """Raise SignatureDoesNotMatch unless `provided` is the signature of `text`."""
    compare(_signature(credential, text), provided, access_key, text)


def is_signature(credential: Credential, text: str, provided: str) -> bool:
    """Return whether `provided` is the signature of `text`."""
    return hmac.compare_digest(_signature(credential, text).encode(), provided.encode())


def _signature(credential: Credential, text: str) -> str:
    digest = hmac.digest(credential.secret_key.encode(), text.encode(), "sha1")
    return base64.b64encode(digest).decode()
