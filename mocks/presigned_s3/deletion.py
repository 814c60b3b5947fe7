"""DeleteObjects: many objects, or versions of them, in one request."""

from collections.abc import Callable, Mapping
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


def delete_objects(
    backend: Backend, order: Order, may_delete: Callable[[str, str], bool]
) -> tuple[Response, list[str]]:
    """Serve DeleteObjects; return the keys that it names, too.

    Args:
        backend: moto's S3.
        order: the order.
        may_delete: returns whether a key, or its version if the second argument is not empty, may be deleted.

    Raises:
        S3Error: MalformedXML.
    """
    try:
        root = parse(order.body)
    except ValueError:
        raise refusal("MalformedXML") from None
    objects = [
        Named(*(one.findtext(f"{{*}}{name}", "") for name in ("Key", "VersionId", "ETag")))
        for one in root.iterfind("{*}Object")
    ]
    keys = [one.key for one in objects]
    if not 1 <= len(objects) <= MAX_KEYS or not all(keys):
        raise refusal("MalformedXML")
    bypass = order.headers.get(BYPASS, "").lower() == "true"
    quiet = root.findtext("{*}Quiet", "").strip().lower() == "true"
    described: list[Element] = []
    for one in objects:
        named = [element("Key", one.key)] + ([element("VersionId", one.version_id)] if one.version_id else [])
        try:
            if not may_delete(one.key, one.version_id):
                raise refusal("AccessDenied")
            deleted = _delete(backend, order.bucket, one, bypass=bypass)
        except S3Error as error:
            content = element("Code", error.code), element("Message", error.message)
            described.append(element("Error", *named, *content))
            continue
        if not quiet:
            marker = [element("DeleteMarker", "true")] if deleted.get("delete-marker") else []
            marker += [element("DeleteMarkerVersionId", deleted["version-id"])] if marker else []
            described.append(element("Deleted", *named, *marker))
    response = Response.of_xml(HTTPStatus.OK, document(qualified("DeleteResult", *described)))
    return response, keys


def _delete(backend: Backend, bucket: str, one: Named, *, bypass: bool) -> Mapping[str, str]:
    if one.version_id and not is_version_id(one.version_id):
        raise refusal("NoSuchVersion")
    if one.etag:
        check_deleted(backend, bucket, one.key, one.etag)
    deleted = backend.delete(bucket, one.key, one.version_id or None, bypass=bypass)
    if deleted is None:
        raise access_denied(PROTECTED)
    return deleted
