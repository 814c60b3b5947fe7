"""The operations of S3: the requests that name them, their actions in policies, permissions and documents."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Operation(NamedTuple):
    """An operation of S3.

    Attributes:
        name: in the journal, the access log and rules; empty for what is no operation.
        actions: in bucket policies, which have to allow all of them; ``*`` is ``Version`` where a request
            names one.
        permission: of an ACL that allows it; empty if none does.
        root: of the XML document that is put or posted; empty if there is none. Old tools create buckets with
            another.
        is_served: if not, it is a 501.
    """

    name: str
    actions: tuple[str, ...] = ()
    permission: str = ""
    root: str = ""
    is_served: bool = True

    def actions_on(self, version_id: str) -> list[str]:
        """Return the actions of a request on a version, or with an empty text on none."""
        return [f"s3:{action.replace('*', 'Version' if version_id else '')}" for action in self.actions]


_Table = Mapping[tuple[str, str], Operation]


def _document(
    methods: str, selector: str, noun: str, action: str = "", root: str = "", deleted_by: str = "Put"
) -> _Table:
    """Return the operations on a document that has a query parameter: its verb before a noun.

    Args:
        action: of policies without its verb; by default it is the noun.
        deleted_by: the verb of the action to delete it.
    """
    verbs = {method: "Create" if method == "POST" else method.title() for method in methods.split()}
    permissions = {"GET": "READ_ACP", "PUT": "WRITE_ACP"} if selector == "acl" else {}
    return {
        (method, selector): Operation(
            f"{verb}{noun}",
            (f"{deleted_by if method == 'DELETE' else verb}{action or noun}",),
            permissions.get(method, ""),
            root if method == "PUT" else "",
        )
        for method, verb in verbs.items()
    }


def _refused(methods: str, selector: str, noun: str) -> _Table:
    """Return operations on a subresource that are not served."""
    operations = _document(methods, selector, noun).items()
    return {place: operation._replace(is_served=False) for place, operation in operations}


def _by_id(selector: str, root: str) -> _Table:
    """Return the operations on the configurations of a kind, of which a bucket has several."""
    return {
        ("LIST", selector): Operation(f"ListBucket{root}s", (f"Get{root}",)),
        **_document("GET PUT DELETE", selector, f"Bucket{root}", root, root),
    }


NONE: Final = Operation("")
ON_SERVICE: Final[_Table] = {("GET", ""): Operation("ListBuckets")}
ON_BUCKETS: Final[_Table] = {
    ("GET", ""): Operation("ListObjects", ("ListBucket",), "READ"),
    ("LIST", ""): Operation("ListObjectsV2", ("ListBucket",), "READ"),
    ("HEAD", ""): Operation("HeadBucket", ("ListBucket",), "READ"),
    ("PUT", ""): Operation("CreateBucket", ("CreateBucket",)),
    ("DELETE", ""): Operation("DeleteBucket", ("DeleteBucket",)),
    ("POST", ""): Operation("PostObject", ("PutObject",), "WRITE"),
    ("POST", "delete"): Operation("DeleteObjects", root="Delete"),
    ("GET", "uploads"): Operation("ListMultipartUploads", ("ListBucketMultipartUploads",), "READ"),
    ("GET", "versions"): Operation("ListObjectVersions", ("ListBucketVersions",), "READ"),
    **_document(
        "GET PUT", "accelerate", "BucketAccelerateConfiguration", "AccelerateConfiguration",
        "AccelerateConfiguration",
    ),
    **_document("GET PUT", "acl", "BucketAcl", root="AccessControlPolicy"),
    **_by_id("analytics", "AnalyticsConfiguration"),
    **_document("GET PUT DELETE", "cors", "BucketCors", "BucketCORS", "CORSConfiguration"),
    **_document(
        "GET PUT DELETE", "encryption", "BucketEncryption", "EncryptionConfiguration",
        "ServerSideEncryptionConfiguration",
    ),
    **_by_id("intelligent-tiering", "IntelligentTieringConfiguration"),
    **_by_id("inventory", "InventoryConfiguration"),
    **_document(
        "GET PUT", "lifecycle", "BucketLifecycleConfiguration", "LifecycleConfiguration",
        "LifecycleConfiguration",
    ),
    **_document("DELETE", "lifecycle", "BucketLifecycle", "LifecycleConfiguration"),
    **_document("GET", "location", "BucketLocation"),
    **_document("GET PUT", "logging", "BucketLogging", root="BucketLoggingStatus"),
    **_by_id("metrics", "MetricsConfiguration"),
    **_document(
        "GET PUT", "notification", "BucketNotificationConfiguration", "BucketNotification",
        "NotificationConfiguration",
    ),
    **_document(
        "GET PUT", "object-lock", "ObjectLockConfiguration", "BucketObjectLockConfiguration",
        "ObjectLockConfiguration",
    ),
    **_document("GET PUT DELETE", "ownershipControls", "BucketOwnershipControls", root="OwnershipControls"),
    **_document("GET PUT DELETE", "policy", "BucketPolicy", deleted_by="Delete"),
    **_document("GET", "policyStatus", "BucketPolicyStatus"),
    **_document(
        "GET PUT DELETE", "publicAccessBlock", "PublicAccessBlock", "BucketPublicAccessBlock",
        "PublicAccessBlockConfiguration",
    ),
    **_document(
        "GET PUT DELETE", "replication", "BucketReplication", "ReplicationConfiguration",
        "ReplicationConfiguration",
    ),
    **_document("GET PUT", "requestPayment", "BucketRequestPayment", root="RequestPaymentConfiguration"),
    **_document("GET PUT DELETE", "tagging", "BucketTagging", root="Tagging"),
    **_document("GET PUT", "versioning", "BucketVersioning", root="VersioningConfiguration"),
    **_document("GET PUT DELETE", "website", "BucketWebsite", "", "WebsiteConfiguration", "Delete"),
    **_refused("GET PUT", "abac", "BucketAbac"),
    **_refused("GET POST DELETE", "metadataConfiguration", "BucketMetadataConfiguration"),
    **_refused("GET POST DELETE", "metadataTable", "BucketMetadataTableConfiguration"),
    **{
        ("PUT", f"metadata{kind}Table"): Operation(
            f"UpdateBucketMetadata{kind}TableConfiguration", is_served=False
        )
        for kind in ("Annotation", "Inventory", "Journal")
    },
    ("GET", "session"): Operation("CreateSession", is_served=False),
}  # fmt: skip
ON_OBJECTS: Final[_Table] = {
    ("GET", ""): Operation("GetObject", ("GetObject*",), "READ"),
    ("HEAD", ""): Operation("HeadObject", ("GetObject*",), "READ"),
    ("PUT", ""): Operation("PutObject", ("PutObject",), "WRITE"),
    ("COPY", ""): Operation("CopyObject", ("PutObject",), "WRITE"),
    ("DELETE", ""): Operation("DeleteObject", ("DeleteObject*",), "WRITE"),
    ("POST", "uploads"): Operation("CreateMultipartUpload", ("PutObject",), "WRITE"),
    ("PUT", "uploadId"): Operation("UploadPart", ("PutObject",), "WRITE"),
    ("COPY", "uploadId"): Operation("UploadPartCopy", ("PutObject",), "WRITE"),
    ("GET", "uploadId"): Operation("ListParts", ("ListMultipartUploadParts",)),
    ("POST", "uploadId"): Operation(
        "CompleteMultipartUpload", ("PutObject",), "WRITE", "CompleteMultipartUpload"
    ),
    ("DELETE", "uploadId"): Operation("AbortMultipartUpload", ("AbortMultipartUpload",)),
    ("GET", "attributes"): Operation("GetObjectAttributes", ("GetObject*", "GetObject*Attributes"), "READ"),
    **_document("GET PUT", "acl", "ObjectAcl", "Object*Acl", "AccessControlPolicy"),
    **_document("GET PUT", "legal-hold", "ObjectLegalHold", root="LegalHold"),
    **_document("GET PUT", "retention", "ObjectRetention", root="Retention"),
    **_document("GET PUT DELETE", "tagging", "ObjectTagging", "Object*Tagging", "Tagging", "Delete"),
    ("LIST", "annotation"): Operation("ListObjectAnnotations", is_served=False),
    **_refused("GET PUT DELETE", "annotation", "ObjectAnnotation"),
    ("GET", "torrent"): Operation("GetObjectTorrent", ("GetObject*Torrent",), is_served=False),
    ("PUT", "encryption"): Operation("UpdateObjectEncryption", ("UpdateObjectEncryption",), is_served=False),
    ("PUT", "renameObject"): Operation("RenameObject", ("PutObject",), is_served=False),
    ("POST", "restore"): Operation("RestoreObject", ("RestoreObject",), is_served=False),
    ("POST", "select"): Operation("SelectObjectContent", ("GetObject",), is_served=False),
}
"""By method and selector, which is the query parameter of a subresource.

