"""An index by which the idle sessions of an organization are counted, however many are ACTIVE."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_scan_sessions_organization_id_status_modified",
        "scan_sessions",
        ["organization_id", "status", "modified"],
    )
