"""The tables. A change here needs a migration; a test holds that the two agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from scanner_api.scanning.sessions import ExtractionStatus, SessionStatus

from .column_types import LosslessText, UTCDateTime

if TYPE_CHECKING:
    from enum import StrEnum

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _enum(values: type[StrEnum]) -> Enum:
    """Return the type of a column that holds a member's value as text; a new member needs no migration."""
    return Enum(
        values,
        native_enum=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


organizations = Table(
    "organizations",
    metadata,
    Column("id", LosslessText, primary_key=True),
    Column("name", LosslessText, nullable=False),
    Column("created", UTCDateTime, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", LosslessText, primary_key=True),
    Column("email", LosslessText, nullable=False, unique=True),
    Column("created", UTCDateTime, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", ForeignKey(users.c.id), primary_key=True),
    Column("organization_id", ForeignKey(organizations.c.id), primary_key=True),
    Column("role", LosslessText, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", LosslessText, primary_key=True),
    Column("digest", LosslessText, nullable=False, unique=True),
    Column("prefix", LosslessText, nullable=False),
    Column("name", LosslessText, nullable=False),
    Column("organization_id", ForeignKey(organizations.c.id), index=True),
    Column("user_id", ForeignKey(users.c.id), index=True),
    Column("is_active", Boolean, nullable=False),
    Column("expires_at", UTCDateTime),
    Column("last_used", UTCDateTime),
    Column("per_minute", Integer, nullable=False),
    Column("per_day", Integer, nullable=False),
    Column("created", UTCDateTime, nullable=False),
    CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name="one_owner"),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("id", LosslessText, primary_key=True),
    Column("digest", LosslessText, nullable=False, unique=True),
    Column("user_id", ForeignKey(users.c.id), nullable=False, index=True),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("created", UTCDateTime, nullable=False),
)

scan_sessions = Table(
    "scan_sessions",
    metadata,
    Column("id", LosslessText, primary_key=True),
    Column("organization_id", ForeignKey(organizations.c.id), nullable=False),
    Column("created_by", LosslessText, nullable=False),
    Column("status", _enum(SessionStatus), nullable=False),
    Column("extraction_status", _enum(ExtractionStatus), nullable=False),
    Column("capture_mode", LosslessText, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("user_agent", LosslessText, nullable=False),
    Column("device_context", JSON, nullable=False),
    Column("created", UTCDateTime, nullable=False),
    Column("modified", UTCDateTime, nullable=False),
    Column("capture_count", Integer, nullable=False),
    Column("photo_count", Integer, nullable=False),
    # newest first, and a stable order among sessions of one instant
    Index(None, "organization_id", "created", "id"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", LosslessText, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
