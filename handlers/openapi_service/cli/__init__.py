"""The commands for a contract and its handlers: ``serve``, and all of ``contract``."""

from openapi_contract.cli.commands import RUN, Lazy

SERVE = Lazy(
    "openapi_service.cli.serve:serve",
    "Serve a contract with handlers: functions named after its operations.",
    section=RUN,
)
CONTRACT_HELP = "Show, lint and compare contracts, and write code from one."
CONTRACT_COMMANDS = {
    "show": Lazy(
        "openapi_contract.cli.contract:show",
        "Print a contract with its overlays applied, its defects repaired and its references bundled.",
    ),
    "lint": Lazy(
        "openapi_contract.cli.contract:lint",
        "Check that a contract is valid OpenAPI and follows the house rules.",
    ),
    "coverage": Lazy(
        "openapi_service.cli.coverage:coverage",
        "Show for each operation whether it has a handler, how the mock responds, and whether it is tested.",
    ),
    "digest": Lazy(
        "openapi_contract.cli.contract:digest",
        "Print the SHA-256 of a contract, independent of format and order of members.",
    ),
    "diff": Lazy(
        "openapi_contract.cli.contract:diff",
        "Compare two contracts: which changes break clients, which are risky, which are safe.",
    ),
    "scaffold": Lazy(
        "openapi_service.cli.scaffold:scaffold",
        "Write a handler stub and its test for each operation without a handler.",
    ),
    "new": Lazy(
        "openapi_service.cli.new:new",
        "Create a project that serves a contract: handlers that return examples, tests, and a CI file.",
    ),
    "types": Lazy(
        "openapi_contract.cli.contract:types",
        "Print the types of a contract: Python TypedDicts, or TypeScript by openapi-typescript.",
    ),
}
"""The commands of ``contract``, in the order of its help."""
