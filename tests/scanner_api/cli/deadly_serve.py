"""Run as a program: ``serve``, killed before or after the commit of the first scan."""

from __future__ import annotations

import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine, Transaction

from scanner_api.cli import app

BEFORE = sys.argv.pop() == "before"
scanned = []


@event.listens_for(Engine, "before_cursor_execute")
def note(connection, _cursor, statement, *_):
    """Note by which connection a scan is stored; others commit at any time."""
    if "INSERT INTO captures" in statement:
        scanned.append(connection)


commit = Transaction.commit


def deadly(transaction):
    """Commit, and die before or after it if a scan is in it."""
    has_scan = transaction.connection in scanned
    if has_scan and BEFORE:
        os.kill(os.getpid(), signal.SIGKILL)
    commit(transaction)
    if has_scan:
        os.kill(os.getpid(), signal.SIGKILL)


Transaction.commit = deadly
app(["serve"])
