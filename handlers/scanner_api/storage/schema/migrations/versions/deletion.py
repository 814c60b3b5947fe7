"""When the deletion of an organization began, and indexes by which what refers to a row is found."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column and the indexes."""
    op.add_column("organizations", sa.Column("deletion_began", sa.DateTime(timezone=True)))
    op.create_index("ix_photos_capture_id", "photos", ["capture_id"])
    op.create_index("ix_memberships_organization_id", "memberships", ["organization_id"])
