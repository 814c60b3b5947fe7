"""Multipart uploads under way: moto knows what they are, files hold their parts."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from strict_s3.buckets.events import Events
from strict_s3.messages.checksums import COMPOSITE, DEFAULT, FULL_OBJECT, TYPE, Checksum
from strict_s3.messages.errors import invalid_request, refusal
from strict_s3.messages.orders import MAX_OBJECT_BYTES, Order
from strict_s3.messages.response import Response
from strict_s3.messages.xml import document, parse
from strict_s3.store import records
from strict_s3.store.acl import acl_of
from strict_s3.store.archive import Archive, Archivist
from strict_s3.store.backend import Backend
from strict_s3.store.content import Content
from strict_s3.store.customer_keys import check_part, key_md5, key_md5_of, response_headers, set_key_md5
from strict_s3.store.locks import lock

from .multipart import ListedPart, assemble
from .preconditions import check_replaced, check_source

MAX_COMPLETED = 1000
"""How many completed uploads are remembered, for clients that repeat the request."""


class Uploads:
    """Uploads under way, and those completed last."""

    def __init__(self, backend: Backend, archive: Archive, archivist: Archivist, events: Events) -> None:
        self._backend = backend
        self._archive = archive
        self._archivist = archivist
        self._events = events
        self._parts: dict[str, dict[int, records.Part]] = {}
        self._completed: dict[tuple[str, str, str], records.Completed] = {}
        self._completing = threading.Lock()

    def drop(self, bucket: str) -> None:
        """Forget the uploads of a bucket; their files are removed by the caller."""
        for _, upload in self._backend.uploads(bucket).since(""):
            self._parts.pop(upload.id, None)
        for key in [key for key in self._completed if key[0] == bucket]:
            del self._completed[key]

    def restore(self, bucket: str) -> None:
        """Restore the uploads of a bucket from the archive."""
        for upload_id, record in self._archive.uploads(bucket):
            upload = self._backend.place_upload(
                bucket,
                upload_id,
                record.key,
                record.metadata,
                record.storage,
                record.tags,
                records.acl_with(record.grants),
                record.encryption,
                record.kms_key_id,
            )
            upload.replaced, upload.headers = record.replaced, record.headers
            upload.initiated = record.initiated
            set_key_md5(upload, record.customer_key_md5)
        for upload_id, completed in self._archive.completed(bucket):
            self._completed[bucket, completed.key, upload_id] = completed
        for upload_id, part in self._archive.parts(bucket):
            upload = self._backend.upload(bucket, upload_id)
            upload.set_part(part.number, b"").last_modified = part.last_modified
            self._place_part(bucket, upload, part)

    def begin(self, order: Order) -> Response:
        """Begin an upload, and note which object it will replace."""
        with self._backend.lock:
            response = self._backend.carry_out(order)
            upload_id = parse(b"".join(response.body)).findtext("UploadId")
            upload = self._backend.upload(order.bucket, str(upload_id))
            upload.replaced = records.file_name(self._backend.key(order.bucket, order.key))
            upload.acl = acl_of(order.headers)
            set_key_md5(upload, key_md5(order.headers))
            upload.headers = order.headers
            response.headers += response_headers(upload)
            upload.initiated = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
            self._archive.save_upload(order.bucket, upload.id, records.upload_record(upload))
        return response

    def headers(self, bucket: str, upload_id: str) -> Mapping[str, str]:
        """Return the headers of the request that started an upload; none if there is no such upload."""
        with self._backend.lock:
            upload = self._backend.upload(bucket, upload_id)
            return upload.headers if upload else {}

    def put_part(self, order: Order, content: Content) -> Response:
        """Make a part of an upload, in place of the one with its number."""
        with self._backend.lock:
            upload = self._backend.existing_upload(order)
            check_part(order.headers, upload)
            _check_checksum(upload, content)
            response = self._backend.carry_out(order)
            response.headers += response_headers(upload)
            self._store_part(order, upload, content)
        response.set_header("ETag", f'"{content.md5.etag}"')
        if content.checksum is not None:
            response.set_header(content.checksum.header, content.checksum.value)
        return response

    def copy_part(self, order: Order) -> Response:
        """Make a part of an upload from another object."""
        with self._backend.lock:
            upload = self._backend.existing_upload(order)
            check_part(order.headers, upload)
            check_source(self._backend, order)
            response = self._backend.carry_out(order)
            part = upload.parts[_number(order)]
            algorithm = upload.metadata.get("x-amz-checksum-algorithm")
            checksum = Checksum(algorithm) if algorithm else None
            with self._archivist.new_content(order.bucket, checksum=checksum) as content:
                content.receive(records.copied_blocks(part), MAX_OBJECT_BYTES)
                content.check()
            self._store_part(order, upload, content)
        result = {"LastModified": part.last_modified_ISO8601, "ETag": f'"{content.md5.etag}"'}
        if checksum is not None:
            result[f"Checksum{checksum.algorithm}"] = checksum.value
        response.set_body(document("CopyPartResult", result, is_qualified=False))
        return response

    def abort(self, order: Order) -> Response:
        """Abort an upload, and remove its parts."""
        with self._backend.lock:
            self._backend.existing_upload(order)
            response = self._backend.carry_out(order)
            self._discard(order.bucket, self._drop(order))
        return response

    def complete(self, order: Order, listed: Sequence[ListedPart]) -> records.Completed:
        """Put the listed parts of an upload together; return the same again, if asked again.

        Only the completions of other uploads wait while files are copied.
        """
        upload_id = order.parameter("uploadId")
        name = (order.bucket, order.key, upload_id)
        with self._completing:
            if name not in self._completed:
                self._completed[name] = self._complete(order, listed)
            for oldest in list(self._completed)[:-MAX_COMPLETED]:
                del self._completed[oldest]
                bucket, _, upload_id = oldest
                with self._backend.lock:
                    self._archive.drop_completed(bucket, upload_id)
            return self._completed[name]

    def _complete(self, order: Order, listed: Sequence[ListedPart]) -> records.Completed:
        with self._backend.lock:
            upload = self._backend.existing_upload(order)
            check_replaced(self._backend, order, upload)
            parts = dict(self._parts.get(upload.id, {}))
        algorithm = upload.metadata.get("x-amz-checksum-algorithm", DEFAULT)
        kind = upload.metadata.get(TYPE, FULL_OBJECT)
        if order.headers.get(TYPE, kind) != kind:
            raise invalid_request(
                f"The upload was created using the {kind} checksum mode. The complete request must use the "
                "same checksum mode."
            )
        try:
            whole = assemble(
                listed,
                parts,
                self._archivist.folder(order.bucket),
                partial(self._archivist.new_content, order.bucket, None),
                algorithm,
                order.headers,
                composite=kind == COMPOSITE,
            )
        except FileNotFoundError:  # a part was replaced, or all are gone
            raise refusal("NoSuchUpload", UploadId=upload.id) from None
        content, etag, checksum = whole
        with content, self._backend.lock:
            with self._archivist.changing(order.bucket, order.key):
                self._backend.existing_upload(order)
                check_replaced(self._backend, order, upload)
                details = (kind, checksum, len(listed)) if checksum else None
                key = self._backend.complete_upload(order.bucket, upload, etag, details)
                key.checksum_algorithm = algorithm
                set_key_md5(key, key_md5_of(upload))
                lock(self._backend, order.bucket, key, upload.headers)
                records.adopt(key, content.path, content.size, etag)
                together = [parts[entry.number] for entry in listed]
                records.set_parts(key, [(part.size, part.checksum) for part in together])
                dropped = self._drop(order)
                completed = records.completed_record(key)
                self._archive.save_completed(order.bucket, upload.id, completed)
                self._archivist.record(order.bucket, order.key)
            self._events.send("ObjectCreated:CompleteMultipartUpload", order, order.key, key)
        self._discard(order.bucket, dropped)
        return completed

    def _store_part(self, order: Order, upload: Any, content: Content) -> None:
        number, checksum = _number(order), content.checksum
        part = records.Part(
            number=number,
            file=content.path.name,
            size=content.size,
            etag=content.md5.etag,
            algorithm=checksum.algorithm if checksum else "",
            checksum=checksum.value if checksum else "",
            last_modified=upload.parts[number].last_modified,
        )
        self._archive.save_part(order.bucket, upload.id, part)
        replaced = self._parts.get(upload.id, {}).get(number)
        self._place_part(order.bucket, upload, part)
        if replaced is not None:
            self._discard(order.bucket, [replaced])

    def _place_part(self, bucket: str, upload: Any, part: records.Part) -> None:
        key = upload.parts[part.number]
        records.adopt(key, self._archivist.folder(bucket) / part.file, part.size, part.etag)
        key.checksum_value = part.checksum or None
        self._parts.setdefault(upload.id, {})[part.number] = part

    def _drop(self, order: Order) -> list[records.Part]:
        """Drop an upload from the archive, and return its parts, whose files are still there."""
        upload_id = order.parameter("uploadId")
        parts = self._parts.pop(upload_id, {})
        self._archive.drop_upload(order.bucket, upload_id, parts)
        return list(parts.values())

    def _discard(self, bucket: str, parts: Iterable[records.Part]) -> None:
        for part in parts:
            (self._archivist.folder(bucket) / part.file).unlink(missing_ok=True)


def _check_checksum(upload: Any, content: Content) -> None:
    """Raise InvalidRequest if a part has not the checksum that its upload is made of."""
    expected = upload.metadata.get("x-amz-checksum-algorithm")
    actual = content.checksum.algorithm if content.checksum else None
    needs_one = upload.metadata.get(TYPE) == COMPOSITE
    if expected and actual != expected and (actual or needs_one):
        raise invalid_request(
            f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, "
            f"actual checksum Type: {(actual or 'null').lower()}"
        )


def _number(order: Order) -> int:
    return int(order.parameter("partNumber"))
