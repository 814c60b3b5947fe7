"""The tables. A change here needs a migration; a test holds that the two agree."""

from enum import StrEnum
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem

from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.proposals import FIELDS, ProposalStatus
from scanner_api.scanning.scans.sessions import ExtractionStatus, SessionStatus

from .column_types import LosslessText, UTCDateTime, required
from .migrations import LEAST
from .triggers import create_triggers, protect_audit_log

OBJECT_KEY: Final = "object_key"
"""In the ``info`` of columns that name an object in the bucket, which is deleted with their row."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _enum(values: type[StrEnum]) -> sa.Enum:
    """Return the type of a column that holds a member's value as text; a new member needs no migration."""
    return sa.Enum(
        values,
        native_enum=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


def _table(name: str, *items: SchemaItem) -> sa.Table:
    return sa.Table(name, metadata, *items)


organizations = _table(
    "organizations",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("name", LosslessText, nullable=False),
    sa.Column("created", UTCDateTime, nullable=False),
    sa.Column("deletion_began", UTCDateTime),
)

users = _table(
    "users",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("email", LosslessText, nullable=False, unique=True),
    sa.Column("created", UTCDateTime, nullable=False),
)

memberships = _table(
    "memberships",
    sa.Column("user_id", sa.ForeignKey(users.c.id), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey(organizations.c.id), primary_key=True, index=True),
    sa.Column("role", LosslessText, nullable=False),
)

api_keys = _table(
    "api_keys",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("digest", LosslessText, nullable=False, unique=True),
    *required(LosslessText, "prefix", "name"),
    sa.Column("organization_id", sa.ForeignKey(organizations.c.id), index=True),
    sa.Column("user_id", sa.ForeignKey(users.c.id), index=True),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("expires_at", UTCDateTime),
    sa.Column("last_used", UTCDateTime),
    *required(sa.Integer, "per_minute", "per_day"),
    sa.Column("created", UTCDateTime, nullable=False),
    sa.CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name="one_owner"),
)

web_sessions = _table(
    "web_sessions",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("digest", LosslessText, nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey(users.c.id), nullable=False, index=True),
    *required(UTCDateTime, "expires_at", "created"),
)

scan_sessions = _table(
    "scan_sessions",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("organization_id", sa.ForeignKey(organizations.c.id), nullable=False),
    sa.Column("created_by", LosslessText, nullable=False),
    sa.Column("status", _enum(SessionStatus), nullable=False),
    sa.Column("extraction_status", _enum(ExtractionStatus), nullable=False),
    sa.Column("capture_mode", LosslessText, nullable=False),
    sa.Column("metadata", sa.JSON, nullable=False),
    sa.Column("user_agent", LosslessText, nullable=False),
    sa.Column("device_context", sa.JSON, nullable=False),
    *required(UTCDateTime, "created", "modified"),
    *required(sa.Integer, "capture_count", "photo_count"),
    sa.Column("extraction_attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("extraction_lease_until", UTCDateTime),
    # newest first, and a stable order among sessions of one instant
    sa.Index(None, "organization_id", "created", "id"),
    sa.Index(None, "organization_id", "status", "created", "id"),
    # idle ones: of an organization, and of all
    sa.Index(None, "organization_id", "status", "modified"),
    sa.Index(None, "status", "modified"),
    sa.Index(None, "extraction_status"),
)

scan_session_counts = _table(
    "scan_session_counts",
    # no foreign key: an organization is deleted after its sessions, and the counts of none remain
    sa.Column("organization_id", LosslessText, primary_key=True),
    sa.Column("created_by", LosslessText, primary_key=True),
    sa.Column("status", _enum(SessionStatus), primary_key=True),
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, nullable=False),
)
"""See :mod:`.triggers`."""

products = _table(
    "products",
    sa.Column("short_id", LosslessText, primary_key=True),
    sa.Column("gtin", LosslessText, nullable=False, unique=True),
    *required(LosslessText, "name", "brand_name", "category", "brick", "description", "ingredients"),
    *required(LosslessText, "images", "ai_summary"),
    *required(UTCDateTime, "created", "modified"),
)

product_overrides = _table(
    "product_overrides",
    sa.Column("organization_id", sa.ForeignKey(organizations.c.id), primary_key=True),
    sa.Column("product_short_id", sa.ForeignKey(products.c.short_id), primary_key=True),
    *(sa.Column(field, LosslessText) for field in FIELDS),
    sa.Column("modified", UTCDateTime, nullable=False),
)
"""What an organization says of a product instead of the catalogue; NULL where it says nothing."""

