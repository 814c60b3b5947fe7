"""``contract-first.toml``: what checks, proxy, diff and linter of a project have in common.

A table of a command has its options by the names of their flags; an option of the command line wins.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

from contract_first.check.credentials import KINDS, Credentials
from contract_first.check.oauth2 import ClientCredentials
from contract_first.check.reports.baseline import Exclusion
from contract_first.check.reports.report import Severity

NAME = "contract-first.toml"
ELSEWHERE = {"config", "contract", "overlay", "header", "credentials", *KINDS}
"""Options that are no table's: a table of their own has their like, and no secret is in the file."""
MOST_BYTES = 65_536


class OAuth2(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a token is asked for (RFC 6749, section 4.4).

    Attributes:
        client_id: name of the environment's variable that has it.
        client_secret: the same for the secret.
    """

    token_url: str
    client_id: str
    client_secret: str
    scopes: list[str] = []


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The names of the environment's variables that have credentials."""

    api_key: str = ""
    other_api_key: str = ""
    bearer: str = ""
    basic: str = ""
    cookie: str = ""
    oauth2: OAuth2 | None = None

    def credentials(self, environment: Mapping[str, str]) -> Credentials:
        """Return the credentials; empty where a variable is not set."""
        names = {kind: name for kind in KINDS if (name := getattr(self, kind))}
        values: dict[str, Any] = {kind: environment.get(name, "").strip() for kind, name in names.items()}
        return Credentials(**values)

    def client(self, environment: Mapping[str, str]) -> ClientCredentials | None:
        """Return what asks for tokens; None if nothing does.

        Raises:
            ValueError: a variable is not set.
        """
        if self.oauth2 is None:
            return None
        names = self.oauth2.client_id, self.oauth2.client_secret
        if lacking := [name for name in names if not environment.get(name, "").strip()]:
            raise ValueError(f"{lacking[0]} is not set, which [credentials.oauth2] of {NAME} names.")
        client, secret = (environment[name].strip() for name in names)
        return ClientCredentials(self.oauth2.token_url, client, secret, tuple(self.oauth2.scopes))


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a file.

    Attributes:
        contract: file or URL, of every command; of ``contract diff`` the new one.
        overlay: files that are applied to it.
        exclude: checks that are not made, operations that are not called.
        severities: of findings by check.
        check: options of ``check``; so are the other tables those of their commands.
    """

    contract: str = ""
    overlay: list[str] = []
    credentials: Named = Named()
    exclude: tuple[Exclusion, ...] = ()
    severities: dict[str, Severity] = {}
    check: dict[str, Any] = {}
    proxy: dict[str, Any] = {}
    diff: dict[str, Any] = {}
    lint: dict[str, Any] = {}


def configured(context: typer.Context, path: Path | None) -> Configuration:
    """Read a file, say so, and take its values for the defaults of a command's options.

    Args:
        path: None for `NAME` in the working directory, if that is there.

    Raises:
        typer.BadParameter: it cannot be read, or is none; the message repeats no value.
    """
    place = path or Path(NAME)
    if context.resilient_parsing or (path is None and not place.is_file()):
        return Configuration()
    try:
        configuration = read(place)
        context.default_map = _defaults(configuration, context, place.parent)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--config") from None
    typer.echo(f"Configuration: {place}", err=True)
    return configuration


def read(path: Path) -> Configuration:
    """Return the content of a file.

    Raises:
        ValueError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"{path} is larger than {MOST_BYTES} bytes.")
        return msgspec.convert(tomllib.loads(content.decode()), Configuration)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ValueError(f"{path}: {error}") from None


def _defaults(configuration: Configuration, context: typer.Context, folder: Path) -> dict[str, Any]:
    """Return the defaults of a command's options, files relative to a folder."""
    table = str(context.info_name)
    options = {name.replace("-", "_"): value for name, value in getattr(configuration, table, {}).items()}
    flags = {_flag(parameter): parameter for parameter in context.command.params}
    if unknown := sorted(options.keys() - flags.keys() | options.keys() & ELSEWHERE):
        raise ValueError(
            f"[{table}] has no {unknown[0]!r}; expected options of the command, such as "
            f"{', '.join(sorted(flags.keys() - {'config', 'help'})[:5])}."
        )
    values = {flags[name].name: _placed(value, flags[name], folder) for name, value in options.items()}
    target = next((name for name in ("contract", "file", "new") if name in _names(context)), "")
    if configuration.contract and target:
        is_url = "://" in configuration.contract
        values[target] = configuration.contract if is_url else str(folder / configuration.contract)
    overlays = next((name for name in ("overlays", "overlay") if name in _names(context)), "")
    if configuration.overlay and overlays:
        values[overlays] = [str(folder / name) for name in configuration.overlay]
    return values


def _names(context: typer.Context) -> set[str]:
    return {str(parameter.name) for parameter in context.command.params}


def _flag(parameter: Any) -> str:
    """Return the name of an option's flag as a table has it."""
    longest = max(parameter.opts, key=len)
    return str(longest.lstrip("-").replace("-", "_"))


def _placed(value: Any, parameter: Any, folder: Path) -> Any:
    """Return an option's value; a file's name relative to a folder."""
    annotation = parameter.type_descriptor.annotation
    is_path = Path in (annotation, *get_args(annotation))
    return str(folder / value) if is_path and isinstance(value, str) else value


def _read_by(context: typer.Context, value: Any) -> Any:
    return configured(context, value)


Option = Annotated[
    Any,
    typer.Option(
        "--config",
        metavar="FILE",
        dir_okay=False,
        is_eager=True,
        callback=_read_by,
        parser=Path,
        help=f"Configuration of the project; by default {NAME}, if it is there.",
        show_default=False,
    ),
]
Reader = Callable[[typer.Context, Path | None], Configuration]
