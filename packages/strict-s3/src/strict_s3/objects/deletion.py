"""DeleteObjects: many objects, or versions of them, in one request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from strict_s3.messages.errors import PROTECTED, S3Error, access_denied, refusal
from strict_s3.messages.orders import Order
from strict_s3.messages.response import Response
from strict_s3.messages.version_ids import is_version_id
from strict_s3.messages.xml import parse
from strict_s3.store.backend import Backend
from strict_s3.store.locks import BYPASS

from .listing import MAX_KEYS
from .preconditions import check_deleted


class ObjectIdentifier(NamedTuple):
    """An object to delete: its version and the ETag that it must have are empty for any."""

    key: str
    version_id: str
    etag: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """What DeleteObjects asks for.

    Attributes:
        objects: those to delete.
        denied: those of them that may not be deleted.
        quiet: whether to say nothing of those that are.
    """

    objects: list[ObjectIdentifier]
    denied: set[ObjectIdentifier]
    quiet: bool


def read_deletion(body: bytes, may_delete: Callable[[str, str], bool]) -> Deletion:
    """Read the document of DeleteObjects.

    Args:
        body: the document.
        may_delete: returns whether a key, or its version if the second argument is not empty, may be deleted.

    Raises:
        S3Error: MalformedXML.
    """
    root = parse(body)
    if any(root.find(f"Object/{name}") is not None for name in ("LastModifiedTime", "Size")):
        raise refusal("NotImplemented")  # conditions of directory buckets
    objects = [
        ObjectIdentifier(*(identifier.findtext(name, "") for name in ("Key", "VersionId", "ETag")))
        for identifier in root.iterfind("Object")
    ]
    if not 1 <= len(objects) <= MAX_KEYS or not all(identifier.key for identifier in objects):
        raise refusal("MalformedXML")
    denied = {identifier for identifier in objects if not may_delete(identifier.key, identifier.version_id)}
    quiet = root.findtext("Quiet", "").strip().lower() == "true"
    return Deletion(objects, denied, quiet)


def delete_objects(backend: Backend, order: Order, deletion: Deletion) -> Response:
    """Serve DeleteObjects, once its document is read."""
    bypass = order.headers.get(BYPASS, "").lower() == "true"
    deletions: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for identifier in deletion.objects:
        named = {"Key": identifier.key, "VersionId": identifier.version_id or None}
        try:
            if identifier in deletion.denied:
                raise refusal("AccessDenied")
            deleted = _delete(backend, order.bucket, identifier, bypass=bypass)
        except S3Error as error:
            errors.append({**named, "Code": error.code, "Message": error.message})
            continue
        is_marker = "delete-marker" in deleted
        marker = {"DeleteMarker": True, "DeleteMarkerVersionId": deleted["version-id"]} if is_marker else {}
        deletions.append({**named, **marker})
    return Response.of_root("DeleteResult", {"Deleted": [] if deletion.quiet else deletions, "Error": errors})


def _delete(
    backend: Backend, bucket: str, identifier: ObjectIdentifier, *, bypass: bool
) -> Mapping[str, str]:
    if identifier.version_id and not is_version_id(identifier.version_id):
        raise refusal("NoSuchVersion")
    if identifier.etag:
        check_deleted(backend, bucket, identifier.key, identifier.etag)
    deleted = backend.delete(bucket, identifier.key, identifier.version_id or None, bypass=bypass)
    if deleted is None:
        raise access_denied(PROTECTED)
    return deleted
