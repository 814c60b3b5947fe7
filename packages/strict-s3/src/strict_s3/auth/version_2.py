"""Signature Version 2 from the server's side: what it signs, and where S3 accepts it.

Source: "Signing and authenticating REST requests (AWS signature version 2)" in the API reference.
"""

import base64
import hmac
from typing import Final
from urllib.parse import quote

from strict_s3.messages.errors import access_denied, invalid_argument, invalid_request
from strict_s3.messages.integers import whole_number
from strict_s3.messages.request import VERSION_2_QUERY, Request

NAME: Final = "AWS"
"""Before the access key in an Authorization header, and in bucket policies."""
_REGIONS = frozenset({
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-northeast-1", "ap-southeast-1",
    "ap-southeast-2", "sa-east-1", "us-gov-west-1",
})  # fmt: skip
_SIGNED = frozenset({
    "accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle", "location", "logging",
    "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "restore", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
})  # fmt: skip
"""Parameters that are signed; fewer than there are subresources, as clients do not sign later ones."""
_MAX_EXPIRES = 99_999_999_999
"""In the year 5138; a time in milliseconds is larger."""


def check_accepted(region: str, service: str = "s3") -> None:
    """Raise InvalidRequest where only Version 4 is accepted."""
    if region not in _REGIONS or service != "s3":
        message = "The authorization mechanism you have provided is not supported."
        raise invalid_request(f"{message} Please use AWS4-HMAC-SHA256.")


def of_header(header: str) -> tuple[str, str]:
    """Return access key and signature of an Authorization header."""
    access_key, colon, provided = header.removeprefix(NAME).strip().partition(":")
    if not colon:
        message = "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature"
        raise invalid_argument(message, "Authorization", header)
    return access_key, provided


def of_query(request: Request) -> tuple[str, str, int]:
    """Return access key, signature and end (in seconds since 1970) of a presigned request."""
    access_key, provided, text = (request.parameter(name) for name in VERSION_2_QUERY)
    if access_key is None or provided is None or text is None:
        message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        raise access_denied(message)
    expires = whole_number(text)
    if expires is None or expires > _MAX_EXPIRES:
        raise access_denied(f"Invalid date (should be seconds since epoch): {text}")
    return access_key, provided, expires


def string_to_sign(request: Request, slash: str = "") -> str:
    """Return what is signed for a request; some clients sign a slash after a bucket that they do not send.

    SDKs move the headers that they sign to the query of a presigned request, and no others.
    """
    headers = request.headers
    time = "" if "x-amz-date" in headers else headers.get("date", "")
    if "authorization" not in headers:
        headers = {**{name.lower(): value for name, value in request.query}, **headers}
        time = request.parameter("Expires") or ""
    bucket = f"/{request.bucket}" if request.host_style else ""
    signed = [pair for pair in sorted(request.query) if pair[0] in _SIGNED or pair[0].startswith("response-")]
    query = "&".join(f"{name}={value}" if value else name for name, value in signed)
    return "\n".join((
        request.method,
        *(headers.get(name, "") for name in ("content-md5", "content-type")),
        time,
        *(f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-amz-")),
        bucket + quote(request.path, safe="/-_.~") + slash + (f"?{query}" if query else ""),
    ))  # fmt: skip


def signature(secret_key: str, text: str) -> str:
    """Return the signature that is right, in base64."""
    return base64.b64encode(hmac.digest(secret_key.encode(), text.encode(), "sha1")).decode()
