"""Builds command lines: commands that are imported when they are invoked, their options and failures.

A command is a function: each parameter with an ``Annotated`` type is an option or argument, any other is a
collaborator that an application may hand over. So an application changes a command of another by a few
parameters, and ``--help`` imports none of them.
"""

import inspect
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from enum import Enum
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from contract_first.contract.document.errors import explained
from contract_first.distribution import CONTRACT_FIRST, Distribution, url_of
from contract_first.imports import resting_collector
from contract_first.terminal import printable

Command = TypeVar("Command", bound=Callable[..., None])
CANNOT_RUN = 2
"""Exit code of a command that cannot run, as of one with wrong options."""
RUN, CONTRACTS = "Run and mock", "Contracts"
"""Sections of lists of commands."""
METAVARS = {bool: "true|false", int: "NUMBER", float: "NUMBER", str: "TEXT", Path: "FILE", tuple: "JSON"}
"""What help says that options of these types take."""


def failure(
    reason: str | Exception, exit_code: int = CANNOT_RUN, *, what: str = "", page: str = ""
) -> typer.Exit:
    """Print on standard error why a command fails, and return the exception that ends it.

    Args:
        what: before the reason, such as ``Cannot start: ``.
        page: of the documentation that explains it; by default the `page` of an error's class.
    """
    text = reason if isinstance(reason, str) else explained(reason)
    typer.echo(with_page(f"{what}{text}", page or getattr(reason, "page", "")), err=True)
    return typer.Exit(exit_code)


def notice(sentence: str) -> None:
    """Print a sentence on standard error."""
    typer.echo(printable(sentence), err=True)


def with_page(message: str, page: str) -> str:
    """Return an error message, and below it the page of the documentation that explains it, if any does."""
    return f"{message}\nSee {url_of(page)}" if page else message


def require_extra(
    extra: str, exit_code: int = CANNOT_RUN, distribution: Distribution = CONTRACT_FIRST
) -> None:
    """End the command with this exit code unless an extra of a distribution is installed."""
    if reason := distribution.lack_of(extra):
        raise failure(reason, exit_code)


def option(kind: Any, help_: str, *names: str, **settings: Any) -> Any:
    """Return the annotation of an option, with its `default` and settings of `typer.Option`."""
    default = [settings.pop("default")] if "default" in settings else []
    return Annotated[kind, typer.Option(*names, help=help_, **settings), *default]


