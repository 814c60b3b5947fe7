"""``scanner-api contract show`` and ``digest``: the contract as it is in force."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from .reading import File, read_contract


class Format(StrEnum):
    """How a document is written."""

    JSON = "json"
    YAML = "yaml"


def show(
    file: File = None,
    *,
    format_: Annotated[Format, typer.Option("--format", help="How the document is written.")] = Format.JSON,
) -> None:
    """Print a contract as it is in force: overlays applied, and all that it refers to brought in."""
    document = read_contract(file).document
    if format_ is Format.JSON:
        from json import dumps  # noqa: PLC0415 -- help does without

        typer.echo(dumps(document, indent=2, ensure_ascii=False))
        return
    from openapi_contract.parsing import as_yaml  # noqa: PLC0415 -- the same

    typer.echo(as_yaml(document), nl=False)


def digest(file: File = None) -> None:
    """Print the SHA-256 of a contract as it is in force, the same whatever its format and order."""
    typer.echo(read_contract(file).digest)
