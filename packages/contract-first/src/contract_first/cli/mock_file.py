"""``mock.toml``: the options and rules of a mock; and ``mock init``, which writes one."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.document.sources import is_url
from contract_first.mock.options import ApiOptions
from contract_first.signatures import declared

from . import option_file
from .commands import failure
from .option_file import HERE, OF_MOCKS, PROJECT, TABLES, OptionFile, options_of, spelled

NAME: Final = "mock.toml"
PAGE: Final = "mock#one-file-mocktoml"
INSIDE: Final = {"faults": list, "overrides": list, "collections": dict}
"""Options that name a file of rules or of a table, which may stand in the file itself."""
ELSEWHERE: Final = {**option_file.ELSEWHERE, **dict.fromkeys(("json", "ready-file"), f"is {HERE}")}
MOST_EXAMPLES: Final = 20
SERVICES: Final = "services"
SERVICE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")
OF_PROJECT: Final = ("contract", "overlay", "collections", "credentials", "exclude", "severities")
"""What the project's file has beside tables of commands and of mocks."""
OF_ALL: Final = {
    **ELSEWHERE,
    **dict.fromkeys(
        map(spelled, (*declared(ApiOptions), "host", "port", "keep_going")), "is of all services"
    ),
    **dict.fromkeys(("overlay", "no-auth", "verbose", "quiet"), "is of all services"),
}
"""Options that the table of a service does not have, and why."""
del OF_ALL["upstream"]
HEAD: Final = "# Options of `mock`, for what its command line does not say. Paths are of files in its folder."


def configured(context: typer.Context, path: Path | None) -> Path | None:
    """Take the defaults of options from a file, or from that in the current folder."""
    is_named = bool(context.params.get("contract"))
    file = OptionFile.find(context, path, NAME if is_named or Path(NAME).is_file() else PROJECT, PAGE)
    if file is None:
        return path
    options = options_of(context.command)
    if file.path.name == PROJECT:
        known = file.table({*OF_PROJECT, *TABLES, *OF_MOCKS})
        members = {name: known[name] for name in ("contract", "overlay", *INSIDE) if name in known}
        context.meta[SERVICES] = _services(context, file, options)
    else:
        members = file.table(options, elsewhere=ELSEWHERE)
    rules = {name: str(file.path) for name, kind in INSIDE.items() if isinstance(members.get(name), kind)}
    values = {name: value for name, value in members.items() if name not in rules}
    context.default_map = file.defaults(context, values, options, inside=True) | rules
    return file.path


def _services(context: typer.Context, file: OptionFile, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of each service in a file, by its name."""
    services = {}
    for name in file.table(file.members.get(SERVICES, {}), SERVICES):
        if not SERVICE_NAME.fullmatch(name):
            raise file.error("expected a name of letters, digits, - and _.", SERVICES, name)
        table = file.table(options, SERVICES, name, elsewhere=OF_ALL)
        if "contract" not in table:
            raise file.error("has no contract; expected contract = FILE or URL.", SERVICES, name)
        defaults = file.defaults(context, table, options, SERVICES, name)
        typed = {options[key].name: options[key] for key in table}
        values = {key: typed[key].process_value(context, default) for key, default in defaults.items()}
        (values["contract"],) = values["contract"]
        services[name] = values
    return services


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
