"""The commands that the mocks add to ``scanner-api``: a module a command, imported once it is invoked."""

from __future__ import annotations

from openapi_contract.cli.commands import Lazy

COMMANDS = {
    "mock": Lazy(
        "scanner_mocks.cli.mock:app",
        "Run the API and a local S3, with keys and sessions that are the same at every start.",
    ),
    "demo": Lazy(
        "scanner_mocks.cli.demo:demo",
        "Tell an app's whole story over HTTP, to a mock of its own: scan, photograph, review, apply.",
    ),
    "check": Lazy(
        "scanner_mocks.cli.check:check", "Find out whether a deployment keeps the contract, whoever runs it."
    ),
    "proxy": Lazy(
        "scanner_mocks.cli.proxy:proxy",
        "Pass everything on to a server, unchanged, and judge what goes by by the contract.",
    ),
}


def add_commands(commands: dict[str, Lazy]) -> None:
    """Add the commands to those of the service."""
    commands.update(COMMANDS)
