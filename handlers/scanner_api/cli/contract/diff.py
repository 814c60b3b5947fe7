"""``scanner-api contract diff``: what a new version of a contract does to the clients of the old one."""

from __future__ import annotations

from enum import StrEnum
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from .reading import read_contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from openapi_contract.comparison import Change

COLOURS = {"breaking": "bold red", "risky": "yellow", "safe": "green"}
DETAIL_COLUMN = 12


class Format(StrEnum):
    """How the changes are told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def diff(
    old: Annotated[
        str, typer.Argument(help="The contract that clients know: a JSON or YAML file, or a URL.")
    ],
    new: Annotated[str, typer.Argument(help="The contract that is to replace it.")],
    *,
    format_: Annotated[Format, typer.Option("--format", help="How the changes are told.")] = Format.TEXT,
) -> None:
    """Compare two contracts: which changes break clients, which are risky, which are safe.

    With a git revision: [bold]diff <(git show main:api.yaml) api.yaml[/].
    A contract of several files is read where they are: in a [bold]git worktree[/].

    Webhooks, callbacks, links, tags, descriptions, allowReserved and
    allowEmptyValue are not compared.
    Exits with 1 if a change is breaking, with 0 if none is, and with 2 if a contract cannot be read.
    """
    before, now = read_contract(old), read_contract(new)
    from openapi_contract.comparison import (  # noqa: PLC0415 -- imported when it is needed
        compare,
        reports,
    )

    changes = compare(before, now)
    if format_ is Format.TEXT:
        _print(changes)
    else:
        typer.echo(reports.as_json(changes) if format_ is Format.JSON else reports.as_markdown(changes))
    raise typer.Exit(1 if any(change.severity == "breaking" for change in changes) else 0)


def _print(changes: Sequence[Change]) -> None:
    from rich.console import Console  # noqa: PLC0415 -- help does without
    from rich.text import Text  # noqa: PLC0415 -- help does without

    from openapi_contract.comparison import reports  # noqa: PLC0415 -- help does without

    console = Console(highlight=False)
    width = console.width - DETAIL_COLUMN if console.is_terminal else None
    for operations, group in reports.by_operations(changes):
        console.print(Text("\n".join(reports.named(operations)), "bold"), soft_wrap=True)
        for change in group:
            console.print(_told(change, width), soft_wrap=True)
        console.print()
    console.print(reports.summary(changes), markup=False)


def _told(change: Change, width: int | None) -> Text:
    """Return the lines of a change: severity and rule, then where and what, at most ``width`` wide."""
    from rich.text import Text  # noqa: PLC0415 -- imported when it is needed

    found, severity = change.finding, change.severity.value
    told = Text.assemble("  ", (f"{severity:8}", COLOURS[severity]), f"  {found.rule.name}")
    detail = ": ".join(part for part in (found.where, found.detail) if part)
    lines = wrap(detail, width) if width else [detail] * bool(detail)
    return told.append("".join(f"\n{'':{DETAIL_COLUMN}}{line}" for line in lines))
