"""``scanner-api organizations``: create, list and delete organizations."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from contract_first.service.clock import SystemClock
from contract_first.terminal import printable
from scanner_api.processing.stores import stores_of
from scanner_api.scanning.identifiers import new_id
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.settings import Settings
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import Database
from scanner_api.storage.scans.deletion import Deletion

from .audit import operator
from .databases import Page, PageSize, database_command, page_caption, with_database
from .deletions import ERRORS, KeepObjects, delete, organization_of
from .key_ring import Refused
from .settings_flags import Config, DatabaseUrl, read_settings

app = typer.Typer()


def _name(text: str) -> str:
    """Read a name that is not blank."""
    if not text.strip():
        raise typer.BadParameter("The name of an organization may not be empty.")
    return text.strip()


@app.command()
@database_command()
async def create(
    database: Database,
    name: Annotated[str, typer.Argument(metavar="NAME", parser=_name, help="Its name.")],
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the id and nothing else.")] = False,
) -> str:
    """Create an organization, and print its id, to which `keys create --organization` gives keys.

    Exit codes: 0 created, 1 the database cannot be used, 2 wrong options.
    """
    organization = Organization(id=new_id(), name=name, created=datetime.now(UTC))
    await OrganizationStore(database).add_organization(organization, operator())
    return organization.id if quiet else f"Organization {organization.id} is {printable(name)}."


@app.command("list")
@database_command()
async def list_(database: Database, *, page: Page = 1, page_size: PageSize = 25) -> Table | str:
    """List organizations by name, a page at a time, with the number of their sessions and valid keys.

    Exit codes: 0 listed, 1 the database cannot be used, 2 wrong options.
    """
    listed, total = await OrganizationStore(database).page(page=page, page_size=page_size)
    if not total:
        return "There are no organizations."
    caption = page_caption(page, page_size, total, "organizations")
    table = Table(caption=caption, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("name", overflow="fold")
    for heading in ("created", "sessions", "keys"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "created" else "right")
    for organization in listed:
        name = Text(printable(organization.name))
        if organization.deletion_began:
            name.append(
                f"\nits deletion began on {organization.deletion_began:%Y-%m-%d}: delete it again", "red"
            )
        table.add_row(
            organization.id,
            name,
            f"{organization.created:%Y-%m-%d}",
            f"{organization.session_count:,}",
            f"{organization.key_count:,}",
        )
    return table


@app.command("delete")
def delete_(
    organization_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as list shows it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Delete it even if it is in use.")] = False,
    keep_objects: KeepObjects = False,
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete an organization with its sessions, captures, photos, rules and keys.

    The photos' objects in the bucket are deleted too, and users who are members of no other organization. Its
    keys are revoked first. If it is interrupted, the same command goes on.

    Exit codes: 0 deleted, 1 not or only partly deleted (the output says what), 2 wrong options.
    """
    settings = read_settings(config, {"database_url": database_url})

    async def check(database: Database) -> tuple[str, int]:
        organization = await organization_of(database, organization_id)
        if not force and organization.deletion_began is None:
            await _refuse_work(database, settings, organization)
        stores = stores_of(database, SystemClock(), settings.session_ttl_seconds)
        _, number = await stores.sessions.page([organization_id], page=1, page_size=1)
        return printable(organization.name), number

    name, number = with_database(settings, check, *ERRORS)
    if not yes:
        objects = "which stay in the bucket" if keep_objects else f"in the bucket {settings.s3_bucket} too"
        typer.confirm(
            f"Delete {name} with its keys and {number:,} sessions, and their photos ({objects})?", abort=True
        )

    async def steps(deletion: Deletion) -> AsyncIterator[None]:
        await deletion.begin(organization_id)
        async for _ in deletion.delete_organization(organization_id):
            yield

    async def run(database: Database) -> str:
        return await delete(database, settings, steps, number, keep_objects=keep_objects)

    deleted = with_database(settings, run, *ERRORS)
    typer.echo(f"Organization {organization_id} ({name}) is deleted. {deleted}")


async def _refuse_work(database: Database, settings: Settings, organization: Organization) -> None:
    """Raise Refused if an organization has sessions that are ACTIVE, or work that is not done."""
    stores = stores_of(database, SystemClock(), settings.session_ttl_seconds)
    _, active = await stores.sessions.page(
        [organization.id], page=1, page_size=1, status=SessionStatus.ACTIVE
    )
    unfinished = sum((await stores.captures.backlog(organization.id)).values())
    if active or unfinished:
        raise Refused(
            f"Organization {organization.id} ({organization.name}) works right now: {active:,} sessions are "
            f"ACTIVE, {unfinished:,} captures or extractions are not done. Revoke its keys and wait until "
            "they are, or delete it all the same with --force."
        )
