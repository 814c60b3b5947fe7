"""``scanner-api organizations``: create and list organizations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanner_api.scanning.identifiers import new_id
from scanner_api.storage.organizations import Organization, OrganizationStore

from .databases import with_database
from .settings_flags import Config, DatabaseUrl, read_settings

if TYPE_CHECKING:
    from scanner_api.storage.database import Database
    from scanner_api.storage.organizations import OrganizationSummary

app = typer.Typer(help="Create and list the organizations that sessions belong to.", no_args_is_help=True)


def _name(text: str) -> str:
    """Read a name that says something."""
    if not text.strip():
        raise typer.BadParameter("The name of an organization may not be empty.")
    return text.strip()


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", parser=_name, help="Its name.")],
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the id and nothing else.")] = False,
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Create an organization, and print its id, to which `keys create --organization` gives keys.

    Exit codes: 0 created, 1 the database cannot be used, 2 wrong options.
    """
    organization = Organization(id=new_id(), name=name, created=datetime.now(UTC))

    async def run(database: Database) -> None:
        await OrganizationStore(database).add_organization(organization)

    with_database(read_settings(config, {"database_url": database_url}), run)
    typer.echo(organization.id if quiet else f"Organization {organization.id} is {name}.")


@app.command("list")
def list_(
    *,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option(min=1, max=1000, help="Organizations on a page.")] = 25,
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List organizations by name, a page at a time, with the number of their sessions and valid keys.

    Exit codes: 0 listed, 1 the database cannot be used, 2 wrong options.
    """

    async def run(database: Database) -> tuple[list[OrganizationSummary], int]:
        return await OrganizationStore(database).page(page=page, page_size=page_size)

    listed, total = with_database(read_settings(config, {"database_url": database_url}), run)
    if not total:
        typer.echo("There are no organizations.")
        return
    pages = -(-total // page_size)
    caption = f"page {page} of {pages}, {total:,} organizations in all"
    table = Table(caption=caption, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("name", overflow="fold")
    for heading in ("created", "sessions", "keys"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "created" else "right")
    for each in listed:
        table.add_row(
            each.id,
            Text(each.name),
            f"{each.created:%Y-%m-%d}",
            f"{each.session_count:,}",
            f"{each.key_count:,}",
        )
    Console().print(table)