captures = _table(
    "captures",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("session_id", sa.ForeignKey(scan_sessions.c.id), nullable=False),
    sa.Column("status", _enum(CaptureStatus), nullable=False),
    *required(LosslessText, "capture_type", "raw_value", "gtin"),
    sa.Column("sent_gtin", LosslessText, nullable=False, server_default=sa.text("''")),
    sa.Column("error_message", LosslessText, nullable=False),
    sa.Column("created", UTCDateTime, nullable=False),
    *required(sa.JSON, "metadata", "gs1_dl_data"),
    sa.Column("product_short_id", sa.ForeignKey(products.c.short_id)),
    sa.Column("processed_at", UTCDateTime),
    sa.Column("uploaded_image_key", LosslessText, info={OBJECT_KEY: True}),
    sa.Column("qr_analysis", sa.JSON(none_as_null=True)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease_until", UTCDateTime),
    sa.Index(None, "session_id", "created", "id"),
    sa.Index(None, "status", "created"),
)

photos = _table(
    "photos",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("session_id", sa.ForeignKey(scan_sessions.c.id), nullable=False),
    sa.Column("photo_type", LosslessText, nullable=False),
    sa.Column("s3_key", LosslessText, nullable=False, unique=True, info={OBJECT_KEY: True}),
    sa.Column("original_filename", LosslessText, nullable=False),
    sa.Column("file_size", sa.Integer, nullable=False),
    sa.Column("media_type", LosslessText, nullable=False),
    # not unique: a new order moves photos across each other, and SQLite would check it row by row
    sa.Column("sort_order", sa.Integer, nullable=False),
    sa.Column("metadata", sa.JSON, nullable=False),
    sa.Column("created", UTCDateTime, nullable=False),
    sa.Column("capture_id", sa.ForeignKey(captures.c.id), index=True),
    sa.Index(None, "session_id", "sort_order"),
)

proposals = _table(
    "proposals",
    sa.Column("id", LosslessText, primary_key=True),
    sa.Column("capture_id", sa.ForeignKey(captures.c.id), nullable=False),
    *required(LosslessText, "field_name", "current_value", "proposed_value", "confidence", "reasoning"),
    *required(LosslessText, "source"),
    sa.Column("status", _enum(ProposalStatus), nullable=False),
    sa.Column("metadata", sa.JSON, nullable=False),
    sa.Column("created", UTCDateTime, nullable=False),
    sa.Column("reviewed_at", UTCDateTime),
    sa.Column("applied_at", UTCDateTime),
    sa.Index(None, "capture_id", "created", "id"),
)

redirect_rules = _table(
    "redirect_rules",
    sa.Column("id", LosslessText, primary_key=True),
    # of rules from before they belonged to organizations, nobody knows whose they are
    sa.Column("organization_id", sa.ForeignKey(organizations.c.id)),
    sa.Column("product_short_id", sa.ForeignKey(products.c.short_id), nullable=False),
    # not in a unique index: it may be longer than PostgreSQL can index
    sa.Column("url", LosslessText, nullable=False),
    sa.Column("order_index", sa.Integer, nullable=False),
    sa.Column("created", UTCDateTime, nullable=False),
    sa.UniqueConstraint("organization_id", "product_short_id", "order_index"),
)

freshness_rules = _table(
    "freshness_rules",
    # empty for everyone, so that it can be part of the key
    sa.Column("organization_id", LosslessText, primary_key=True),
    sa.Column("brick", LosslessText, primary_key=True),
    sa.Column("category_label", LosslessText, nullable=False),
    *required(sa.Integer, "warning_days", "critical_days"),
)

secrets = _table(
    "secrets",
    sa.Column("name", LosslessText, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

audit_log = _table(
    "audit_log",
    # SQLite counts up an INTEGER alone
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", UTCDateTime, nullable=False),
    *required(LosslessText, "actor", "address", "action", "subject"),
    # no foreign key: an entry outlives its organization
    sa.Column("organization_id", LosslessText),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Index(None, "organization_id", "number"),
)
"""See :mod:`scanner_api.storage.audit`; triggers refuse changes."""

idempotency_keys = _table(
    "idempotency_keys",
    # a digest of the key, and of whom and what it is for
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "fingerprint", "claim"),
    sa.Column("response", sa.LargeBinary),
    sa.Column("expires_at", UTCDateTime, nullable=False, index=True),
)

schema_compatibility = _table(
    "schema_compatibility",
    sa.Column("revision", sa.Text, primary_key=True),
    sa.Column("least_revision", sa.Text, nullable=False),
)

versions = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own; not in our metadata, which Alembic compares with what it finds."""


def create_schema(connection: sa.Connection, revision: str) -> None:
    """Create all tables, indexes and triggers in a new database, which is at this revision then."""
    metadata.create_all(connection, checkfirst=False)
    create_triggers(connection)
    protect_audit_log(connection)
    versions.create(connection)
    connection.execute(versions.insert(), {"version_num": revision})
    note_compatibility(connection, revision)


@cache
def sqlite_script(revision: str) -> str:
    """Return the SQL that makes all tables in a new SQLite database, which is at this revision then."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        create_schema(connection, revision)
        driver: Any = connection.connection.driver_connection
        script = "".join(driver.iterdump())
    engine.dispose()
    return script


def note_compatibility(connection: sa.Connection, revision: str) -> None:
    """Write down which versions can use the schema of a revision."""
    connection.execute(schema_compatibility.delete())
    connection.execute(
        schema_compatibility.insert(), {"revision": revision, "least_revision": min(revision, LEAST)}
    )
