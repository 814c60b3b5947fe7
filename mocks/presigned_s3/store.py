"""Buckets and objects: moto knows what they are, the archive holds what they contain."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from .access import ACCOUNT, is_public, public_policy
from .acl import acl_of, check_acl, is_of_acl
from .acl import describe as describe_acl
from .archive import BUCKET_NAME, Archive, Archivist, adopt, parts_of, set_checksum, stored_file
from .backend import Backend, granted_to_all
from .checksums import FULL_OBJECT, TYPE, Checksum, ContentMd5
from .content import Content
from .cors import OPEN
from .customer_keys import check_key, key_md5, response_headers, set_key_md5
from .deletion import delete_objects, read_deletion
from .documents import check_document, check_ownership, check_tags
from .errors import S3Error, refusal
from .lifecycle import expiration, with_ids
from .listing import list_buckets, list_objects, list_parts, list_uploads, list_versions
from .locks import change_lock, check_bucket, lock
from .locks import describe as describe_lock
from .moto_s3 import S3ClientError
from .object_attributes import describe
from .orders import DEFAULT_REGION, Bucket, Order
from .preconditions import check_deleted, check_replaced, check_source
from .request import OF_BUCKETS
from .response import Response
from .uploads import Uploads
from .xml import document

_RESERVED_NAME = re.compile(
    r"(?:\d{1,3}\.){3}\d{1,3}|.*(?:\.[.-]|-\.).*|(?:xn--|sthree-|amzn-s3-demo-).*"
    r"|.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)",
    re.ASCII,
)
"""Names of buckets that are no host names, are IP addresses, or are S3's own."""
_EMPTY_ORIGIN = re.compile(rb"<AllowedOrigin\s*(?:/>|>\s*</AllowedOrigin>)")
_ORIGIN = b"<AllowedOrigin>%s</AllowedOrigin>"
_NO_ORIGIN = b"\xee\x80\x80"
"""What stands in moto for an empty origin, which S3 takes and moto does not: a character for private use."""
_ROOT = re.compile(rb"(</?)GetBucket(Versioning|Notification|Accelerate)(?:Configuration)?Response\b")
"""How moto calls the roots of documents that S3 calls configurations; some SDKs look at the root."""
_NO_PERIOD = re.compile(rb"<(Days|Years)>0</\1>")
"""How moto says that a bucket's locks do not count in days or years."""
LISTS = {
    "ListBuckets": list_buckets,
    "ListObjects": list_objects,
    "ListObjectsV2": list_objects,
    "ListObjectVersions": list_versions,
    "ListMultipartUploads": list_uploads,
    "ListParts": list_parts,
}
"""What serves an operation that lists something."""

_AS_PUT = frozenset({"cors", "object-lock", "requestPayment", "tagging"})
"""Documents about buckets that are read as they were put: moto's differ in what is empty."""
_ENCRYPTION = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
_DEFAULTS = {
    "encryption": document("ServerSideEncryptionConfiguration", {"Rule": _ENCRYPTION}),
    "requestPayment": document("RequestPaymentConfiguration", {"Payer": "BucketOwner"}),
}
"""Of buckets that nobody put one to; encryption as at Amazon's since January 2023."""

_log = logging.getLogger(__name__)


def _is_bucket_name(text: str) -> bool:
    return bool(BUCKET_NAME.fullmatch(text) and not _RESERVED_NAME.fullmatch(text))


