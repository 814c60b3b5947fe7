"""The oldest version that can use the schema, so that it can go on while a newer one is deployed."""

import sqlalchemy as sa
from alembic import op

from scanner_api.storage.schema.column_types import required

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, which is filled in when all steps are done."""
    op.create_table(
        "schema_compatibility",
        sa.Column("revision", sa.Text, primary_key=True),
        *required(sa.Text, "least_revision"),
    )
