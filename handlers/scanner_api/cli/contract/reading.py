"""Contracts as arguments of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from openapi_contract import Contract

CANNOT_RUN = 2
"""Exit code of a command that could not do its work."""

File = Annotated[
    str | None,
    typer.Argument(metavar="[FILE]", help="JSON or YAML, a file or a URL; the contract in force by default."),
]


def read_contract(source: str | None) -> Contract:
    """Load a contract; what is wrong with it is printed, and the command ends with exit code 2."""
    from openapi_contract import ContractError  # noqa: PLC0415 -- imported when it is needed
    from scanner_contract import load_contract  # noqa: PLC0415 -- imported when it is needed

    try:
        return load_contract(source)
    except ContractError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(CANNOT_RUN) from None
