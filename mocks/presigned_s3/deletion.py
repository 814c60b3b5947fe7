"""DeleteObjects: many objects, or versions of them, in one request."""

from collections.abc import Iterable
from http import HTTPStatus

from .backend import Backend, Order
from .errors import S3Error, access_denied, refusal
from .listing import MAX_KEYS
from .locks import BYPASS
from .response import Response
from .version_ids import is_version_id
from .xml import Element, document, element, parse, qualified


def delete_objects(backend: Backend, order: Order) -> tuple[Response, list[str]]:
    """Serve DeleteObjects; return the keys that it names, too.

    Raises:
        S3Error: MalformedXML.
    """
    try:
        root = parse(order.body)
    except ValueError:
        raise refusal("MalformedXML") from None
    objects = [(one.findtext("{*}Key"), one.findtext("{*}VersionId")) for one in root.iterfind("{*}Object")]
    keys = [key for key, _ in objects if key]
    if not 1 <= len(objects) <= MAX_KEYS or len(keys) < len(objects):
        raise refusal("MalformedXML")
    bypass = order.headers.get(BYPASS, "").lower() == "true"
    quiet = root.findtext("{*}Quiet", "").strip().lower() == "true"
    described: list[Element] = []
    for key, version_id in objects:
        named = [element("Key", str(key))] + ([element("VersionId", version_id)] if version_id else [])
        if version_id and not is_version_id(version_id):
            described.append(_error(named, refusal("NoSuchVersion")))
            continue
        deleted = backend.delete(order.bucket, str(key), version_id, bypass=bypass)
        if deleted is None:
            message = "Access Denied because object protected by object lock."
            described.append(_error(named, access_denied(message)))
        elif not quiet:
            marker = [element("DeleteMarker", "true")] if deleted.get("delete-marker") else []
            marker += [element("DeleteMarkerVersionId", deleted["version-id"])] if marker else []
            described.append(element("Deleted", *named, *marker))
    response = Response.of_xml(HTTPStatus.OK, document(qualified("DeleteResult", *described)))
    return response, keys


def _error(named: Iterable[Element], error: S3Error) -> Element:
    return element("Error", *named, element("Code", error.code), element("Message", error.message))