COPY is PUT of a copy; LIST is GET with ``list-type``, and of configurations without ``id``. HEAD falls back
on GET.
"""

TABLES: Final = (ON_SERVICE, ON_BUCKETS, ON_OBJECTS)
BY_NAME: Final = {operation.name: operation for table in TABLES for operation in table.values()}
NAMES: Final = frozenset(BY_NAME)
SELECTORS: Final = frozenset(selector for table in TABLES for _, selector in table if selector)
SERVED: Final = frozenset(
    selector for table in TABLES for (_, selector), operation in table.items() if operation.is_served
)
"""Selectors of which an operation is served; S3's others are as those that it does not know."""
ROOTS: Final = {
    selector: operation.root
    for table in TABLES
    for (_, selector), operation in table.items()
    if operation.root
}
"""The root of the document that is put or posted, by selector."""
STORED: Final = frozenset({
    "accelerate", "analytics", "intelligent-tiering", "inventory", "logging", "metrics", "replication",
    "requestPayment", "website",
})  # fmt: skip
"""Selectors of documents that are stored and shown, and have no effect here."""
NOT_IMPLEMENTED: Final = frozenset({
    "x-amz-bucket-namespace",
    "x-amz-if-match-initiated-time", "x-amz-if-match-last-modified-time", "x-amz-if-match-size",
    "x-amz-object-annotation-directive", "x-amz-object-lock-event-hold",
    "x-amz-object-lock-event-hold-duration-days", "x-amz-object-lock-event-hold-duration-years",
    "x-amz-write-offset-bytes",
})  # fmt: skip
"""Headers of S3's that would change what a request does, and have no effect here: such requests are 501."""
MOST_PIECES: Final = dict.fromkeys(("", *ROOTS), 5_000) | {
    "delete": 10_000,
    "lifecycle": 20_000,
    "replication": 12_000,
    "uploadId": 60_000,
}
"""How many elements and attributes such a document has at most, by selector.

The longest have 1,000 keys of six elements, 1,000 rules of up to twenty and of twelve, and 10,000 parts of
six; of the others, 100 CORS rules have 2,000. A policy is JSON.
"""
