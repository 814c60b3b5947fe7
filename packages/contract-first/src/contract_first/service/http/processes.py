"""Processes that share a port: each is a fork of this one, which starts another for each that dies."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

STABLE_SECONDS = 10
LONGEST_PAUSE_SECONDS = 30
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)

logger = logging.getLogger(__name__)


class Process(NamedTuple):
    """A process, which of all it is, when it was started, and how many before it died early."""

    number: int
    started: float
    failures: int


class Supervisor:
    """Runs a function in processes, forks of this one, which has no threads and no event loop.

    One that dies is started again; one that dies early, after a pause that doubles. Where the first ones
    cannot start, all end. They end when this process does, however it does.

    Args:
        run: what each does, in its main thread; it is handed its number from 0, which one that takes the
            place of another has from it, and what to call once it responds.
        ready: called in the first process that responds.
        ending: called here before they end, to close what they listen on: a port is open as long as one
            process has it open.
    """

    def __init__(
        self,
        count: int,
        run: Callable[[int, Callable[[], None]], None],
        ready: Callable[[], None],
        ending: Callable[[], None],
    ) -> None:
        self._count = count
        self._run = run
        self._ready = ready
        self._ending = ending
        self._running: dict[int, Process] = {}
        self._ended = False
        # the reading end is at its end when this process is gone; a byte in the other says who responds
        self._alive, self._life = os.pipe()
        self._responding, self._response = os.pipe()
        os.set_blocking(self._responding, False)
        self._responded = False

    def run(self) -> None:
        """Run them until SIGINT or SIGTERM, which each of them is sent.

        Raises:
            SystemExit: in each process at its end; here with the exit code of those that could not start.
        """
        signal.signal(signal.SIGCHLD, lambda *_: None)  # what is ignored by default may never be seen
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        for number in range(self._count):
            self._start(number, failures=0)
        while self._running:
            number = signal.sigwait(_SIGNALS)
            if number == signal.SIGCHLD:
                self._reap()
            else:
                self._end(number)
        raise SystemExit(0)

    def _end(self, number: int) -> None:
        self._ended = True
        self._ending()
        for pid in self._running:
            os.kill(pid, number)

    def _reap(self) -> None:
        """Start another for each process that died."""
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            died = self._running.pop(pid, None)
            if died is None or self._ended:
                continue
            code = os.waitstatus_to_exitcode(status)
            if code > 0 and not self._has_responded():
                self._end(signal.SIGTERM)
                for other in self._running:
                    os.waitpid(other, 0)
                raise SystemExit(code)
            logger.error("Process %d ended with %d; another takes its place", pid, code)
            is_stable = time.monotonic() - died.started > STABLE_SECONDS
            self._start(died.number, failures=0 if is_stable else died.failures + 1)

    def _has_responded(self) -> bool:
        if not self._responded:
            try:
                self._responded = bool(os.read(self._responding, 1))
            except BlockingIOError:
                return False
        return self._responded

    def _start(self, number: int, failures: int) -> None:
        is_first = not self._running and not failures
        pid = os.fork()
        if pid:
            self._running[pid] = Process(number, time.monotonic(), failures)
            return
        os.close(self._life)
        threading.Thread(target=self._end_with_parent, daemon=True).start()
        # a terminal sends Ctrl-C to all, and the parent passes it on
        os.setpgid(0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        if failures > 1:
            time.sleep(min(2.0 ** (failures - 2), LONGEST_PAUSE_SECONDS))
        self._run(number, self._report if is_first else self._note)
        sys.exit(0)

    def _report(self) -> None:
        self._note()
        self._ready()

    def _note(self) -> None:
        os.write(self._response, b".")

    def _end_with_parent(self) -> None:
        os.read(self._alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)
