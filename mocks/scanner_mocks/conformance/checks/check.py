"""What all checks of ours are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from scanner_mocks.conformance.target import Target


class Check:
    """A check that is made for one run, on one target.

    Attributes:
        name: what it is called in reports, in snake case.
        target: what is checked.
    """

    name: ClassVar[str]

    def __init__(self, target: Target) -> None:
        self.target = target

    @classmethod
    def missing(cls, _target: Target) -> str:
        """Return why the check cannot be made on a target, such as ``no --other-api-key``; empty if it can.

        The check is then left out, and the report says so.
        """
        return ""
