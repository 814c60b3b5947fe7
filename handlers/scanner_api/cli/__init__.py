"""The command line, ``scanner-api``: a module a command, imported once the command is invoked.

Commands of other packages join through the entry point group ``scanner_api.commands``; each is a function
that adds its own to those that there are, so that the service needs to know of none.
"""

from importlib.metadata import entry_points
from typing import Annotated

import typer

from contract_first.cli.commands import CONTRACTS, RUN, Lazy, application, group, lazy_commands, option
from contract_first.cli.tree import CONTRACT_COMMANDS, CONTRACT_HELP
from scanner_contract import load_contract

HELP = "Contract: JSON or YAML, a file or a URL; by default the packaged one."
FILE = Annotated[str | None, typer.Argument(metavar="FILE|URL", help=HELP)]
CONTRACT = option(str | None, HELP, metavar="FILE|URL")

OWN = {
    **{name: {"file": FILE, "load": load_contract} for name in ("show", "lint", "digest", "types")},
    "scaffold": {"contract": CONTRACT, "load": load_contract, "package": "scanner_api.operations"},
}
"""The parameters of ``contract``'s commands whose contract is ours by default."""

contract = group(
    CONTRACT_HELP,
    {name: command.customized(**OWN.get(name, {})) for name, command in CONTRACT_COMMANDS.items()},
)

RUNNING = {
    "serve": ("serve:serve", "Serve the Scanner API with real keys, a real database and a real bucket."),
    "worker": (
        "serve:worker",
        "Process captures and read photos for servers with the same settings; run as many as you need.",
    ),
}
OPERATE = {
    "db": ("db:app", "Show, check and upgrade the schema of the database; back up and restore SQLite."),
    "organizations": (
        "organizations:app",
        "Create, list and delete the organizations that sessions belong to.",
    ),
    "sessions": ("sessions:app", "Delete old sessions."),
    "erase": ("erasure:erase", "Erase the data of a session or of a person, from database and bucket."),
    "keys": ("keys:app", "Create, list, rotate and revoke the API keys that `serve` accepts."),
    "audit": ("audit:audit", "List who did what, when and from where, from the audit log."),
    "health": (
        "health:health",
        "Print the health of a server, by default the one on this machine; for health checks of containers.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check the settings, database, Redis, bucket and token issuer of `serve`, and say what to do.",
    ),
    "secrets": ("secrets:app", "Rotate the secret that photo keys are tagged with."),
    "products": ("imports:products", "Import and list the products that scans are looked up in."),
    "freshness": ("imports:freshness", "Set the thresholds behind the freshness chip."),
}
"""The commands of an operator, as those above: module and name, and help."""

COMMANDS: dict[str, Lazy] = {}
for entry_point in entry_points(group="scanner_api.commands"):
    entry_point.load()(COMMANDS)
COMMANDS |= {
    **lazy_commands("scanner_api.cli", RUNNING, RUN),
    "contract": Lazy("scanner_api.cli:contract", CONTRACT_HELP, section=CONTRACTS),
    **lazy_commands("scanner_api.cli", OPERATE, "Operate"),
}

app = application(
    "scanner-api",
    "The Closient Scanner API on your own machine: the service, a mock of it, and a demonstration.",
    COMMANDS,
)
