"""``scanner-api contract types``: the types of a contract, for a client or a handler."""

from __future__ import annotations

import shutil
import subprocess
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from .reading import CANNOT_RUN, File, read_contract

if TYPE_CHECKING:
    from openapi_contract import Contract

GENERATOR = ("openapi-typescript@7", "--default-non-nullable=false")
"""With its option, as a default does not say that a property must be sent, or will be there."""


class Language(StrEnum):
    """What the types are written in."""

    PYTHON = "python"
    TYPESCRIPT = "typescript"


def types(
    file: File = None,
    *,
    lang: Annotated[Language, typer.Option(help="What the types are written in.")] = Language.PYTHON,
) -> None:
    """Print types of a contract: TypedDicts in Python, or what openapi-typescript makes of it.

    The Python ones are of JSON as it is decoded: a date-time is a str.
    They are for type checkers; msgspec decodes them, but refuses unions of objects.

    TypeScript needs npx, which fetches the generator when it is not there. Exits with 2 without it.
    """
    contract = read_contract(file)
    typer.echo(_python(contract) if lang is Language.PYTHON else _typescript(contract), nl=False)


def _python(contract: Contract) -> str:
    from openapi_contract import ContractError  # noqa: PLC0415 -- help does without
    from openapi_contract.python_types import python_types  # noqa: PLC0415 -- the same

    try:
        return python_types(contract)
    except ContractError as error:
        raise _failed(str(error)) from None


def _typescript(contract: Contract) -> str:
    from json import dumps  # noqa: PLC0415 -- help does without

    npx = shutil.which("npx")
    if npx is None:
        raise _failed("TypeScript types are made by openapi-typescript: install Node.js, which brings npx.")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(dumps(contract.document))
        command = [npx, "--yes", *GENERATOR, str(path)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- npx, by its path
    if made.returncode != 0:
        raise _failed(f"openapi-typescript failed: {made.stderr.strip() or made.stdout.strip()}")
    return made.stdout


def _failed(reason: str) -> typer.Exit:
    typer.echo(reason, err=True)
    return typer.Exit(CANNOT_RUN)
