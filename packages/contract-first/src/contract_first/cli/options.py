"""Options that all commands of mocks have, and the group that takes them behind ``exec`` as well."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from typer.core import TyperGroup

from contract_first.signatures import Field, Flag, declared

from .commands import checked_by, option, refuse_contracts

Options = TypeVar("Options")
REPEATED = {Mapping, Sequence, tuple}
"""Types of options that may be repeated."""
TRUSTED_BY = ("NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE")
"""Variables that name a file of authorities for a command to trust; the first adds it to the machine's."""


def options_of(record: Any, beside: Any = None) -> dict[str, Any]:
    """Return the options of a command by name, as `takes` has them: of a record, but not of that beside."""
    return {name: option_of(field) for name, field in declared(record, beside).items()}


def record_of(record: Callable[..., Options], options: dict[str, Any], **further: Any) -> Options:
    """Return a record of its options of a command, which are taken out of these, and of further values.

    What was not set has the default of the record.
    """
    values = {name: options.pop(name) for name in declared(record)}
    return record(**{name: value for name, value in values.items() if value not in (None, [])} | further)


def defaults_of(record: Any) -> dict[str, Any]:
    """Return host and ports where neither option nor setting says."""
    alone = {name: field.flag.alone for name, field in declared(record).items()}
    return {name: value for name, value in alone.items() if value is not None}


def ports_of(record: Any) -> list[str]:
    """Return the names of the options that are ports."""
    return [name for name, field in declared(record).items() if field.flag.metavar == "PORT"]


def option_of(field: Field) -> Any:
    """Return the annotation of the option that a field declares."""
    flag, default, kind = field.flag, field.default, field.flag.kind or field.kind
    settings: dict[str, Any] = {"metavar": flag.metavar, "min": flag.minimum, "max": flag.maximum}
    help_ = (field.help[:1].upper() + field.help[1:]).replace("``", "`").partition(" In Python")[0]
    if flag.default:
        settings["show_default"] = flag.default
    if flag.read:
        settings["callback"] = checked_by(flag.read)
    if flag.variable:
        settings |= {"envvar": flag.variable, "show_envvar": True}
    if Path in get_args(kind):
        settings["file_okay" if flag.metavar == "DIR" else "dir_okay"] = False
    if get_origin(kind) in REPEATED:
        kind = list[Path] if Path in get_args(kind) else list[str]
        help_, default = f"{help_.removesuffix('.')}; repeatable.", []
    if flag.kind:
        default = None  # of another type
    if flag.alone is not None:
        kind, default = kind | None, None
    return option(kind, help_, *flag.names, default=default, **settings)


class Process(NamedTuple):
    """Options of the process that a mock runs in.

    Attributes:
        json: print one line of JSON once the mock responds, and nothing else.
        ready_file: write that line to a file as well; the file is removed when the mock stops.
    """

    json: Annotated[bool, Flag()] = False
    ready_file: Annotated[Path | None, Flag()] = None


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
        if "exec" in arguments and "--" in arguments:
            at, end = arguments.index("exec"), arguments.index("--")
            options = arguments[at + 1 : end]
            if options and (options[0].startswith("-") or self._has_place(options)):
                arguments = [*arguments[:at], *options, "exec", *arguments[end:]]
        while self._has_place(rest := self.make_parser(context).parse_args([*arguments])[1]):
            at = len(arguments) - len(rest)
            arguments = [*arguments[:at], "--contract", *arguments[at:]]
        refuse_contracts(self, context, arguments)
        return super().parse_args(context, arguments)
