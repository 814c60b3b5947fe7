"""The command ``strict-s3 data check DIR``: what of a data folder is lost or damaged."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from .archive import Archive
from .records import Part, Version


def damage(folder: Path) -> Iterator[str]:
    """Yield a sentence for each version and part that is not as it was stored, and leave out what is lost.

    Files that nothing names are removed, as by each start.

    Raises:
        OSError: the folder has no index that can be read.
    """
    archive = Archive(folder)
    yield from archive.defects()
    for bucket, _ in list(archive.buckets()):
        lost = archive.sweep(bucket)
        for key, versions in list(archive.records_of(bucket, list[Version])):
            for version in versions:
                if state := _state(archive.folder(bucket), version, lost):
                    yield f"{bucket}/{key}, version {version.id}: {state}"
            present = [version for version in versions if version.file not in lost]
            if len(present) < len(versions):
                archive.save_object(bucket, key, present)
        for name, part in list(archive.records_of(bucket, Part)):
            if state := _state(archive.folder(bucket), part, lost):
                yield f"{bucket}, part {part.number} of upload {name.partition('/')[0]}: {state}"
            if part.file in lost:
                archive.drop(bucket, name, Part)
    archive.close()


def _state(folder: Path, stored: Version | Part, lost: set[str]) -> str:
    """Return what is wrong with content; empty for nothing."""
    if stored.file in lost:
        return "its content is lost; it is removed from the index."
    if not stored.file:
        return ""
    with (folder / stored.file).open("rb") as file:
        etag = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        size = file.tell()
    is_whole = size == stored.size and ("-" in stored.etag or etag == stored.etag)
    return (
        "" if is_whole else f"its content is not what was stored: expected {stored.size} bytes, got {size}."
    )
