"""How a check of ours says that a promise is not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemathesis.core.failures import Failure, FailureGroup

if TYPE_CHECKING:
    import httpx

__all__ = ["FailureGroup", "Violated"]


class Violated(Failure):
    """A promise that is not kept; raise several at once as a `FailureGroup`.

    Two with the same operation, check and rule are one finding, which is told once.

    Attributes:
        rule: which part of the check it is, a few words that are the same each time.
        exchange: what shows it, if the check made the request itself; a curl line is made of it.
    """

    def __init__(
        self,
        check: str,
        rule: str,
        message: str,
        *,
        operation: str | None = None,
        exchange: httpx.Response | None = None,
    ) -> None:
        """Take the check's name, the rule, and what was found and wanted, in a sentence.

        `operation` is as in `label_of`, or `case.operation.label`; None for the API as a whole.
        """
        super().__init__(operation=operation, title=f"{check}: {rule}", message=message)
        self.check = check
        self.rule = rule
        self.exchange = exchange

    @property
    def _unique_key(self) -> str:
        return self.title
