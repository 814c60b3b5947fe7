"""Organizations, users and their credentials, scan sessions and the server's secrets."""

import sqlalchemy as sa
from alembic import op

from scanner_api.storage.schema.column_types import required

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _create("organizations", *required(sa.Text, "name"), *required(_TIME, "created"))
    _create("users", sa.Column("email", sa.Text, nullable=False, unique=True), *required(_TIME, "created"))
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), primary_key=True),
        *required(sa.Text, "role"),
    )
    _create(
        "api_keys",
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        *required(sa.Text, "prefix", "name"),
        sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), index=True),
        sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), index=True),
        *required(sa.Boolean, "is_active"),
        sa.Column("expires_at", _TIME),
        sa.Column("last_used", _TIME),
        *required(sa.Integer, "per_minute", "per_day"),
        *required(_TIME, "created"),
        sa.CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name="one_owner"),
    )
    _create(
        "web_sessions",
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False, index=True),
        *required(_TIME, "expires_at", "created"),
    )
    _create(
        "scan_sessions",
        sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), nullable=False),
        *required(sa.Text, "created_by"),
        *required(sa.String(16), "status", "extraction_status"),
        *required(sa.Text, "capture_mode"),
        *required(sa.JSON, "metadata"),
        *required(sa.Text, "user_agent"),
        *required(sa.JSON, "device_context"),
        *required(_TIME, "created", "modified"),
        *required(sa.Integer, "capture_count", "photo_count"),
        sa.Index(None, "organization_id", "created", "id"),
    )
    op.create_table(
        "secrets", sa.Column("name", sa.Text, primary_key=True), *required(sa.LargeBinary, "value")
    )


def _create(name: str, *items: sa.schema.SchemaItem) -> None:
    """Create a table whose rows have an id."""
    op.create_table(name, sa.Column("id", sa.Text, primary_key=True), *items)
