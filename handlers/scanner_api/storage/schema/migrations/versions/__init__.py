"""The revisions, each a module that Alembic loads by its path."""
