"""``serve --reload``: a process that serves, and another in its place once a file has changed."""

import os
import select
import signal
import socket
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

import msgspec
import typer

from contract_first.contract import Contract
from contract_first.service.http.listening import claim, listen, reserve
from contract_first.service.watching import UNWATCHED, WATCH_ERRORS

from .commands import failure

LOOK_MILLISECONDS = 50
SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".env")
MOST_NAMED = 3
MOST_CHANGES = 20
MODULES = "modules.json"
ENDING = (signal.SIGINT, signal.SIGTERM)
IS_SHARED = sys.platform == "linux"
"""Whether each process has a socket of its own on the port."""


@dataclass(frozen=True)
class Reload:
    """What one of the processes is handed.

    Attributes:
        folder: of what a process leaves to the next.
        respond: called once it responds.
    """

    port: socket.socket
    folder: Path
    respond: Callable[[], None]

    def report(self) -> None:
        """Report that it responds, and which installed modules it imported."""
        names = [name for name, module in sys.modules.items() if _is_installed(module)]
        (self.folder / MODULES).write_bytes(msgspec.json.encode(names))
        self.respond()

    def listen(self) -> socket.socket:
        """Return a socket on the port that all processes have."""
        host, port = self.port.getsockname()[:2]
        return reserve(host, port, shared=True) if IS_SHARED else self.port

    def changes(self, contract: Contract) -> Iterator[str]:
        """Yield how a contract differs from the one before, and store it."""
        before, now = self.folder / "contract.json", msgspec.json.encode(contract.document)
        if before.exists() and before.read_bytes() != now:
            from contract_first.contract.comparison import compare  # noqa: PLC0415 -- a start does not need it
            from contract_first.contract.comparison.lines import lines  # noqa: PLC0415 -- the same

            old = Contract(msgspec.json.decode(before.read_bytes()), "before")
            changes = [
                f"{line.rule.severity}: {line.rule.name}: {', '.join(line.reach())}"
                for line in lines(compare(old, contract))
            ]
            yield f"The contract has changed{':' if changes else ' in words only.'}"
            yield from (f"  {change}" for change in changes[:MOST_CHANGES])
            if (more := len(changes) - MOST_CHANGES) > 0:
                yield f"  ... {more} more changes"
        before.write_bytes(now)


class Fork:
    """A fork of this process, which has no event loop and no threads of Python's.

    It ends when this process does, however it does.

    Args:
        run: what it does; it is handed what to call once it responds.
    """

    def __init__(self, run: Callable[[Callable[[], None]], object]) -> None:
        alive, self._life = os.pipe()
        self._responding, response = os.pipe()
        # a new process would handle a signal as this one does, and so lose it
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        self.pid = os.fork()
        if self.pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            os.close(alive)
            os.close(response)
            return
        os.close(self._life)
        os.close(self._responding)
        self._begin(alive, response, run)

    @staticmethod
    def _begin(alive: int, response: int, run: Callable[[Callable[[], None]], object]) -> NoReturn:
        os.setpgid(0, 0)  # a terminal sends Ctrl-C to all, and the parent passes it on
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

        def end_with_parent() -> None:
            os.read(alive, 1)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=end_with_parent, daemon=True).start()
        code = 0
        try:
            run(lambda: _write(response))
        except typer.Exit as exit_:
            code = exit_.exit_code
        except BaseException as error:  # noqa: BLE001 -- every failure of the user's code ends here
            print_error(error)
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what the parent has entered is the parent's to leave

    def state(self) -> str:
        """Return what it does: ``starting``, ``responding`` or ``ended``."""
        is_readable, _, _ = select.select([self._responding], [], [], 0)
        if not is_readable:
            return "starting"
        if os.read(self._responding, 1):
            return "responding"
        self.end()
        return "ended"

    @property
    def is_running(self) -> bool:
        """Whether it has not ended, once it has responded."""
        is_readable, _, _ = select.select([self._responding], [], [], 0)
        return not is_readable

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it, and wait until it has ended."""
        os.kill(self.pid, number)
        os.waitpid(self.pid, 0)
        os.close(self._responding)
        os.close(self._life)


def print_error(error: BaseException) -> None:
    """Print an error of the user's code with its traceback, without frames of libraries and Python."""
    here, libraries = Path.cwd(), Path(sys.prefix)
    summary = traceback.TracebackException.from_exception(error)
    link: traceback.TracebackException | None = summary
    while link is not None:
        paths = ((frame, Path(frame.filename)) for frame in link.stack)
        users = [frame for frame, path in paths if here in path.parents and libraries not in path.parents]
        link.stack = traceback.StackSummary.from_list(users or link.stack)
        link = link.__cause__ or link.__context__
    summary.print()


