"""The process of a command that runs for long: signals, a ready file, and the terminal."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import FrameType


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
