"""The folder of buckets and objects: an index of records, and files for content.

    DIR/index.sqlite3             buckets, objects with all their versions, uploads and their parts
    DIR/BUCKET/objects/UUID.bin   content

Names given by clients are in the index, never in a path, except for the bucket's, which follows S3's rules.
Content is written before the record that names it, and removed after it, so that the process may end
anywhere: what no record names is removed at the next start.
"""

import logging
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec

from strict_s3.messages.checksums import DEFAULT, Checksum, ContentMd5
from strict_s3.messages.orders import MAX_OBJECT_BYTES

from . import records
from .backend import Backend
from .content import Content, StoredFile
from .index import NAME, Index
from .moto_s3 import models

_EARLIER = "bucket.json"
"""The file of a bucket in the folders of versions before 0.3, which had no index."""
_BUCKET, _OBJECT, _UPLOAD, _PART, _COMPLETED = "bucket", "object", "upload", "part", "completed"
_log = logging.getLogger(__name__)


class _File(msgspec.Struct):
    """The name of the file of a version."""

    file: str = ""


class Archive:
    """A folder of buckets.

    Args:
        root: the folder.
        durable: whether changes wait for the disk.

    Raises:
        OSError: the folder cannot be used, such as by two processes, or is of a version before 0.3.
    """

    def __init__(self, root: Path, *, durable: bool = False) -> None:
        self._root = root
        self.folder = lru_cache(self._folder)
        self.durable = durable
        _check_version(root)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._index = Index(root, durable=durable)
        self.transaction, self.close = self._index.transaction, self._index.close
        self.defects = self._index.defects

    def _folder(self, bucket: str) -> Path:
        """Return the folder for the content of a bucket's objects."""
        return self._root / bucket / "objects"

    def names(self) -> set[str]:
        """Return the names of all buckets, and of folders that could not be read as one."""
        return {*self._index.buckets(), *(folder.name for folder in self._folders())}

    def copy_to(self, folder: Path, buckets: Collection[str]) -> None:
        """Copy buckets into a new folder; content as hard links, since it never changes."""
        folder.mkdir(parents=True)
        self._index.copy_to(folder, buckets)
        for bucket in self._folders():
            if bucket.name in buckets:
                shutil.copytree(bucket, folder / bucket.name, copy_function=os.link)

    def copy_from(self, folder: Path) -> None:
        """Add the buckets of a copy; raise OSError for one of a version before 0.3."""
        _check_version(folder)
        ignored = shutil.ignore_patterns(NAME)
        shutil.copytree(folder, self._root, copy_function=os.link, ignore=ignored, dirs_exist_ok=True)
        self._index.copy_from(folder)

    def buckets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the name and the settings of each bucket."""
        for bucket in self._index.buckets():
            for _, settings in self._index.records(bucket, _BUCKET, dict[str, Any]):
                yield bucket, settings

    def save_bucket(self, bucket: str, settings: Mapping[str, Any]) -> None:
        """Save the region of a bucket, and the requests that set it up, by subresource."""
        self.folder(bucket).mkdir(parents=True, exist_ok=True)
        self._index.save(bucket, _BUCKET, "", settings)

    def drop_bucket(self, bucket: str) -> None:
        self._index.drop_bucket(bucket)
        shutil.rmtree(self._root / bucket, ignore_errors=True)

    def objects(self, bucket: str) -> Iterator[tuple[str, bytes]]:
        """Yield the key and the records, as JSON, of the versions of each object, the oldest first."""
        return self._index.contents(bucket, _OBJECT)

    def versions(self, bucket: str) -> Iterator[tuple[str, list[records.Version]]]:
        """Yield the key and the records of the versions of each object, the oldest first."""
        return self._index.records(bucket, _OBJECT, list[records.Version])

    def save_object(self, bucket: str, key: str, versions: list[records.Version]) -> bytes:
        """Save the versions of an object, whose files are in the bucket's folder; without any it is gone.

        Returns:
            The records as JSON.
        """
        if versions:
            return self._index.save(bucket, _OBJECT, key, versions)
        self._index.drop(bucket, _OBJECT, key)
        return b""

    def uploads(self, bucket: str) -> Iterator[tuple[str, records.Upload]]:
        """Yield the id and the record of each upload under way."""
        return self._index.records(bucket, _UPLOAD, records.Upload)

    def save_upload(self, bucket: str, upload_id: str, upload: records.Upload) -> None:
        """Save an upload."""
        self._index.save(bucket, _UPLOAD, upload_id, upload)

    def drop_upload(self, bucket: str, upload_id: str, numbers: Iterable[int]) -> None:
        """Remove an upload and its parts."""
        with self.transaction():
            self._index.drop(bucket, _UPLOAD, upload_id)
            for number in numbers:
                self.drop_part(bucket, upload_id, number)

    def drop_part(self, bucket: str, upload_id: str, number: int) -> None:
        """Remove a part of an upload."""
        self._index.drop(bucket, _PART, f"{upload_id}/{number}")

    def parts(self, bucket: str) -> Iterator[tuple[str, records.Part]]:
        """Yield the id of the upload and the record of each part."""
        for name, part in self._index.records(bucket, _PART, records.Part):
            yield name.partition("/")[0], part

    def save_part(self, bucket: str, upload_id: str, part: records.Part) -> None:
        """Save a part of an upload, whose file is in the bucket's folder."""
        self._index.save(bucket, _PART, f"{upload_id}/{part.number}", part)

    def completed(self, bucket: str) -> Iterator[tuple[str, records.Completed]]:
        """Yield the id and the record of each completed upload that is remembered, the oldest first."""
        return self._index.records(bucket, _COMPLETED, records.Completed)

    def save_completed(self, bucket: str, upload_id: str, completed: records.Completed) -> None:
        """Save what an upload was completed to."""
        self._index.save(bucket, _COMPLETED, upload_id, completed)

    def drop_completed(self, bucket: str, upload_id: str) -> None:
        """Remove what an upload was completed to."""
        self._index.drop(bucket, _COMPLETED, upload_id)

    def sweep(self, bucket: str) -> set[str]:
        """Remove the files that no record names; return the names of those that are missing."""
        objects = self._index.records(bucket, _OBJECT, list[_File])
        named = {version.file for _, versions in objects for version in versions if version.file}
        named |= {part.file for _, part in self.parts(bucket)}
        files = set(os.listdir(self.folder(bucket)))  # noqa: PTH208 -- a Path for each takes ten times as long
        for name in files - named:
            (self.folder(bucket) / name).unlink()
        return named - files

    def _folders(self) -> list[Path]:
        return [path for path in self._root.iterdir() if path.is_dir()]


