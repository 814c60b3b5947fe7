"""Corrections of moto's S3: suspended versioning, delete markers, default locks, and copies by files.

Access logs are not delivered, which Amazon does not promise either.
"""

from collections.abc import Iterable
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from strict_s3.messages.version_ids import NULL, new_version_id

from .moto_s3 import models
from .ordered import Keys, Uploads
from .records import set_source

SUSPENDED = "Suspended"


def correct(moto: models.S3Backend) -> None:
    """Replace the methods of moto's S3 that make buckets, and delete, make, copy, lock and log objects."""
    moto.create_bucket = partial(_create_bucket, moto)  # type: ignore[method-assign]  # moto's has no order
    moto.copy_object = partial(_copy_object, moto)  # type: ignore[method-assign]  # moto reads all of the source
    moto.upload_part_copy = partial(_copy_part, moto)  # type: ignore[method-assign]  # the same
    moto.delete_object = partial(_delete_object, moto)  # type: ignore[method-assign]  # every deletion uses it
    moto.put_object_lock_configuration = partial(_lock_bucket, moto)  # type: ignore[method-assign]  # moto wants the bucket to be empty
    moto.log_incoming_request = lambda *_: None  # type: ignore[method-assign]  # moto's logs are no objects of the archive
    moto.put_object = partial(_put_object, moto)  # type: ignore[method-assign]  # every new object does


def _create_bucket(moto: models.S3Backend, *details: Any, **named: Any) -> Any:
    """Make a bucket whose objects and uploads are in order."""
    bucket = models.S3Backend.create_bucket(moto, *details, **named)
    bucket.keys, bucket.multiparts = Keys(), Uploads()
    return bucket


def _copy_object(moto: models.S3Backend, source: Any, bucket: str, name: str, **attributes: Any) -> None:
    """Make a copy that has its source's file as its own content still to be copied.

    moto's own has twice the size of the source in memory.
    """
    content, source._value_buffer = source._value_buffer, BytesIO()  # noqa: SLF001 -- moto offers the bytes only
    try:
        models.S3Backend.copy_object(moto, source, bucket, name, **attributes)
    finally:
        source._value_buffer = content  # noqa: SLF001 -- the same
    set_source(moto.get_object(bucket, name), source)


def _copy_part(
    moto: models.S3Backend,
    dest_bucket_name: str,
    multipart_id: str,
    part_id: int,
    src_bucket_name: str,
    src_key_name: str,
    src_version_id: str | None,
    start_byte: int | None,
    end_byte: int | None,
) -> Any:
    """Make a part of another object's bytes, in the same way."""
    part = moto.get_bucket(dest_bucket_name).multiparts[multipart_id].set_part(part_id, b"")
    source = moto.get_object(src_bucket_name, src_key_name, version_id=src_version_id)
    set_source(part, source, start_byte or 0, None if end_byte is None else end_byte + 1)
    return part


def _delete_object(
    moto: models.S3Backend, bucket: str, name: str, version_id: str | None = None, **bypass: bool
) -> tuple[bool, dict[str, Any]]:
    """Delete an object, or a version of it, also while versioning is suspended, unlike moto.

    A delete marker is made even if there is no object, unlike in moto.
    """
    moto_bucket: Any = moto.get_bucket(bucket)
    versions = list(moto_bucket.keys.versions(name))
    status = moto_bucket.versioning_status
    if version_id is None and status:
        marker = models.FakeDeleteMarker(versions[-1] if versions else SimpleNamespace(name=name))  # type: ignore[arg-type]  # it takes the name
        marker._version_id = NULL if status == SUSPENDED else new_version_id()  # noqa: SLF001 -- moto makes an id of its own
        if status == SUSPENDED:
            versions = _without_null(versions)
        moto_bucket.keys.place(name, [*versions, marker])
        return True, {"version-id": marker.version_id, "delete-marker": "true"}
    if version_id is not None and version_id not in {str(version.version_id) for version in versions}:
        return True, {}
    is_marker = any(
        str(version.version_id) == version_id and isinstance(version, models.FakeDeleteMarker)
        for version in versions
    )
    moto_bucket.versioning_status = "Enabled" if version_id is not None and status else status
    try:
        deleted, details = models.S3Backend.delete_object(moto, bucket, name, version_id, **bypass)
    finally:
        moto_bucket.versioning_status = status
    return deleted, {**details, "delete-marker": "true"} if is_marker else details


def _put_object(
    moto: models.S3Backend, bucket_name: str, key_name: str, *content: Any, **attributes: Any
) -> Any:
    """Make an object, or a version of it; a version without an id replaces only the previous one without."""
    bucket: Any = moto.get_bucket(bucket_name)
    suspended = bucket.versioning_status == SUSPENDED
    others = _without_null(bucket.keys.versions(key_name)) if suspended else []
    key = models.S3Backend.put_object(moto, bucket_name, key_name, *content, **attributes)
    if bucket.is_versioned:
        key._version_id = new_version_id()  # noqa: SLF001 -- moto makes an id of its own
    if others:
        bucket.keys.place(key_name, [*others, key])
    return key


def _lock_bucket(
    moto: models.S3Backend,
    bucket_name: str,
    _is_on: bool,  # noqa: FBT001 -- moto's signature; off is refused before
    mode: str | None,
    days: int | None,
    years: int | None,
) -> None:
    """Lock new versions of a bucket's objects by default."""
    bucket = moto.get_bucket(bucket_name)
    bucket.object_lock_enabled = True
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


def _without_null(versions: Iterable[Any]) -> list[Any]:
    return [version for version in versions if str(version.version_id) != NULL]
