"""The command line ``contract-first``: every command, imported once it is invoked."""

from .commands import CONTRACTS, RUN, application, group, lazy_commands

CONTRACT_HELP = "Show, lint and compare contracts, and write code from one."
PACKAGE = "contract_first.cli"
CONTRACT_COMMANDS = lazy_commands(
    PACKAGE,
    {
        "show": (
            "contract:show",
            "Print a contract with its overlays applied, its defects repaired and its references bundled.",
        ),
        "lint": ("lint:lint", "Check that a contract is valid OpenAPI and follows the house rules."),
        "digest": (
            "contract:digest",
            "Print the SHA-256 of a contract, independent of format and order of members.",
        ),
        "diff": (
            "contract:diff",
            "Compare two contracts: which changes break clients, which are risky, which are safe.",
        ),
        "scaffold": (
            "project.scaffold:scaffold",
            "Write a handler stub for each operation without a handler.",
        ),
        "new": (
            "project.new:new",
            "Create a project that serves a contract: handlers to fill in, tests, an image, CI.",
        ),
        "types": ("contract:types", "Print the types of a contract: Python TypedDicts or models."),
    },
)
"""The commands of ``contract``, in the order of its help."""

COMMANDS = lazy_commands(
    PACKAGE,
    {
        "mock": (
            "mock:app",
            "Run a mock of any OpenAPI contract: it responds with examples or generated values.",
        ),
        "init": (
            "mock_file:init_project",
            "Write contract-first.toml for the contracts of its folder, from which `mock` serves them all.",
        ),
        "s3": ("s3:app", "Run a local S3 that refuses what Amazon's refuses, with faults and a journal."),
        "serve": (
            "serve:serve",
            "Serve a contract with handlers, functions named after its operations, or an app of create_app.",
        ),
    },
    RUN,
) | lazy_commands(
    PACKAGE,
    {
        "check": ("checking.check:check", "Check whether a running API conforms to its OpenAPI contract."),
        "proxy": (
            "checking.proxy:proxy",
            "Forward traffic to a server unchanged, and validate it against the contract.",
        ),
        "overrides": ("recordings:overrides", "Write the traffic in a HAR file as overrides of a mock."),
        "seed-data": (
            "recordings:seed_data",
            "Write the items in recorded traffic as those that a mock starts with.",
        ),
        "contract": ("tree:contract", CONTRACT_HELP),
    },
    CONTRACTS,
)

contract = group(CONTRACT_HELP, CONTRACT_COMMANDS)
app = application("contract-first", "Mock, check, serve and compare any OpenAPI contract.", COMMANDS)
