"""Rewrites what is derived from the contract, the settings, the checks and the source: ``tox -e ledger``.

The texts that the files should have are made here and nowhere else; ``tests/house/test_ledger.py`` compares.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract_first.contract import load_contract as load
from contract_first.mock.responses.page import document
from scanner_api.settings import MOCKED, Settings
from scanner_contract.loading import PACKAGED, load_contract, packaged_overlays
from scanner_mocks.checks import CHECKS, PROMISES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from contract_first.contract import Operation

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "contract_first": ROOT / "packages" / "contract-first" / "src",
    "strict_s3": ROOT / "packages" / "strict-s3" / "src",
    "scanner_contract": ROOT / "spec",
    "scanner_api": ROOT / "handlers",
    "scanner_mocks": ROOT / "mocks",
}
"""The folder that has the source of each package."""
BASE_PATH = "/scanner/api/v1"
OPERATION_ROW = re.compile(r"\| `([A-Z]+) (/\S*)`(?: \+)? \| (.*) \|")


def table(text: str, header: str, rows: Iterable[str]) -> str:
    """Return a Markdown text with other rows in the table that has this header.

    Raises:
        ValueError: there is no such table.
    """
    head, found, rest = text.partition(f"{header}\n")
    if not found:
        raise ValueError(f"no table with the header {header}")
    separator, *lines = rest.splitlines(keepends=True)
    after = next((n for n, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return "".join([head, found, separator, *(f"{row}\n" for row in rows), *lines[after:]])


def digests(text: str) -> str:
    """Return the source of the contract's loading with the digests of both variants, which are valid.

    Raises:
        ContractError: one is not valid.
    """
    variants = [load(PACKAGED, packaged_overlays(extensions=each)).digest for each in (True, False)]
    known = "".join(f'    "{digest}",\n' for digest in variants)
    return re.sub(r"(?<=^KNOWN_VALID = \{\n).*?(?=^\}$)", known, text, flags=re.DOTALL | re.MULTILINE)


def operations(text: str) -> str:
    """Return the page of the operations with a row for each."""
    return table(text, "| operation | with curl |", operation_rows(text))


def settings(text: str) -> str:
    """Return the page of the settings with a row for each."""
    return table(text, "| variable | default | meaning |", setting_rows(Settings.model_fields))


def operation_rows(text: str) -> list[str]:
    """Return a row for each operation: those of the text in their order, then a draft for each new one."""
    curls = {(method, path): curl for method, path, curl in OPERATION_ROW.findall(text)}
    vendors = {(each.method, each.path) for each in load_contract(extensions=False).operations}
    by_place = {
        (each.method.upper(), each.path.removeprefix(BASE_PATH)): each for each in load_contract().operations
    }
    places = [place for place in curls if place in by_place]
    places += [place for place in by_place if place not in curls]
    rows = []
    for method, path in places:
        operation = by_place[method, path]
        mark = "" if (operation.method, operation.path) in vendors else " +"
        rows.append(
            f"| `{method} {path}`{mark} | {curls.get((method, path)) or draft(operation, method, path)} |"
        )
    return rows


def draft(operation: Operation, method: str, path: str) -> str:
    """Return a curl line to begin with: variables in the path, the body's example or an empty object."""
    target = re.sub(r"(\w+)/\{(\w+)\}", lambda match: f"{match[1]}/${variable(match[1], match[2])}", path)
    options = ""
    if operation.request_body is not None:
        media_type = operation.request_body["content"].get("application/json", {})
        options = f" --json '{json.dumps(media_type.get('example', {}))}'"
    if method != ("POST" if options else "GET"):
        options = f" -X {method}{options}"
    credential = '-H "$AUTH" ' if operation.security else ""
    return f'`curl {credential}"$V1{target}"{options}`'


def variable(segment: str, parameter: str) -> str:
    """Return the variable of a path parameter: SESSION for ``session_id``, and ``id`` after ``sessions``."""
    own = parameter.removesuffix("short_id").removesuffix("id").removesuffix("_")
    return (own or segment.removesuffix("s")).upper()


def setting_rows(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield a row for each field of the settings: its variable, default and description."""
    for name, field in fields.items():
        default = field.default if field.default not in (None, "", ()) else None
        code = default if isinstance(default, str) else json.dumps(default)
        shown = "none" if default is None else f"`{code}`"
        only = "" if name in MOCKED else " `serve` only."
        yield f"| `SCANNER_{name.upper()}` | {shown} | {field.description}{only} |"


def checks(text: str) -> str:
    """Return the page of the checks with a row for each rule."""
    return table(text, "| check | rule | what it holds | severity | promised in |", check_rows(CHECKS))


def check_rows(described: Sequence[Any]) -> Iterator[str]:
    """Yield a row for each rule; the first of a check names it, its severity and where it is promised."""
    for check in described:
        promised = f"`{PROMISES[check.name][0]}`" if check.name in PROMISES else check.source
        name, severity = f"`{check.name}`", check.severity.value
        for rule, holds in check.rules.items():
            yield f"| {name} | {rule} | {holds} | {severity} | {promised} |"
            name = severity = promised = ""


def banner(text: str) -> str:
    """Return the README with the number of operations in the mock's banner."""
    return re.sub(
        r"(?<=^Scanner API mock: )\d+", str(len(load_contract().operations)), text, flags=re.MULTILINE
    )


def architecture(text: str) -> str:
    """Return ARCHITECTURE.md with the lines of code of each package, in hundreds."""
    totals = {name: sum(map(code_lines, folder.rglob("*.py"))) for name, folder in PACKAGES.items()}
    # rounded, so that not every change of the source is one of the page
    rows = [f"| `{name}` | {round(total, -2):,} |" for name, total in totals.items()]
    return table(text, "| package | lines of code |", rows)


def code_lines(file: Path) -> int:
    """Return how many lines of a module are neither blank nor a comment nor part of a docstring."""
    text = file.read_text("utf-8")
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return sum(
        bool(line.strip()) and line.strip()[0] != "#" and number not in prose for number, line in lines
    )


DERIVED: Mapping[str, Callable[[str], str]] = {
    "README.md": banner,
    "ARCHITECTURE.md": architecture,
    "spec/scanner_contract/loading.py": digests,
    "docs/operations.md": operations,
    "docs/settings.md": settings,
    "docs/responses.md": lambda _: document(load_contract()),
    "docs/checks.md": checks,
}
"""What makes of each file's present text the text that it should have."""


def main() -> None:
    """Rewrite what is out of date, and name it."""
    for name, derive in DERIVED.items():
        file = ROOT / name
        text = file.read_text("utf-8")
        if (expected := derive(text)) != text:
            file.write_text(expected, "utf-8")
            sys.stdout.write(f"rewritten: {name}\n")


if __name__ == "__main__":
    main()
