"""The folder that keeps buckets and objects: plain files, which a restart reads again.

    DIR/BUCKET/bucket.json           region, and the requests that set the bucket up, by subresource
    DIR/BUCKET/objects/SHA256.json   one object, under the SHA-256 of its key: key, attributes, file name
    DIR/BUCKET/objects/UUID.bin      content

What clients name is inside the files, never in a path, but for the bucket, whose name has passed S3's rules.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)


class Archive:
    """A folder of buckets."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def folder(self, bucket: str) -> Path:
        """Return the folder for the content of a bucket's objects."""
        return self._root / bucket / "objects"

    def clear(self) -> None:
        """Remove all buckets."""
        for bucket in self._root.iterdir():
            shutil.rmtree(bucket, ignore_errors=True)

    def copy_to(self, folder: Path) -> None:
        """Copy all buckets into a new folder; files never change, so links will do."""
        shutil.copytree(self._root, folder, copy_function=os.link)

    def copy_from(self, folder: Path) -> None:
        """Have the buckets of a copy in place of these."""
        self.clear()
        shutil.copytree(folder, self._root, copy_function=os.link, dirs_exist_ok=True)

    def buckets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the name and the settings of each bucket."""
        for file in sorted(self._root.glob("*/bucket.json")):
            if BUCKET_NAME.fullmatch(file.parent.name):
                yield file.parent.name, json.loads(file.read_text("utf-8"))

    def save_bucket(self, bucket: str, settings: Mapping[str, Any]) -> None:
        """Write the settings of a bucket."""
        self.folder(bucket).mkdir(parents=True, exist_ok=True)
        _write(self._root / bucket / "bucket.json", settings)

    def drop_bucket(self, bucket: str) -> None:
        """Remove a bucket."""
        shutil.rmtree(self._root / bucket, ignore_errors=True)

    def objects(self, bucket: str) -> Iterator[dict[str, Any]]:
        """Yield the record of each object of a bucket whose content is there."""
        for file in sorted(self.folder(bucket).glob("*.json")):
            record = json.loads(file.read_text("utf-8"))
            content = self.folder(bucket) / record["file"]
            if content.parent == self.folder(bucket) and content.is_file():
                yield record

    def sweep(self, bucket: str) -> None:
        """Remove content that no object has: uploads that were under way when the last process ended."""
        kept = {record["file"] for record in self.objects(bucket)}
        for file in self.folder(bucket).glob("*.bin"):
            if file.name not in kept:
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
    """Write a JSON file so that a reader sees the old one or the new one."""
    new = file.with_suffix(".new")
    with suppress(FileNotFoundError):  # the bucket has just been removed
        new.write_text(json.dumps(content, indent=1), "utf-8")
        new.replace(file)
