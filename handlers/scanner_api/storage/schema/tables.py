"""The tables. A change here needs a migration; a test holds that the two agree."""

from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    text,
)
from sqlalchemy.schema import SchemaItem

from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.proposals import FIELDS, ProposalStatus
from scanner_api.scanning.scans.sessions import ExtractionStatus, SessionStatus

from .column_types import LosslessText, UTCDateTime, required
from .migrations import LEAST
from .triggers import create_triggers, protect_audit_log

OBJECT_KEY: Final = "object_key"
"""In the ``info`` of columns that name an object in the bucket, which is deleted with their row."""

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


def _table(name: str, *items: SchemaItem) -> Table:
    return Table(name, metadata, *items)


organizations = _table(
    "organizations",
    Column("id", LosslessText, primary_key=True),
    Column("name", LosslessText, nullable=False),
    Column("created", UTCDateTime, nullable=False),
    Column("deletion_began", UTCDateTime),
)

users = _table(
    "users",
    Column("id", LosslessText, primary_key=True),
    Column("email", LosslessText, nullable=False, unique=True),
    Column("created", UTCDateTime, nullable=False),
)

memberships = _table(
    "memberships",
    Column("user_id", ForeignKey(users.c.id), primary_key=True),
    Column("organization_id", ForeignKey(organizations.c.id), primary_key=True, index=True),
    Column("role", LosslessText, nullable=False),
)

api_keys = _table(
    "api_keys",
    Column("id", LosslessText, primary_key=True),
    Column("digest", LosslessText, nullable=False, unique=True),
    *required(LosslessText, "prefix", "name"),
    Column("organization_id", ForeignKey(organizations.c.id), index=True),
    Column("user_id", ForeignKey(users.c.id), index=True),
    Column("is_active", Boolean, nullable=False),
    Column("expires_at", UTCDateTime),
    Column("last_used", UTCDateTime),
    *required(Integer, "per_minute", "per_day"),
    Column("created", UTCDateTime, nullable=False),
    CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name="one_owner"),
)

web_sessions = _table(
    "web_sessions",
    Column("id", LosslessText, primary_key=True),
    Column("digest", LosslessText, nullable=False, unique=True),
    Column("user_id", ForeignKey(users.c.id), nullable=False, index=True),
    *required(UTCDateTime, "expires_at", "created"),
)

