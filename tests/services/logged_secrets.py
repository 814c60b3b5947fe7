"""A plugin for pytest: each test in whose log a secret is ends with an error.

The log is every record (of our own loggers from debug on, of others' from the level they have), every line of
the request log, and what processes, commands and tests write to standard output and standard error. What a
command of `PRINTS_SECRETS`, or one that is not of this environment, such as curl, writes to standard output
is its result, that someone asked for, and no log; its standard error is. What goes to a file or to
`/dev/null` is not seen.

A secret is what tests use as one (a key of HMAC, a signature, a credential of a request, a variable with the
name of a secret), and what looks like one (`SHAPES`). Without both a digit and a letter, or shorter than
`LEAST`, it could be any word or number. Those of the mock are public, and no secrets.
"""

from __future__ import annotations

import base64
import hmac
import io
import logging
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from contextlib import suppress
from functools import partial, wraps
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

OWN = ("contract_first", "strict_s3", "scanner_api", "scanner_mocks", "uvicorn")
PRINTS_SECRETS = {("keys", "create"), ("keys", "rotate"), ("-m", "strict_s3.child")}
"""The last reports exchanges to the process that has started it."""
LEAST = 7
KEPT = 1000
"""Secrets of earlier tests; what several tests share, such as a server, uses them again."""
SHAPES = re.compile(
    r"(?P<key>(?<![A-Za-z0-9])[A-Za-z0-9]{32}_[0-9a-f]{8}\b)"
    r"|(?P<token>eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})"
    r"|://[^\s/@:?#]*:(?P<password>[^\s/@:?#*]+)@"
    r"|[Ss]ignature\W{1,4}(?P<signature>[0-9a-f]{64}|[0-9A-Za-z+/%]{27,}(?:=|%3D))"
)


def members(module, *names):
    """Return what a module has by these names; nothing where it is not installed."""
    try:
        there = import_module(module)
    except ModuleNotFoundError:
        return []
    return [getattr(there, name) for name in names] or list(vars(there).values())


PUBLIC = frozenset(
    part
    for value in members("scanner_mocks.seeds")
    if isinstance(value, str)
    for part in (value, value.partition("_")[2])  # a key, and its body
)
_VARIABLE = re.compile(r"(SECRET|PASSWORD|TOKEN|COOKIE|API_KEY|ACCESS_KEY)$")
_FIELD = re.compile(r"authorization|cookie|(api|private)-?key|token|secret|signature", re.IGNORECASE)
_MOST_LEFT = 1 << 20


class LoggedSecrets:
    """Collects secrets and logs, and compares them at the end of each test."""

    def __init__(self):
        self._secrets = {}
        self._log = defaultdict(list)

    # what is a secret

    def learn(self, *values):
        """Remember secrets, those used last at the end."""
        for each in values:
            value = (each if isinstance(each, str) else text_of(each)).removeprefix("AWS4")
            if may_be_secret(value):
                self._secrets.pop(value, None)
                self._secrets[value] = None

    def learn_credential(self, value):
        """Remember the value of a header field: of cookies their values, of Basic its password."""
        scheme, _, credential = value.partition(" ")
        self.learn(credential or value, *(pair.partition("=")[2] for pair in value.split("; ")))
        if scheme.lower() == "basic":
            with suppress(ValueError):
                self.learn(base64.b64decode(credential + "==").partition(b":")[2])

    def learn_environment(self, environment):
        """Remember the values of variables that have secrets."""
        for name, each in environment.items():
            value = os.fsdecode(each or "")
            self.learn(value if _VARIABLE.search(name) else "", *secrets_in(value))

    # what is logged

    def note(self, source, text):
        """Collect a piece of the log."""
        self._log[source].append(text if isinstance(text, str) else text.decode(errors="replace"))

    def written(self, words, output, errors=""):
        """Collect what a command has written."""
        if output and PRINTS_SECRETS.isdisjoint(pairwise(words)):
            self.note(f"standard output of {words[:6]}", output)
        if errors:
            self.note(f"standard error of {words[:6]}", errors)

    def leaks(self):
        """Return what is wrong with the log since the last time: its source, and what is around a secret."""
        log, self._log = self._log, defaultdict(list)
        texts = {source: "".join(pieces) for source, pieces in list(log.items())}
        whole, secrets = "\n".join(texts.values()), list(self._secrets)
        found = dict.fromkeys([*(secret for secret in secrets if secret in whole), *secrets_in(whole)])
        for old in secrets[:-KEPT]:
            self._secrets.pop(old, None)
        return [
            f"{source}: {masked(text, secret)}"
            for secret in found
            for source, text in texts.items()
            if secret in text
        ]

    # where both come from

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self):
        """Collect while tests run."""
        watched = [
            (hmac, "new", lambda _, key, *_message, **_named: self.learn(key)),
            (hmac, "digest", lambda signature, key, *_: self.learn(key, signature)),
            (hmac.HMAC, "hexdigest", lambda signature, _: self.learn(signature)),
            (pytest.MonkeyPatch, "setenv", self._set),
            (pytest.CaptureFixture, "readouterr", lambda read, _: self.written(["the test"], *read)),
            *((log, "write", self._logged) for log in members("contract_first.service.observe.logs", "Log")),
            *(
                (kind, "of", self._presented)
                for kind in members("contract_first.service.access.security", "PresentedCredentials")
            ),
            *((kind, "__init__", self._sent) for kind in members("httpx2", "Request")),
            *((runner, "invoke", self._invoked) for runner in members("click.testing", "CliRunner")),
        ]
        logging.root.addHandler(Records(self))
        for name in OWN:
            logging.getLogger(name).setLevel(logging.DEBUG)
        with pytest.MonkeyPatch.context() as patch:
            for owner, name, see in watched:
                patch.setattr(owner, name, seen(getattr(owner, name), see))
            patch.setattr(subprocess, "Popen", type("Popen", (Process,), {"guard": self}))
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, call):
        """End a test in whose log a secret is with an error."""
        report = yield
        if call.when == "teardown":
            for name, text in report.sections:
                if name.startswith("Captured std"):
                    self.note(name, text)
            if leaks := self.leaks():
                report.outcome = "failed"
                ended = [str(report.longrepr)] if report.longrepr else []
                report.longrepr = "\n".join([*ended, f"A secret is logged by {report.nodeid}:", *leaks])
        return report

    def _logged(self, _, _log, line):
        self.note("request log", f"{line}\n")

    def _presented(self, presented, *_):
        self.learn(*presented.values())

    def _sent(self, _, request, *_positional, data=None, **_named):
        form = data.items() if isinstance(data, dict) else []
        for name, value in [*request.headers.items(), *request.url.params.items(), *form]:
            if isinstance(value, str) and _FIELD.search(name):
                self.learn_credential(value)

    def _set(self, _, _patch, name, value, *_positional, **_named):
        self.learn_environment({name: str(value)})

    def _invoked(self, outcome, _runner, _command, args=None, env=None, **_named):
        self.learn_environment(env or {})
        self.written(words_of(args or ()), outcome.stdout, outcome.stderr)


