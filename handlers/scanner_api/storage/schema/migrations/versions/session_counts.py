"""Counts of sessions, which triggers update, and an index for lists of sessions of one status."""

import sqlalchemy as sa
from alembic import op

from scanner_api.storage.schema.column_types import required
from scanner_api.storage.schema.triggers import create_triggers

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Count what there is; on PostgreSQL the triggers' lock keeps writers out until all is committed."""
    op.create_table(
        "scan_session_counts",
        sa.Column("organization_id", sa.Text, primary_key=True),
        sa.Column("created_by", sa.Text, primary_key=True),
        sa.Column("status", sa.String(16), primary_key=True),
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        *required(sa.Integer, "number"),
    )
    op.create_index(
        "ix_scan_sessions_organization_id_status_created_id",
        "scan_sessions",
        ["organization_id", "status", "created", "id"],
    )
    create_triggers(op.get_bind())
    op.execute(
        "INSERT INTO scan_session_counts (organization_id, created_by, status, shard, number) "
        "SELECT organization_id, created_by, status, 0, count(*) FROM scan_sessions "
        "GROUP BY organization_id, created_by, status"
    )
