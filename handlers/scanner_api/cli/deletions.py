"""Shared by the commands that delete: the bucket, a progress bar, and the report."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from contract_first.service.clock import SystemClock
from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.app import photo_bucket
from scanner_api.settings import Settings
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.photo_bucket.errors import PhotoBucketError
from scanner_api.storage.scans.deletion import Deletion
from scanner_api.storage.scans.erasure import Erasure

from .audit import operator
from .databases import counted
from .key_ring import Refused

KeepObjects = Annotated[
    bool,
    typer.Option(
        "--keep-objects", help="Leave the photos in the bucket; for a bucket that no longer exists."
    ),
]
NAMES = {"scan_sessions": "sessions", "api_keys": "keys"}


class DeletionInterrupted(Exception):  # noqa: N818 -- says what the deletion is
    """A deletion was interrupted; the message has the reason, the number deleted, and how to continue."""


ERRORS = (PhotoBucketError, Refused, DeletionInterrupted)
"""What :func:`delete` and what is checked before it raise; each message says what to do."""


async def delete(
    database: Database,
    settings: Settings,
    steps: Callable[[Erasure], AsyncIterator[None]],
    total: int,
    *,
    keep_objects: bool,
) -> str:
    """Delete with a progress bar, and return what was deleted.

    The bucket, unless its objects are kept, is asked for before anything is deleted.

    Raises:
        PhotoBucketError: there are no AWS credentials; nothing was deleted.
        ServiceUnavailable: the bucket does not respond; nothing was deleted.
        Unfinished: something was away in the middle, or the command was interrupted.
    """
    async with AsyncExitStack() as stack:
        deletion = Erasure(database, actor=operator())
        if not keep_objects:
            bucket = photo_bucket(settings, SystemClock())
            stack.callback(bucket.close)
            await bucket.connect()
            await bucket.ping()
            deletion = Erasure(database, bucket.delete_many, actor=operator())
        try:
            await _follow(deletion, steps(deletion), total)
        except (ServiceUnavailable, ConstraintError, asyncio.CancelledError) as error:
            reason = str(error) or "It was interrupted."
            so_far = summary(deletion.deleted)
            raise DeletionInterrupted(
                f"Not finished: {reason} {so_far}; run the same command to go on."
            ) from error
        return f"{summary(deletion.deleted)}."


async def organization_of(database: Database, organization_id: str) -> Organization:
    """Read an organization, or raise Refused if there is none with this id."""
    organization = await OrganizationStore(database).organization(organization_id)
    if organization is None:
        raise Refused(
            f"There is no organization {organization_id}; `scanner-api organizations list` shows the ids."
        )
    return organization


async def _follow(deletion: Deletion, steps: AsyncIterator[None], total: int) -> None:
    columns = TextColumn("sessions"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total)
        async for _ in steps:
            progress.update(task, completed=deletion.deleted["scan_sessions"])


def summary(deleted: Counter[str]) -> str:
    parts = [
        counted(number, NAMES.get(name, name.replace("_", " ")))
        for name, number in deleted.items()
        if number and name != "organizations"  # which the caller says
    ]
    return f"Deleted: {', '.join(parts) or 'nothing'}"
