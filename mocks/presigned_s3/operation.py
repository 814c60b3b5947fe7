"""What S3 calls the operation that a request asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .request import Request

UNWATCHED: Final = "x-mock-unwatched"
"""Query parameter of who only looks, as the console at a photo: no fault strikes, no journal hears."""
ON_OBJECTS: Final = {
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
}
ON_BUCKETS: Final = {
    "GET": "ListObjects",
    "HEAD": "HeadBucket",
    "PUT": "CreateBucket",
    "DELETE": "DeleteBucket",
    "POST": "PostObject",
}
SUBRESOURCES: Final = {
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

OF_BUCKETS: Final = frozenset({
    "accelerate", "acl", "analytics", "cors", "delete", "encryption", "intelligent-tiering", "inventory",
    "lifecycle", "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy",
    "publicAccessBlock", "replication", "requestPayment", "tagging", "versioning", "website",
})  # fmt: skip
"""Query parameters that make a PUT, POST or DELETE of a bucket one of something that it has."""

NAMES: Final = frozenset(
    {*ON_OBJECTS.values(), *ON_BUCKETS.values(), *SUBRESOURCES.values(), "ListBuckets", "ListObjectsV2"}
)
"""All names that an operation can have here."""


def operation_of(request: Request) -> str:
    """Return the name of the operation, such as ``PostObject``; empty for one that is rare here."""
    for name, _ in request.query:
        if (request.method, name) in SUBRESOURCES:
            return SUBRESOURCES[request.method, name]
    if not request.bucket:
        return "ListBuckets" if request.method == "GET" else ""
    if request.key:
        return ON_OBJECTS.get(request.method, "")
    return "ListObjectsV2" if request.asks_for("list-type") else ON_BUCKETS.get(request.method, "")
