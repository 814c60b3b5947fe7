"""``scanner-api keys``: create, list, rotate and revoke API keys."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from contract_first.terminal import printable
from scanner_api.access.api_keys import KeyPrefix
from scanner_api.storage.accounts.credentials import ApiKey
from scanner_api.storage.database import Database

from .databases import database_command, with_database
from .key_ring import KeyRing, Owner, Refused
from .settings_flags import Config, DatabaseUrl, age, read_settings

DAY = timedelta(days=1)

app = typer.Typer()


_OF_AN_ORGANIZATION = ({"organization"}, {"new_organization"})
_BY_ORGANIZATION = "by --organization ID or by --new-organization NAME"
OWNERS = {
    "csb": _OF_AN_ORGANIZATION,
    "csu": ({"user"}, {"new_user", "organization"}, {"new_user", "new_organization"}),
    "cpk": _OF_AN_ORGANIZATION,
}
WAYS = {
    "csb": _BY_ORGANIZATION,
    "csu": f"by --user ID, or by --new-user EMAIL and the organization they are in {_BY_ORGANIZATION}",
    "cpk": _BY_ORGANIZATION,
}


def _moment(text: str) -> datetime:
    """Read a date or time of ISO 8601; without an offset it is UTC's."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a date or time; expected one such as 2027-01-31 or 2027-01-31T18:00Z."
        ) from None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if moment <= datetime.now(UTC):
        raise typer.BadParameter(f"{text} is in the past.")
    return moment


def _overlap(text: str) -> timedelta:
    """Read an age, or none: the old key ends at once."""
    return age(text, may_be_zero=True)


OfKind = Annotated[
    KeyPrefix,
    typer.Option(
        help="`csb` is an organization's, for its servers; `csu` a user's, for all "
        "organizations they are in; `cpk` may be published: it captures and uploads, and reaches "
        "only what it created."
    ),
]
OfOrganization = Annotated[str | None, typer.Option(metavar="ID", help="Id of an existing organization.")]
OfNewOrganization = Annotated[str | None, typer.Option(metavar="NAME", help="Name of a new organization.")]
OfUser = Annotated[str | None, typer.Option(metavar="ID", help="Id of an existing user.")]
OfNewUser = Annotated[
    str | None,
    typer.Option(
        metavar="EMAIL", help="E-mail address of a new user, who becomes a member of the organization."
    ),
]
Expires = Annotated[
    datetime | None,
    typer.Option(parser=_moment, metavar="TIME", help="When it expires, such as 2027-01-31 (UTC)."),
]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as list shows it.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the key and nothing else.")]
Overlap = Annotated[
    timedelta | None,
    typer.Option(
        parser=_overlap,
        metavar="AGE",
        help="How long the old key stays valid, such as 36h or 7d; 24h by default.",
    ),
]
PerMinute = Annotated[int, typer.Option(min=0, help="Requests a minute; 0 for the default of its kind.")]
PerDay = Annotated[int, typer.Option(min=0, help="Requests a day; 0 for the default.")]


@app.command()
def create(  # noqa: PLR0913 -- one for each option
    *,
    kind: OfKind = "csb",
    organization: OfOrganization = None,
    new_organization: OfNewOrganization = None,
    user: OfUser = None,
    new_user: OfNewUser = None,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    expires: Expires = None,
    per_minute: PerMinute = 0,
    per_day: PerDay = 0,
    quiet: Quiet = False,
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Create a key and print it once: the database stores only its digest.

    Exit codes: 0 created, 1 the owner or the database does not allow it, 2 wrong options.
    """
    owner = Owner(organization, new_organization, user, new_user)
    named = {part for part, value in owner._asdict().items() if value is not None}
    if named not in OWNERS[kind]:
        raise typer.BadParameter(f"A {kind} key has one owner, named {WAYS[kind]}.")

    async def run(database: Database) -> tuple[ApiKey, str]:
        return await KeyRing(database).create(
            kind, owner, name=name, expires=expires, per_minute=per_minute, per_day=per_day
        )

    key, secret = with_database(read_settings(config, {"database_url": database_url}), run, Refused)
    if not quiet:
        typer.echo(f"Key {key.id} of the {_owner(key)}. It is not shown again:")
    typer.echo(secret)


@app.command("list")
@database_command()
async def list_(
    database: Database, *, organization: OfOrganization = None, user: OfUser = None
) -> Table | str:
    """List keys with the names of their owners, newest first: all, or those of one organization or user.

    Exit codes: 0 listed, 1 the database cannot be used, 2 wrong options.
    """
    keys = await KeyRing(database).find(organization, user)
    return _table(keys) if keys else "There are no keys."


@app.command()
@database_command(Refused)
async def rotate(
    database: Database,
    key_id: KeyId,
    *,
    overlap: Overlap = None,
    expires: Expires = None,
    quiet: Quiet = False,
) -> list[str]:
    """Create a key in place of another one, which stays valid for a while, and print it once.

    It has the kind, owner, name and limits of the old one, and if that expires, as long a life. A publishable
    key reaches only sessions that it created, so let those of the old one end first.

    Exit codes: 0 rotated, 1 there is no such valid key, or the database cannot be used, 2 wrong options.
    """
    overlap = DAY if overlap is None else overlap
    key, secret, end = await KeyRing(database).rotate(key_id, overlap, expires)
    if quiet:
        return [secret]
    until = f", valid until {key.expires_at:%Y-%m-%d %H:%M:%S} UTC" if key.expires_at else ""
    return [
        f"Key {key_id} is valid until {end:%Y-%m-%d %H:%M:%S} UTC.",
        f"Key {key.id} is in its place{until}. It is not shown again:",
        secret,
    ]


@app.command()
@database_command(Refused)
async def revoke(database: Database, key_id: KeyId) -> str:
    """Revoke a key for good; every process of the service refuses it within a second.

    Exit codes: 0 revoked, 1 there is no such key, or the database cannot be used, 2 wrong options.
    """
    await KeyRing(database).revoke(key_id)
    return f"Key {key_id} is revoked."


def _owner(key: ApiKey) -> str:
    return f"user {key.user_id}" if key.organization_id is None else f"organization {key.organization_id}"


def _table(keys: list[tuple[ApiKey, str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False, show_edge=False)
    for heading in ("id", "kind", "name, owner", "state, limits", "last used"):
        table.add_column(heading, no_wrap=heading != "name, owner", overflow="fold")
    for key, owner in keys:
        owner_id = str(key.organization_id or key.user_id)
        name = Text("\n".join(map(printable, filter(None, (key.name, owner))))).append(f"\n{owner_id}", "dim")
        last_used = f"{key.last_used:%Y-%m-%d}" if key.last_used else "never"
        table.add_row(key.id, key.prefix, name, "\n".join(_state(key)), last_used)
    return table


def _state(key: ApiKey) -> Iterator[str]:
    expired = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
    yield "[red]revoked[/]" if not key.is_active else "[red]expired[/]" if expired else "[green]active[/]"
    if key.expires_at is not None:
        yield f"{'on' if expired else 'to'} {key.expires_at:%Y-%m-%d}"
    if key.per_minute:
        yield f"{key.per_minute}/minute"
    if key.per_day:
        yield f"{key.per_day}/day"
