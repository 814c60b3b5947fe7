"""The request log: a line for each exchange of a journal, with its violations below it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from textwrap import wrap
from threading import Event, Lock, Thread
from time import monotonic, thread_time
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
import typer

from contract_first.check.exchange import RecordedExchange
from contract_first.terminal import printable

from .journal import Entry, Journal

AT_ONCE = 10
MOST_WAITING = 2000
MOST_WAITING_BYTES = 8 * 1024 * 1024
SHARE = 0.02
"""Of a processor's time, that the log may take as long as requests come faster than it can write."""
BURST_SECONDS = 0.1
"""Of a processor's time, that it may take beyond that at a stretch, as for a page that loads."""
LONGEST_REST_SECONDS = 5.0
LAST_SECONDS = 3.0
"""For what still waits when the mock ends."""
MOST_VIOLATIONS = 5
INDENT = " " * 13
NARROW = 12
COLOURS = {0: "red", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}


class ExchangeLog:
    """Writes a line for each exchange, in a thread of its own, for the length of a ``with`` block.

    Exchanges are validated and written by that thread, at two percent of a processor's time while they come
    fast; of those that wait for it, the oldest are left out where there are too many, and counted.

    Args:
        form: writes lines, such as `TextLines`.
        write: writes a text somewhere; may block, and may raise OSError.
    """

    def __init__(self, journal: Journal, form: TextLines | JsonLines, write: Callable[[str], object]) -> None:
        self._journal = journal
        self._form = form
        self._write = write
        self._waiting: deque[Entry] = deque()
        self._waiting_bytes = self._dropped = 0
        self._changing = Lock()
        self._due = Event()
        self._ending = Event()
        self._deadline = 0.0
        self._listening = ExitStack()
        self._thread = Thread(target=self._run, name="request log", daemon=True)  # a write may never return

    def __enter__(self) -> Self:
        self._listening.enter_context(self._journal.listening(self._hear))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._deadline = monotonic() + LAST_SECONDS
        self._ending.set()
        self._due.set()
        self._thread.join(LAST_SECONDS + 1)

    def _hear(self, number: int) -> None:
        entry = self._journal.entry(number)
        if entry is None:
            return
        with self._changing:
            self._waiting.append(entry)
            self._waiting_bytes += entry.size
            while len(self._waiting) > MOST_WAITING or self._waiting_bytes > MOST_WAITING_BYTES:
                self._waiting_bytes -= self._waiting.popleft().size
                self._dropped += 1
        if not self._due.is_set():
            self._due.set()

    def _take(self) -> tuple[list[Entry], int]:
        """Return the next exchanges, and how many were left out before them."""
        with self._changing:
            entries = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            self._waiting_bytes -= sum(entry.size for entry in entries)
            dropped, self._dropped = self._dropped, 0
            if not self._waiting:
                self._due.clear()
        return entries, dropped

    def _run(self) -> None:
        credit, then, used = BURST_SECONDS, monotonic(), thread_time()
        while not self._ending.is_set():
            self._due.wait()
            self._write_batch()
            now, spent = monotonic(), thread_time()
            credit = min(credit + (now - then) * SHARE, BURST_SECONDS) - (spent - used)
            then, used = now, spent
            if credit < 0:
                self._ending.wait(min(-credit / SHARE, LONGEST_REST_SECONDS))
        while self._waiting and monotonic() < self._deadline:
            self._write_batch()
        left = len(self._waiting) + self._dropped
        if left:
            self._write_lines([self._form.dropped(left)])

    def _write_batch(self) -> None:
        entries, dropped = self._take()
        lines = [self._form.dropped(dropped)] if dropped else []
        for entry in entries:
            exchange = self._journal.validated(entry)
            lines += self._form.lines(exchange)
        self._write_lines(lines)

    def _write_lines(self, lines: list[str]) -> None:
        if lines:
            with suppress(OSError):  # nobody reads them any more
                self._write("".join(f"{line}\n" for line in lines))


class TextLines:
    """Lines for people: time, server, method, status, milliseconds, path and operation; then violations.

    Args:
        colours: whether a terminal shows them.
        width: returns how many columns a terminal has; None writes lines of any length.
    """

    def __init__(self, *, colours: bool = False, width: Callable[[], int] | None = None) -> None:
        self._style: Callable[..., str] = typer.style if colours else lambda text, **_: text
        self._width = width

    def lines(self, exchange: RecordedExchange) -> Iterator[str]:
        """Yield the line of an exchange, and then its first violations."""
        style, width = self._style, self._width and self._width()
        url = urlsplit(exchange.url)
        target = printable(f"{url.path}?{url.query}" if url.query else url.path)
        fault = f"[{exchange.fault}]" if exchange.fault else ""
        parts: list[tuple[str, dict[str, Any]]] = [
            (exchange.started.astimezone().strftime("%H:%M:%S"), {"dim": True}),
            (exchange.server.ljust(3), {}),
            (exchange.service or "", {}),
            (printable(exchange.method[:20]).ljust(6), {}),
            (str(exchange.status or "---"), {"fg": COLOURS.get(exchange.status // 100), "bold": True}),
            (f"{exchange.milliseconds:4.0f} ms", {}),
            (target, {}),
            (fault, {"fg": "magenta"}),
        ]
        parts = [(text, look) for text, look in parts if text]
        operation = exchange.operation
        if width:
            operation = _shortened(operation, width - sum(len(text) + 1 for text, _ in parts))
        if operation:
            parts.append((operation, {"fg": "cyan"}))
        yield " ".join(style(text, **look) for text, look in parts)
        for text in _sentences(exchange):
            for line in wrap(text, max(width - len(INDENT), NARROW)) if width else [text]:
                yield INDENT + style(line, fg="red")

    @staticmethod
    def dropped(count: int) -> str:
        """Return the line for exchanges that were left out."""
        return f"... {count} requests came faster than they could be logged; the journal has the latest."


class JsonLines:
    """Lines for programs: one JSON object each."""

    @staticmethod
    def lines(exchange: RecordedExchange) -> Iterator[str]:
        url = urlsplit(exchange.url)
        service = {"service": exchange.service} if exchange.service else {}
        members: dict[str, Any] = {
            "time": exchange.started,
            "number": exchange.number,
            "server": exchange.server,
            **service,
            "method": exchange.method,
            "path": url.path,
            "query": url.query,
            "operation": exchange.operation,
            "status": exchange.status,
            "milliseconds": exchange.milliseconds,
            "fault": exchange.fault,
            "violations": [
                {"side": side, **msgspec.structs.asdict(violation)} for side, violation in exchange.violations
            ],
        }
        yield msgspec.json.encode(members).decode()

    @staticmethod
    def dropped(count: int) -> str:
        """Return the line for exchanges that were left out."""
        return msgspec.json.encode({"dropped": count}).decode()


def _shortened(name: str, length: int) -> str:
    """Return an operation's name without its middle, which says least; nothing if that says little."""
    if len(name) <= length:
        return name
    end = length * 2 // 3
    begin = length - end - 1
    return f"{name[:begin]}\N{HORIZONTAL ELLIPSIS}{name[-end:]}" if length >= NARROW else ""


def _sentences(exchange: RecordedExchange) -> Iterator[str]:
    """Yield a sentence for each of the first violations."""
    violations = exchange.violations
    for side, violation in violations[:MOST_VIOLATIONS]:
        place = f"{violation.part} {violation.where}".replace(" /", "/").rstrip()
        yield printable(f"{side} {place}: {violation.detail}")
    if len(violations) > MOST_VIOLATIONS:
        yield f"... and {len(violations) - MOST_VIOLATIONS} more"
