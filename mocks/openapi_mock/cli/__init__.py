"""The command line ``contract-first``: the commands for any contract, imported once they are invoked."""

from openapi_contract.cli.commands import CONTRACTS, RUN, Lazy, application, group
from openapi_service.cli import CONTRACT_COMMANDS, CONTRACT_HELP, SERVE

COMMANDS = {
    "mock": Lazy(
        "openapi_mock.cli.mock:app",
        "Run a mock of any OpenAPI contract: it responds with examples or generated values.",
        section=RUN,
    ),
    "check": Lazy(
        "openapi_check.cli.check:check",
        "Check whether a running API conforms to its OpenAPI contract.",
        section=CONTRACTS,
    ),
    "proxy": Lazy(
        "openapi_mock.cli.proxy:proxy",
        "Forward traffic to a server unchanged, and validate it against the contract.",
        section=CONTRACTS,
    ),
    "s3": Lazy(
        "openapi_mock.cli.s3:app",
        "Run a local S3 that refuses what Amazon's refuses, with faults and a journal.",
        section=RUN,
    ),
    "serve": SERVE,
    "contract": Lazy("openapi_mock.cli:contract", CONTRACT_HELP, section=CONTRACTS),
}

contract = group(CONTRACT_HELP, CONTRACT_COMMANDS)
app = application("contract-first", "Mock, check, serve and compare any OpenAPI contract.", COMMANDS)
