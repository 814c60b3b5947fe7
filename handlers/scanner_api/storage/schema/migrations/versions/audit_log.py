"""The audit log, whose rows are never changed or deleted."""

import sqlalchemy as sa
from alembic import op

from scanner_api.storage.schema.column_types import required
from scanner_api.storage.schema.triggers import protect_audit_log

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table and the triggers that protect it."""
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        *required(sa.DateTime(timezone=True), "at"),
        *required(sa.Text, "actor", "address", "action", "subject"),
        sa.Column("organization_id", sa.Text),
        *required(sa.JSON, "details"),
        sa.Index(None, "organization_id", "number"),
    )
    protect_audit_log(op.get_bind())
