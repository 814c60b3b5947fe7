"""Makes checks of ours known to Schemathesis, for as long as a run takes."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import schemathesis
from schemathesis.checks import CHECKS, CheckClass

from .checks.check import RunCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemathesis import CheckContext

    from .checks import Check
    from .target import Target

_ONE_RUN = Lock()
"""Schemathesis knows checks by their names alone, and those of two targets have the same."""


@contextmanager
def registered(
    checks: Iterable[type[Check]], target: Target, tell: Callable[[str], None]
) -> Iterator[list[Check]]:
    """Let Schemathesis make these checks on a target, and yield them once it made them; tell which runs.

    Whoever else uses Schemathesis in this process does not get them.
    """
    with _ONE_RUN:
        made: list[Check] = []
        bound = [_bound(check, target, made, tell) for check in checks]
        try:
            for check in bound:
                schemathesis.check(check)
            yield made
        finally:
            for name in {check.__name__ for check in bound} & set(CHECKS.get_all_names()):
                CHECKS.unregister(name)


def _bound(check: type[Check], target: Target, made: list[Check], tell: Callable[[str], None]) -> CheckClass:
    """Return the check as a class of which Schemathesis can make an instance, which takes no argument."""

    def make(self: Check) -> None:
        check.__init__(self, target)
        made.append(self)

    members: dict[str, Any] = {"__init__": make, "__module__": __name__}
    if issubclass(check, RunCheck):
        members["after_run"] = _told(check, tell)
    return cast("CheckClass", type(check.name, (check,), members))


def _told(check: type[RunCheck], tell: Callable[[str], None]) -> Callable[[RunCheck, CheckContext], None]:
    def after_run(self: RunCheck, ctx: CheckContext) -> None:
        tell(check.name)
        check.after_run(self, ctx)

    return after_run
