"""Brings a database to the newest revision; imported only where one lags behind."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from scanner_api.storage.connections.engines import DatabaseError


def configuration() -> Config:
    """Return what Alembic needs to find the revisions."""
    config = Config()
    # Alembic reads the option through ConfigParser, to which a percent sign means interpolation
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def upgrade(connection: Connection) -> None:
    """Run the revisions that the database lacks, within the transaction of the connection.

    Raises:
        DatabaseError: the database is at a revision that this version does not know.
    """
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseError(
            f"The database was written by another version of scanner-api, use that or a newer one: {error}"
        ) from error