def _check_version(folder: Path) -> None:
    if any(folder.glob(f"*/{_EARLIER}")):
        raise OSError(
            f"{folder} is of a version before 0.3: run version 0.3 with it once, which adds an index."
        )


class Archivist:
    """Keeps an archive in step with moto's objects."""

    def __init__(self, backend: Backend, archive: Archive) -> None:
        self._backend = backend
        self._archive = archive
        self.folder = archive.folder
        self._template = backend.new_key()

    def new_content(
        self, bucket: str, md5: ContentMd5 | None = None, checksum: Checksum | None = None
    ) -> Content:
        """Return content for an object of this bucket, still to be received, or raise NoSuchBucket."""
        with self._backend.lock:  # no reset takes the folder away in between
            self._backend.existing(bucket)
            durable = self._archive.durable
            return Content(self.folder(bucket), md5 or ContentMd5(None), checksum, durable=durable)

    @contextmanager
    def changing(self, bucket: str, *names: str) -> Iterator[None]:
        """Change objects in one transaction; then remove the files of those that were deleted or replaced."""
        before = self._files(bucket, names)
        with self._backend.all_or_nothing(bucket, *names), self._archive.transaction():
            yield
        for path in before - self._files(bucket, names):
            path.unlink(missing_ok=True)

    def record(self, bucket: str, name: str) -> None:
        """Record an object, with all its versions, in its current state."""
        versions = self._backend.object_versions(bucket, name)
        for version in versions:
            is_key = isinstance(version, models.FakeKey)
            if is_key and not isinstance(records.stored_file(version), StoredFile):
                self._copy(bucket, version)
        stored = [records.record_of(version, self._backend.tags(version)) for version in versions]
        content = self._archive.save_object(bucket, name, stored)
        if stored:
            self._place(bucket, name, content)

    def _copy(self, bucket: str, key: Any) -> None:
        """Copy the content of a copy's source into a file of its own."""
        checksum = Checksum(key.checksum_algorithm or DEFAULT)
        with self.new_content(bucket, checksum=checksum) as content:
            content.receive(records.copied_blocks(key), MAX_OBJECT_BYTES)
            content.check()
        records.adopt(key, content.path, content.size, content.md5.etag)
        records.set_checksum(key, checksum)

    def restore(self, bucket: str) -> None:
        """Restore the objects of a bucket from the archive."""
        missing = self._archive.sweep(bucket)
        if missing:
            _log.warning("Bucket %s has lost the content of %d versions or parts.", bucket, len(missing))
        for name, content in self._archive.objects(bucket):
            self._place(bucket, name, content, missing)

    def _place(self, bucket: str, name: str, content: bytes, missing: Collection[str] = ()) -> None:
        """Hold the versions of an object as records, of which moto's models are made when asked for."""
        versions = records.StoredVersions(content, partial(self._models, bucket, name, missing))
        if not missing or versions:
            self._backend.place(bucket, name, versions)

    def _models(
        self, bucket: str, name: str, missing: Collection[str], stored: list[records.Version]
    ) -> list[Any]:
        """Return moto's models of the versions whose content is there."""
        versions, folder = [], self.folder(bucket)
        for record in stored:
            if record.file not in missing:
                versions.append(records.new_version(record, bucket, name, folder, self._template))
                if record.tags:
                    self._backend.set_tags(versions[-1], record.tags)
        return versions

    def _files(self, bucket: str, names: Iterable[str]) -> set[Path]:
        files = (
            records.stored_file(version) for name in names for version in self._backend.keys(bucket, name)
        )
        return {file.path for file in files if isinstance(file, StoredFile)}
