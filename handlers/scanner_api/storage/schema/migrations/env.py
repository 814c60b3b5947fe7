"""What Alembic runs to set itself up: migrations go over the connection that it is handed."""

from alembic import context

from scanner_api.storage.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a column only by copying its table
)
with context.begin_transaction():
    context.run_migrations()
