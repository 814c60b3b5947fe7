"""Multipart uploads under way: moto knows what they are, files hold their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .checksums import Checksum
from .errors import no_such_upload
from .multipart import assemble
from .policy import MAX_OBJECT_BYTES
from .preconditions import check_replaced, check_source
from .records import adopt
from .xml import document, element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .answer import Answer
    from .archivist import Archivist
    from .backend import Backend, Order
    from .content import Content
    from .multipart import ListedPart


class Uploads:
    """Uploads under way; a restart forgets them.

    Args:
        backend: moto's S3.
        archivist: gives the objects that they become their files.
    """

    def __init__(self, backend: Backend, archivist: Archivist) -> None:
        self._backend = backend
        self._archivist = archivist
        self._parts: dict[str, dict[int, Content]] = {}

    def clear(self) -> None:
        """Forget all of them; their files are somebody else's to remove."""
        self._parts.clear()

    def put_part(self, order: Order, content: Content) -> Answer:
        """Make a part of an upload, in place of the one with its number."""
        with self._backend.lock:
            upload = self._upload(order)
            answer = self._backend.carry_out(order)
            self._keep(order, upload, content)
        answer.set_header("ETag", f'"{content.md5.etag}"')
        if content.checksum is not None:
            answer.set_header(content.checksum.header, content.checksum.value)
        return answer

    def copy_part(self, order: Order) -> Answer:
        """Make a part of an upload from another object."""
        with self._backend.lock:
            upload = self._upload(order)
            check_source(self._backend, order)
            answer = self._backend.carry_out(order)
            part = upload.parts[_number(order)]
            algorithm = upload.metadata.get("x-amz-checksum-algorithm")
            checksum = Checksum(algorithm) if algorithm else None
            with self._archivist.new_content(order.bucket, checksum=checksum) as content:
                content.receive([part.value], MAX_OBJECT_BYTES)
            self._keep(order, upload, content)
        elements = {"LastModified": part.last_modified_ISO8601, "ETag": f'"{content.md5.etag}"'}
        if checksum is not None:
            elements[f"Checksum{checksum.algorithm}"] = checksum.value
        result = document(element("CopyPartResult", *(element(*pair) for pair in elements.items())))
        answer.body, answer.length = [result], len(result)
        return answer

    def abort(self, order: Order) -> Answer:
        """Forget an upload and its parts."""
        with self._backend.lock:
            self._upload(order)
            answer = self._backend.carry_out(order)
            self._drop(order)
        return answer

    def complete(self, order: Order, listed: Sequence[ListedPart]) -> Any:
        """Put the listed parts of an upload together, and return moto's key."""
        with self._backend.lock, self._archivist.removing(order.bucket, order.key):
            upload = self._upload(order)
            check_replaced(self._backend, order)
            algorithm = upload.metadata.get("x-amz-checksum-algorithm")
            composite = upload.metadata.get("x-amz-checksum-type") == "COMPOSITE"
            parts = self._parts.get(order.parameter("uploadId"), {})
            folder = self._archivist.folder(order.bucket)
            content, etag, checksum = assemble(listed, parts, folder, algorithm, composite=composite)
            with content:  # whose file goes if moto refuses
                kind = "COMPOSITE" if composite else "FULL_OBJECT"
                details = (kind, checksum, len(listed)) if checksum else None
                key = self._backend.complete_upload(order.bucket, upload, etag, details)
                adopt(key, content.path, content.size, etag)
                self._drop(order)
                self._archivist.record(order.bucket, order.key)
        return key

    def _upload(self, order: Order) -> Any:
        upload_id = order.parameter("uploadId")
        upload = self._backend.upload(order.bucket, upload_id)
        if upload is None or upload.key_name != order.key:
            raise no_such_upload(upload_id)
        return upload

    def _keep(self, order: Order, upload: Any, content: Content) -> None:
        number = _number(order)
        adopt(upload.parts[number], content.path, content.size, content.md5.etag)
        parts = self._parts.setdefault(order.parameter("uploadId"), {})
        if number in parts:
            parts[number].discard()
        parts[number] = content

    def _drop(self, order: Order) -> None:
        for part in self._parts.pop(order.parameter("uploadId"), {}).values():
            part.discard()


def _number(order: Order) -> int:
    return int(order.parameter("partNumber"))
