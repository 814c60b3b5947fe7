"""The oldest version that can use the schema, so that it can go on while a newer one is deployed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, which is filled in when all steps are done."""
    op.create_table(
        "schema_compatibility",
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("least_revision", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_schema_compatibility"),
    )
