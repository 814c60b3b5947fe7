"""The log of a process, as text or as JSON."""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TextIO

import msgspec

from contract_first.masking import Masking
from contract_first.service.http.capped_log import CappedLog
from contract_first.terminal import printable

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
Describe = Callable[[Any], Mapping[str, str]]
"""Returns what is written of a caller, by name; no secrets."""
OWN = ("contract_first.service",)
"""Loggers that have the level that is set; others have no more than warnings, since they know no secrets."""
MOST_CAUSE = 500
MASKING = Masking()
MOST_LINKS = 3
"""Of a chain of causes; the rest explains no more."""


class Log(logging.Handler):
    """Writes lines, each at once."""

    def __init__(self, form: Form = "text", stream: TextIO | None = None) -> None:
        super().__init__()
        self.is_json = form == "json"
        self._stream = stream or sys.stderr
        self._second = (0, "")
        self._exceptions = logging.Formatter()
        self.addFilter(CappedLog())

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or report that its arguments do not fit its message."""
        try:
            self.write(self._formatted(record))
        except Exception:  # noqa: BLE001 -- whatever the arguments raise, their caller goes on
            self.handleError(record)

    def _formatted(self, record: logging.LogRecord) -> str:
        message, exception = MASKING.text(record.getMessage().strip()), ""
        if record.exc_info:
            exception = MASKING.text(self._exceptions.formatException(record.exc_info))
        if self.is_json:
            members = {
                "time": self.time(record.created),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": message,
            }
            return json_line(members | {"exception": exception} if exception else members)
        line = f"{self.time(record.created)} {record.levelname:7} {record.name} {printable(message)}"
        if exception:  # indented, so that no message of an exception looks like a record
            line += "\n" + "\n  ".join(map(printable, exception.split("\n")))
        return line

    def announce(self, message: str, *, err: bool = False) -> None:
        """Print what a process says outside of its log, in the log's format if that is JSON."""
        members = {"time": self.time(time.time()), "level": "info", "logger": "banner", "message": message}
        stream = sys.stderr if err else sys.stdout
        print(json_line(members) if self.is_json else message, file=stream, flush=True)

    def write(self, line: str) -> None:
        """Write a line at once, so that those of other processes come between two only where it is long."""
        self.acquire()
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):  # nobody reads them any more
            pass
        finally:
            self.release()

    def time(self, moment: float) -> str:
        """Return a time in UTC, with milliseconds, as RFC 3339 writes it."""
        second = int(moment)
        formatted_second, written = self._second
        if second != formatted_second:
            written = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second, written  # at once, since other threads read it
        return f"{written}.{int(moment % 1 * 1000):03}Z"


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What a server logs, and how.

    Attributes:
        level: the least that is logged of our own.
        requests: whether there is a line for each request.
        describe: returns the text about a caller in such a line.
        loggers: those of the application, which have that level too.
    """

    level: Level = "info"
    form: Form = "text"
    requests: bool = True
    describe: Describe = lambda _: MappingProxyType({})
    loggers: tuple[str, ...] = ()


@contextmanager
def logging_to_stderr(options: LogOptions) -> Iterator[Log]:
    """Log to standard error for the length of a ``with`` block."""
    root, log = logging.getLogger(), Log(options.form)
    least = logging.getLevelName(options.level.upper())
    levels = {logging.getLogger(name): least for name in (*OWN, *options.loggers)}
    levels[root] = max(least, logging.WARNING)
    before = {logger: logger.level for logger in levels}
    for logger, number in levels.items():
        logger.setLevel(number)
    root.addHandler(log)
    try:
        yield log
    finally:
        root.removeHandler(log)
        log.close()
        for logger, number in before.items():
            logger.setLevel(number)


def without_tracebacks(*names: str) -> None:
    """Leave exceptions out of what these loggers of libraries log: their messages may have secrets."""
    for name in names:
        logging.getLogger(name).addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


_logged: set[str] = set()


def without_repetitions(*names: str) -> None:
    """Leave out what these loggers have logged before, in this process or in that which it is a fork of."""
    for name in names:
        logging.getLogger(name).addFilter(_is_new)


def _is_new(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    is_new = message not in _logged
    _logged.add(message)
    return is_new


def cause_of(error: BaseException) -> str:
    """Return the messages of an error and of its cause, in one line.

    Of SQLAlchemy's errors it is the message of the database: their own has the statement in it.
    """
    sentences: list[str] = []
    link: BaseException | None = error
    while link is not None and len(sentences) < MOST_LINKS:
        orig = getattr(link, "orig", None)  # the cause of SQLAlchemy's errors as well
        cause = orig if isinstance(orig, BaseException) else link
        first = str(cause).strip().partition("\n")[0]
        name = type(cause).__name__
        sentences.append(first if cause is error and first else f"{name}: {first}" if first else name)
        link = cause.__cause__
    return MASKING.text(" < ".join(sentences))[:MOST_CAUSE]


def json_line(members: Mapping[str, Any]) -> str:
    """Return members as a line of JSON."""
    try:
        return msgspec.json.encode(members).decode()
    except UnicodeEncodeError:  # a lone surrogate
        texts = {name: text for name, text in members.items() if isinstance(text, str)}
        escaped = {name: text.encode(errors="backslashreplace").decode() for name, text in texts.items()}
        return msgspec.json.encode({**members, **escaped}).decode()
