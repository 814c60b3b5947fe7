"""``mock.toml``: the options of a mock in a file, with rules and a folder of their own; and ``mock init``."""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_args

import typer

from contract_first.contract import Contract, load_contract
from contract_first.contract.document.errors import explained
from contract_first.contract.document.sources import is_url

from .commands import failure

NAME: Final = "mock.toml"
MOST_BYTES: Final = 1024 * 1024
RULES: Final = ("faults", "overrides")
"""Options that name a file of rules, which may stand in the file itself."""
CODE: Final = "handlers"
NOT_IN_FILES: Final = frozenset({"config", CODE, "help", "json", "ready-file"})
META: Final = "contract_first.mock.config"
MOST_EXAMPLES: Final = 20
HEAD: Final = "# Options of `mock`, for what its command line does not say. Paths are of files in its folder."


class Config(NamedTuple):
    """A file of options.

    Attributes:
        members: by the names of options, without dashes in front.
    """

    path: Path
    members: dict[str, Any]

    def place(self, name: str) -> str:
        """Return the file, and the line that a member is in."""
        spelled = "[-_]".join(map(re.escape, name.split("-")))
        pattern = re.compile(rf"\s*(\[\[)?\s*[\"']?{spelled}[\"']?\s*(=|\]|\.)")
        lines = self.path.read_text("utf-8-sig", "replace").splitlines()
        line = next((f":{number}" for number, line in enumerate(lines, 1) if pattern.match(line)), "")
        return f"{self.path}{line}"


def configured(context: typer.Context, value: Path | None) -> Path | None:
    """Take options from a file, or from that in the current folder, where a command line has none.

    Raises:
        typer.BadParameter: it cannot be read, or has something else.
    """
    path = value or (Path(NAME) if Path(NAME).is_file() else None)
    if path is None or context.resilient_parsing:
        return value
    config = _read(path)
    options = {_spelled(name): parameter for parameter in context.command.params for name in parameter.opts}
    context.default_map = {
        options[name].name: _value(config, name, options[name]) for name in _known(config, options)
    }
    context.meta[META] = config
    typer.echo(f"Options of {path} apply.", err=True)
    return path


def located(context: typer.Context, error: Any) -> None:
    """Add to the error of an option where in a file it stands, if it does."""
    config, parameter = context.meta.get(META), error.param
    if config is None or parameter is None or parameter.name not in (context.default_map or {}):
        return
    name = next(name for name in map(_spelled, parameter.opts) if name in config.members)
    error.message = f"{config.place(name)}: {error.message}"


def _spelled(name: str) -> str:
    return name.lstrip("-").replace("_", "-")


def _read(path: Path) -> Config:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise typer.BadParameter(f"{path} has more than {MOST_BYTES} bytes.")
        members = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{path} is not UTF-8 at byte {error.start}.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise typer.BadParameter(f"{path} is not TOML: {error}.") from None
    return Config(path, {_spelled(name): value for name, value in members.items()})


def _known(config: Config, options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of members; raise BadParameter for one that is no option of files."""
    names = sorted(name for name in options.keys() - NOT_IN_FILES if len(name) > 1)
    for name in config.members:
        if name == CODE and name in options:
            raise typer.BadParameter(
                f"{config.place(name)}: handlers are code, which a file does not bring in; give --handlers."
            )
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"; close to it: {close[0]}" if close else ""
            raise typer.BadParameter(
                f"{config.place(name)}: {name!r} is not an option{hint}; known are {', '.join(names)}."
            )
        yield name


def _value(config: Config, name: str, parameter: Any) -> Any:
    """Return the value of an option, of which paths begin at the file's folder.

    Raises:
        typer.BadParameter: it is of another type, or outside the folder.
    """
    value, place = config.members[name], config.place(name)
    if name in RULES and isinstance(value, list):
        return str(config.path)
    if parameter.multiple:
        values = value if isinstance(value, list) else [value]
        return [_one(config, place, item, parameter) for item in values]
    return _one(config, place, value, parameter)


def _one(config: Config, place: str, value: Any, parameter: Any) -> Any:
    kind = parameter.type_descriptor.annotation
    if not isinstance(value, str | int | float) or isinstance(value, bool) != bool(parameter.is_flag):
        expected = "true or false" if parameter.is_flag else "a text or a number"
        raise typer.BadParameter(f"{place}: expected {expected}, got {json.dumps(value, default=str)[:100]}.")
    is_path = Path in {kind, *get_args(kind)} or parameter.name == "contract"
    if not is_path or is_url(str(value)):
        return value if parameter.is_flag else str(value)
    folder = config.path.parent.resolve()
    path = (folder / str(value)).resolve()
    if not path.is_relative_to(folder):
        raise typer.BadParameter(
            f"{place}: {str(value)[:200]} is not below {folder}; give it on the command line instead."
        )
    return str(path)


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
    contract = contract or parent.params.get("contract")
    try:
        loaded = None if contract is None else load_contract(contract)
        lines = [HEAD, *_option_lines(parent.command.params, contract, output)]
        with output.open("x", encoding="utf-8") as file:
            file.write("\n".join([*lines, *([] if loaded is None else _rule_lines(loaded)), ""]))
    except FileExistsError:
        raise failure(f"{output} is there already; choose another --output.") from None
    except (OSError, ValueError) as error:
        raise failure(explained(error)) from None
    typer.echo(f"Wrote {output}.")


def _option_lines(parameters: Any, contract: str | None, output: Path) -> Iterator[str]:
    if contract is not None:
        path = contract if is_url(contract) else os.path.relpath(contract, output.parent)
        is_below = not path.startswith("..")
        note = "" if is_below else "# It is not below this file: give it on the command line.\n# "
        yield f"{note}contract = {json.dumps(path)}"
    for parameter in parameters:
        name = next((_spelled(name) for name in parameter.opts if name.startswith("--")), "")
        if name and name not in NOT_IN_FILES and name != "contract":
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
    return json.dumps(str(parameter.default or text.partition(" ")[0]))


def _rule_lines(contract: Contract) -> Iterator[str]:
    for operation in contract.operations[:MOST_EXAMPLES]:
        summary = " ".join(str(operation.definition.get("summary") or operation.label).split())
        yield from ("", f"# {summary[:200]}", "# [[overrides]]")
        yield f"# match = {{operation = {json.dumps(operation.operation_id)}}}"
        yield "# effect = {status = 503}"
