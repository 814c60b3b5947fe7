"""``mock.toml``: the options and rules of a mock; and ``mock init``, which writes one."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.document.sources import is_url

from . import option_file
from .commands import failure
from .option_file import HERE, OptionFile, options_of, spelled

NAME: Final = "mock.toml"
PAGE: Final = "mock#one-file-mocktoml"
INSIDE: Final = {"faults": list, "overrides": list, "collections": dict}
"""Options that name a file of rules or of a table, which may stand in the file itself."""
ELSEWHERE: Final = {**option_file.ELSEWHERE, **dict.fromkeys(("json", "ready-file"), f"is {HERE}")}
MOST_EXAMPLES: Final = 20
HEAD: Final = "# Options of `mock`, for what its command line does not say. Paths are of files in its folder."


def configured(context: typer.Context, path: Path | None) -> Path | None:
    """Take the defaults of options from a file, or from that in the current folder."""
    file = OptionFile.find(context, path, NAME, PAGE)
    if file is None:
        return path
    options = options_of(context.command)
    members = file.table(options, elsewhere=ELSEWHERE)
    rules = {name: str(file.path) for name, kind in INSIDE.items() if isinstance(members.get(name), kind)}
    values = {name: value for name, value in members.items() if name not in rules}
    context.default_map = file.defaults(context, values, options, inside=True) | rules
    return file.path


Document = Annotated[
    str | None, typer.Argument(metavar="[FILE|URL]", help="The contract to mock.", show_default=False)
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="The file to write.")
]


def init(context: typer.Context, contract: Document = None, output: Output = Path(NAME)) -> None:
    """Write mock.toml: every option, commented out, and an override for each operation of the contract.

    Exit codes: 0 written, 2 the contract cannot be read, or the file is there already.
    """
    parent = context.parent
    assert parent is not None  # noqa: S101 -- it is the group of `mock`
    contract = contract or next(iter(parent.params.get("contract") or ()), None)
    try:
        loaded = None if contract is None else load_contract(contract)
        lines = [HEAD, *_option_lines(parent.command.params, contract, output)]
        with output.open("x", encoding="utf-8") as file:
            file.write("\n".join([*lines, *([] if loaded is None else _rule_lines(loaded)), ""]))
    except FileExistsError:
        raise failure(f"{output} is there already; choose another --output.") from None
    except (OSError, ValueError, ContractError) as error:
        raise failure(error) from None
    typer.echo(f"Wrote {output}.")


def _option_lines(parameters: Any, contract: str | None, output: Path) -> Iterator[str]:
    if contract is not None:
        path = contract if is_url(contract) else os.path.relpath(contract, output.parent)
        is_below = not path.startswith("..")
        note = "" if is_below else "# It is not below this file: give it on the command line.\n# "
        yield f"{note}contract = {json.dumps(path)}"
    for parameter in parameters:
        name = next((spelled(name) for name in parameter.opts if name.startswith("--")), "")
        if name and name not in ELSEWHERE and name != "contract":
            yield ""
            yield f"# {' '.join((parameter.help or '').split())}"
            yield f"# {name} = {_default(parameter)}"


def _default(parameter: Any) -> str:
    if parameter.is_flag:
        return "false"
    if parameter.multiple:
        return "[]"
    text = parameter.show_default if isinstance(parameter.show_default, str) else ""
    if parameter.type_descriptor.annotation is int:
        return str(parameter.default or re.sub(r"\D.*", "", text) or 0)
    value = text.partition(";")[0]
    return json.dumps(str(parameter.default or ("" if " " in value else value)))  # words are no value


def _rule_lines(contract: Contract) -> Iterator[str]:
    for operation in contract.operations[:MOST_EXAMPLES]:
        summary = " ".join(str(operation.definition.get("summary") or operation.label).split())
        yield from ("", f"# {summary[:200]}", "# [[overrides]]")
        yield f"# match = {{operation = {json.dumps(operation.operation_id)}}}"
        yield "# effect = {status = 503}"
