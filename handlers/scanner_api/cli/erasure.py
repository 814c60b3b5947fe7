"""``scanner-api erase``: erase the data of a session or of a person."""

from collections.abc import AsyncIterator
from typing import Annotated

import typer

from contract_first.service.clock import SystemClock
from scanner_api.access.tokens import credential_of
from scanner_api.storage.database import Database
from scanner_api.storage.scans.erasure import Erasure, Person, person_of
from scanner_api.storage.scans.sessions import SessionStore

from .databases import counted, with_database
from .deletions import ERRORS, KeepObjects, delete
from .key_ring import Refused
from .settings_flags import Config, DatabaseUrl, read_settings


def erase(
    *,
    session: Annotated[str | None, typer.Option(metavar="ID", help="A session.")] = None,
    user: Annotated[
        str | None, typer.Option(metavar="ID|EMAIL", help="A user, with all sessions that they created.")
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(metavar="SUB", help="The `sub` of a person's tokens, of SCANNER_OAUTH_ISSUER."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be erased; nothing is stored.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    keep_objects: KeepObjects = False,
    config: Config = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Erase the data of a session or of a person, from database and bucket.

    Of a person: the sessions that they created, with captures, proposals and photos; their keys, cookies,
    memberships and user; and in the audit log their address and the names of their keys. --user and --subject
    may be the same person. docs/personal-data.md says what is stored, and what is left. If it is interrupted,
    run it again.

    Exit codes: 0 erased, 1 not or only partly erased (the output says what), 2 wrong options.
    """
    if (session is None) == (user is None and subject is None):
        raise typer.BadParameter("Expected either --session, or --user, --subject or both.")
    settings = read_settings(config, {"database_url": database_url})
    if subject is not None and not settings.oauth_issuer:
        raise typer.BadParameter("It needs the issuer (oauth_issuer).", param_hint="--subject")
    credentials = [] if subject is None else [credential_of(settings.oauth_issuer, subject)]

    async def look_up(database: Database) -> tuple[Person | None, str, int]:
        if session is not None:
            sessions = SessionStore(database, SystemClock(), settings.session_ttl_seconds)
            if await sessions.get(session) is None:
                raise Refused(f"There is no session {session}.")
            return None, f"session {session}", 1
        person = await person_of(database, user, *credentials)
        if person is None:
            raise Refused(f"There is no user {user}; `scanner-api keys list` shows the users of keys.")
        number = sum((await Erasure(database).sessions_of(person)).values())
        keys = counted(len(person.key_ids), "keys")
        return person, f"{user or subject} with {keys} and {counted(number, 'sessions')}", number

    person, what, number = with_database(settings, look_up, *ERRORS)
    if dry_run:
        typer.echo(f"It would erase {what}.")
        return
    if not yes:
        typer.confirm(f"Erase {what}? Nobody can undo that.", abort=True)

    def steps(erasure: Erasure) -> AsyncIterator[None]:
        return erasure.erase_session(session or "") if person is None else erasure.erase_person(person)

    async def run(database: Database) -> str:
        return await delete(database, settings, steps, number, keep_objects=keep_objects)

    typer.echo(with_database(settings, run, *ERRORS))
