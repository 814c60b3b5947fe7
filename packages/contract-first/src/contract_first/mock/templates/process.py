"""The process that fills in templates, started for the first one, and again where one of them ended it."""

import atexit
import subprocess
import sys
from collections.abc import Collection, Mapping
from threading import Lock, Timer
from typing import Any, Final

import msgspec

from . import filling
from .filling import MOST_MEMORY, CheckTexts, Fill, Outcome, Task, TemplateError

MOST_SECONDS: Final = 5.0
"""For the templates of one response."""
ENDED: Final = (
    f"the template takes longer than {MOST_SECONDS:.0f} s, more than {MOST_MEMORY >> 20} MiB, "
    "or has too many operators in one another"
)


class TemplateProcess:
    """Fills in templates in a process of its own; any thread may use it, and waits for the others."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def check(self, value: Any, at: str) -> None:
        """Raise TemplateError for a text in a JSON value that is not a valid template."""
        if filling.has_templates(value):
            self._ask(CheckTexts(value, at), at)

    def filled(
        self, members: dict[str, Any], typed: Collection[str], context: Mapping[str, Any], seed: int
    ) -> dict[str, Any]:
        """Return members of a response with their templates filled in.

        Args:
            typed: members in which a text that is a single expression becomes its value.
            context: what templates can name, beside ``uuid``.
            seed: of random values.

        Raises:
            TemplateError: one cannot be filled in, or they make too much.
        """
        result: dict[str, Any] = self._ask(Fill(members, [*typed], dict(context), seed))
        return result

    def end(self) -> None:
        """End the process; the next template starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, task: Task, at: str = "") -> Any:
        try:
            encoded = msgspec.json.encode(task) + b"\n"
        except (OverflowError, ValueError):
            raise TemplateError(at, "the request has a number or text that templates cannot have") from None
        with self._guard:
            line = self._reply(encoded)
            if not line.endswith(b"\n"):
                self.end()
                raise TemplateError(at, ENDED)
        outcome = msgspec.json.decode(line, type=Outcome)
        if outcome.detail:
            raise TemplateError(outcome.where, outcome.detail)
        return outcome.result

    def _reply(self, task: bytes) -> bytes:
        """Return the line that the process replies with; not all of it where that is ended meanwhile."""
        process = self._started()
        assert process.stdin is not None  # noqa: S101 -- both are pipes
        assert process.stdout is not None  # noqa: S101 -- the same
        timer = Timer(MOST_SECONDS, process.kill)
        timer.start()
        try:
            process.stdin.write(task)
            process.stdin.flush()
            return process.stdout.readline()
        except BrokenPipeError:
            return b""
        finally:
            timer.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.end()
            command = [sys.executable, "-P", "-m", filling.__name__]
            self._process = subprocess.Popen(  # noqa: S603 -- our own module
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert self._process.stdout is not None  # noqa: S101 -- it is a pipe
            self._process.stdout.readline()  # the time of a start is not a template's
        return self._process


TEMPLATES: Final = TemplateProcess()
"""The one of this program."""
atexit.register(TEMPLATES.end)
