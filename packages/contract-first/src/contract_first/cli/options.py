"""Options that all commands of mocks have, and the group that takes them behind ``exec`` as well."""

from collections.abc import Sequence
from dataclasses import Field, fields
from operator import attrgetter
from pathlib import Path
from typing import Any, get_origin

from typer.core import TyperGroup

from contract_first.mock.options import ServerOptions, host_option

from .commands import checked_by, file, folder, option, refuse_contracts, texts

TRUSTED_BY = ("NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE")
"""Variables that name a file of authorities for a command to trust; the first adds it to the machine's."""


def options_of(record: type[ServerOptions], beside: type[ServerOptions] | None = None) -> dict[str, Any]:
    """Return the options of a command by name, as `takes` has them: of a record, but not of that beside."""
    return {name: option_of(field, field.type) for name, field in declared(record, beside).items()}


def defaults_of(record: type[ServerOptions]) -> dict[str, Any]:
    """Return host and ports where neither option nor setting says."""
    flags = {name: field.metadata["flag"] for name, field in declared(record).items()}
    return {name: flag.alone for name, flag in flags.items() if flag.alone is not None}


def ports_of(record: type[ServerOptions]) -> list[str]:
    """Return the names of the options that are ports."""
    return [name for name, field in declared(record).items() if field.metadata["flag"].metavar == "PORT"]


def declared(record: type[ServerOptions], beside: type[ServerOptions] | None = None) -> dict[str, Field[Any]]:
    """Return the fields that have flags, by name, but for those of another record; host and ports first."""
    others = set() if beside is None else {field.name for field in fields(beside)}
    ordered = sorted(fields(record), key=attrgetter("kw_only"))
    return {field.name: field for field in ordered if field.metadata and field.name not in others}


def option_of(field: Any, kind: Any) -> Any:
    """Return the annotation of the option that a field of a type declares."""
    flag, default = field.metadata["flag"], field.default
    names = [f"--{flag.name}"] if flag.name else []
    settings: dict[str, Any] = {"show_default": flag.default} if flag.default else {}
    if flag.read:
        settings["callback"] = checked_by(flag.read)
    if flag.variable:
        settings |= {"envvar": flag.variable, "show_envvar": True}
    if flag.metavar == "PORT":
        settings |= {"min": 0, "max": 65535}
    if kind is bool:
        return option(bool, flag.help, *names, **settings)
    if kind == Path | None:
        return (folder if flag.metavar == "DIR" else file)(flag.help, *names, **settings)
    if get_origin(kind) is Sequence:
        return texts(flag.help, flag.metavar, *names, **settings)
    if flag.alone is not None:
        kind, default = kind | None, None
    return option(flag.kind or kind, flag.help, *names, metavar=flag.metavar, default=default, **settings)


PROCESS = {
    "json": option(bool, "Print one line of JSON once the mock responds, and nothing else."),
    "ready_file": file("Write that line to a file as well; the file is removed when the mock stops."),
}
"""Options of the process that a mock runs in."""
SERVER = {"host": option_of(host_option(), str), **PROCESS, **options_of(ServerOptions)}
"""The options of every mock."""


class OptionsFirst(TyperGroup):
    """The mock's options, which may stand behind ``exec`` as well, as in ``exec --port 8000 -- CMD``.

    What comes first but for options and is a file, or has a dot or a slash as URLs have, is the contract,
    where there is an option for it: ``mock pets.yaml``, ``mock --watch pets.yaml``.
    """

    def _has_contract(self) -> bool:
        return any(parameter.name == "contract" for parameter in self.params)

    def _has_place(self, arguments: list[str]) -> bool:
        """Tell whether the first argument is a contract, and no command."""
        first = next(iter(arguments), "-")
        is_place = not first.startswith("-") and bool({".", "/"} & {*first} or Path(first).is_file())
        return self._has_contract() and is_place and first not in self.commands

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the arguments in the usage line."""
        return ["[FILE]"] * self._has_contract() + super().collect_usage_pieces(ctx)

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        """Parse the arguments with the mock's options moved before ``exec``."""
        while self._has_place(rest := self.make_parser(context).parse_args([*arguments])[1]):
            at = len(arguments) - len(rest)
            arguments = [*arguments[:at], "--contract", *arguments[at:]]
        if "exec" in arguments and "--" in arguments:
            at, end = arguments.index("exec"), arguments.index("--")
            options = arguments[at + 1 : end]
            if options and options[0].startswith("-"):
                arguments = [*arguments[:at], *options, "exec", *arguments[end:]]
        refuse_contracts(self, context, arguments)
        return super().parse_args(context, arguments)
