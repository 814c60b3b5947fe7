"""The command line ``contract-first``: every command, imported once it is invoked."""

from .commands import CONTRACTS, RUN, Lazy, application, group

CONTRACT_HELP = "Show, lint and compare contracts, and write code from one."
CONTRACT_COMMANDS = {
    "show": Lazy(
        "contract_first.cli.contract:show",
        "Print a contract with its overlays applied, its defects repaired and its references bundled.",
    ),
    "lint": Lazy(
        "contract_first.cli.lint:lint",
        "Check that a contract is valid OpenAPI and follows the house rules.",
    ),
    "digest": Lazy(
        "contract_first.cli.contract:digest",
        "Print the SHA-256 of a contract, independent of format and order of members.",
    ),
    "diff": Lazy(
        "contract_first.cli.contract:diff",
        "Compare two contracts: which changes break clients, which are risky, which are safe.",
    ),
    "scaffold": Lazy(
        "contract_first.cli.project.scaffold:scaffold",
        "Write a handler stub for each operation without a handler.",
    ),
    "new": Lazy(
        "contract_first.cli.project.new:new",
        "Create a project that serves a contract: handlers to fill in, tests, an image, CI.",
    ),
    "types": Lazy(
        "contract_first.cli.contract:types",
        "Print the types of a contract: Python TypedDicts or models.",
    ),
}
"""The commands of ``contract``, in the order of its help."""

COMMANDS = {
    "mock": Lazy(
        "contract_first.cli.mock:app",
        "Run a mock of any OpenAPI contract: it responds with examples or generated values.",
        section=RUN,
    ),
    "check": Lazy(
        "contract_first.cli.checking.check:check",
        "Check whether a running API conforms to its OpenAPI contract.",
        section=CONTRACTS,
    ),
    "proxy": Lazy(
        "contract_first.cli.checking.proxy:proxy",
        "Forward traffic to a server unchanged, and validate it against the contract.",
        section=CONTRACTS,
    ),
    "overrides": Lazy(
        "contract_first.cli.recordings:overrides",
        "Write the traffic in a HAR file as overrides of a mock.",
        section=CONTRACTS,
    ),
    "seed-data": Lazy(
        "contract_first.cli.recordings:seed_data",
        "Write the items in recorded traffic as those that a mock starts with.",
        section=CONTRACTS,
    ),
    "s3": Lazy(
        "contract_first.cli.s3:app",
        "Run a local S3 that refuses what Amazon's refuses, with faults and a journal.",
        section=RUN,
    ),
    "serve": Lazy(
        "contract_first.cli.serve:serve",
        "Serve a contract with handlers, functions named after its operations, or an app of create_app.",
        section=RUN,
    ),
    "contract": Lazy("contract_first.cli.tree:contract", CONTRACT_HELP, section=CONTRACTS),
}

contract = group(CONTRACT_HELP, CONTRACT_COMMANDS)
app = application("contract-first", "Mock, check, serve and compare any OpenAPI contract.", COMMANDS)
