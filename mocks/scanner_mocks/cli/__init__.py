"""The commands that the mocks add to ``scanner-api``, imported once they are invoked."""

from typing import Any

from contract_first.cli.commands import RUN, Lazy, option
from contract_first.cli.tree import COMMANDS
from scanner_contract import load_contract

HELP = "Contract: JSON or YAML, a file or a URL; by default"
CONTRACT = option(str | None, f"{HELP} the packaged one.", metavar="FILE|URL")
CHECKED = option(str | None, f"{HELP} URL/openapi.json, else the packaged one.", metavar="FILE|URL")


def add_commands(commands: dict[str, Lazy]) -> None:
    """Add the commands to those of the service."""
    commands["mock"] = Lazy(
        "scanner_mocks.cli.mock:app",
        "Run a mock of the Scanner API with a local S3; keys and sessions are the same at every start.",
        section=RUN,
    )
    commands["s3"] = COMMANDS["s3"]
    commands["demo"] = Lazy(
        "scanner_mocks.cli.demo:demo",
        "Run a complete session against a mock: scan, upload photos, review, apply.",
        section=RUN,
    )
    commands["check"] = COMMANDS["check"].customized(
        fallback=load_contract,
        preset=_preset,
        variables="SCANNER_CHECK",
        contract=CHECKED,
    )
    commands["proxy"] = COMMANDS["proxy"].customized(
        contract=CONTRACT, load=load_contract, name="scanner-api"
    )


def _preset() -> dict[str, Any]:
    from scanner_mocks.checks import PRESET  # noqa: PLC0415 -- of the extra, imported once it is invoked

    return PRESET
