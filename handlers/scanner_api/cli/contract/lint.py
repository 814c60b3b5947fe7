"""``scanner-api contract lint``: is a contract valid, and does it keep the house rules."""

from __future__ import annotations

import typer

from .reading import CANNOT_RUN, File


def lint(file: File = None) -> None:
    """Check a contract: that it is valid OpenAPI, and the house rules.

    Every operation has an operationId, a tag and an error response, and every example and default keeps its
    schema. Exits with 1 if something is wrong, and with 2 if the file cannot be read.
    """
    from openapi_contract import ContractError  # noqa: PLC0415 -- imported when it is needed
    from openapi_contract.errors import UnreadableContractError  # noqa: PLC0415 -- the same
    from openapi_contract.linting import lint  # noqa: PLC0415 -- the same
    from scanner_contract import load_contract  # noqa: PLC0415 -- imported when it is needed

    try:
        contract = load_contract(file)
    except ContractError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(CANNOT_RUN if isinstance(error, UnreadableContractError) else 1) from None
    faults = lint(contract)
    for fault in faults:
        typer.echo(f"#{fault.pointer}\n  {fault.rule}: {fault.reason}")
    found = f"Faults: {len(faults)}" if faults else "Nothing is wrong"
    typer.echo(f"{found} in {contract.source} (operations: {len(contract.operations)}).")
    raise typer.Exit(1 if faults else 0)
