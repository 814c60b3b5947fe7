"""Run what a page of the documentation shows, as its reader would.

A fenced block of ``sh`` runs in bash, with the variables and the folder that earlier blocks left; a block
of ``text`` directly below is what it prints, where ``...`` stands for anything. A block whose first line
is a comment with a file name is saved as that file; any other block of ``python`` is a script. A comment
above a block changes that: ``<!-- in the background -->`` for a server, which runs until the page ends,
``<!-- exit status N -->`` for a command that fails, and ``<!-- not run: REASON -->``.
"""

from __future__ import annotations

import doctest
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]+) -->\n)?```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FILE = re.compile(r"(?:#|//|<!--) ([\w./-]+\.\w+)(?: -->)?\n")
BACKGROUND = "in the background"
EXIT_STATUS = "exit status "
NOT_RUN = "not run: "
LANGUAGES = {"sh", "python"}
PATIENCE_SECONDS = 90
CURL = 'silent\nshow-error\nfail-with-body\nnoproxy = "*"\n'
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        line: where it starts on its page, from 1.
        language: as it stands behind the fence.
        text: what is between the fences.
        mark: the comment above it, empty if there is none.
        output: what it prints as the page shows it, None if the page does not.
    """

    line: int
    language: str
    text: str
    mark: str
    output: str | None = None

    @property
    def reason(self) -> str:
        """Why it is not run; empty if it is."""
        return self.mark.removeprefix(NOT_RUN) if self.mark.startswith(NOT_RUN) else ""

    @property
    def status(self) -> int:
        """The exit status that it has to end with."""
        return int(self.mark.removeprefix(EXIT_STATUS)) if self.mark.startswith(EXIT_STATUS) else 0

    @property
    def file(self) -> str:
        """The name of the file that it is saved as, empty if it is none."""
        name = FILE.match(self.text)
        return name[1] if name and self.language != "sh" else ""


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page that are run or saved, in order."""
    matches = list(BLOCK.finditer(text))
    return [
        block
        for match, next_ in zip_longest(matches, matches[1:])
        if (block := _block(text, match, next_)).language in LANGUAGES or block.file
    ]


def _block(text: str, match: re.Match[str], following: re.Match[str] | None) -> Block:
    is_output = (
        following is not None
        and following["language"] == "text"
        and not text[match.end() : following.start()].strip()
    )
    return Block(
        line=text.count("\n", 0, match.start("language")) + 1,
        language=match["language"],
        text=match["text"],
        mark=match["mark"] or "",
        output=following["text"] if is_output and following else None,
    )


class Reader:
    """Somebody with an empty home and a shell, who does what a page says.

    Args:
        folder: where the shell starts.
        home: of the reader, whose curl fails on an error status.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder
        self._home = home
        self._servers = ExitStack()
        programs = Path(sys.executable).parent
        self._variables = {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        (home / ".curlrc").write_text(CURL)

    def __enter__(self) -> Self:
        """Begin to read."""
        return self

    def __exit__(self, *details: object) -> None:
        """Stop the servers that run."""
        self._servers.close()

    def follow(self, block: Block) -> None:
        """Do what a block says; raises AssertionError if it fails, or prints something else."""
        if block.reason:
            return
        if block.file:
            self._save(block)
        elif block.mark == BACKGROUND:
            self._servers.enter_context(self._server(block))
        else:
            output = self._run(block)
            if block.output is not None:
                expected = block.output
                assert doctest.OutputChecker().check_output(expected, output, FLAGS), (
                    f"line {block.line}: expected\n{expected}\ngot\n{output}"
                )

    def _save(self, block: Block) -> None:
        path = self._folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)

    def _run(self, block: Block) -> str:
        state = self._home / "state"
        state.unlink(missing_ok=True)
        script = f"set -ea\n{block.text}\npwd > {state}; env -0 >> {state}\n"
        command = (
            ["/bin/bash", "-c", script] if block.language == "sh" else [sys.executable, "-c", block.text]
        )
        # a file, since a program that a block leaves running would hold a pipe open
        log = self._home / "output"
        with log.open("w") as file, self._started(command, file) as process:
            process.wait(PATIENCE_SECONDS)
        output = log.read_text()
        status = process.returncode
        assert status == block.status, f"line {block.line}: exit status {status}\n{output}"
        if state.exists():
            folder, _, variables = state.read_text().partition("\n")
            self._folder = Path(folder)
            self._variables = dict(line.split("=", 1) for line in variables.split("\0") if line)
        return output

    @contextmanager
    def _server(self, block: Block) -> Iterator[None]:
        log = self._home / f"server-{block.line}"
        with log.open("w") as output, self._started(["/bin/bash", "-ec", block.text], output) as process:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while "http" not in (text := log.read_text()):
                is_over = process.poll() is not None or time.monotonic() > deadline
                assert not is_over, f"line {block.line}: it does not serve\n{text}"
                time.sleep(0.05)
            yield
            assert process.poll() is None, f"line {block.line}: it ended\n{log.read_text()}"

    @contextmanager
    def _started(self, command: list[str], output: IO[str]) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(  # noqa: S603 -- our own pages
            command,
            cwd=self._folder,
            env=self._variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            # with the programs that a shell has started
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)
