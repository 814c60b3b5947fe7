"""moto's keys as the archive records them, and back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeAcl, FakeGrant, FakeGrantee

from .content import StoredFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
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


def record_of(key: Any, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return what a restart needs to know of a key whose content is a `StoredFile`."""
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
    }


def apply_record(record: Mapping[str, Any], key: Any) -> None:
    """Make a new key what the record says, but for its content and tags."""
    key.last_modified = datetime.fromisoformat(record["last_modified"])
    key.set_metadata(dict(record["metadata"]))
    key.set_acl(
        FakeAcl(
            [
                FakeGrant([FakeGrantee(*grantee) for grantee in grantees], permissions)
                for *grantees, permissions in record["grants"]
            ]
        )
    )
    for name in _ATTRIBUTES:
        setattr(key, name, record[name])


def adopt(key: Any, path: Path, size: int, etag: str) -> None:
    """Give a key its content: a file, instead of the buffer that moto made for it."""
    key._value_buffer.close()  # noqa: SLF001 -- moto has no other way in that does not read all of it
    key._value_buffer = StoredFile(path)  # noqa: SLF001 -- the same
    key._etag = etag  # noqa: SLF001 -- the same
    key.contentsize = size


def stored_file(key: Any) -> Any:
    """Return the `StoredFile` of a key; whatever buffer moto made for it, if it has none."""
    return key._value_buffer  # noqa: SLF001 -- moto offers the bytes only


def granted_to_all(acl: Any) -> frozenset[str]:
    """Return the permissions that an ACL grants to everyone, such as ``READ``."""
    permissions: set[str] = set()
    for grant in acl.grants if acl else ():
        if any(grantee.uri == _ALL_USERS for grantee in grant.grantees):
            permissions.update(grant.permissions)
    if "FULL_CONTROL" in permissions:
        permissions |= {"READ", "WRITE", "READ_ACP", "WRITE_ACP"}
    return frozenset(permissions)
