"""The process of a command that runs for long: signals, a ready file, the terminal, and the log there."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import FrameType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from contract_first.mock.journal.journal import Journal
    from contract_first.mock.journal.request_log import ExchangeLog
    from contract_first.mock.options import Log

WIDTH = 80
Form = Literal["text", "json"]


class Signals:
    """Signals that this process receives, in their order.

    The system may deliver a signal to any thread, which wakes the main thread from no lock, queue or read;
    so what is waited for is a pipe, into which Python writes a signal's number wherever the signal comes.

    Args:
        numbers: the signals to take instead of what they do by themselves.
    """

    def __init__(self, *numbers: int) -> None:
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._heed)

    def _heed(self, number: int, frame: FrameType | None) -> None:
        """Do nothing more: the pipe has it already."""

    def take(self) -> int:
        """Wait for the next signal, and return its number."""
        return os.read(self._reading, 1)[0]


class End(Signals):
    """The end that SIGINT and SIGTERM request, however often.

    Attributes:
        is_due: whether one was asked for.
    """

    def __init__(self) -> None:
        self.is_due = False
        super().__init__(signal.SIGINT, signal.SIGTERM)

    def _heed(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- as the signal module calls it
        self.is_due = True

    def wait(self) -> None:
        """Return once the end was asked for."""
        self.take()


@contextmanager
def ready_file(path: Path | None, line: str) -> Iterator[None]:
    """Hold a line in a file, which is never seen half-written; None for no file.

    Raises:
        OSError: the file cannot be written.
    """
    if path is None:
        yield
        return
    try:
        with NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
            file.write(f"{line}\n")
        Path(file.name).replace(path)
    except OSError as error:  # which names the temporary file
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def request_log(form: Form) -> "Log":
    """Return a log of a journal's exchanges on standard error, in a form."""

    def log(journal: "Journal") -> "ExchangeLog":
        from contract_first.mock.journal.request_log import ExchangeLog, JsonLines, TextLines  # noqa: PLC0415 -- S3 starts while it is imported

        is_terminal = sys.stderr.isatty()
        text = TextLines(
            colours=is_terminal and not os.environ.get("NO_COLOR"), width=_width if is_terminal else None
        )
        return ExchangeLog(journal, JsonLines() if form == "json" else text, _write_error)

    return log


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH
    except OSError:
        return WIDTH


def _write_error(text: str) -> None:
    """Write to standard error without the lock around it, which a write that blocks would hold to the end."""
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(sys.stderr.fileno(), data) :]
