"""The revision of a database's schema: which versions can use it, and its upgrade to this version's."""

import logging
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, Connection, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from contract_first.service.observe.logs import cause_of
from scanner_api.storage.connections.engines import DatabaseError

from .migrations import BASELINE, HEAD
from .tables import create_schema, note_compatibility, schema_compatibility

logger = logging.getLogger(__name__)


class SchemaRevision(NamedTuple):
    """The revision of a database's schema, None before the first, and the oldest that can use it if known."""

    revision: str | None
    least_revision: str | None

    @property
    def is_usable(self) -> bool:
        """Whether this version can use it: it is of this version, or of a newer one that says so."""
        if self.revision is None or self.revision <= HEAD:
            return self.revision == HEAD
        return self.least_revision is not None and self.least_revision <= HEAD

    @property
    def is_newer(self) -> bool:
        """Whether it is of a newer version."""
        return self.revision is not None and self.revision > HEAD

    def check(self) -> None:
        """Raise DatabaseError unless this version can use it; log that it is of a newer one."""
        if self.is_usable:
            if self.is_newer:
                logger.warning(
                    "The database is at revision %s of a newer version, which this one (%s) may use",
                    *(self.revision, HEAD),
                )
            return
        if self.revision is None or self.revision < HEAD:
            state = f"at revision {self.revision}" if self.revision else "empty"
            raise DatabaseError(
                f"The database is {state}; this version needs {HEAD}: run `scanner-api db upgrade`."
            )
        raise DatabaseError(
            f"The database is at revision {self.revision}, and needs a version of scanner-api that knows "
            f"{self.least_revision or self.revision}; this one knows {HEAD}."
        )


def read_schema(connection: Connection) -> SchemaRevision:
    """Return the revision of the schema, and which versions can use it."""
    tables = inspect(connection)
    if not tables.has_table("alembic_version"):
        return SchemaRevision(None, None)
    revision: str = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if revision == HEAD or not tables.has_table(schema_compatibility.name):
        return SchemaRevision(revision, None)
    noted = select(schema_compatibility.c.least_revision).where(schema_compatibility.c.revision == revision)
    return SchemaRevision(revision, connection.scalar(noted))


def schema_of_file(copy: Path) -> SchemaRevision:
    """Return the revision of a copy, a SQLite file that nobody writes, or raise DatabaseError."""
    engine = create_engine(URL.create("sqlite", database=str(copy.absolute())))
    try:
        with engine.connect() as connection:
            return read_schema(connection)
    except DBAPIError as error:
        raise DatabaseError(f"The copy {copy} cannot be read: {cause_of(error)}") from error
    finally:
        engine.dispose()


def upgrade_schema(connection: Connection) -> None:
    """Bring the schema to this version's revision, in a transaction that other processes wait for.

    Raises:
        DatabaseError: the database was written by a version that this one cannot upgrade from.
    """
    schema = read_schema(connection)
    if schema.revision is None:
        create_schema(connection, HEAD)
        return
    if schema.revision < BASELINE:
        raise DatabaseError(
            f"The database is at revision {schema.revision}, of a version before 0.3, from which this one "
            f"cannot upgrade: run `scanner-api db upgrade` of version 0.3 first."
        )
    from .migrations.upgrade import upgrade  # noqa: PLC0415 -- Alembic takes a third of a second to import

    upgrade(connection)
    note_compatibility(connection, HEAD)
