"""Checks of one's own: the classes of a file, and those that installed distributions register."""

import runpy
from importlib.metadata import entry_points
from pathlib import Path

from contract_first.check.checks import Check
from contract_first.check.target import CannotRunError

GROUP = "contract_first.checks"
"""Entry points, each of a class that is a `Check`."""
MODULE = "contract_first_own_checks"


def checks_of(path: Path) -> tuple[type[Check], ...]:
    """Return the checks that a file of Python defines, in their order.

    Raises:
        CannotRunError: it cannot be run, or defines no check with a name.
    """
    try:
        names = runpy.run_path(str(path), run_name=MODULE)
    except Exception as error:  # noqa: BLE001 -- every failure of the user's file names it
        raise CannotRunError(f"{path} cannot be run: {type(error).__name__}: {error}.") from None
    checks = tuple(
        value
        for value in names.values()
        if isinstance(value, type) and issubclass(value, Check) and value.__module__ == MODULE
    )
    if not checks or not all(hasattr(check, "name") and hasattr(check, "rules") for check in checks):
        raise CannotRunError(f"{path} defines no check; expected a subclass of Check with a name and rules.")
    return checks


def installed() -> tuple[type[Check], ...]:
    """Return the checks that installed distributions register.

    Raises:
        CannotRunError: an entry point cannot be loaded.
    """
    checks = []
    for point in entry_points(group=GROUP):
        try:
            checks.append(point.load())
        except Exception as error:  # noqa: BLE001 -- the same, of somebody's distribution
            raise CannotRunError(f"The check {point.value} cannot be loaded: {error}.") from None
    return tuple(checks)
