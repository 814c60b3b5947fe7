"""What the archive has of each version of an object, and of each upload: made of moto's models, and back."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from strict_s3.messages.checksums import FULL_OBJECT, Checksum

from .content import StoredFile, read_range
from .customer_keys import key_md5_of, set_key_md5
from .moto_s3 import models

Grants = tuple[tuple[tuple[tuple[str, str, str], ...], tuple[str, ...]], ...]
"""Grantees, each an ID, a URI and a name, and their permissions."""

_PARTS = "parts_put_together"
"""Attribute of moto's keys for the sizes and checksums of the parts of an object."""
_SOURCE = "copied_from"
"""Attribute of moto's keys for the file, the offset and the length of content that is still to be copied."""


class Attributes(msgspec.Struct, omit_defaults=True):
    """The attributes of moto's keys that are recorded under their names."""

    encryption: str | None = None
    kms_key_id: str | None = None
    bucket_key_enabled: bool | str | None = None
    checksum_algorithm: str | None = None
    checksum_value: str | None = None
    checksum_type: str | None = None
    checksum_parts: int | None = None
    website_redirect_location: str | None = None
    lock_mode: str | None = None
    lock_legal_status: str | None = None
    lock_until: str | None = None


class Version(Attributes):
    """A version of an object, or a delete marker, which has no file.

    Attributes:
        id: of the version; ``null`` without versioning.
        file: the name of its content in the bucket's folder.
        parts: the size and the checksum (empty for none) of each part that it was uploaded in.
    """

    id: str = "null"
    last_modified: datetime | None = None
    file: str = ""
    size: int = 0
    etag: str = ""
    is_versioned: bool = False
    storage_class: str | None = "STANDARD"
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    grants: Grants = ()
    parts: tuple[tuple[int, str], ...] = ()
    customer_key_md5: str = ""


_VERSIONS = msgspec.json.Decoder(list[Version])


class Part(msgspec.Struct, frozen=True):
    """A part of an upload; its checksum and the algorithm of that are empty for none."""

    number: int
    file: str
    size: int
    etag: str
    algorithm: str
    checksum: str
    last_modified: datetime


class Upload(msgspec.Struct, frozen=True):
    """An upload under way.

    Attributes:
        headers: of the request that began it.
        replaced: the file of the object that it will replace; empty for none.
    """

    key: str
    metadata: dict[str, str]
    storage: str | None
    tags: dict[str, str] | None
    grants: Grants
    encryption: str | None
    kms_key_id: str | None
    customer_key_md5: str
    headers: dict[str, str]
    replaced: str
    initiated: str


class Completed(msgspec.Struct, frozen=True):
    """What the completion of an upload made, for clients that repeat the request."""

    key: str
    etag: str
    version_id: str
    encryption: str | None
    checksum_algorithm: str | None
    checksum_value: str | None
    checksum_type: str | None


class StoredVersions(MutableSequence[Any]):
    """The versions of an object in moto's store, made of their records once somebody looks.

    Args:
        content: the records as JSON.
        make: returns moto's models of them.
    """

    __slots__ = ("_content", "_make", "_models")

    def __init__(self, content: bytes, make: Callable[[list[Version]], list[Any]]) -> None:
        self._content = content
        self._make = make
        self._models: list[Any] | None = None

    def models(self) -> list[Any]:
        """Return the versions, which are made each time until one of them is read by its place."""
        return self._make(_VERSIONS.decode(self._content)) if self._models is None else self._models

    def _made(self) -> list[Any]:
        self._models, self._content = self.models(), b""
        return self._models

    def __getitem__(self, index: Any) -> Any:
        return self._made()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._made()[index] = value

    def __delitem__(self, index: Any) -> None:
        del self._made()[index]

    def __len__(self) -> int:
        return len(self._made())

    def __add__(self, others: list[Any]) -> list[Any]:
        return [*self._made(), *others]

    def insert(self, index: int, value: Any) -> None:
        """Insert a version."""
        self._made().insert(index, value)


def record_of(version: Any, tags: Mapping[str, str]) -> Version:
    """Return the record of a delete marker, or of a key whose content is a `StoredFile`."""
    if isinstance(version, models.FakeDeleteMarker):
        return Version(id=version.version_id, last_modified=version.last_modified)
    return Version(
        id=version.version_id,
        last_modified=version.last_modified,
        file=stored_file(version).name,
        size=version.contentsize,
        etag=version.etag.strip('"'),
        is_versioned=version._is_versioned,  # noqa: SLF001 -- moto offers it to nobody
        storage_class=version.storage_class,
        metadata=dict(version.metadata),
        tags=dict(tags),
        grants=grants_of(version.acl),
        parts=tuple(parts_of(version)),
        customer_key_md5=key_md5_of(version),
        **{name: getattr(version, name) for name in Attributes.__struct_fields__},
    )


