"""Reads the contract of a command, without importing comparison and linter."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.reading.revisions import checked_out

from .commands import failure

Load = Callable[..., Contract]
"""Loads the contract in a file or at a URL, and for None that of the application, as `load_contract` does."""
HELP = "Contract: JSON or YAML, a file or a URL."
File = Annotated[str, typer.Argument(metavar="FILE", help=HELP)]
Source = Annotated[str, typer.Option(metavar="FILE", help=HELP)]


def read_contract(
    source: str | None,
    load: Load = load_contract,
    overlays: Sequence[Path] | None = None,
    *,
    strict: bool = True,
) -> Contract:
    """Load a contract and print its warnings; if it cannot be loaded, end the command with 2."""
    place = source
    try:
        with ExitStack() as stack:
            place = stack.enter_context(checked_out(source)) if source else source
            contract = load(place, overlays or (), lenient=not strict)
    except ContractError as error:
        raise failure(str(error).replace(place, source) if source and place else error) from None
    for warning in contract.warnings:
        typer.echo(warning, err=True)
    return contract
