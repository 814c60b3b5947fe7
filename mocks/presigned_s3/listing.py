"""Lists, page by page: of buckets, of objects, of their versions, of uploads under way and of their parts."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from .backend import Backend, Order
from .errors import S3Error, invalid_argument, refusal
from .integers import integer_argument
from .moto_s3 import models
from .response import Response
from .xml import Element, document, element, qualified

MAX_KEYS = 1000
"""How many keys one request lists or deletes at most."""
_MAX_BUCKETS = 10_000


def list_buckets(backend: Backend, order: Order) -> Response:
    """Serve ListBuckets."""
    asked = order.asks_for("max-buckets", "prefix", "continuation-token", "bucket-region")
    region = order.parameter("bucket-region")
    marker = _decoded(order) if order.parameter("continuation-token") else ""
    page = _Page(order, "max-buckets", marker, most=_MAX_BUCKETS)
    page.fill((name, bucket) for name, bucket in backend.buckets() if region in ("", bucket.region_name))
    described = (
        element(
            "Bucket",
            element("Name", name),
            element("CreationDate", bucket.creation_date_ISO8601),
            *([element("BucketRegion", bucket.region_name)] if asked else []),
        )
        for name, bucket in page.shown
    )
    return _response(
        "ListAllMyBucketsResult",
        _owner("Owner"),
        element("Buckets", *described),
        *page.optional("ContinuationToken", _encoded(page)),
        *page.optional("Prefix", page.prefix),
    )


def list_objects(backend: Backend, order: Order) -> Response:
    """Serve ListObjects, of both versions."""
    if not order.asks_for("list-type"):
        page = _Page(order, "max-keys", order.parameter("marker"))
        page.fill(backend.latest(order.bucket))
        # Version 1 encodes all but its prefix, which its clients do not decode.
        start = [element("Prefix", page.prefix), page.name("Marker", page.marker)]
        start += page.optional("NextMarker", page.quoted(page.last) if page.delimiter else "")
        fetches_owner = True
    else:
        token, after = order.parameter("continuation-token"), order.parameter("start-after")
        page = _Page(order, "max-keys", _decoded(order) or after)
        page.fill(backend.latest(order.bucket))
        start = [page.name("Prefix", page.prefix)]
        start += [page.name("StartAfter", after)] if after else []
        start += page.optional("ContinuationToken", token)
        start += page.optional("NextContinuationToken", _encoded(page))
        start.append(element("KeyCount", len(page.shown) + len(page.prefixes)))
        fetches_owner = order.parameter("fetch-owner") == "true"
    described = (
        element("Contents", page.name("Key", key.name), *_content(key, fetches_owner=fetches_owner))
        for _, key in page.shown
    )
    return page.response("ListBucketResult", order.bucket, start, described)


def list_versions(backend: Backend, order: Order) -> Response:
    """Serve ListObjectVersions."""
    marker, version_marker = order.parameter("key-marker"), order.parameter("version-id-marker")
    if version_marker and not marker:
        message = "A version-id marker cannot be specified without a key marker."
        raise invalid_argument(message, "version-id-marker", version_marker)
    page = _Page(order, "max-keys", marker)
    versions = (
        (name, (number == 0, version))
        for name, several in backend.versions(order.bucket)
        for number, version in enumerate(reversed(several))
    )
    page.fill(versions, version_marker, lambda shown: str(shown[1].version_id))
    start = [page.name("Prefix", page.prefix), page.name("KeyMarker", marker)]
    start.append(element("VersionIdMarker", version_marker))
    start += page.optional("NextKeyMarker", page.quoted(page.last))
    start += page.optional("NextVersionIdMarker", page.last_id)
    return page.response("ListVersionsResult", order.bucket, start, map(page.version, page.shown))


def list_uploads(backend: Backend, order: Order) -> Response:
    """Serve ListMultipartUploads."""
    marker = order.parameter("key-marker")
    id_marker = order.parameter("upload-id-marker") if marker else ""
    at_marker = backend.upload(order.bucket, id_marker)
    if at_marker is not None and at_marker.key_name != marker:
        raise invalid_argument("Invalid uploadId marker", "upload-id-marker", id_marker)
    page = _Page(order, "max-uploads", marker)
    page.fill(backend.uploads(order.bucket), id_marker, lambda upload: str(upload.id))
    # The last page has these, too; a page of common prefixes alone has them empty, even if more follows.
    last, last_id = (page.shown[-1][0], page.shown[-1][1].id) if page.shown else ("", "")
    if page.shown and page.last:
        last, last_id = page.last, page.last_id
    start = [page.name("KeyMarker", marker), element("UploadIdMarker", id_marker)]
    start += [page.name("NextKeyMarker", last), element("NextUploadIdMarker", last_id)]
    start += page.optional("Prefix", page.quoted(page.prefix))
    described = (
        element(
            "Upload",
            page.name("Key", name),
            element("UploadId", upload.id),
            _owner("Initiator"),
            _owner("Owner"),
            element("StorageClass", upload.storage or "STANDARD"),
            element("Initiated", upload.initiated),
            *_checksum(*(upload.metadata.get(f"x-amz-checksum-{name}") for name in ("algorithm", "type"))),
        )
        for name, upload in page.shown
    )
    return page.response("ListMultipartUploadsResult", order.bucket, start, described)


def list_parts(backend: Backend, order: Order) -> Response:
    """Serve ListParts."""
    upload = backend.upload(order.bucket, order.parameter("uploadId"))
    if upload is None or upload.key_name != order.key:
        raise refusal("NoSuchUpload", UploadId=order.parameter("uploadId"))
    marker, most = (
        integer_argument(name, order.parameter(name), default)
        for name, default in (("part-number-marker", 0), ("max-parts", MAX_KEYS))
    )
    algorithm, kind = (upload.metadata.get(f"x-amz-checksum-{name}") for name in ("algorithm", "type"))
    parts = sorted((number, part) for number, part in upload.parts.items() if number > marker)
    shown = parts[: min(most, MAX_KEYS)]
    described = (
        element(
            "Part",
            element("PartNumber", number),
            element("LastModified", part.last_modified_ISO8601),
            element("ETag", part.etag),
            element("Size", part.size),
            *(
                [element(f"Checksum{algorithm}", part.checksum_value)]
                if algorithm and part.checksum_value
                else []
            ),
        )
        for number, part in shown
    )
    return _response(
        "ListPartsResult",
        element("Bucket", order.bucket),
        element("Key", order.key),
        element("UploadId", upload.id),
        _owner("Initiator"),
        _owner("Owner"),
        element("StorageClass", upload.storage or "STANDARD"),
        element("PartNumberMarker", marker),
        element("NextPartNumberMarker", shown[-1][0] if shown else 0),
        element("MaxParts", min(most, MAX_KEYS)),
        element("IsTruncated", "true" if len(parts) > len(shown) > 0 else "false"),
        *_checksum(algorithm, kind),
        *described,
    )


class _Page:
    """A page of a list, and what was asked of it.

    Args:
        order: says prefix, delimiter, encoding and how many to list.
        limit_name: the parameter that says how many.
        marker: the name that the page begins after.
        most: how many it lists at most.

    Attributes:
        shown: names and what they are names of, in order.
        prefixes: what further names up to the delimiter have in common.
        last: the last name or common prefix, if there is more; empty otherwise.
        last_id: the last one's id, the same way.
    """

    def __init__(self, order: Order, limit_name: str, marker: str, most: int = MAX_KEYS) -> None:
        self.prefix, self.delimiter = order.parameter("prefix"), order.parameter("delimiter")
        self.marker = marker
        self.encoding = order.parameter("encoding-type")
        if order.asks_for("encoding-type") and self.encoding != "url":
            raise invalid_argument(
                "Invalid Encoding Method specified in Request", "encoding-type", self.encoding
            )
        self._limit_element = limit_name.title().replace("-", "")
        self.limit = min(integer_argument(limit_name, order.parameter(limit_name), most), most)
        self.shown: list[tuple[str, Any]] = []
        self.prefixes: list[str] = []
        self.last = self.last_id = ""

    def fill(
        self,
        entries: Iterable[tuple[str, Any]],
        id_marker: str = "",
        id_of: Callable[[Any], str] = lambda _: "",
    ) -> None:
        """Take what belongs on the page from all names, in order, and what they are names of.

        Args:
            entries: all names; one may be there several times.
            id_marker: the id, among those of the marker's name, that the page begins after.
            id_of: returns the id of what a name is the name of.
        """
        passed, last = False, ("", "")
        if id_marker:  # it may be gone: clients delete page by page
            entries = list(entries)
            passed = not any(name == self.marker and id_of(entry) == id_marker for name, entry in entries)
        for name, entry in entries:
            if name < self.marker or not name.startswith(self.prefix):
                continue
            if name == self.marker and not passed:
                passed = id_of(entry) == id_marker != ""
                continue
            common = self._common(name)
            if common and (common <= self.marker or common in self.prefixes[-1:]):
                continue
            if len(self.shown) + len(self.prefixes) >= self.limit:
                self.last, self.last_id = last
                return
            if common:
                self.prefixes.append(common)
            else:
                self.shown.append((name, entry))
            last = (common, "") if common else (name, id_of(entry))

    def _common(self, name: str) -> str:
        end = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return name[: end + len(self.delimiter)] if end >= 0 else ""

    def quoted(self, name: str) -> str:
        """Return a name in the encoding that was asked for."""
        return quote(name) if self.encoding else name

    def name(self, tag: str, name: str) -> Element:
        """Return an element with a name."""
        return element(tag, self.quoted(name))

    @staticmethod
    def optional(tag: str, text: str) -> list[Element]:
        """Return an element, if there is something to be in it."""
        return [element(tag, text)] if text else []

    def version(self, entry: tuple[str, tuple[bool, Any]]) -> Element:
        """Return the element of a version of an object, or of a delete marker."""
        name, (is_latest, version) = entry
        begin = (
            self.name("Key", name),
            element("VersionId", version.version_id),
            element("IsLatest", str(is_latest).lower()),
        )
        if isinstance(version, models.FakeKey):
            return element("Version", *begin, *_content(version, fetches_owner=True))
        modified = element("LastModified", version.last_modified_ISO8601)
        return element("DeleteMarker", *begin, modified, _owner("Owner"))

    def response(
        self, root: str, bucket: str, start: Iterable[Element], described: Iterable[Element]
    ) -> Response:
        """Return the response that the page is.

        Args:
            root: name of the document's root.
            bucket: that is listed.
            start: where the page starts, and where the next one does.
            described: what is on it.
        """
        return _response(
            root,
            element("Bucket" if "Uploads" in root else "Name", bucket),
            *start,
            element(self._limit_element, self.limit),
            *self.optional("Delimiter", self.quoted(self.delimiter)),
            *self.optional("EncodingType", self.encoding),
            element("IsTruncated", "true" if self.last else "false"),
            *described,
            *(element("CommonPrefixes", self.name("Prefix", prefix)) for prefix in self.prefixes),
        )


def _content(key: Any, *, fetches_owner: bool) -> Iterator[Element]:
    yield element("LastModified", key.last_modified_ISO8601)
    yield element("ETag", key.etag)
    yield from _checksum(key.checksum_algorithm, key.checksum_type)
    yield element("Size", key.size)
    if fetches_owner:
        yield _owner("Owner")
    yield element("StorageClass", key.storage_class)


def _checksum(algorithm: str | None, kind: str | None) -> Iterator[Element]:
    if algorithm:
        yield element("ChecksumAlgorithm", algorithm)
    if algorithm and kind:
        yield element("ChecksumType", kind)


def _owner(tag: str) -> Element:
    return element(tag, element("ID", models.OWNER), element("DisplayName", "webfile"))


def _encoded(page: _Page) -> str:
    """Return the token of the page after this one; empty if there is none."""
    return urlsafe_b64encode(page.last.encode("utf-8", "surrogatepass")).decode()


def _decoded(order: Order) -> str:
    """Return the name that a page begins after, by its token; empty without one."""
    token = order.parameter("continuation-token")
    if not order.asks_for("continuation-token"):
        return ""
    try:
        name = urlsafe_b64decode(token).decode("utf-8", "surrogatepass")
    except ValueError:
        name = ""
    if not name:
        message, about = "The continuation token provided is incorrect", "continuation-token"
        raise S3Error(400, "InvalidArgument", message, {"ArgumentName": about})
    return name


def _response(root: str, *content: Element) -> Response:
    return Response.of_xml(HTTPStatus.OK, document(qualified(root, *content)))
