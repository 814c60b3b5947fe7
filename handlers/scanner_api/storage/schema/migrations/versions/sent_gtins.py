"""The GTIN that a client sent with a capture, kept beside the one that processing finds."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; of captures that were sent before, what was found is the best there is."""
    op.add_column("captures", sa.Column("sent_gtin", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE captures SET sent_gtin = gtin")
