"""``init``: writes contract-first.toml, the file of a project, with the contracts that a folder has."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from typing import Annotated, Final

import typer

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.deployment import base_path_of
from contract_first.files import read_text
from contract_first.mock.services import name_of

from .commands import failure
from .option_file import PROJECT

MOST_FILES: Final = 2000
MOST_BYTES: Final = 16 * 1024 * 1024
LONGEST: Final = 40
PLACE: Final = re.compile(r"(?!.*(?:^|/)(?:\.|node_modules/)).*\.(?:json|ya?ml)")
"""A path of a file that may be a contract: in no hidden folder, and in none of installed packages."""
HEAD: Final = (
    "# Served by `contract-first mock`, each below its own base path or /NAME; options: mock --help.\n"
)
TABLE: Final = """\
# {title}
[services.{name}]
contract = {contract}
# stateful = true  # store what is created, changed and deleted
# upstream = "https://staging.example"  # pass requests on to this server, and validate its responses
"""

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where contracts are looked for.")]


def init(folder: Folder = Path()) -> None:
    """Write contract-first.toml for the OpenAPI contracts of a folder, from which `mock` serves them all.

    Exit codes: 0 written, 2 there is no contract, or the file is there already.
    """
    path, contracts = folder / PROJECT, dict(_contracts(folder))
    if not contracts:
        raise failure(f"There is no OpenAPI contract in {folder}; expected a file .json, .yaml or .yml.")
    text = "\n".join([HEAD, *_tables(contracts)])
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise failure(f"{path} is there already.") from None
    except OSError as error:
        raise failure(error) from None
    typer.echo(f"Wrote {path}. Serve its contracts: contract-first mock")


def _contracts(folder: Path) -> Iterator[tuple[str, Contract]]:
    paths = {
        path.relative_to(folder).as_posix(): path for path in islice(folder.rglob("*.[jy]*"), MOST_FILES)
    }
    for place in sorted(filter(PLACE.fullmatch, paths)):
        with suppress(ContractError, ValueError):
            if re.search("openapi|swagger", read_text(paths[place], MOST_BYTES)):
                yield place, load_contract(paths[place], lenient=True)


def _tables(contracts: Mapping[str, Contract]) -> Iterator[str]:
    taken = {base_path_of(contract.document) for contract in contracts.values()}
    for place, contract in contracts.items():
        name = stem = name_of(place)[:LONGEST]
        numbers = count(2)
        while f"/{name}" in taken:
            name = f"{stem}-{next(numbers)}"
        taken.add(f"/{name}")
        title = " ".join(contract.document["info"]["title"].split())
        yield TABLE.format(title=title[:MOST_FILES], name=name, contract=json.dumps(place))