scan_sessions = _table(
    "scan_sessions",
    Column("id", LosslessText, primary_key=True),
    Column("organization_id", ForeignKey(organizations.c.id), nullable=False),
    Column("created_by", LosslessText, nullable=False),
    Column("status", _enum(SessionStatus), nullable=False),
    Column("extraction_status", _enum(ExtractionStatus), nullable=False),
    Column("capture_mode", LosslessText, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("user_agent", LosslessText, nullable=False),
    Column("device_context", JSON, nullable=False),
    *required(UTCDateTime, "created", "modified"),
    *required(Integer, "capture_count", "photo_count"),
    Column("extraction_attempts", Integer, nullable=False, server_default=text("0")),
    Column("extraction_lease_until", UTCDateTime),
    # newest first, and a stable order among sessions of one instant
    Index(None, "organization_id", "created", "id"),
    Index(None, "organization_id", "status", "created", "id"),
    # idle ones: of an organization, and of all
    Index(None, "organization_id", "status", "modified"),
    Index(None, "status", "modified"),
    Index(None, "extraction_status"),
)

scan_session_counts = _table(
    "scan_session_counts",
    # no foreign key: an organization is deleted after its sessions, and the counts of none remain
    Column("organization_id", LosslessText, primary_key=True),
    Column("created_by", LosslessText, primary_key=True),
    Column("status", _enum(SessionStatus), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)
"""See :mod:`.triggers`."""

products = _table(
    "products",
    Column("short_id", LosslessText, primary_key=True),
    Column("gtin", LosslessText, nullable=False, unique=True),
    *required(LosslessText, "name", "brand_name", "category", "brick", "description", "ingredients"),
    *required(LosslessText, "images", "ai_summary"),
    *required(UTCDateTime, "created", "modified"),
)

product_overrides = _table(
    "product_overrides",
    Column("organization_id", ForeignKey(organizations.c.id), primary_key=True),
    Column("product_short_id", ForeignKey(products.c.short_id), primary_key=True),
    *(Column(field, LosslessText) for field in FIELDS),
    Column("modified", UTCDateTime, nullable=False),
)
"""What an organization says of a product instead of the catalogue; NULL where it says nothing."""

captures = _table(
    "captures",
    Column("id", LosslessText, primary_key=True),
    Column("session_id", ForeignKey(scan_sessions.c.id), nullable=False),
    Column("status", _enum(CaptureStatus), nullable=False),
    *required(LosslessText, "capture_type", "raw_value", "gtin"),
    Column("sent_gtin", LosslessText, nullable=False, server_default=text("''")),
    Column("error_message", LosslessText, nullable=False),
    Column("created", UTCDateTime, nullable=False),
    *required(JSON, "metadata", "gs1_dl_data"),
    Column("product_short_id", ForeignKey(products.c.short_id)),
    Column("processed_at", UTCDateTime),
    Column("uploaded_image_key", LosslessText, info={OBJECT_KEY: True}),
    Column("qr_analysis", JSON(none_as_null=True)),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", UTCDateTime),
    Index(None, "session_id", "created", "id"),
    Index(None, "status", "created"),
)

photos = _table(
    "photos",
    Column("id", LosslessText, primary_key=True),
    Column("session_id", ForeignKey(scan_sessions.c.id), nullable=False),
    Column("photo_type", LosslessText, nullable=False),
    Column("s3_key", LosslessText, nullable=False, unique=True, info={OBJECT_KEY: True}),
    Column("original_filename", LosslessText, nullable=False),
    Column("file_size", Integer, nullable=False),
    Column("media_type", LosslessText, nullable=False),
    # not unique: a new order moves photos across each other, and SQLite would check it row by row
    Column("sort_order", Integer, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("created", UTCDateTime, nullable=False),
    Column("capture_id", ForeignKey(captures.c.id), index=True),
    Index(None, "session_id", "sort_order"),
)

proposals = _table(
    "proposals",
    Column("id", LosslessText, primary_key=True),
    Column("capture_id", ForeignKey(captures.c.id), nullable=False),
    *required(LosslessText, "field_name", "current_value", "proposed_value", "confidence", "reasoning"),
    *required(LosslessText, "source"),
    Column("status", _enum(ProposalStatus), nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("created", UTCDateTime, nullable=False),
    Column("reviewed_at", UTCDateTime),
    Column("applied_at", UTCDateTime),
    Index(None, "capture_id", "created", "id"),
)

redirect_rules = _table(
    "redirect_rules",
    Column("id", LosslessText, primary_key=True),
    # of rules from before they belonged to organizations, nobody knows whose they are
    Column("organization_id", ForeignKey(organizations.c.id)),
    Column("product_short_id", ForeignKey(products.c.short_id), nullable=False),
    # not in a unique index: it may be longer than PostgreSQL can index
    Column("url", LosslessText, nullable=False),
    Column("order_index", Integer, nullable=False),
    Column("created", UTCDateTime, nullable=False),
    UniqueConstraint("organization_id", "product_short_id", "order_index"),
)

freshness_rules = _table(
    "freshness_rules",
    # empty for everyone, so that it can be part of the key
    Column("organization_id", LosslessText, primary_key=True),
    Column("brick", LosslessText, primary_key=True),
    Column("category_label", LosslessText, nullable=False),
    *required(Integer, "warning_days", "critical_days"),
)

secrets = _table(
    "secrets",
    Column("name", LosslessText, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

audit_log = _table(
    "audit_log",
    # SQLite counts up an INTEGER alone
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    *required(LosslessText, "actor", "address", "action", "subject"),
    # no foreign key: an entry outlives its organization
    Column("organization_id", LosslessText),
    Column("details", JSON, nullable=False),
    Index(None, "organization_id", "number"),
)
"""See :mod:`scanner_api.storage.audit`; triggers refuse changes."""

idempotency_keys = _table(
    "idempotency_keys",
    # a digest of the key, and of whom and what it is for
    Column("id", Text, primary_key=True),
    *required(Text, "fingerprint", "claim"),
    Column("response", LargeBinary),
    Column("expires_at", UTCDateTime, nullable=False, index=True),
)

schema_compatibility = _table(
    "schema_compatibility",
    Column("revision", Text, primary_key=True),
    Column("least_revision", Text, nullable=False),
)

versions = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own; not in our metadata, which Alembic compares with what it finds."""


def create_schema(connection: Connection, revision: str) -> None:
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
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        create_schema(connection, revision)
        driver: Any = connection.connection.driver_connection
        script = "".join(driver.iterdump())
    engine.dispose()
    return script


def note_compatibility(connection: Connection, revision: str) -> None:
    """Write down which versions can use the schema of a revision."""
    connection.execute(schema_compatibility.delete())
    connection.execute(
        schema_compatibility.insert(), {"revision": revision, "least_revision": min(revision, LEAST)}
    )
