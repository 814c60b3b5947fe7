"""The schema of version 0.3, from which migrations lead on; new databases get all tables at once."""

revision = "0010"
down_revision = None


def upgrade() -> None:
    """Change nothing: a database without tables is never migrated."""
