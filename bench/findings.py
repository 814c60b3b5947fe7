"""Write one app with three frameworks: how many lines is each, and what does Schemathesis find in it?

    python bench/findings.py             the table
    python bench/findings.py --smoke     ours alone, few requests

The petstore of `examples/petstore` from its contract, as each framework's docs advise (`peers/pets_*.py`).
Schemathesis's own checks run with one contract and seed; a finding is an operation and a check that failed.
Needs the extra `check`; a framework that is not installed is left out.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import logging
import sys
import tokenize
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from compare import WIDTH
from rich import box
from rich.console import Console
from rich.table import Table

PEERS = Path(__file__).parent / "peers"
CONTRACT = Path(__file__).parents[1] / "examples" / "petstore" / "openapi.yaml"
APPS = {
    "ours": ("contract_first", "pets_ours"),
    "FastAPI": ("fastapi", "pets_fastapi"),
    "Connexion 3": ("connexion", "pets_connexion"),
}
WRITTEN_TWICE = {"FastAPI"}
"""What derives its document from the code."""
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


class Written(NamedTuple):
    """An app: the lines of its code and of its contract, and what was found."""

    name: str
    lines: int
    contract: int
    findings: list[str]


def main() -> None:
    """Check all apps and print the table, and what was found in which."""
    parser = argparse.ArgumentParser(description="Count lines and findings of an app, written three times.")
    parser.add_argument("--max-examples", type=int, default=50, help="requests of an operation (default 50)")
    parser.add_argument("--smoke", action="store_true", help="ours alone, few requests")
    options = parser.parse_args()
    apps = dict(list(APPS.items())[: 1 if options.smoke else None])
    most = 1 if options.smoke else options.max_examples
    # each in a process of its own: none finds what another imported
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        rows = [
            processes.submit(written, name, module, most).result()
            for name, (package, module) in apps.items()
            if importlib.util.find_spec(package) is not None
        ]
    console = Console(width=WIDTH, highlight=False)
    console.print(table(rows))
    for row in rows:
        for finding in row.findings:
            console.print(f"{row.name}: {finding}")


def written(name: str, module: str, max_examples: int) -> Written:
    """Return what an app takes to write, and what Schemathesis finds in it."""
    logging.disable(logging.CRITICAL)
    sys.path.insert(0, str(PEERS))
    app = importlib.import_module(module).app
    # not before the app, whose imports are its own
    from contract_first import Credentials, check_app, load_contract  # noqa: PLC0415 -- as said

    credentials, contract = Credentials(api_key="pets-key", bearer="staff-token"), load_contract(CONTRACT)
    report = check_app(
        app, contract=contract, credentials=credentials, checks=(), max_examples=max_examples, seed=1
    )
    findings = sorted({f"{finding.operation}: {finding.title}" for finding in report.findings})
    lines = 0 if name in WRITTEN_TWICE else sum(map(bool, map(str.strip, CONTRACT.read_text().splitlines())))
    return Written(name, lines_of_code(PEERS / f"{module}.py"), lines, findings)


def lines_of_code(path: Path) -> int:
    """Return how many lines of a module have code, without blank lines, comments and docstrings."""
    with tokenize.open(path) as file:
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type not in NO_CODE]
    lines = {number for token in tokens for number in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines) - 1  # the end of the file


def table(rows: list[Written]) -> Table:
    """Lay the numbers out."""
    shown = Table("app", "lines of code", "lines of contract", "findings", box=box.MARKDOWN)
    for row in rows:
        shown.add_row(row.name, str(row.lines), str(row.contract), str(len(row.findings)))
    return shown


if __name__ == "__main__":
    main()