def checked_by(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the callback of an option whose value a function can read, or refuses by a ValueError."""

    def checked(value: Any) -> Any:
        try:
            if value is not None:
                function(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return value

    return checked


def takes(**options: Any) -> Callable[[Command], Command]:
    """Return a decorator that adds options to a command, which takes them by name or as ``**options``.

    Args:
        options: by the names of parameters, what `option` and its kind return.
    """

    def with_options(command: Command) -> Command:
        parameters = inspect.signature(command, eval_str=True).parameters.values()
        declared = (parameter for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD)
        named = [parameter for parameter in declared if parameter.name not in options]
        added = [_parameter(name, annotation) for name, annotation in options.items()]
        command.__signature__ = inspect.Signature(named + added)  # type: ignore[attr-defined]  # what typer reads
        return command

    return with_options


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    """Return the parameter of an option; the default is None unless its annotation has one."""
    kind, info, *default = get_args(annotation)
    if kind is bool and info.default is ...:  # Typer's place of the first name; else there is a --no-NAME
        info = copy(info)
        info.param_decls = (f"--{name.replace('_', '-')}",)
    value = default[0] if default else False if kind is bool else None
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=value, annotation=Annotated[kind, info]
    )


def customized(
    command: Callable[..., None], doc: str | None = None, **parameters: Any
) -> Callable[..., None]:
    """Return a command with other parameters.

    Args:
        command: the function; those of its parameters that are not ``Annotated`` are no options. Where one of
            these is a text, its name in braces stands for it in help of the options.
        doc: the help, else the function's docstring.
        parameters: what is ``Annotated`` is an option, added or in the place of one; any other is the value
            of a parameter, which is no option any more.
    """
    options = {name: value for name, value in parameters.items() if get_origin(value) is Annotated}
    values = {name: value for name, value in parameters.items() if name not in options}

    def run(**arguments: Any) -> None:
        command(**arguments, **values)

    declared = inspect.signature(command, eval_str=True).parameters
    defaults = {name: parameter.default for name, parameter in declared.items()}
    texts = {f"{{{name}}}": text for name, text in (defaults | values).items()}
    visible = {
        name: parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=_filled(parameter.annotation, texts))
        for name, parameter in declared.items()
        if name not in values
        and (get_origin(parameter.annotation) is Annotated or parameter.annotation is typer.Context)
    } | {name: _parameter(name, annotation) for name, annotation in options.items()}
    run.__signature__ = inspect.Signature(list(visible.values()))  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {name: parameter.annotation for name, parameter in visible.items()}
    run.__doc__ = doc or command.__doc__
    return run


def _filled(annotation: Any, texts: Mapping[str, Any]) -> Any:
    """Return an option with names in its help replaced by texts."""
    if get_origin(annotation) is not Annotated:
        return annotation
    kind, option = get_args(annotation)
    option = copy(option)
    for name, text in texts.items():
        if isinstance(text, str):
            option.help = option.help and option.help.replace(name, text)
    return Annotated[kind, option]


def metavar_of(kind: Any) -> str:
    """Return the metavar of an option: its choices, a text in ``Annotated``, or the word for its type."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "|".join(filter(None, parts))
    if origin is Annotated and (texts := [text for text in parts if isinstance(text, str)]):
        return texts[0]
    if origin in {Annotated, Union, UnionType, list}:
        return metavar_of(parts[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(member.value for member in kind)
    return METAVARS[origin or kind]


def _plain(command: Any) -> Any:
    """Return a command whose help has words for Python's types."""
    for parameter in command.params:
        is_option = parameter.param_type_name == "option"
        word = metavar_of(parameter.type_descriptor.annotation) if is_option and not parameter.metavar else ""
        parameter.metavar = parameter.metavar or word or parameter.name.upper()
        # else arguments have the name of their type behind their own
        parameter.display_type = lambda _context: ""
    return command


@dataclass(frozen=True)
class Lazy:
    """A command that is imported when it is invoked.

    Attributes:
        place: ``module:name`` of a function, or of a Typer app.
        help: the first paragraph of its help, for the list of commands; the help of an app without callback.
        doc: its help where it is not the function's own.
        parameters: as `customized` takes them.
        section: the heading that the command is listed under.
    """

    place: str
    help: str
    doc: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    section: str = "Commands"

    def customized(self, **parameters: Any) -> "Lazy":
        return replace(self, parameters={**self.parameters, **parameters})

    def command(self, name: str) -> Any:
        """Import the command, and return Typer's command for it."""
        module, _, attribute = self.place.partition(":")
        with resting_collector():
            loaded = getattr(import_module(module), attribute)
        parent = _app()
        if isinstance(loaded, typer.Typer):
            settings: dict[str, Any] = {}
            if not loaded.registered_callback:
                settings = {"help": self.help, "no_args_is_help": True}
            parent.add_typer(loaded, name=name, **settings)
        else:
            parent.command(name, cls=OneContract)(customized(loaded, self.doc, **self.parameters))
        parent.callback()(lambda: None)  # else a single command is no group
        command = _plain(typer.main.get_group(parent).commands[name])
        for subcommand in map(_plain, getattr(command, "commands", {}).values()):
            # else a list of them breaks off their help
            summary = (subcommand.help or "").partition("\n\n")[0].split()
            subcommand.short_help = subcommand.short_help or " ".join(summary)
        return command


def lazy_commands(
    package: str, commands: Mapping[str, tuple[str, str]], section: str = Lazy.section
) -> dict[str, Lazy]:
    """Return the commands of a section, each of a place within a package and its help."""
    return {
        name: Lazy(f"{package}.{place}", help_, section=section) for name, (place, help_) in commands.items()
    }


class OneContract(TyperCommand):
    """A command that takes one contract: a second one is an error."""

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        """Parse the arguments."""
        refuse_contracts(self, context, arguments)
        return super().parse_args(context, arguments)


def refuse_contracts(command: Any, context: Any, arguments: list[str]) -> None:
    """Raise BadParameter where arguments of a command have more than one contract."""
    options = [p for p in command.params if "--contract" in p.opts and not p.multiple]
    for option in options:
        option.multiple = True  # else the parser keeps the last one alone
    parsed, rest, _ = command.make_parser(context).parse_args([*arguments])
    for option in options:
        option.multiple = False
    contracts = (
        [parsed["file"], *rest]
        if "file" in parsed
        else [name for option in options for name in parsed.get(option.name, ())]
    )
    if len(contracts) > 1 and not context.resilient_parsing:
        raise typer.BadParameter(
            f"Expected one contract, got {len(contracts)}: {', '.join(contracts)}. Leave one out, and run "
            "the command again for the other."
        )


def group(help_: str, commands: Mapping[str, Lazy], name: str | None = None) -> typer.Typer:
    """Return an app of commands that are imported when they are invoked."""

    class Group(LazyGroup):
        lazy = commands

    return _app(name=name, help=help_, cls=Group, no_args_is_help=True)


def application(name: str, help_: str, commands: Mapping[str, Lazy]) -> typer.Typer:
    """Return the app of a distribution's console script, which has ``--version`` as well."""
    app = group(help_, commands, name)

    @app.callback()
    def options(
        *,
        show_version: Annotated[
            bool,
            typer.Option(
                "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
            ),
        ] = False,
    ) -> None:
        """Take the options of all commands."""

    return app


def _app(**options: Any) -> typer.Typer:
    """Return a Typer app whose help is plain text: at 80 columns, a table would break names into pieces."""
    return typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, **options)


def _show_version(context: typer.Context, is_asked: bool) -> None:  # noqa: FBT001 -- as Typer calls it
    if is_asked:
        typer.echo(version(str(context.find_root().command.name)))
        raise typer.Exit


class LazyGroup(TyperGroup):
    """Lists commands by their names and help, and imports the one that is invoked."""

    lazy: ClassVar[Mapping[str, Lazy]]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, command in self.lazy.items():
            self.add_command(TyperCommand(name, help=command.help, short_help=command.help))

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        width = max(map(len, self.lazy))
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.lazy.items():
            sections.setdefault(command.section, []).append((name.ljust(width), command.help))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        """Invoke a command, and say what is wrong with its options without words of pydantic."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name of the command that is invoked, the command, and its arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.lazy[name].command(name) if name else command, rest
