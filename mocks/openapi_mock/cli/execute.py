"""``mock exec``: a command with the mock beside it."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

import typer

from openapi_contract.cli.commands import failure, require_extra

from .process import Signals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import FrameType

NOT_STARTED: Final = 125
NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
KILLED: Final = 128
"""Exit codes as shells and ``env`` have them; the last has the number of the signal added."""
FORWARDED: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")

Command = Annotated[list[str], typer.Argument(metavar="CMD", help="The command and its arguments.")]


class Start(Protocol):
    """A mock that is to run."""

    def running(self) -> AbstractContextManager[Any]:
        """Run the mock for as long as this is entered."""
        ...

    def variables(self, mock: Any) -> Mapping[str, str | None]:
        """Return the environment variables by which a command finds a running mock; None removes one."""
        ...


def execute(context: typer.Context, command: Command) -> None:
    """Run a command beside the mock, which uses a free port and stops with the command.

    The command finds the mock by MOCK_API_URL, MOCK_CONTROL_URL and so on: a variable for each field of the
    line that --json prints. Signals are forwarded to it. All options of the mock are accepted:
    mock exec --contract openapi.yaml -- npx vitest run.

    Exit codes: the command's own; 128 + N when signal N killed it, 127 when it is not found, 126 when it
    cannot be run, 125 when the mock could not start.
    """
    require_extra("mock", NOT_STARTED)
    start: Start = context.obj
    forwarding = Forwarding()
    with ExitStack() as stack:
        try:
            mock = stack.enter_context(start.running())
        except (typer.Exit, RuntimeError):
            raise typer.Exit(forwarding.exit_code or NOT_STARTED) from None
        code = forwarding.exit_code or _run(command, start.variables(mock), forwarding)
    raise typer.Exit(code)


class Forwarding(Signals):
    """The signals that are passed on to a command, once it runs.

    Attributes:
        exit_code: what to end with because of a signal that came before; 0 if none did.
    """

    def __init__(self) -> None:
        self.exit_code = 0
        numbers = [signal.Signals[name] for name in FORWARDED]
        # what is ignored, as under nohup, is for the command to ignore as well
        heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
        super().__init__(signal.SIGCHLD, *heeded)

    def _heed(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.exit_code = self.exit_code or KILLED + number

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Pass signals on until the process ends; return its exit code, negative for a signal's number."""
        while (code := process.poll()) is None:
            number = self.take()
            if number != signal.SIGCHLD and not (number == signal.SIGINT and _is_in_foreground()):
                process.send_signal(number)
        return code


def _run(command: list[str], variables: Mapping[str, str | None], forwarding: Forwarding) -> int:
    found = {**os.environ, **variables}
    environment = {name: text for name, text in found.items() if text is not None}
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 -- the user's own
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        return failure(f"Cannot run {command[0]}: {error.strerror}", code).exit_code
    code = forwarding.wait(process)
    return code if code >= 0 else KILLED - code


def _is_in_foreground() -> bool:
    """Tell whether a terminal's Ctrl-C reaches this process, and so the command without us."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