def new_version(record: Version, bucket: str, name: str, folder: Path, template: Any) -> Any:
    """Return moto's model of a version, made of its record; `template` is any key.

    moto's own way to make a key takes ten times as long, with a buffer for content.
    """
    if not record.file:
        marker = models.FakeDeleteMarker(SimpleNamespace(name=name))  # type: ignore[arg-type]  # it takes the name
        marker.last_modified, marker._version_id = record.last_modified, record.id  # type: ignore[assignment]  # noqa: SLF001 -- moto makes others
        return marker
    key = object.__new__(models.FakeKey)
    metadata = type(template.metadata)()
    metadata.store.update((name.lower(), text) for name, text in record.metadata.items())
    vars(key).update(
        vars(template),
        bucket_name=bucket,
        name=name,
        last_modified=record.last_modified,
        acl=acl_with(record.grants),
        contentsize=record.size,
        _value_buffer=StoredFile(folder, record.file),
        _metadata=metadata,
        _etag=record.etag,
        _version_id=record.id,
        _is_versioned=record.is_versioned,
        _storage_class=record.storage_class,
        **{name: getattr(record, name) for name in Attributes.__struct_fields__},
    )
    if record.parts:
        set_parts(key, record.parts)
    if record.customer_key_md5:
        set_key_md5(key, record.customer_key_md5)
    return key


def upload_record(upload: Any) -> Upload:
    """Return the record of moto's upload."""
    return Upload(
        key=upload.key_name,
        metadata=dict(upload.metadata),
        storage=upload.storage,
        tags=upload.tags,
        grants=grants_of(upload.acl),
        encryption=upload.sse_encryption,
        kms_key_id=upload.kms_key_id,
        customer_key_md5=key_md5_of(upload),
        headers=dict(upload.headers),
        replaced=upload.replaced,
        initiated=upload.initiated,
    )


def completed_record(key: Any) -> Completed:
    """Return the record of the upload that moto's key was completed from."""
    names = [name for name in Completed.__struct_fields__ if name != "key"]
    return Completed(key=key.name, **{name: getattr(key, name) for name in names})


def grants_of(acl: Any) -> Grants:
    """Return the grants of moto's ACL."""
    return tuple(
        (
            tuple((grantee.id, grantee.uri, grantee.display_name) for grantee in grant.grantees),
            tuple(grant.permissions),
        )
        for grant in acl.grants
    )


@lru_cache
def acl_with(grants: Grants) -> Any:
    """Return moto's ACL of these grants, which most objects have in common."""
    return models.FakeAcl(
        [
            models.FakeGrant([models.FakeGrantee(*grantee) for grantee in grantees], list(permissions))
            for grantees, permissions in grants
        ]
    )


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


def set_source(key: Any, source: Any, begin: int = 0, end: int | None = None) -> None:
    """Set a key's content to that of another, or to its bytes from `begin` to before `end`, uncopied."""
    end = source.contentsize if end is None else min(end, source.contentsize)
    setattr(key, _SOURCE, (stored_file(source).path, begin, end - begin))
    key._etag = ""  # noqa: SLF001 -- moto would hash its own buffer, which is empty


def copied_blocks(key: Any) -> Iterator[bytes]:
    """Return the content that was set by `set_source`, block by block."""
    return read_range(*vars(key).pop(_SOURCE))


def adopt(key: Any, path: Path, size: int, etag: str) -> None:
    """Set a key's content to a file, instead of the buffer that moto made for it."""
    key._value_buffer.close()  # noqa: SLF001 -- moto has no other way in that does not read all of it
    key._value_buffer = StoredFile(path.parent, path.name)  # noqa: SLF001 -- the same
    key._etag = etag  # noqa: SLF001 -- the same
    key.contentsize = size
    key.disposed = True  # there is no buffer for moto to miss


def stored_file(key: Any) -> Any:
    """Return the `StoredFile` of a key, or else the buffer that moto made for it."""
    return key._value_buffer  # noqa: SLF001 -- moto offers the bytes only


def file_name(key: Any) -> str:
    """Return the name of a key's file, which tells it from any other; empty for no key."""
    return "" if key is None else str(stored_file(key).name)
