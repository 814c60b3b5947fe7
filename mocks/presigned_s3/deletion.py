"""DeleteObjects: many objects, or versions of them, in one request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from .backend import Backend, Order
from .errors import PROTECTED, S3Error, access_denied, refusal
from .listing import MAX_KEYS
from .locks import BYPASS
from .preconditions import check_deleted
from .response import Response
from .version_ids import is_version_id
from .xml import Element, document, element, parse, qualified


class Named(NamedTuple):
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

    objects: list[Named]
    denied: set[Named]
    quiet: bool


def read_deletion(body: bytes, may_delete: Callable[[str, str], bool]) -> Deletion:
    """Read the document of DeleteObjects.

    Args:
        body: the document.
        may_delete: returns whether a key, or its version if the second argument is not empty, may be deleted.

    Raises:
        S3Error: MalformedXML.
    """
    try:
        root = parse(body)
    except ValueError:
        raise refusal("MalformedXML") from None
    objects = [
        Named(*(one.findtext(f"{{*}}{name}", "") for name in ("Key", "VersionId", "ETag")))
        for one in root.iterfind("{*}Object")
    ]
    if not 1 <= len(objects) <= MAX_KEYS or not all(one.key for one in objects):
        raise refusal("MalformedXML")
    denied = {one for one in objects if not may_delete(one.key, one.version_id)}
    quiet = root.findtext("{*}Quiet", "").strip().lower() == "true"
    return Deletion(objects, denied, quiet)


def delete_objects(backend: Backend, order: Order, deletion: Deletion) -> Response:
    """Serve DeleteObjects, once its document is read."""
    bypass = order.headers.get(BYPASS, "").lower() == "true"
    described: list[Element] = []
    for one in deletion.objects:
        named = [element("Key", one.key)] + ([element("VersionId", one.version_id)] if one.version_id else [])
        try:
            if one in deletion.denied:
                raise refusal("AccessDenied")
            deleted = _delete(backend, order.bucket, one, bypass=bypass)
        except S3Error as error:
            content = element("Code", error.code), element("Message", error.message)
            described.append(element("Error", *named, *content))
            continue
        if not deletion.quiet:
            marker = [element("DeleteMarker", "true")] if deleted.get("delete-marker") else []
            marker += [element("DeleteMarkerVersionId", deleted["version-id"])] if marker else []
            described.append(element("Deleted", *named, *marker))
    return Response.of_xml(HTTPStatus.OK, document(qualified("DeleteResult", *described)))


def _delete(backend: Backend, bucket: str, one: Named, *, bypass: bool) -> Mapping[str, str]:
    if one.version_id and not is_version_id(one.version_id):
        raise refusal("NoSuchVersion")
    if one.etag:
        check_deleted(backend, bucket, one.key, one.etag)
    deleted = backend.delete(bucket, one.key, one.version_id or None, bypass=bypass)
    if deleted is None:
        raise access_denied(PROTECTED)
    return deleted