@dataclass(frozen=True, slots=True)
class FirstBucket:
    """A bucket that there is from the beginning.

    Attributes:
        region: its region.
        cors: whether it has CORS rules that admit every origin.
        public: whether everyone may read its objects.
    """

    name: str
    region: str
    cors: bool = False
    public: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for what is no name of a bucket."""
        if not _is_bucket_name(self.name):
            raise ValueError(f"{self.name!r} is not a bucket's name: expected a host name, 3 to 63 long.")

    def subresources(self) -> Iterator[tuple[str, bytes]]:
        """Yield what is put to it, once it is made."""
        if self.cors:
            yield "cors", OPEN.document()
        if self.public:
            yield "policy", public_policy(self.name)


class Store:
    """Buckets and objects.

    Attributes:
        account: the same.
        uploads: multipart uploads under way.
    """

    def __init__(self, archive: Archive, first: Sequence[FirstBucket], account: str = ACCOUNT) -> None:
        self._archive = archive
        self._first = first
        self.account = account
        self._backend = Backend(account)
        self._archivist = Archivist(self._backend, archive)
        self._settings: dict[str, dict[str, Any]] = {}
        self.uploads = Uploads(self._backend, self._archivist)
        self._load()

    def close(self) -> None:
        """Forget everything; what is in the archive stays there."""
        self._backend.reset()

    def reset(self) -> None:
        """Be as in the beginning with an empty archive."""
        with self._backend.lock:
            self._archive.clear()
            self._load()

    def snapshot(self, folder: Path) -> None:
        """Copy everything into a new folder; content is linked, not copied."""
        with self._backend.lock:
            self._archive.copy_to(folder)

    def restore(self, folder: Path) -> None:
        """Be as at the snapshot in this folder."""
        with self._backend.lock:
            self._archive.copy_from(folder)
            self._load()

    # Buckets

    def bucket(self, name: str) -> Bucket | None:
        """Return a bucket; None if there is none of this name."""
        return self._backend.bucket(name)

    def existing(self, name: str) -> Bucket:
        """Return a bucket, or raise NoSuchBucket."""
        return self._backend.existing(name)

    def usage(self, bucket: str) -> tuple[int, int]:
        """Return how many objects a bucket has, every version of each, and their bytes."""
        with self._backend.lock:
            sizes = [key.contentsize for key in self._backend.keys(bucket)]
        return len(sizes), sum(sizes)

    def create_bucket(self, order: Order) -> Response:
        """Make a bucket: in the region that the order's body names, or else in the order's own."""
        if not _is_bucket_name(order.bucket):
            raise refusal("InvalidBucketName", BucketName=order.bucket)
        check_ownership(order.headers)
        settings: dict[str, Any] = {
            "region": order.region,
            "headers": dict(order.headers),
            "body": order.body.decode("latin-1"),
            "subresources": {},
        }
        with self._backend.lock:
            if order.bucket in self._settings:
                response = self._backend.carry_out(_located(replace(order, headers={})))
                self.change_bucket(_about_acl(order))  # in us-east-1 its owner resets the ACL with that
                return response
            acl = acl_of(order.headers)
            response = self._backend.carry_out(_located(order))
            self._backend.set_defaults(order.bucket, acl)
            self._settings[order.bucket] = settings
            self._archive.save_bucket(order.bucket, settings)
        return response

    def ask(self, order: Order) -> Response:
        """Carry out an order that changes nothing."""
        with self._backend.holding(order.bucket):
            if order.asks_for("acl"):
                return self._acl(order)
            name = order.query[0][0] if order.query and not order.key else ""
            put = self._settings[order.bucket]["subresources"].get(name)
            if put is None and name in _DEFAULTS:
                return Response.of_xml(_DEFAULTS[name])
            if put is not None and name in _AS_PUT:
                return Response.of_xml(put["body"].encode("latin-1").replace(_NO_ORIGIN, b""))
            response = self._backend.carry_out(order)
        if name:
            without_periods = _NO_PERIOD.sub(b"", b"".join(response.body))
            response.set_body(_ROOT.sub(rb"\1\2Configuration", without_periods))
        return response

    def _acl(self, order: Order) -> Response:
        if not order.key:
            return Response.of_xml(describe_acl(self._backend.acl(order.bucket)))
        response = self._backend.carry_out(order)
        key = self._backend.key(order.bucket, order.key, order.parameter("versionId") or None)
        response.set_body(describe_acl(key.acl))
        return response

    def serve_list(self, operation: str, order: Order) -> Response:
        """Serve an operation that lists something, by its name."""
        with self._backend.holding(order.bucket) if order.bucket else self._backend.lock:
            return LISTS[operation](self._backend, order)

    def change_bucket(self, order: Order) -> Response:
        """Carry out an order that changes a bucket."""
        with self._backend.holding(order.bucket):
            if order.method == "PUT":
                bucket = self.existing(order.bucket)
                check_bucket(order, bucket)
                check_document(order.query[0][0], order.body, bucket)
                if order.asks_for("acl"):
                    check_acl(order.headers, bucket, order.body)
                is_blocked = order.asks_for("policy") and "blockPublicPolicy" in bucket.blocks
                if is_blocked and is_public(order.body):
                    raise refusal("AccessDenied")
            elif not order.query and self._has_versions(order.bucket):
                raise refusal("BucketNotEmpty", BucketName=order.bucket)
            order = _completed(order)
            response = self._set_up(order)
            self._record_bucket(order)
        if order.method == "PUT" and order.asks_for("policy"):
            response.status = HTTPStatus.NO_CONTENT
            response.set_body(b"")
        return response

    def _set_up(self, order: Order) -> Response:
        """Carry out a complete order that changes a bucket; an ACL is ours, since moto's has less in it."""
        if order.method == "PUT" and order.asks_for("acl"):
            self._backend.set_acl(order.bucket, acl_of(order.headers, order.body))
            return Response(HTTPStatus.OK)
        if order.asks_for("requestPayment"):  # it says what is so in any case
            return Response(HTTPStatus.OK)
        return self._backend.carry_out(order)

    def delete_objects(self, order: Order, may_delete: Callable[[str, str], bool]) -> Response:
        """Serve DeleteObjects; what may be deleted is asked for each key, and the version's id or nothing."""
        self.existing(order.bucket)
        deletion = read_deletion(order.body, may_delete)  # other requests do not wait for a long policy
        with self._backend.holding(order.bucket), self._archivist.removing(order.bucket):
            response = delete_objects(self._backend, order, deletion)
            for key in {one.key for one in deletion.objects}:
                self._archivist.record(order.bucket, key)
        return response

    def _has_versions(self, bucket: str) -> bool:
        return bool(self._backend.versioning(bucket) and self._backend.versions(bucket))

    def _record_bucket(self, order: Order) -> None:
        if self._backend.bucket(order.bucket) is None:
            self._settings.pop(order.bucket, None)
            self._archive.drop_bucket(order.bucket)
            return
        subresources = self._settings[order.bucket]["subresources"]
        name = order.query[0][0]
        if order.method == "PUT":
            subresources[name] = {"headers": dict(order.headers), "body": order.body.decode("latin-1")}
        elif order.method == "DELETE":
            subresources[name] = None
        self._archive.save_bucket(order.bucket, self._settings[order.bucket])

    # Objects

    def new_content(self, bucket: str, md5: ContentMd5, checksum: Checksum | None) -> Content:
        """Return content for an object of this bucket, still to be received, or raise NoSuchBucket."""
        return self._archivist.new_content(bucket, md5, checksum)

    def put_object(self, order: Order, content: Content) -> Response:
        """Make an object of an order and its content."""
        with self._backend.holding(order.bucket), self._archivist.removing(order.bucket, order.key):
            if not content.path.is_file():  # everything was reset while it came in
                raise refusal("NoSuchBucket", BucketName=order.bucket)
            check_replaced(self._backend, order)
            response = self._backend.carry_out(order)
            key = self._backend.key(order.bucket, order.key)
            adopt(key, content.path, content.size, content.md5.etag)
            key.set_acl(acl_of(order.headers))
            set_key_md5(key, key_md5(order.headers))
            lock(self._backend, order.bucket, key, order.headers)
            response.headers += response_headers(key)
            if content.checksum is not None:
                set_checksum(key, content.checksum)
                response.set_header(content.checksum.header, content.checksum.value)
                response.set_header(TYPE, FULL_OBJECT)
            response.set_header("ETag", key.etag)
            response.headers = [pair for pair in response.headers if pair[0].lower() != "last-modified"]
            self._say_expiration(response, order.bucket, key)
            self._archivist.record(order.bucket, order.key)
        return response

    def copy_object(self, order: Order) -> Response:
        """Make an object of another one."""
        with self._backend.holding(order.bucket):
            check_source(self._backend, order)
            check_replaced(self._backend, order)
            response = self.change_object(order, key_md5(order.headers))
            key = self._backend.key(order.bucket, order.key)
            result = {"LastModified": key.last_modified_ISO8601, "ETag": key.etag}
            result[f"Checksum{key.checksum_algorithm}"] = key.checksum_value
        response.set_body(document("CopyObjectResult", result))
        return response

    def change_object(self, order: Order, customer_key_md5: str | None = None) -> Response:
        """Carry out an order that changes an object, without new content for it.

        A new object has the customer's key with this MD5; with None there is no new object.
        """
        with self._backend.holding(order.bucket), self._archivist.removing(order.bucket, order.key):
            if order.method == "DELETE" and "if-match" in order.headers:
                check_deleted(self._backend, order.bucket, order.key, order.headers["if-match"])
            acl = None
            if order.method == "PUT" and order.asks_for("acl"):
                acl = check_acl(order.headers, self.existing(order.bucket), order.body)
                order = replace(order, headers={}, body=b"")
            response = self._backend.carry_out(order)
            if acl is not None:
                version_id = order.parameter("versionId") or None
                self._backend.key(order.bucket, order.key, version_id).set_acl(acl)
            if customer_key_md5 is not None:
                key = self._backend.key(order.bucket, order.key)
                key.set_acl(acl_of(order.headers))
                set_key_md5(key, customer_key_md5)
                lock(self._backend, order.bucket, key, order.headers)
                response.headers += response_headers(key)
            self._archivist.record(order.bucket, order.key)
        return response

    def parts(self, order: Order) -> list[tuple[int, str]]:
        """Return the size and the checksum of each part of an object that was uploaded in parts."""
        with self._backend.holding(order.bucket):
            key = self._backend.key(order.bucket, order.key, order.parameter("versionId") or None)
            return [] if key is None else parts_of(key)

    def object_attributes(self, order: Order) -> Response:
        """Carry out GetObjectAttributes: moto says whether there is such an object."""
        with self._backend.holding(order.bucket):
            key = self._backend.existing_key(order)
            check_key(order.headers, key)
            response = self._backend.carry_out(order)
            response.set_body(describe(key, order.headers))
        return response

    def subresource(self, order: Order) -> Response:
        """Return or change the ACL, the tags or the lock of an object."""
        reads = order.method in ("GET", "HEAD")
        with self._backend.holding(order.bucket):
            if order.asks_for("retention", "legal-hold"):
                return self._lock(order, reads=reads)
            key = self._backend.existing_key(order)
            if order.method == "PUT" and order.asks_for("tagging"):
                check_tags(order.body)
            response = self.ask(order) if reads else self.change_object(order)
        if order.asks_for("tagging") and key.version_id != "null":
            response.set_header("x-amz-version-id", str(key.version_id))
        return response

    def _lock(self, order: Order, *, reads: bool) -> Response:
        if reads:
            return describe_lock(self._backend, order)
        response = change_lock(self._backend, order)
        self._archivist.record(order.bucket, order.key)
        return response

    @contextmanager
    def look_up(self, order: Order) -> Iterator[tuple[Response, Path | None]]:
        """Yield the response to a HEAD order, and the object's file if it has one, while both are true."""
        with self._backend.holding(order.bucket):
            response = self._backend.carry_out(order)
            key = self._backend.key(order.bucket, order.key, order.parameter("versionId") or None)
            if key is not None:
                check_key(order.headers, key)
                response.headers += response_headers(key)
                if self._backend.versioning(order.bucket):
                    response.set_header("x-amz-version-id", str(key.version_id))
            if key is not None and key.checksum_type:
                response.set_header(TYPE, key.checksum_type)
            self._say_expiration(response, order.bucket, key)
            yield response, stored_file(key).path if key is not None else None

    def tags(self, bucket: str, key: str, version_id: str | None) -> dict[str, str]:
        """Return the tags of an object; none if there is no such object."""
        with self._backend.holding(bucket):
            found = self._backend.key(bucket, key, version_id)
            return {} if found is None else self._backend.tags(found)

    def _say_expiration(self, response: Response, bucket: str, key: Any) -> None:
        rules = self._backend.rules(bucket)
        if rules and key is not None and (says := expiration(key, self._backend.tags(key), rules)):
            response.set_header("x-amz-expiration", says)

    def public_permissions(self, bucket: str, key: str, version_id: str | None) -> frozenset[str] | None:
        """Return the permissions that an object's ACL grants to everyone; None if there is no such object."""
        with self._backend.holding(bucket):
            found = self._backend.key(bucket, key, version_id)
            return None if found is None else granted_to_all(found.acl)

    # The archive

    def _load(self) -> None:
        self._backend.reset()
        self._settings.clear()
        self.uploads.clear()
        for bucket, settings in self._archive.buckets():
            try:
                self._restore_bucket(bucket, settings)
            except (S3Error, S3ClientError, LookupError, TypeError, ValueError, OSError) as error:
                _log.warning("Bucket %s cannot be restored; its folder stays as it is: %r", bucket, error)
        for first in self._first:
            if self._backend.bucket(first.name) is None:
                self.create_bucket(Order("PUT", first.name, region=first.region))
                for name, body in first.subresources():
                    self.change_bucket(Order("PUT", first.name, "", ((name, ""),), {}, first.region, body))

    def _restore_bucket(self, bucket: str, settings: dict[str, Any]) -> None:
        headers, body = settings["headers"], settings["body"].encode("latin-1")
        self._backend.carry_out(_located(Order("PUT", bucket, "", (), headers, settings["region"], body)))
        try:
            acl = acl_of(headers)
        except S3Error as error:  # a version before took what S3 does not
            _log.warning("The ACL of bucket %s is lost: %s", bucket, error)
            acl = acl_of({})
        self._backend.set_defaults(bucket, acl)
        self._settings[bucket] = settings
        for name, subresource in settings["subresources"].items():
            if name not in OF_BUCKETS:  # a version before took more for parts of a bucket
                _log.warning("The %s of bucket %s is lost: it is unknown.", name, bucket)
                continue
            order = Order("DELETE", bucket, "", ((name, ""),), {}, settings["region"])
            if subresource is not None:
                body = subresource["body"].encode("latin-1")
                order = replace(order, method="PUT", headers=subresource["headers"], body=body)
            try:
                order = _completed(order)  # a version before gave rules no IDs
                self._set_up(order)
            except S3Error as error:
                _log.warning("The %s of bucket %s is lost: %s", name, bucket, error)
                if name == "acl":  # that of the bucket's creation may grant more
                    self._backend.set_acl(bucket, acl_of({}))
                continue
            if subresource is not None and order.body != body:
                self._record_bucket(order)
        self._archivist.recall(bucket)


def _located(order: Order) -> Order:
    """Return the order to make a bucket, with the region in its body, where moto wants it."""
    if order.body or order.region == DEFAULT_REGION:
        return order
    content = {"LocationConstraint": order.region}
    return replace(order, body=document("CreateBucketConfiguration", content, is_qualified=False))


def _completed(order: Order) -> Order:
    """Return the order to change a bucket, with what moto needs in its body."""
    if order.method == "PUT" and order.asks_for("lifecycle"):
        return replace(order, body=with_ids(order.body))
    if order.method == "PUT" and order.asks_for("cors"):
        return replace(order, body=_EMPTY_ORIGIN.sub(_ORIGIN % _NO_ORIGIN, order.body))
    return order


def _about_acl(order: Order) -> Order:
    """Return the order for the ACL that a bucket has once an order to make it is carried out."""
    given = {name: value for name, value in order.headers.items() if is_of_acl(name)}
    return replace(order, query=(("acl", ""),), headers=given, body=b"")
