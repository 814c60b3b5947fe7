"""Settings as flags: every command that needs settings takes each of them."""

import json
import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any, get_origin, get_type_hints

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from contract_first.cli.commands import customized, failure, metavar_of, option
from contract_first.contract.document.errors import explained
from contract_first.service.clock import SystemClock
from scanner_api.access.oauth import bearer_verifier
from scanner_api.ages import age_of
from scanner_api.redis_urls import is_redis
from scanner_api.settings import Settings

OTHERS = frozenset({"SCANNER_CONFIG", "SCANNER_API_KEY"})
"""Variables that are no settings, and look like some."""

Config = Annotated[
    str | None, typer.Option(metavar="FILE", help="TOML file with settings. [env: SCANNER_CONFIG]")
]
DatabaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Database of the service. [env: SCANNER_DATABASE_URL]")
]


def age(text: str, *, may_be_zero: bool = False) -> timedelta:
    """Read an age that is the value of an option."""
    try:
        return age_of(text, may_be_zero=may_be_zero)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None


def _check_queue(settings: Settings) -> None:
    is_redis(settings.queue_url, "queue_url")


def with_settings(
    run: Callable[..., None], check: Callable[[Settings], None] = _check_queue, **options: Any
) -> Callable[..., None]:
    """Return a command with one option for each setting, which calls ``run`` with the settings.

    Args:
        run: takes the settings, and by keyword what else there is.
        check: raises ValueError for settings of the queue that cannot be used.
        options: by name, what else there is: options that are no settings.
    """

    def command(config: Config = None, **flags: Any) -> None:
        others = {name: flags.pop(name) for name in options}
        settings = read_settings(config, flags)
        if reasons := _unusable(settings, check):
            raise failure("\n".join(reasons), page="settings")
        run(settings, **others)

    types = get_type_hints(Settings, include_extras=True)
    settings = {name: _option(name, types[name]) for name in Settings.model_fields}
    return customized(command, run.__doc__, **options, **settings)


def _option(name: str, kind: Any) -> Any:
    """Return the option of a setting of a type; Settings, not Typer, reads what it is given."""
    field = Settings.model_fields[name]
    value = field.default
    text = value if isinstance(value, str) else json.dumps(value)
    default = "" if value in {None, "", ()} else f" [default: {text}]"
    return option(
        list[str] | None if get_origin(field.annotation) is tuple else str | None,
        f"{field.description}{default}",
        metavar=metavar_of(kind),
        show_default=False,
    )


def read_settings(config: str | None = None, flags: dict[str, Any] | None = None) -> Settings:
    """Read the settings; their errors are printed, and end the command with exit code 2."""
    if config is not None:
        os.environ["SCANNER_CONFIG"] = config
    values = {name: value for name, value in (flags or {}).items() if value not in (None, [], ())}
    reasons, settings = _misspelt(os.environ), None
    try:
        settings = Settings(**values)
    except ValidationError as error:
        reasons += [
            _reason(violation["loc"], violation["msg"]) for violation in error.errors(include_input=False)
        ]
    except (SettingsError, OSError, ValueError) as error:
        reasons.append(f"Settings cannot be read: {explained(error).removesuffix('.')}.")
    if settings is None or reasons:
        raise failure("\n".join(reasons), page="settings")
    return settings


def _misspelt(environment: Iterable[str]) -> list[str]:
    """Return the errors of variables that look like settings and are none."""
    names = {f"SCANNER_{name.upper()}": name for name in Settings.model_fields}
    reasons = []
    for variable in environment:
        name = variable.removesuffix("_FILE")
        if variable.startswith("SCANNER_") and name not in names and variable not in OTHERS:
            nearest = get_close_matches(name, names, n=1, cutoff=0.88)
            reasons += [f"There is no setting {variable}; is {meant} meant?" for meant in nearest]
    return reasons


def _unusable(settings: Settings, check_queue: Callable[[Settings], None]) -> list[str]:
    """Return the errors of URLs, queue and token issuer, without repeating a password."""
    from scanner_api.storage.connections.engines import DatabaseError, parse  # noqa: PLC0415 -- SQLAlchemy takes its time
    from scanner_api.storage.photo_bucket.address import upload_url  # noqa: PLC0415 -- the same
    from scanner_api.storage.photo_bucket.errors import PhotoBucketError  # noqa: PLC0415 -- the same

    checks: list[Callable[[], object]] = [
        partial(parse, settings.database_url),
        partial(is_redis, settings.rate_limit_storage, "rate_limit_storage"),
        partial(check_queue, settings),
        partial(bearer_verifier, settings, SystemClock()),
    ]
    if settings.s3_endpoint_url:
        checks.append(partial(upload_url, settings.s3_bucket, settings.s3_region, settings.s3_endpoint_url))
    reasons = []
    for check in checks:
        try:
            check()
        except (DatabaseError, PhotoBucketError, ValueError) as error:
            reasons.append(str(error))
    return reasons


def _reason(place: tuple[int | str, ...], message: str) -> str:
    name = str(place[0]) if place else "settings"
    if name not in Settings.model_fields:
        nearest = get_close_matches(name, Settings.model_fields, n=1)
        return f"There is no setting {name}" + (f"; is {nearest[0]} meant?" if nearest else ".")
    message = message.removeprefix("Value error, ").removesuffix(".")
    return f"Setting {name} (--{name.replace('_', '-')}, SCANNER_{name.upper()}) is wrong: {message}."
