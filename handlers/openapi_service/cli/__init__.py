"""The commands for a contract and its handlers: ``serve``, and all of ``contract``."""

from __future__ import annotations

from openapi_contract.cli.commands import Lazy

SERVE = Lazy(
    "openapi_service.cli.serve:serve",
    "Serve a contract by handlers: functions named as its operations are.",
)
CONTRACT_COMMANDS = {
    "show": Lazy(
        "openapi_contract.cli.contract:show",
        "Print a contract as it is in force: overlays applied, and all that it refers to brought in.",
    ),
    "lint": Lazy(
        "openapi_contract.cli.contract:lint",
        "Check a contract: that it is valid OpenAPI, and the house rules.",
    ),
    "coverage": Lazy(
        "openapi_service.cli.coverage:coverage",
        "Tell for each operation whether it has a handler, what the mock does, and whether it is tested.",
    ),
    "digest": Lazy(
        "openapi_contract.cli.contract:digest",
        "Print the SHA-256 of a contract as it is in force, the same whatever its format and order.",
    ),
    "diff": Lazy(
        "openapi_contract.cli.contract:diff",
        "Compare two contracts: which changes break clients, which are risky, which are safe.",
    ),
    "scaffold": Lazy(
        "openapi_service.cli.scaffold:scaffold",
        "Write a handler that is not implemented, and a test that says so, for each operation without one.",
    ),
    "new": Lazy(
        "openapi_service.cli.new:new",
        "Write a project that serves a contract: handlers that return examples, tests, and a CI file.",
    ),
    "types": Lazy(
        "openapi_contract.cli.contract:types",
        "Print types of a contract: TypedDicts in Python, or what openapi-typescript makes of it.",
    ),
}
"""The commands of ``contract``, in the order of its help."""
