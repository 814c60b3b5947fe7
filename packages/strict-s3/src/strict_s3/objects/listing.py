"""Lists, page by page: of buckets, of objects, of their versions, of uploads under way and of their parts."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from strict_s3.messages.errors import invalid_argument
from strict_s3.messages.integers import integer_argument, parts_page
from strict_s3.messages.orders import Order
from strict_s3.messages.response import Response
from strict_s3.messages.xml import Element, elements
from strict_s3.store.backend import Backend
from strict_s3.store.moto_s3 import models
from strict_s3.store.ordered import Ordered

MAX_KEYS = 1000
"""How many keys one request lists or deletes at most."""
_MAX_BUCKETS = 10_000
_OWNER = {"ID": models.OWNER}


def list_buckets(backend: Backend, order: Order) -> Response:
    is_paged = order.has("max-buckets", "prefix", "continuation-token", "bucket-region")
    region = order.parameter("bucket-region")
    marker = _decoded(order) if order.parameter("continuation-token") else ""
    page = _Page(order, "max-buckets", marker, most=_MAX_BUCKETS)
    page.fill(backend.buckets(region))
    described = [
        {
            "Name": name,
            "CreationDate": bucket.creation_date_ISO8601,
            "BucketRegion": bucket.region_name if is_paged else None,
        }
        for name, bucket in page.entries
    ]
    content = {
        "Owner": _OWNER,
        "Buckets": {"Bucket": described},
        "ContinuationToken": _encoded(page) or None,
        "Prefix": page.prefix or None,
    }
    return Response.of_root("ListAllMyBucketsResult", content)


def list_objects(backend: Backend, order: Order) -> Response:
    """Serve ListObjects, of both versions."""
    start: dict[str, Any]
    if not order.has("list-type"):
        page = _Page(order, "max-keys", order.parameter("marker"))
        page.fill(backend.latest(order.bucket))
        # Version 1 encodes all but its prefix, which its clients do not decode.
        start = {"Prefix": page.prefix, "Marker": page.quoted(page.marker)}
        start["NextMarker"] = (page.quoted(page.last) if page.delimiter else "") or None
        fetches_owner = True
    else:
        token, after = order.parameter("continuation-token"), order.parameter("start-after")
        page = _Page(order, "max-keys", _decoded(order) or after)
        page.fill(backend.latest(order.bucket))
        start = {
            "Prefix": page.quoted(page.prefix),
            "StartAfter": (page.quoted(after) or None) if not token else None,
            "ContinuationToken": token or None,
            "NextContinuationToken": _encoded(page) or None,
            "KeyCount": len(page.entries) + len(page.prefixes),
        }
        fetches_owner = order.parameter("fetch-owner") == "true"
    described = [
        {"Key": page.quoted(key.name), **_content(key, fetches_owner=fetches_owner)}
        for _, key in page.entries
    ]
    return page.response("ListBucketResult", order.bucket, start, {"Contents": described})


def list_versions(backend: Backend, order: Order) -> Response:
    marker, version_marker = order.parameter("key-marker"), order.parameter("version-id-marker")
    if version_marker and not marker:
        message = "A version-id marker cannot be specified without a key marker."
        raise invalid_argument(message, "version-id-marker", version_marker)
    page = _Page(order, "max-keys", marker)
    page.fill(backend.versions(order.bucket), version_marker, lambda entry: str(entry[1].version_id))
    start = {
        "Prefix": page.quoted(page.prefix),
        "KeyMarker": page.quoted(marker),
        "VersionIdMarker": version_marker,
        "NextKeyMarker": page.quoted(page.last) or None,
        "NextVersionIdMarker": page.last_id or None,
    }
    return page.response("ListVersionsResult", order.bucket, start, *map(page.version, page.entries))


def list_uploads(backend: Backend, order: Order) -> Response:
    marker = order.parameter("key-marker")
    id_marker = order.parameter("upload-id-marker") if marker else ""
    at_marker = backend.upload(order.bucket, id_marker)
    if at_marker is not None and at_marker.key_name != marker:
        raise invalid_argument("Invalid uploadId marker", "upload-id-marker", id_marker)
    page = _Page(order, "max-uploads", marker)
    page.fill(backend.uploads(order.bucket), id_marker, lambda upload: str(upload.id))
    # The last page has these, too; a page of common prefixes alone has them empty, even if more follows.
    last, last_id = (page.entries[-1][0], page.entries[-1][1].id) if page.entries else ("", "")
    if page.entries and page.last:
        last, last_id = page.last, page.last_id
    start = {
        "KeyMarker": page.quoted(marker),
        "UploadIdMarker": id_marker,
        "NextKeyMarker": page.quoted(last),
        "NextUploadIdMarker": last_id,
        "Prefix": page.quoted(page.prefix) or None,
    }
    described = [
        {
            "Key": page.quoted(name),
            "UploadId": upload.id,
            "Initiator": _OWNER,
            "Owner": _OWNER,
            "StorageClass": upload.storage or "STANDARD",
            "Initiated": upload.initiated,
            **_checksum(*_checksum_of(upload)),
        }
        for name, upload in page.entries
    ]
    return page.response("ListMultipartUploadsResult", order.bucket, start, {"Upload": described})


def list_parts(backend: Backend, order: Order) -> Response:
    upload = backend.existing_upload(order)
    marker, most = parts_page(order.parameter, MAX_KEYS)
    algorithm, kind = _checksum_of(upload)
    parts = sorted((number, part) for number, part in upload.parts.items() if number > marker)
    page = parts[:most]
    described = [
        {
            "PartNumber": number,
            "LastModified": part.last_modified_ISO8601,
            "ETag": part.etag,
            "Size": part.size,
            **({f"Checksum{algorithm}": part.checksum_value or None} if algorithm else {}),
        }
        for number, part in page
    ]
    content = {
        "Bucket": order.bucket,
        "Key": order.key,
        "UploadId": upload.id,
        "Initiator": _OWNER,
        "Owner": _OWNER,
        "StorageClass": upload.storage or "STANDARD",
        "PartNumberMarker": marker,
        "NextPartNumberMarker": page[-1][0] if page else 0,
        "MaxParts": most,
        "IsTruncated": len(parts) > len(page) > 0,
        **_checksum(algorithm, kind),
        "Part": described,
    }
    return Response.of_root("ListPartsResult", content)


class _Page:
    """A page of a list.

    Args:
        order: with prefix, delimiter, encoding and limit.
        limit_name: the parameter with the limit.
        marker: the name that the page begins after.
        most: the highest limit.

    Attributes:
        entries: names and their objects, in order.
        prefixes: common prefixes, up to the delimiter.
        last: the last name or common prefix, if there is more; empty otherwise.
        last_id: the last one's id, the same way.
    """

    def __init__(self, order: Order, limit_name: str, marker: str, most: int = MAX_KEYS) -> None:
        self.prefix, self.delimiter = order.parameter("prefix"), order.parameter("delimiter")
        self.marker = marker
        self.encoding = order.parameter("encoding-type")
        if order.has("encoding-type") and self.encoding != "url":
            raise invalid_argument(
                "Invalid Encoding Method specified in Request", "encoding-type", self.encoding
            )
        self._limit_element = limit_name.title().replace("-", "")
        self.limit = min(integer_argument(limit_name, order.parameter(limit_name), most), most)
        self.entries: list[tuple[str, Any]] = []
        self.prefixes: list[str] = []
        self.last = self.last_id = ""

    def fill(
        self,
        listed: Ordered,
        id_marker: str = "",
        id_of: Callable[[Any], str] = lambda _: "",
    ) -> None:
        """Fill the page.

        Args:
            listed: what there is; a name may have several entries.
            id_marker: the id, among those of the marker's name, that the page begins after.
            id_of: returns the id of an object.
        """
        last = ("", "")
        # The marker may be gone: clients delete page by page.
        passed = id_marker != "" and id_marker not in map(id_of, listed.entries(self.marker))
        entries = listed.since(max(self.marker, self.prefix))
        while (pair := next(entries, None)) is not None and pair[0].startswith(self.prefix):
            name, entry = pair
            if name == self.marker and not passed:
                passed = id_of(entry) == id_marker != ""
                continue
            common = self._common(name)
            if common:
                entries = listed.beyond(common)
            if common and common <= self.marker:
                continue
            if len(self.entries) + len(self.prefixes) >= self.limit:
                self.last, self.last_id = last
                return
            if common:
                self.prefixes.append(common)
            else:
                self.entries.append((name, entry))
            last = (common, "") if common else (name, id_of(entry))

    def _common(self, name: str) -> str:
        end = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return name[: end + len(self.delimiter)] if end >= 0 else ""

    def quoted(self, name: str) -> str:
        """Return a name in the encoding of the request."""
        return quote(name) if self.encoding else name

    def version(self, entry: tuple[str, tuple[bool, Any]]) -> Element:
        """Return the element of a version of an object, or of a delete marker."""
        name, (is_latest, version) = entry
        begin = {
            "Key": self.quoted(name),
            "VersionId": version.version_id,
            "IsLatest": is_latest,
        }
        if isinstance(version, models.FakeKey):
            return elements({"Version": {**begin, **_content(version, fetches_owner=True)}})
        modified = version.last_modified_ISO8601
        return elements({"DeleteMarker": {**begin, "LastModified": modified, "Owner": _OWNER}})

    def response(
        self, root: str, bucket: str, start: Mapping[str, Any], *described: Mapping[str, Any] | Element
    ) -> Response:
        begin = {
            "Bucket" if "Uploads" in root else "Name": bucket,
            **start,
            self._limit_element: self.limit,
            "Delimiter": self.quoted(self.delimiter) or None,
            "EncodingType": self.encoding or None,
            "IsTruncated": bool(self.last),
        }
        common = {"CommonPrefixes": [{"Prefix": self.quoted(prefix)} for prefix in self.prefixes]}
        return Response.of_root(root, begin, *described, common)


def _content(key: Any, *, fetches_owner: bool) -> dict[str, Any]:
    return {
        "LastModified": key.last_modified_ISO8601,
        "ETag": key.etag,
        **_checksum(key.checksum_algorithm, key.checksum_type),
        "Size": key.size,
        "Owner": _OWNER if fetches_owner else None,
        "StorageClass": key.storage_class,
    }


def _checksum(algorithm: str | None, kind: str | None) -> dict[str, str | None]:
    return {"ChecksumAlgorithm": algorithm, "ChecksumType": kind or None} if algorithm else {}


def _checksum_of(upload: Any) -> tuple[str | None, str | None]:
    return upload.metadata.get("x-amz-checksum-algorithm"), upload.metadata.get("x-amz-checksum-type")


def _encoded(page: _Page) -> str:
    """Return the token of the page after this one; empty if there is none."""
    return urlsafe_b64encode(page.last.encode("utf-8", "surrogatepass")).decode()


def _decoded(order: Order) -> str:
    """Return the name that a page begins after, by its token; empty without one."""
    token = order.parameter("continuation-token")
    if not order.has("continuation-token"):
        return ""
    try:
        name = urlsafe_b64decode(token).decode("utf-8", "surrogatepass")
    except ValueError:
        name = ""
    if not name:
        raise invalid_argument("The continuation token provided is incorrect", "continuation-token")
    return name
