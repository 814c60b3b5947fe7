"""Settings as flags: every command that needs settings takes each of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, get_origin

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from openapi_contract.cli.commands import CANNOT_RUN, customized
from scanner_api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable


Config = Annotated[str | None, typer.Option(help="TOML file with settings. \\[env: SCANNER_CONFIG]")]
DatabaseUrl = Annotated[
    str | None, typer.Option(help="Database of the service. \\[env: SCANNER_DATABASE_URL]")
]


def with_settings(run: Callable[..., None], **options: Any) -> Callable[..., None]:
    """Return a command with one option for each setting, which calls ``run`` with the settings.

    Args:
        run: takes the settings, and by keyword what else there is.
        options: by name, what else there is: options that are no settings.
    """

    def command(config: Config = None, **flags: Any) -> None:
        others = {name: flags.pop(name) for name in options}
        run(read_settings(config, flags), **others)

    settings = {name: _option(name) for name in Settings.model_fields}
    return customized(command, run.__doc__, **options, **settings)


def _option(name: str) -> Any:
    field = Settings.model_fields[name]
    kind = list[str] if get_origin(field.annotation) is tuple else str
    default = "" if field.default in {None, "", ()} else f" \\[default: {field.default}]"
    return Annotated[
        kind | None,
        typer.Option(help=f"{field.description}{default}", show_default=False, rich_help_panel="Settings"),
    ]


def read_settings(config: str | None = None, flags: dict[str, Any] | None = None) -> Settings:
    """Read the settings; what is wrong with them is printed, and the command ends with exit code 2."""
    if config is not None:
        os.environ["SCANNER_CONFIG"] = config
    values = {name: value for name, value in (flags or {}).items() if value not in (None, [], ())}
    try:
        return Settings(**values)
    except ValidationError as error:
        reasons = [_reason(each["loc"], each["msg"]) for each in error.errors(include_input=False)]
    except (SettingsError, OSError, ValueError) as error:
        reasons = [f"Settings cannot be read: {error}."]
    for reason in reasons:
        typer.echo(reason, err=True)
    raise typer.Exit(CANNOT_RUN)


def _reason(place: tuple[int | str, ...], message: str) -> str:
    name = str(place[0]) if place else "settings"
    return f"Setting {name} (--{name.replace('_', '-')}, SCANNER_{name.upper()}) is wrong: {message}."
