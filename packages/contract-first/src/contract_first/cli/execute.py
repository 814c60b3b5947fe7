"""Run a mock until it is stopped, or for as long as a command runs beside it (``exec``)."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Final, NamedTuple

import typer

from contract_first.imports import resting_collector
from contract_first.service.http.proxies import address_of

from .commands import customized, failure
from .options import OptionsFirst
from .process import End, Signals, ready_file

NOT_STARTED: Final = 125
NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
KILLED: Final = 128
"""Exit codes as shells and ``env`` have them; the last has the number of the signal added."""
FORWARDED: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")

Command = Annotated[list[str], typer.Argument(metavar="CMD", help="The command and its arguments.")]


class Start(NamedTuple):
    """A mock, or an S3, that is to run.

    Attributes:
        open: opens it; what it returns has a `line` for ready files.
        variables: returns the environment variables by which a command finds it; None removes one.
        errors: those of a start that are explained in a sentence.
        ready_file: where to write that it is ready; None for nowhere.
        lack: which extra is missing, and how to install it; empty if none is.
    """

    open: Callable[[], AbstractContextManager[Any]]
    variables: Callable[[Any], Mapping[str, str | None]]
    errors: Callable[[], tuple[type[Exception], ...]]
    host: str
    ready_file: Path | None
    lack: str = ""

    @contextmanager
    def running(self) -> Iterator[Any]:
        """Run it for the length of a ``with`` block.

        Raises:
            typer.Exit: it cannot start; the reason is printed.
        """
        address = address_of(self.host)
        if self.host != "localhost" and not (address and address.is_loopback):
            typer.echo("Warning: anyone on your network can use this mock.", err=True)
        with ExitStack() as stack:
            try:
                if self.ready_file:  # of a mock that was killed, perhaps
                    self.ready_file.unlink(missing_ok=True)
                with resting_collector(own_process=True):
                    mock = stack.enter_context(self.open())
                stack.enter_context(ready_file(self.ready_file, mock.line()))
            except self.errors() as error:
                raise failure(error, what="Cannot start: ") from None
            yield mock


def is_alone(context: typer.Context, *, json: bool, control_token: str | None) -> bool:
    """Return whether the mock runs without a command beside it.

    Raises:
        typer.BadParameter: an option does not go with that.
    """
    alone = context.invoked_subcommand is None
    if json and not alone:
        raise typer.BadParameter(
            "exec leaves the output to its command; try --ready-file.", param_hint="--json"
        )
    if control_token == "":
        raise typer.BadParameter("The control token is empty.", param_hint="--control-token")
    return alone


def run(context: typer.Context, start: Start, announce: Callable[[Any], None], *, json: bool) -> None:
    """Run a mock until SIGINT or SIGTERM, or leave it to the ``exec`` that follows.

    Args:
        json: whether to print its line instead.
    """
    if context.invoked_subcommand is not None:
        context.obj = start
        return
    if start.lack:
        raise failure(start.lack)
    end = End()
    try:
        with start.running() as running:
            if not end.is_due:
                typer.echo(running.line()) if json else announce(running)
            end.wait()
    except RuntimeError:
        if not end.is_due:  # else a server of ours heard the Ctrl-C that we heard
            raise


def execute(context: typer.Context, command: Command) -> None:
    """Run a command beside the mock, which uses a free port and stops with the command.

    The command finds the mock by MOCK_API_URL, MOCK_CONTROL_URL and so on: a variable for each field of the
    line that --json prints. Signals are forwarded to it. All options of the mock are accepted:
    mock exec --contract openapi.yaml -- npx vitest run.

    Exit codes: the command's own; 128 + N when signal N killed it, 127 when it is not found, 126 when it
    cannot be run, 125 when the mock could not start.
    """
    start: Start = context.obj
    if start.lack:
        raise failure(start.lack, NOT_STARTED)
    forwarding = ForwardedSignals()
    with ExitStack() as stack:
        try:
            mock = stack.enter_context(start.running())
        except (typer.Exit, RuntimeError):
            raise typer.Exit(forwarding.exit_code or NOT_STARTED) from None
        code = forwarding.exit_code or _run(command, start.variables(mock), forwarding)
    raise typer.Exit(code)


def with_exec(command: Callable[..., None], exec_doc: str | None = None) -> typer.Typer:
    """Return an app of a command that is one by itself, and of ``exec``, whose help may be another."""
    app = typer.Typer(cls=OptionsFirst)
    app.callback(invoke_without_command=True)(command)
    short_help, _, _ = (exec_doc or execute.__doc__ or "").partition("\n\n")
    settings = {"allow_interspersed_args": False}
    app.command("exec", short_help=short_help, context_settings=settings)(customized(execute, exec_doc))
    return app


class ForwardedSignals(Signals):
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


def _run(command: list[str], variables: Mapping[str, str | None], forwarding: ForwardedSignals) -> int:
    merged = {**os.environ, **variables}
    environment = {name: text for name, text in merged.items() if text is not None}
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
