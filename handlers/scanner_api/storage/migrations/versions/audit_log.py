"""The audit log, whose rows are never changed or deleted."""

import sqlalchemy as sa
from alembic import op

from scanner_api.storage.triggers import protect_audit_log

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table and the triggers that protect it."""
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("organization_id", sa.Text),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_organization_id_number", "audit_log", ["organization_id", "number"])
    protect_audit_log(op.get_bind())
