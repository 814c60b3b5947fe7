"""Objects: moto has their attributes, the archive their content."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from strict_s3.buckets.buckets import Buckets, FirstBucket
from strict_s3.buckets.documents import check_tags
from strict_s3.buckets.events import Events
from strict_s3.buckets.lifecycle import expiration
from strict_s3.messages.checksums import FULL_OBJECT, TYPE
from strict_s3.messages.errors import S3Error, refusal
from strict_s3.messages.identifiers import ACCOUNT
from strict_s3.messages.orders import Order
from strict_s3.messages.response import Response
from strict_s3.messages.xml import document
from strict_s3.store.acl import acl_of, check_acl, granted_to_all
from strict_s3.store.acl import describe as describe_acl
from strict_s3.store.archive import Archive, Archivist
from strict_s3.store.backend import Backend
from strict_s3.store.content import Content
from strict_s3.store.customer_keys import check_key, key_md5, response_headers, set_key_md5
from strict_s3.store.locks import change_lock, lock
from strict_s3.store.locks import describe as describe_lock
from strict_s3.store.moto_s3 import S3ClientError
from strict_s3.store.records import adopt, parts_of, set_checksum, stored_file

from .deletion import delete_objects, read_deletion
from .listing import list_buckets, list_objects, list_parts, list_uploads, list_versions
from .object_attributes import describe
from .preconditions import check_deleted, check_replaced, check_source
from .uploads import Uploads

LISTS = {
    "ListBuckets": list_buckets,
    "ListObjects": list_objects,
    "ListObjectsV2": list_objects,
    "ListObjectVersions": list_versions,
    "ListMultipartUploads": list_uploads,
    "ListParts": list_parts,
}
"""The functions that serve operations, by name."""

_EVENTS = {
    ("PUT", ""): "ObjectCreated:Copy",
    ("PUT", "tagging"): "ObjectTagging:Put",
    ("DELETE", "tagging"): "ObjectTagging:Delete",
    ("PUT", "acl"): "ObjectAcl:Put",
}
"""The events of changes without new content, by method and subresource; others are removals."""
_log = logging.getLogger(__name__)


class Store:
    """Buckets and objects.

    Attributes:
        account: that owns the buckets.
        bucket: returns a bucket by its name; None if there is none.
        existing: returns a bucket by its name, or raises NoSuchBucket.
        new_content: returns content for an object of a bucket, still to be received, or raises NoSuchBucket.
        buckets: and their subresources.
        uploads: multipart uploads under way.
    """

    def __init__(
        self, archive: Archive, first: Sequence[FirstBucket], events: Events, account: str = ACCOUNT
    ) -> None:
        self._archive = archive
        self._events = events
        self._first = first
        self.account = account
        self._backend = Backend(account)
        self._archivist = Archivist(self._backend, archive)
        self.bucket, self.existing = self._backend.bucket, self._backend.existing
        self.new_content = self._archivist.new_content
        self.buckets = Buckets(self._backend, archive, events)
        self.uploads = Uploads(self._backend, archive, self._archivist, events)
        self._load()

    def close(self) -> None:
        """Release everything; the archive is unchanged, and events that wait are sent."""
        self._events.close()
        with self._backend.lock:
            self._backend.reset()
            self._archive.close()

    def create(self, first: FirstBucket) -> None:
        """Create a bucket, with its subresources."""
        self.buckets.create(Order("PUT", first.name, region=first.region))
        for name, body in first.subresources():
            self.buckets.change(Order("PUT", first.name, "", ((name, ""),), {}, first.region, body))

    def drop(self, bucket: str) -> None:
        """Remove a bucket with all that is in it, if there is one."""
        with self._backend.lock:
            self.uploads.drop(bucket)
            self.buckets.drop(bucket)
            self._backend.drop(bucket)
            self._archive.drop_bucket(bucket)

    def reset(self, only: str = "", apart: Collection[str] = ()) -> None:
        """Remove the buckets but those apart, or only this one, and create the initial ones."""
        with self._backend.lock:
            self._remove(only, apart)
            self._create_first()

    def snapshot(self, folder: Path, only: str = "", apart: Collection[str] = ()) -> None:
        """Copy the buckets but those apart, or only this one, into a new folder; content is linked."""
        with self._backend.lock:
            self._archive.copy_to(Path(folder), self._selected(only, apart))

    def restore(self, folder: Path, only: str = "", apart: Collection[str] = ()) -> None:
        """Replace the buckets but those apart, or only this one, by those of a snapshot."""
        with self._backend.lock:
            self._remove(only, apart)
            others = {*self._archive.names()}
            self._archive.copy_from(Path(folder))
            self._load(others)

    def _remove(self, only: str, apart: Collection[str]) -> None:
        for name in self._selected(only, apart):
            self.drop(name)
        if not only:
            self._events.clear()

    def _selected(self, only: str, apart: Collection[str]) -> list[str]:
        return [only] if only else [name for name in self._archive.names() if name not in apart]

    def bucket_names(self) -> list[str]:
        """Return the names of all buckets, in order."""
        with self._backend.lock:
            return [*self._backend.buckets().names]

    def usage(self, bucket: str) -> tuple[int, int]:
        """Return how many objects a bucket has, every version of each, and their bytes."""
        with self._backend.lock:
            sizes = [key.contentsize for key in self._backend.keys(bucket)]
        return len(sizes), sum(sizes)

    def read(self, order: Order) -> Response:
        """Carry out an order that reads a subresource of an object."""
        with self._backend.holding(order.bucket):
            response = self._backend.carry_out(order)
            if order.has("acl"):
                key = self._backend.key(order.bucket, order.key, order.parameter("versionId"))
                response.set_body(describe_acl(key.acl))
        return response

    def serve_list(self, operation: str, order: Order) -> Response:
        """Serve a list operation, by its name."""
        with self._backend.holding(order.bucket) if order.bucket else self._backend.lock:
            return LISTS[operation](self._backend, order)

    def delete_objects(self, order: Order, may_delete: Callable[[str, str], bool]) -> Response:
        """Serve DeleteObjects; `may_delete` gets each key, and the id of a version or an empty text."""
        self.existing(order.bucket)
        deletion = read_deletion(order.body, may_delete)  # a long policy holds up nobody else
        keys = {identifier.key for identifier in deletion.objects}
        with self._backend.holding(order.bucket):
            before = {key: self._backend.object_versions(order.bucket, key) for key in keys}
            with self._archivist.changing(order.bucket, *keys):
                response = delete_objects(self._backend, order, deletion)
                for key in keys:
                    self._archivist.record(order.bucket, key)
            for key, versions in before.items():
                after = self._backend.object_versions(order.bucket, key)
                self._events.send_removals(order, key, versions, after)
        return response

    def put_object(self, order: Order, content: Content, event: str = "Put") -> Response:
        """Make an object of an order and its content; `event` is the kind of its creation."""
        with self._backend.holding(order.bucket):
            with self._archivist.changing(order.bucket, order.key):
                if not content.path.is_file():  # everything was reset while it was received
                    raise refusal("NoSuchBucket", BucketName=order.bucket)
                check_replaced(self._backend, order)
                response = self._backend.carry_out(order)
                key = self._made(order, key_md5(order.headers), response)
                adopt(key, content.path, content.size, content.md5.etag)
                if content.checksum is not None:
                    set_checksum(key, content.checksum)
                    response.set_header(content.checksum.header, content.checksum.value)
                    response.set_header(TYPE, FULL_OBJECT)
                response.set_header("ETag", key.etag)
                response.headers = [pair for pair in response.headers if pair[0].lower() != "last-modified"]
                self._add_expiration(response, order.bucket, key)
                self._archivist.record(order.bucket, order.key)
            self._events.send(f"ObjectCreated:{event}", order, order.key, key)
        return response

    def _made(self, order: Order, customer_key_md5: str, response: Response) -> Any:
        """Return the new key of an order, with its ACL, its customer's key and its lock."""
        key = self._backend.key(order.bucket, order.key)
        key.set_acl(acl_of(order.headers))
        set_key_md5(key, customer_key_md5)
        lock(self._backend, order.bucket, key, order.headers)
        response.headers += response_headers(key)
        return key

    def copy_object(self, order: Order) -> Response:
        with self._backend.holding(order.bucket):
            check_source(self._backend, order)
            check_replaced(self._backend, order)
            response = self.change_object(order, key_md5(order.headers))
            key = self._backend.key(order.bucket, order.key)
            result = {"LastModified": key.last_modified_ISO8601, "ETag": key.etag}
            result[f"Checksum{key.checksum_algorithm}"] = key.checksum_value
            result["ChecksumType"] = key.checksum_type
        response.set_body(document("CopyObjectResult", result))
        return response

    def change_object(self, order: Order, customer_key_md5: str | None = None) -> Response:
        """Carry out an order that changes an object, without new content for it.

        A new object has the customer's key with this MD5; with None there is no new object.
        """
        with self._backend.holding(order.bucket):
            before = self._backend.object_versions(order.bucket, order.key)
            with self._archivist.changing(order.bucket, order.key):
                response = self._change_object(order, customer_key_md5)
                self._archivist.record(order.bucket, order.key)
            version = self._backend.key(order.bucket, order.key, order.parameter("versionId"))
            name = "tagging" if order.has("tagging") else "acl" if order.has("acl") else ""
            if event := _EVENTS.get((order.method, name)):
                self._events.send(event, order, order.key, version)
            else:
                after = self._backend.object_versions(order.bucket, order.key)
                self._events.send_removals(order, order.key, before, after)
        return response

    def _change_object(self, order: Order, customer_key_md5: str | None) -> Response:
        if order.method == "DELETE" and "if-match" in order.headers:
            check_deleted(self._backend, order.bucket, order.key, order.headers["if-match"])
        acl = None
        if order.method == "PUT" and order.has("acl"):
            acl = check_acl(order.headers, self.existing(order.bucket), order.body)
            order = replace(order, headers={}, body=b"")
        response = self._backend.carry_out(order)
        if acl is not None:
            self._backend.key(order.bucket, order.key, order.parameter("versionId")).set_acl(acl)
        if customer_key_md5 is not None:
            self._made(order, customer_key_md5, response)
        return response

    def parts(self, order: Order) -> list[tuple[int, str]]:
        """Return the size and the checksum of each part of an object that was uploaded in parts."""
        with self._backend.holding(order.bucket):
            key = self._backend.key(order.bucket, order.key, order.parameter("versionId"))
            return [] if key is None else parts_of(key)

    def object_attributes(self, order: Order) -> Response:
        with self._backend.holding(order.bucket):
            key = self._backend.existing_key(order)
            check_key(order.headers, key)
            response = self._backend.carry_out(order)
            response.set_body(describe(key, order.headers))
        return response

    def subresource(self, order: Order) -> Response:
        """Read or change the ACL, the tags or the lock of an object."""
        reads = order.method in ("GET", "HEAD")
        with self._backend.holding(order.bucket):
            if order.has("retention", "legal-hold"):
                return self._lock(order, reads=reads)
            key = self._backend.existing_key(order)
            if order.method == "PUT" and order.has("tagging") and not check_tags(order.body):
                self.change_object(replace(order, method="DELETE", body=b""))
                return Response(HTTPStatus.OK)
            response = self.read(order) if reads else self.change_object(order)
        if order.has("tagging") and key.version_id != "null":
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
        """Yield the response to a HEAD order, and the object's file if any; neither changes meanwhile."""
        with self._backend.holding(order.bucket):
            response = self._backend.carry_out(order)
            key = self._backend.key(order.bucket, order.key, order.parameter("versionId"))
            if key is not None:
                check_key(order.headers, key)
                response.headers += response_headers(key)
                if self._backend.moto_bucket(order.bucket).versioning_status:
                    response.set_header("x-amz-version-id", str(key.version_id))
            if key is not None and key.checksum_type:
                response.set_header(TYPE, key.checksum_type)
            self._add_expiration(response, order.bucket, key)
            yield response, stored_file(key).path if key is not None else None

    def tags(self, bucket: str, key: str, version_id: str) -> dict[str, str]:
        """Return the tags of an object; none if there is no such object."""
        with self._backend.holding(bucket):
            version = self._backend.key(bucket, key, version_id)
            return {} if version is None else self._backend.tags(version)

    def _add_expiration(self, response: Response, bucket: str, key: Any) -> None:
        rules = self._backend.rules(bucket)
        if rules and key is not None and (expiry := expiration(key, self._backend.tags(key), rules)):
            response.set_header("x-amz-expiration", expiry)

    def public_permissions(self, bucket: str, key: str, version_id: str) -> frozenset[str] | None:
        """Return the permissions that an object's ACL grants to everyone; None if there is no such object."""
        with self._backend.holding(bucket):
            version = self._backend.key(bucket, key, version_id)
            return None if version is None else granted_to_all(version.acl)

    def _load(self, loaded: Collection[str] = ()) -> None:
        """Load the buckets that are in the archive and not loaded yet, and create the initial ones."""
        for bucket, settings in list(self._archive.buckets()):
            if bucket in loaded:
                continue
            try:
                self.buckets.restore(bucket, settings)
                self._archivist.restore(bucket)
                self.uploads.restore(bucket)
            except (S3Error, S3ClientError, LookupError, TypeError, ValueError, OSError) as error:
                _log.warning("Bucket %s cannot be restored; its folder stays as it is: %r", bucket, error)
        self._create_first()

    def _create_first(self) -> None:
        missing = [first for first in self._first if self._backend.bucket(first.name) is None]
        with self._archive.transaction():
            for first in missing:
                self.create(first)
