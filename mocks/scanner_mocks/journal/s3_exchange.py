"""An exchange with S3, from what S3's process tells of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from .exchange import Exchange, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .masking import Masking

ON_OBJECTS = {
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
}
ON_BUCKETS = {
    "GET": "ListObjects",
    "HEAD": "HeadBucket",
    "PUT": "CreateBucket",
    "DELETE": "DeleteBucket",
    "POST": "PostObject",
}
SUBRESOURCES = {
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("GET", "uploadId"): "ListParts",
    ("GET", "uploads"): "ListMultipartUploads",
    ("GET", "versions"): "ListObjectVersions",
    ("POST", "delete"): "DeleteObjects",
    ("GET", "cors"): "GetBucketCors",
    ("PUT", "cors"): "PutBucketCors",
    ("GET", "policy"): "GetBucketPolicy",
    ("PUT", "policy"): "PutBucketPolicy",
    ("GET", "location"): "GetBucketLocation",
}


def s3_exchange(told: Mapping[str, Any], masking: Masking) -> Exchange:
    """Return an exchange with S3; `told` is as `scanner_mocks.s3.exchanges.described` returns it."""
    request, answer = told["request"], told["answer"]
    headers = _headers(request["headers"], masking)
    response = Message(
        headers=_headers(answer["headers"], masking),
        body=masking.body(answer.get("body", "").encode()),
        body_bytes=answer["body_bytes"],
    )
    return Exchange(
        server="s3",
        request_id=response.header("x-amz-request-id") or "",
        started=datetime.now(UTC) - timedelta(seconds=told["seconds"]),
        milliseconds=round(told["seconds"] * 1000, 3),
        method=request["method"],
        url=masking.url(request["url"]),
        status=answer["status"],
        request=Message(
            headers=headers,
            body_bytes=request["body_bytes"],
            fields=[(name, value) for name, value in request["fields"]],
        ),
        response=response,
        operation=_operation(request),
        scope=next((value for name, value in headers if name == "x-mock-scope"), "")[:200],
        fault=told.get("fault", ""),
    )


def _headers(pairs: list[list[str]], masking: Masking) -> list[tuple[str, str]]:
    raw = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in pairs]
    return masking.headers(raw)


def _operation(request: Mapping[str, Any]) -> str:
    """Return the name of S3's operation; empty for one that is rare here."""
    method, query = request["method"], parse_qs(urlsplit(request["url"]).query, keep_blank_values=True)
    for (verb, subresource), name in SUBRESOURCES.items():
        if verb == method and subresource in query:
            return name
    if not request["bucket"]:
        return "ListBuckets" if method == "GET" else ""
    if request["key"]:
        return ON_OBJECTS.get(method, "")
    return "ListObjectsV2" if "list-type" in query else ON_BUCKETS.get(method, "")
