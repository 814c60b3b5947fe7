"""Keeps the archive true to what moto says of objects."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .checksums import ContentMd5
from .content import Content, StoredFile
from .policy import MAX_OBJECT_BYTES
from .records import adopt, apply_record, record_of, stored_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .archive import Archive
    from .backend import Backend
    from .checksums import Checksum


class Archivist:
    """Gives objects their files, records them, and takes away the files of those that are gone."""

    def __init__(self, backend: Backend, archive: Archive) -> None:
        self._backend = backend
        self._archive = archive

    def new_content(
        self, bucket: str, md5: ContentMd5 | None = None, checksum: Checksum | None = None
    ) -> Content:
        """Return content for an object of this bucket, still to be received, or raise NoSuchBucket."""
        with self._backend.lock:  # no reset takes the folder away in between
            self._backend.existing(bucket)
            return Content(self.folder(bucket), md5 or ContentMd5(None), checksum)

    def folder(self, bucket: str) -> Path:
        """Return the folder for the content of a bucket's objects."""
        return self._archive.folder(bucket)

    @contextmanager
    def removing(self, bucket: str, key: str | None = None) -> Iterator[None]:
        """Remove the files of objects that are gone afterwards."""
        before = self._files(bucket, key)
        yield
        for path in before - self._files(bucket, key):
            path.unlink(missing_ok=True)

    def record(self, bucket: str, name: str) -> None:
        """Let the archive hold what moto says of an object now."""
        key = self._backend.key(bucket, name)
        if key is None:
            self._archive.drop_object(bucket, name)
            return
        if not isinstance(stored_file(key), StoredFile):
            with self.new_content(bucket) as content:
                content.receive([key.value], MAX_OBJECT_BYTES)
            adopt(key, content.path, content.size, key.etag.strip('"'))
        self._archive.save_object(bucket, name, record_of(key, self._backend.tags(key)))

    def recall(self, bucket: str) -> None:
        """Let moto know what the archive holds of a bucket's objects."""
        self._archive.sweep(bucket)
        for record in self._archive.objects(bucket):
            key = self._backend.new_key(bucket, record["key"], record["storage_class"], record["tags"])
            path = self.folder(bucket) / record["file"]
            adopt(key, path, path.stat().st_size, record["etag"])
            apply_record(record, key)

    def _files(self, bucket: str, key: str | None) -> set[Path]:
        files = (stored_file(one) for one in self._backend.keys(bucket, key))
        return {file.path for file in files if isinstance(file, StoredFile)}