class Reloader:
    """Serves in a process, and in a new one whenever a file below the current folder has changed.

    The old one serves until the new one responds, and goes on if that does not start.

    Args:
        files: that are watched as well.
        run: serves until SIGTERM.
    """

    def __init__(self, host: str, port: int, files: list[str], run: Callable[[Reload], object]) -> None:
        self._port = (claim if IS_SHARED else listen)(host, port)
        self._files = {Path(file).resolve() for file in files if "://" not in file}
        self._run = run
        self._serving: Fork | None = None
        self._starting: Fork | None = None
        self._ended = 0

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        for number in ENDING:
            signal.signal(number, self._end)
        with TemporaryDirectory() as folder, self._port:
            self._folder = Path(folder)
            changes = self._changes()
            try:
                next(changes)  # what changes after this is noticed
            except WATCH_ERRORS as error:
                raise failure(UNWATCHED.format(error)) from None
            self._start()
            for changed in changes:
                if self._ended:
                    break
                self._look()
                if changed:
                    typer.echo(f"Reloading: {_names(changed)}")
                    self._start()
            for process in filter(None, (self._starting, self._serving)):
                process.end(self._ended)

    def _start(self) -> None:
        if self._starting is not None:
            self._starting.end(signal.SIGKILL)
        self._starting = Fork(lambda respond: self._run(Reload(self._port, self._folder, respond)))

    def _look(self) -> None:
        """Put the process that starts in the place of the other once it responds."""
        if self._serving is not None and not self._serving.is_running:
            typer.echo("The process has ended; it is started again once a file changes.", err=True)
            self._serving.end()
            self._serving = None
        state = None if self._starting is None else self._starting.state()
        if state == "ended":
            rest = "what was there before is served" if self._serving else "nothing is served"
            typer.echo(f"Until a file changes, {rest}.", err=True)
            self._starting = None
        elif state == "responding":
            if self._serving is not None:
                self._serving.end()
            self._serving, self._starting = self._starting, None
            self._import_installed()

    def _import_installed(self) -> None:
        """Import the installed modules that the process imported, so that the next one has them."""
        for name in msgspec.json.decode((self._folder / MODULES).read_bytes(), type=list[str]):
            if name not in sys.modules:
                with suppress(Exception):  # it is only faster
                    import_module(name)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._ended = number

    def _changes(self) -> Iterator[set[Path]]:
        """Yield the files that have changed since the time before, every tenth of a second."""
        from watchfiles import PythonFilter, watch  # noqa: PLC0415 -- only who reloads needs it

        is_source = PythonFilter(ignore_paths=[sysconfig.get_path("purelib")], extra_extensions=SUFFIXES)
        look = partial(watch, watch_filter=None, rust_timeout=LOOK_MILLISECONDS, yield_on_timeout=True)
        folders = {file.parent for file in self._files}
        below, beside = look(Path(), ignore_permission_denied=True), look(*folders, recursive=False)
        for changes, others in zip(below, beside, strict=True):
            sources = {Path(path).resolve() for change, path in changes if is_source(change, path)}
            yield sources | self._files.intersection(Path(path) for _, path in others)


def _is_installed(module: object) -> bool:
    return "site-packages" in (getattr(module, "__file__", None) or "")


def _write(response: int) -> None:
    os.write(response, b".")


def _names(files: set[Path]) -> str:
    """Return the names of files that have changed or are gone."""
    ends = {file: "has changed" if file.exists() else "is gone" for file in sorted(files)}
    names = [f"{os.path.relpath(file)} {end}" for file, end in ends.items()]
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
