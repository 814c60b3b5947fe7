"""Remakes the pictures of the pages: ``python tools/pictures.py``, in an environment for the tests.

The console as the tests' browser shows it, and a session in a terminal as SVG.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "console"
COLUMNS = 100
MOCK = "contract-first mock openapi.yaml --stateful"
SESSION = (
    'curl http://127.0.0.1:8000/pets -H \'X-API-Key: any\' --json \'{"name": "Rex", "kind": "dog"}\'',
    "curl http://127.0.0.1:8000/pets -H 'X-API-Key: any' --json '{\"name\": \"Tom\"}'",
    "curl http://127.0.0.1:8000/pets",
)
"""What is typed while the mock of the petstore runs."""
WITHOUT_FONTS = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
"""Rich's picture of a terminal in a font of the reader's: nothing is fetched."""


def consoles() -> None:
    """Save what a browser shows of a mock's console."""
    tests = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-k",
        "pictures",
        "tests/browser/test_console.py",
    ]
    variables = os.environ | {"SCANNER_CONSOLE_PICTURES": str(FOLDER.relative_to(ROOT))}
    subprocess.run(tests, cwd=ROOT, env=variables, check=True)  # noqa: S603 -- our own tests


def terminal() -> None:
    """Save a session in a terminal: the mock of the petstore, and what it writes for each request."""
    main, secondary = pty.openpty()
    petstore = ROOT / "examples" / "petstore"
    with subprocess.Popen(MOCK.split(), cwd=petstore, stdout=secondary, stderr=secondary) as mock:  # noqa: S603 -- the same
        os.close(secondary)
        written = read(main, b"Ctrl-C ends it.")
        typed = ""
        for line in SESSION:
            typed += f"$ {line}\n{response(line)}\n\n"
            written += read(main, b"Pet")
        mock.terminate()
    text = f"$ {MOCK}\n{written.decode()}\n{typed}".replace("\r", "")
    with tempfile.TemporaryFile("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(text))
    console.save_svg(str(FOLDER / "terminal.svg"), title="contract-first", code_format=WITHOUT_FONTS)


def read(terminal: int, end: bytes) -> bytes:
    """Return what is written into a terminal, until this was."""
    written = b""
    while end not in written:
        written += os.read(terminal, 65536)
    return written


def response(line: str) -> str:
    """Return what a line of a shell prints."""
    command = ["/bin/bash", "-c", line.replace("curl ", "curl -s --noproxy '*' ")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- a line of ours


if __name__ == "__main__":
    consoles()
    terminal()
