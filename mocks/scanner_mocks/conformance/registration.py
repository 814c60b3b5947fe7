"""Makes checks of ours known to Schemathesis, for as long as a run takes."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, cast

import schemathesis
from schemathesis.checks import CHECKS, CheckClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .checks import Check
    from .target import Target

_ONE_RUN = Lock()
"""Schemathesis knows checks by their names alone, and those of two targets have the same."""


@contextmanager
def registered(checks: Iterable[type[Check]], target: Target) -> Iterator[list[Check]]:
    """Let Schemathesis make these checks on a target, and yield them once it made them.

    Whoever else uses Schemathesis in this process does not get them.
    """
    with _ONE_RUN:
        made: list[Check] = []
        bound = [_bound(check, target, made) for check in checks]
        try:
            for check in bound:
                schemathesis.check(check)
            yield made
        finally:
            for name in {check.__name__ for check in bound} & set(CHECKS.get_all_names()):
                CHECKS.unregister(name)


def _bound(check: type[Check], target: Target, made: list[Check]) -> CheckClass:
    """Return the check as a class of which Schemathesis can make an instance, which takes no argument."""

    def make(self: Check) -> None:
        check.__init__(self, target)
        made.append(self)

    return cast("CheckClass", type(check.name, (check,), {"__init__": make, "__module__": __name__}))
