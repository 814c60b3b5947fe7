"""``contract-first.toml``: what checks, proxy, diff and linter of a project have in common.

A table of a command has its options by the names of their flags; an option of the command line wins.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from contract_first.check.credentials import KINDS, Credentials
from contract_first.check.oauth2 import ClientCredentials
from contract_first.check.reports.baseline import Exclusion
from contract_first.check.reports.report import Severity
from contract_first.cli import option_file
from contract_first.cli.option_file import OF_MOCKS, PROJECT, TABLES, OptionFile, options_of, spelled

NAME = PROJECT
PAGE = "checks#in-a-ci-that-leaves-it-switched-on"
SHARED = {**dict.fromkeys(("contract", "file", "new"), "contract"), "overlay": "overlay"}
"""Members for all commands, by the options that take them."""
ELSEWHERE = {
    **option_file.ELSEWHERE,
    **dict.fromkeys(SHARED.values(), "is for all commands: move it above the tables"),
    **dict.fromkeys(
        map(spelled, ("header", "credentials", *KINDS)),
        "has secrets, which are not for this file; [credentials] names their variables",
    ),
}
"""Options that no table has, and why."""


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
    """What a file has beside options.

    Attributes:
        exclude: checks that are not made, operations that are not called.
        collections: corrections of the recognised collections.
        severities: of findings by check.
    """

    credentials: Named = Named()
    exclude: tuple[Exclusion, ...] = ()
    collections: dict[str, Any] = {}
    severities: dict[str, Severity] = {}

    @classmethod
    def of(cls, file: OptionFile) -> "Configuration":
        """Return what a file has."""
        members = {name: file.members[name] for name in cls.__struct_fields__ if name in file.members}
        try:
            return msgspec.convert(members, cls)
        except msgspec.ValidationError as error:
            names = re.findall(r"\w+", str(error).rpartition("$")[2])
            raise file.error(str(error), *names) from None


def configured(context: typer.Context, path: Path | None) -> Configuration:
    """Take the defaults of options from a file, or from that in the current folder."""
    file = OptionFile.find(context, path, NAME, PAGE)
    if file is None:
        return Configuration()
    options, command = options_of(context.command), str(context.info_name)
    members = file.table({*SHARED.values(), *TABLES, *OF_MOCKS, *Configuration.__struct_fields__})
    targets = {name: options[target] for target, name in SHARED.items() if target in options}
    shared = {name: members[name] for name in targets if name in members}
    table = file.table({*options, *SHARED.values()}, command, elsewhere=ELSEWHERE)
    context.default_map = file.defaults(context, shared, targets)
    context.default_map |= file.defaults(context, table, options, command)
    configuration = Configuration.of(file)
    if configuration.collections and "collections" in options:
        context.default_map["collections"] = str(file.path)
    return configuration


Option = Annotated[
    Any,
    typer.Option(
        "--config",
        metavar="FILE",
        dir_okay=False,
        is_eager=True,
        callback=configured,
        parser=Path,
        help=f"Configuration of the project; by default {NAME}, if it is there.",
        show_default=False,
    ),
]
