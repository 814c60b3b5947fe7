"""TOML files with options of commands, such as ``mock.toml``; a command line and variables override them."""

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

import typer

from contract_first.contract.document.sources import is_url
from contract_first.files import read_text
from contract_first.terminal import printable

from .commands import with_page

MOST_BYTES: Final = 1024 * 1024
MOST_LEVELS: Final = 50
MOST_QUOTED: Final = 200
HERE: Final = "for the command line alone"
ELSEWHERE: Final = {
    **dict.fromkeys(("handlers", "checks"), f"are code, which is {HERE}"),
    **dict.fromkeys(("config", "help"), f"is {HERE}"),
}
"""Options that no file has, and why."""
PROJECT: Final = "contract-first.toml"
TABLES: Final = ("check", "proxy", "diff", "lint")
"""Tables of commands in the project's file, with their names."""
OF_MOCKS: Final = ("services", "overrides", "faults", "users", "s3")
"""Further tables of that file, which only mocks read."""
KEY: Final = re.compile(r"(\[{0,2})([\w.\s\"'-]+)(?:\]{1,2}\s*(?:#.*)?$|=)")
"""The head of a table, or the key before a value, at the beginning of a line."""


def spelled(name: str) -> str:
    """Return the name of an option as files have it: ``fail-on`` for ``--fail-on`` and ``fail_on``."""
    return name.lstrip("-").replace("_", "-")


def _bound(value: Any, levels: int) -> None:
    """Raise RecursionError if a value has more levels of tables and arrays, as dotted keys make them."""
    if levels < 0:
        raise RecursionError
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _bound(member, levels - 1)


def options_of(command: Any) -> dict[str, Any]:
    """Return the options and arguments of a command by their names."""
    names = ((spelled(name), parameter) for parameter in command.params for name in parameter.opts)
    return {name: parameter for name, parameter in names if len(name) > 1}


@dataclass(frozen=True)
class OptionFile:
    """A file with options. What is wrong in it is a `typer.BadParameter` with file and line."""

    path: Path
    text: str
    members: dict[str, Any]
    page: str = ""

    @classmethod
    def read(cls, path: Path, page: str = "") -> "OptionFile":
        """Read a file, which a page of the documentation explains."""
        try:
            text = read_text(path, MOST_BYTES)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        try:
            members = tomllib.loads(text)
            _bound(members, MOST_LEVELS)
            json.dumps(members, default=str)  # a number may be longer than Python prints
        except RecursionError:
            raise typer.BadParameter(f"{path} is nested too deep.") from None
        except ValueError as error:
            raise typer.BadParameter(f"{path} is not TOML: {error}.") from None
        return cls(path, text, members, page)

    @classmethod
    def find(cls, context: typer.Context, path: Path | None, name: str, page: str) -> "OptionFile | None":
        """Read the file that ``--config`` names, or one of the current folder, and report that."""
        path = path or (Path(name) if Path(name).is_file() else None)
        if path is None or context.resilient_parsing:
            return None
        file = cls.read(path, page)
        typer.echo(f"Configuration: {path}", err=True)
        return file

    def error(self, message: str, *names: str) -> typer.BadParameter:
        """Return the error of a member, which is named by those of its tables and its own."""
        return typer.BadParameter(with_page(f"{self._place(names)}: {message}", self.page))

    def _place(self, names: Iterable[str]) -> str:
        """Return the file, and the line of a member or else of its table."""
        sought, table = tuple(map(spelled, names)), tuple[str, ...]()
        lines = {table: ""}
        for number, line in enumerate(self.text.split("\n"), 1):
            if match := KEY.match(line.strip()):
                keys = tuple(spelled(key.strip(" \t\"'")) for key in match[2].split("."))
                table, member = (keys, keys) if match[1] else (table, table + keys)
                for depth in range(len(sought)):
                    lines.setdefault(member[: depth + 1], f":{number}")
        while sought not in lines:
            sought = sought[:-1]
        return f"{self.path}{lines[sought]}"

    def table(
        self, names: Collection[str], *tables: str, elsewhere: Mapping[str, str] = ELSEWHERE
    ) -> dict[str, Any]:
        """Return the members of the file, or of a table in it, by name.

        Args:
            names: that are known.
            elsewhere: why a file has no members of some of these names.
        """
        members: Any = self.members
        for table in tables:
            members = members.get(table, {})
        if not isinstance(members, dict):
            raise self._unexpected("a table", members, tables)
        for name in members:
            self._require(name, names, elsewhere, tables)
        return {spelled(name): value for name, value in members.items()}

    def _require(
        self, name: str, names: Collection[str], elsewhere: Mapping[str, str], tables: Iterable[str]
    ) -> None:
        """Raise BadParameter unless a name is one of those that a table may have."""
        option, expected = spelled(name[:MOST_QUOTED]), sorted({*names} - elsewhere.keys())
        if option in expected:
            return
        if option in names:
            raise self.error(f"{option} {elsewhere[option]}.", *tables, name)
        close = get_close_matches(option, expected, n=1)
        hint = f"; close to it: {close[0]}" if close else ""
        raise self.error(
            f"{name[:MOST_QUOTED]!r} is not an option{hint}; known are {', '.join(expected)}.", *tables, name
        )

    def defaults(
        self,
        context: typer.Context,
        members: Mapping[str, Any],
        options: Mapping[str, Any],
        *tables: str,
        inside: bool = False,
    ) -> dict[str, Any]:
        """Return defaults of options for a context from members, each by name.

        Args:
            tables: that the members are in.
            inside: whether paths stay in the folder of the file, from which all of them begin.
        """
        folder = self.path.parent.resolve() if inside else self.path.parent
        defaults = {}
        for name, value in members.items():
            option, names = options[name], (*tables, name)
            is_list = getattr(option, "multiple", False)
            values = value if is_list and isinstance(value, list) else [value]
            texts = [self._text(item, option, names) for item in values]
            if name == "contract" or Path in {kind := option.type_descriptor.annotation, *get_args(kind)}:
                below = partial(self._below, folder, names, inside=inside)
                texts = [text if is_url(text) else below(text) for text in texts]
            default = texts if is_list else texts[0]
            try:
                option.process_value(context, default)
            except typer.BadParameter as error:
                error.message = with_page(f"{self._place(names)}: {error.message}", self.page)
                error.param = error.param or option
                raise
            defaults[option.name] = default
        return defaults

    def _text(self, value: Any, option: Any, names: Iterable[str]) -> Any:
        """Return a value as on a command line; that of a flag is a bool."""
        is_flag = bool(getattr(option, "is_flag", False))
        if not isinstance(value, str | int | float) or isinstance(value, bool) != is_flag:
            raise self._unexpected("true or false" if is_flag else "a text or a number", value, names)
        return value if is_flag else str(value)

    def _below(self, folder: Path, names: Iterable[str], text: str, *, inside: bool) -> str:
        path = folder / text
        try:
            is_inside = path.resolve().is_relative_to(folder)
        except (OSError, RuntimeError, ValueError):  # a circle of links, or a null
            raise self._unexpected("a path", text, names) from None
        if inside and not is_inside:
            quoted = printable(text[:MOST_QUOTED])
            raise self.error(f"{quoted} is not below {folder}; give it on the command line instead.", *names)
        return str(path)

    def _unexpected(self, expected: str, value: Any, names: Iterable[str]) -> typer.BadParameter:
        text = json.dumps(value, default=str, ensure_ascii=True)[:MOST_QUOTED]
        return self.error(f"expected {expected}, got {text}.", *names)
