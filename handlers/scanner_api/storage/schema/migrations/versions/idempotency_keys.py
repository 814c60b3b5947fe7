"""The responses of requests that have an idempotency key."""

import sqlalchemy as sa
from alembic import op

from scanner_api.storage.schema.column_types import required

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table, and the index by which it is swept."""
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Text, primary_key=True),
        *required(sa.Text, "fingerprint", "claim"),
        sa.Column("response", sa.LargeBinary),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
