"""``mock.toml`` and ``contract-first.toml`` as a mock reads them, and what writes them."""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.deployment import base_path_of
from contract_first.contract.document.sources import is_url
from contract_first.files import read_text
from contract_first.mock.options import ApiOptions, ServerOptions
from contract_first.mock.services import name_of
from contract_first.signatures import fields_of

from . import option_file
from .commands import failure
from .option_file import HERE, OF_MOCKS, PROJECT, TABLES, OptionFile, options_of, spelled

NAME: Final = "mock.toml"
PAGE: Final = "mock#one-file-mocktoml"
INSIDE: Final = {"faults": list, "overrides": list, "collections": dict, "users": dict, "s3": dict}
"""Options that name a file of rules or of a table, which may stand in the file itself."""
ELSEWHERE: Final = {**option_file.ELSEWHERE, **dict.fromkeys(("json", "ready-file"), f"is {HERE}")}
MOST_EXAMPLES: Final = 20
MOST_FILES: Final = 2000
MOST_BYTES: Final = 16 * 1024 * 1024
LONGEST: Final = 40
PLACE: Final = re.compile(r"(?!.*(?:^|/)(?:\.|node_modules/)).*\.(?:json|ya?ml)")
"""A path of a file that may be a contract: in no hidden folder, and in none of installed packages."""
SERVICES: Final = "services"
S3: Final = "s3"
SERVICE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")
OF_PROJECT: Final = ("contract", "overlay", "collections", "credentials", "exclude", "severities")
"""What the project's file has beside tables of commands and of mocks."""
OF_COMMAND: Final = ("host", "port", "keep_going", "overlays", "no_auth", "verbose", "quiet", "users", "s3")
OF_SERVICES: Final = {*fields_of(ApiOptions), *OF_COMMAND} - {"upstream"}
"""Options that all services have in common."""
OF_SERVERS: Final = {*fields_of(ServerOptions), "control_port"}
"""Those that the S3 beside them has as well."""
HEAD: Final = "# Options of `mock`, for what its command line does not say. Paths are of files in its folder."


def configured(context: typer.Context, path: Path | None) -> Path | None:
    """Take the defaults of options from a file, or from that in the current folder."""
    is_named = bool(context.params.get("contract"))
    file = OptionFile.find(context, path, NAME if is_named or Path(NAME).is_file() else PROJECT, PAGE)
    if file is None:
        return path
    options = options_of(context.command)
    if file.path.name == PROJECT:
        table = file.table({*OF_PROJECT, *TABLES, *OF_MOCKS})
        members = {name: table[name] for name in ("contract", "overlay", *INSIDE) if name in table}
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
        services[name] = values = _values(context, file, options, OF_SERVICES, SERVICES, name)
        if "contract" not in values:
            raise file.error("has no contract; expected contract = FILE or URL.", SERVICES, name)
        (values["contract"],) = values["contract"]
    return services


def s3_of(context: typer.Context, path: Path) -> dict[str, Any]:
    """Return the options of an S3 beside a mock, which a table of a file has as `contract-first s3` does."""
    from .s3 import app  # noqa: PLC0415 -- of an extra

    options = options_of(typer.main.get_group(app))
    return _values(context, OptionFile.read(path, PAGE), options, OF_SERVERS, S3)


def _values(
    context: typer.Context,
    file: OptionFile,
    options: Mapping[str, Any],
    common: Collection[str],
    *tables: str,
) -> dict[str, Any]:
    """Return the values of options in a table, by the names of their parameters.

    Args:
        common: names of parameters that stand above the table.
    """
    above = {name: "is of all services" for name, option in options.items() if option.name in common}
    table = file.table(options, *tables, elsewhere=ELSEWHERE | above)
    typed = {options[name].name: options[name] for name in table}
    defaults = file.defaults(context, table, options, *tables)
    return {name: typed[name].process_value(context, default) for name, default in defaults.items()}


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
    _write(output, _mock_lines(parent.command.params, contract, output))


def init_project(output: Output = Path(PROJECT)) -> None:
    """Write contract-first.toml for the contracts of its folder, from which `mock` serves them all.

    Exit codes: 0 written, 2 there is no contract, or the file is there already.
    """
    _write(output, _project_lines(output.parent))


def _write(output: Path, lines: Iterable[str]) -> None:
    try:
        text = "\n".join([*lines, ""])
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise failure(f"{output} is there already; choose another --output.") from None
    except (OSError, ValueError, ContractError) as error:
        raise failure(error) from None
    typer.echo(f"Wrote {output}.")


def _project_lines(folder: Path) -> Iterator[str]:
    contracts = dict(_contracts(folder))
    if not contracts:
        raise ValueError(f"There is no OpenAPI contract in {folder}; expected a file .json, .yaml or .yml.")
    yield from ("# `contract-first mock` serves these, each below its own base path or /NAME.", "")
    bases = {place: base_path_of(contract.document) for place, contract in contracts.items()}
    paths: set[str] = set()
    for place, contract in contracts.items():
        stem, title = name_of(place)[:LONGEST], " ".join(contract.document["info"]["title"].split())
        names = (stem, *(f"{stem}-{number}" for number in range(2, MOST_FILES)))
        taken = paths | {base for other, base in bases.items() if other != place}
        name = next(name for name in names if f"/{name}" not in taken)
        paths.add(f"/{name}")
        yield f"# {title[:MOST_FILES]}\n[services.{name}]\ncontract = {json.dumps(place)}"
        yield "# stateful = true  # store what is created, changed and deleted"
        yield '# upstream = "https://staging.example"  # pass requests on, and validate the responses\n'


def _contracts(folder: Path) -> Iterator[tuple[str, Contract]]:
    places = (path.relative_to(folder).as_posix() for path in folder.rglob("*.[jy]*"))
    for place in sorted(islice(filter(PLACE.fullmatch, places), MOST_FILES)):
        with suppress(ContractError, ValueError):
            if re.search("openapi|swagger", read_text(folder / place, MOST_BYTES)):
                yield place, load_contract(folder / place, lenient=True)


def _mock_lines(parameters: Any, contract: str | None, output: Path) -> Iterator[str]:
    loaded = None if contract is None else load_contract(contract)
    yield from (HEAD, *_option_lines(parameters, contract, output))
    yield from () if loaded is None else _rule_lines(loaded)


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
