"""Options that all commands of mocks have, and the group that takes them behind ``exec`` as well."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer
from typer.core import TyperGroup

from openapi_contract.cli.commands import file, flag, folder, option, read_by, texts
from openapi_service.origins import normal_origins

HOST = "127.0.0.1"
TRUSTED_BY = ("NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE")
"""Variables that name a file of authorities for a command to trust; the first adds it to the machine's."""


def base_url(text: str | None) -> str | None:
    """Return a URL that others begin with, without a slash at its end."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        is_complete = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete or parts.query or parts.fragment or "@" in parts.netloc:
        raise typer.BadParameter(
            f"{text} is not an http:// or https:// URL of a host, such as https://mock.test."
        )
    return text.rstrip("/")


def port_option(server: str, default: int) -> Any:
    """Return the option of a port to listen on, which is a free one beside ``exec``."""
    help_ = f"Port of {server}; 0 takes a free one."
    shown = f"{default}; for exec 0"
    return option(int | None, help_, metavar="PORT", min=0, max=65535, show_default=shown)


def url_option(server: str, default: str) -> Any:
    """Return the option of the URL by which all clients reach a server."""
    help_ = f"URL by which all clients reach {server}."
    return option(str | None, help_, metavar="URL", callback=base_url, show_default=default)


SERVER = {
    "host": option(
        str | None,
        "Address to listen on; beyond loopback others can use the mock.",
        metavar="ADDRESS",
        show_default=HOST,
    ),
    "json": flag("Print one line of JSON once the mock responds, and nothing else."),
    "ready_file": file("Write that line to a file as well; the file is removed when the mock stops."),
    "faults": file("Activate the faults in this JSON, YAML or TOML file at start."),
    "control_token": option(
        str | None,
        "Token for the control API below /_mock/; without one, only this machine has access.",
        metavar="TOKEN",
        envvar="{token_variable}",
        show_envvar=True,
    ),
    "control_origins": texts(
        "Origin, such as http://localhost:5173, whose pages may use the control API without a token",
        "ORIGIN",
        "--control-origin",
        callback=read_by(normal_origins),
    ),
    "seed": option(
        int,
        "Seed of ids, random faults and generated values: the same requests get the same responses.",
        default=0,
    ),
    "tls": flag("Serve HTTPS, with certificates of a local authority."),
    "ca": folder(
        "Folder that keeps the local authority, so that you trust it once; implies --tls.",
        show_default="a new one",
    ),
    "trust_proxy": flag("Take the host of URLs from X-Forwarded-Host and X-Forwarded-Proto."),
}
"""The options of every mock."""


class OptionsFirst(TyperGroup):
    """The mock's options, which may stand behind ``exec`` as well, as in ``exec --port 8000 -- CMD``.

    What comes first but for options and is a file, or has a dot or a slash as URLs have, is the contract,
    where there is an option for it: ``mock pets.yaml``, ``mock --watch pets.yaml``.
    """

    def _has_contract(self) -> bool:
        return any(each.name == "contract" for each in self.params)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands behind the name of the command in its usage."""
        return ["[FILE]"] * self._has_contract() + super().collect_usage_pieces(ctx)

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        """Parse the arguments with such options before ``exec``, whose own they are not."""
        rest = self.make_parser(context).parse_args([*arguments])[1]
        first = next(iter(rest), "-")
        is_place = not first.startswith("-") and ({".", "/"} & {*first} or Path(first).is_file())
        if self._has_contract() and is_place and first not in self.commands:
            at = len(arguments) - len(rest)
            arguments = [*arguments[:at], "--contract", *arguments[at:]]
        if "exec" in arguments and "--" in arguments:
            at, end = arguments.index("exec"), arguments.index("--")
            options = arguments[at + 1 : end]
            if options and options[0].startswith("-"):
                arguments = [*arguments[:at], *options, "exec", *arguments[end:]]
        return super().parse_args(context, arguments)
