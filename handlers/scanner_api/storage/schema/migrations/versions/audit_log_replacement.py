"""A trigger on SQLite that refuses to replace entries of the audit log."""

from alembic import op

from scanner_api.storage.schema.triggers import protect_audit_log

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the trigger; PostgreSQL replaces by an update, which the log's own refuses."""
    if op.get_bind().dialect.name == "sqlite":
        protect_audit_log(op.get_bind())