class Records(logging.Handler):
    """Collects the records of loggers."""

    def __init__(self, guard):
        super().__init__()
        self._guard = guard

    def emit(self, record):
        """Collect a record, with its exception."""
        try:
            self._guard.note(record.name, self.format(record) + "\n")
        except Exception:  # noqa: BLE001 -- arguments that do not fit are for others to report
            self._guard.note(record.name, f"{record.msg} {record.args}\n")


class Process(subprocess.Popen):
    """A process of which is collected what it writes into pipes, whether a test reads it or not."""

    guard: LoggedSecrets

    def __init__(self, args, *positional, env=None, **named):
        self._words = words_of(args)
        found = shutil.which("".join(self._words[:1]))
        self._is_ours = found is not None and Path(found).parent == Path(sys.executable).parent
        self.guard.learn_environment(env or {})
        super().__init__(args, *positional, env=env, **named)
        self.stdout = self._noted(self.stdout, self._write)
        self.stderr = self._noted(self.stderr, partial(self._write, b""))

    @staticmethod
    def _noted(stream, note):
        """Return a stream in place of one that nothing has been read of."""
        if stream is None:
            return None
        pipe = Pipe(os.dup(stream.fileno()), note)
        stream.close()
        if isinstance(stream, io.TextIOWrapper):
            return io.TextIOWrapper(io.BufferedReader(pipe), encoding=stream.encoding, errors=stream.errors)
        return pipe if isinstance(stream, io.FileIO) else io.BufferedReader(pipe)

    def communicate(self, *positional, **named):
        """Collect what is read past the streams."""
        output, errors = super().communicate(*positional, **named)
        self._write(output, errors)
        return output, errors

    def _write(self, output, errors=b""):
        self.guard.written(self._words, output if self._is_ours else b"", errors)


class Pipe(io.FileIO):
    """The end of a pipe: hands over what is read, and at its close what nobody has read."""

    read, readall = io.RawIOBase.read, io.RawIOBase.readall  # both by readinto

    def __init__(self, descriptor, note):
        super().__init__(descriptor)
        self._note = note

    def readinto(self, buffer):
        """Read what there is."""
        size = super().readinto(buffer)
        self._note(bytes(buffer[: size or 0]))
        return size

    def close(self):
        """Read the rest that is there, and close."""
        if not self.closed:
            os.set_blocking(self.fileno(), False)
            left = _MOST_LEFT
            with suppress(OSError):
                while left > 0 and (read := os.read(self.fileno(), left)):
                    left -= len(read)
                    self._note(read)
        super().close()


def seen(function, see):
    """Return a function that also shows what came out of it and what went in."""

    @wraps(function)
    def shown(*positional, **named):
        result = function(*positional, **named)
        see(result, *positional, **named)
        return result

    return shown


def may_be_secret(value):
    """Return whether a value is no ordinary word, and not public."""
    has_both = re.search("[0-9]", value) and re.search("[A-Za-z]", value)
    return len(value) >= LEAST and bool(has_both) and value not in PUBLIC


def secrets_in(text):
    """Return what in a text looks like a secret."""
    return [each for match in SHAPES.finditer(text) if may_be_secret(each := match[match.lastgroup])]


def words_of(command):
    """Return the words of a command, of which each way of starting one has its own form."""
    if isinstance(command, str):
        return command.split()
    return [
        os.fsdecode(each) for each in ([command] if isinstance(command, (bytes, os.PathLike)) else command)
    ]


def text_of(data):
    """Return bytes as text: ASCII as it is, others as the hexadecimal digits that a signature has."""
    data = bytes(data)
    return data.decode() if data.isascii() else data.hex()


def masked(text, secret):
    """Return what is around a secret in one line, without the secret."""
    before, _, after = text.partition(secret)
    return repr(f"{before[-60:]}{secret[:2]}***{after[:30]}")
