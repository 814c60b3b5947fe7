"""``scanner-api freshness``: the thresholds behind the freshness chip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .file_argument import file_argument
from .settings_flags import Config, DatabaseUrl, read_settings

if TYPE_CHECKING:
    from scanner_api.storage.database import Database

    from .imports import Import

app = typer.Typer(help="Set the thresholds behind the freshness chip.", no_args_is_help=True)

RulesFile = Annotated[
    Path,
    file_argument(
        "CSV or JSON Lines with brick (a GPC brick code, or empty for any product), category, "
        "warning_days and critical_days."
    ),
]


@app.callback()
def freshness() -> None:
    """Set the thresholds behind the freshness chip."""


@app.command("import")
def import_rules(
    file: RulesFile,
    organization: Annotated[
        str, typer.Option(metavar="ID", help="Whose rules these are; everyone's without it.")
    ] = "",
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Replace the rules of an organization, or of everyone, by those of a file.

    Rules of a file for everyone count before those that come with the package, brick by brick. A file in
    which no row can be used replaces nothing.
    """
    from .imports import stored  # noqa: PLC0415 -- serve and its start do without

    async def store(database: Database, reading: Import) -> int:
        from scanner_api.scanning.freshness import read_rules  # noqa: PLC0415 -- as above
        from scanner_api.scanning.rows import FileError  # noqa: PLC0415 -- as above
        from scanner_api.storage.freshness import FreshnessStore  # noqa: PLC0415 -- as above

        rules = list(reading.items(read_rules))
        if reading.skipped and not rules:
            raise FileError("No row of the file can be used; the rules are as they were.")
        return await FreshnessStore(database).replace(organization, rules)

    settings = read_settings(config, {"database_url": database_url})
    stored(file, settings.database_url, store)
