"""The folder of buckets and objects: plain files that a restart reads.

    DIR/BUCKET/bucket.json           region, and the requests that set the bucket up, by subresource
    DIR/BUCKET/objects/SHA256.json   one object, under the SHA-256 of its key: key, attributes, file name
    DIR/BUCKET/objects/UUID.bin      content

Names given by clients are in the files, never in a path, except for the bucket's, which follows S3's rules.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from strict_s3.messages.checksums import DEFAULT, FULL_OBJECT, Checksum, ContentMd5
from strict_s3.messages.identifiers import BUCKET_NAME
from strict_s3.messages.orders import MAX_OBJECT_BYTES

from .backend import Backend
from .content import Content, StoredFile
from .customer_keys import key_md5_of, set_key_md5
from .locks import as_moto_reads
from .moto_s3 import models

_ATTRIBUTES = (
    "encryption",
    "kms_key_id",
    "bucket_key_enabled",
    "checksum_algorithm",
    "checksum_value",
    "checksum_type",
    "checksum_parts",
    "website_redirect_location",
    "lock_mode",
    "lock_legal_status",
    "lock_until",
)
_PARTS = "parts_put_together"
"""Attribute of moto's keys for the sizes and checksums of the parts of an object."""


class Archive:
    """A folder of buckets."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def folder(self, bucket: str) -> Path:
        """Return the folder for the content of a bucket's objects."""
        return self._root / bucket / "objects"

    def clear(self) -> None:
        for bucket in self._root.iterdir():
            shutil.rmtree(bucket, ignore_errors=True)

    def copy_to(self, folder: Path) -> None:
        """Copy all buckets into a new folder, as hard links, since files never change."""
        shutil.copytree(self._root, folder, copy_function=os.link)

    def copy_from(self, folder: Path) -> None:
        """Replace all buckets by those of a copy."""
        self.clear()
        shutil.copytree(folder, self._root, copy_function=os.link, dirs_exist_ok=True)

    def buckets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the name and the settings of each bucket."""
        for file in sorted(self._root.glob("*/bucket.json")):
            if BUCKET_NAME.fullmatch(file.parent.name):
                yield file.parent.name, json.loads(file.read_text("utf-8"))

    def save_bucket(self, bucket: str, settings: Mapping[str, Any]) -> None:
        """Write the region of a bucket, and the requests that set it up, by subresource."""
        self.folder(bucket).mkdir(parents=True, exist_ok=True)
        _write(self._root / bucket / "bucket.json", settings)

    def drop_bucket(self, bucket: str) -> None:
        shutil.rmtree(self._root / bucket, ignore_errors=True)

    def objects(self, bucket: str) -> Iterator[dict[str, Any]]:
        """Yield the records of a bucket's objects; those without content are skipped."""
        for file in sorted(self.folder(bucket).glob("*.json")):
            record = json.loads(file.read_text("utf-8"))
            content = self.folder(bucket) / record["file"]
            if content.parent == self.folder(bucket) and content.is_file():
                yield record

    def sweep(self, bucket: str) -> None:
        """Remove content that belongs to no object: of uploads that a previous process did not complete."""
        names = {record["file"] for record in self.objects(bucket)}
        for file in self.folder(bucket).glob("*.bin"):
            if file.name not in names:
                file.unlink()

    def save_object(self, bucket: str, key: str, record: Mapping[str, Any]) -> None:
        """Write the record of an object; its ``file`` is in the bucket's folder already."""
        _write(self._record(bucket, key), {"key": key, **record})

    def drop_object(self, bucket: str, key: str) -> None:
        """Remove the record of an object."""
        self._record(bucket, key).unlink(missing_ok=True)

    def _record(self, bucket: str, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder(bucket) / f"{name}.json"


def _write(file: Path, content: Mapping[str, Any]) -> None:
    """Replace a JSON file atomically."""
    new = file.with_suffix(".new")
    with suppress(FileNotFoundError):  # the bucket has just been removed
        new.write_text(json.dumps(content, indent=1), "utf-8")
        new.replace(file)


class Archivist:
    """Keeps an archive in step with moto's objects."""

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
        """Remove the files of objects that are deleted or replaced in the context."""
        before = self._files(bucket, key)
        yield
        for path in before - self._files(bucket, key):
            path.unlink(missing_ok=True)

    def record(self, bucket: str, name: str) -> None:
        """Write the record of an object in its current state, or remove it if the object is gone."""
        key = self._backend.key(bucket, name)
        if key is None:
            self._archive.drop_object(bucket, name)
            return
        if not isinstance(stored_file(key), StoredFile):
            checksum = Checksum(key.checksum_algorithm or DEFAULT)
            with self.new_content(bucket, checksum=checksum) as content:
                content.receive([key.value], MAX_OBJECT_BYTES)
            adopt(key, content.path, content.size, key.etag.strip('"'))
            set_checksum(key, checksum)
        self._archive.save_object(bucket, name, record_of(key, self._backend.tags(key)))

    def restore(self, bucket: str) -> None:
        """Restore the objects of a bucket from the archive."""
        self._archive.sweep(bucket)
        for record in self._archive.objects(bucket):
            key = self._backend.new_key(bucket, record["key"], record["storage_class"], record["tags"])
            path = self.folder(bucket) / record["file"]
            adopt(key, path, path.stat().st_size, record["etag"])
            apply_record(record, key)

    def _files(self, bucket: str, key: str | None) -> set[Path]:
        files = (stored_file(version) for version in self._backend.keys(bucket, key))
        return {file.path for file in files if isinstance(file, StoredFile)}


def record_of(key: Any, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the record of a key whose content is a `StoredFile`, from which a restart restores it."""
    return {
        "file": stored_file(key).path.name,
        "etag": key.etag.strip('"'),
        "last_modified": key.last_modified.isoformat(),
        "storage_class": key.storage_class,
        "metadata": dict(key.metadata),
        "tags": dict(tags),
        "grants": [
            [[grantee.id, grantee.uri, grantee.display_name] for grantee in grant.grantees]
            + [grant.permissions]
            for grant in key.acl.grants
        ],
        **{name: getattr(key, name) for name in _ATTRIBUTES},
        "parts": parts_of(key),
        "customer_key_md5": key_md5_of(key),
    }


def apply_record(record: Mapping[str, Any], key: Any) -> None:
    """Restore the attributes of a new key from its record; content and tags are restored elsewhere."""
    key.last_modified = datetime.fromisoformat(record["last_modified"])
    key.set_metadata(dict(record["metadata"]))
    key.set_acl(
        models.FakeAcl(
            [
                models.FakeGrant([models.FakeGrantee(*grantee) for grantee in grantees], permissions)
                for *grantees, permissions in record["grants"]
            ]
        )
    )
    for name in _ATTRIBUTES:
        setattr(key, name, record[name])
    key.lock_until = as_moto_reads(key.lock_until)  # a version before kept it as it was sent
    key.lock_mode = key.lock_mode if key.lock_until else None
    set_parts(key, record.get("parts", ()))
    set_key_md5(key, record.get("customer_key_md5", ""))


def parts_of(key: Any) -> list[tuple[int, str]]:
    """Return the size and the checksum (empty for none) of each part that a key's object was uploaded in."""
    return [tuple(part) for part in getattr(key, _PARTS, ())]


def set_parts(key: Any, parts: Iterable[Sequence[Any]]) -> None:
    """Set the size and the checksum of each part that a key's object was uploaded in."""
    setattr(key, _PARTS, [(int(size), str(checksum)) for size, checksum in parts])


def set_checksum(key: Any, checksum: Checksum) -> None:
    """Set the checksum of a key's whole content."""
    key.checksum_algorithm, key.checksum_value = checksum.algorithm, checksum.value
    key.checksum_type = FULL_OBJECT


def adopt(key: Any, path: Path, size: int, etag: str) -> None:
    """Set a key's content to a file, instead of the buffer that moto made for it."""
    key._value_buffer.close()  # noqa: SLF001 -- moto has no other way in that does not read all of it
    key._value_buffer = StoredFile(path)  # noqa: SLF001 -- the same
    key._etag = etag  # noqa: SLF001 -- the same
    key.contentsize = size


def stored_file(key: Any) -> Any:
    """Return the `StoredFile` of a key, or else the buffer that moto made for it."""
    return key._value_buffer  # noqa: SLF001 -- moto offers the bytes only
