"""The command line ``contract-first``: the commands for any contract, imported once they are invoked."""

from __future__ import annotations

from openapi_contract.cli.commands import Lazy, application, group
from openapi_service.cli import CONTRACT_COMMANDS, SERVE

CONTRACT_HELP = "Look at a contract, compare two, and write code from one."
COMMANDS = {
    "serve": SERVE,
    "mock": Lazy(
        "openapi_mock.cli.mock:app",
        "Mock any OpenAPI document: respond with its examples, else with values generated from its schemas.",
    ),
    "check": Lazy(
        "openapi_check.cli.check:check",
        "Find out whether a deployment conforms to its contract, whoever runs it.",
    ),
    "proxy": Lazy(
        "openapi_mock.cli.proxy:proxy",
        "Pass everything on to a server, unchanged, and validate what goes by against the contract.",
    ),
    "contract": Lazy("openapi_mock.cli:contract", CONTRACT_HELP),
}

contract = group(CONTRACT_HELP, CONTRACT_COMMANDS)
app = application("contract-first", "Serve, mock, check and compare any OpenAPI contract.", COMMANDS)
