"""A bound on the work of a comparison."""

from contract_first.contract.document.errors import ContractError

MOST_STEPS = 1_000_000
"""Some seconds. Any change of Microsoft Graph takes 700,000, changes of 200 of its schemas 780,000."""


class Effort:
    """Counts the steps of a comparison, and ends one that would take long."""

    def __init__(self, source: str, other: str) -> None:
        self._source, self._other = source, other
        self._left: float = MOST_STEPS

    def spend(self, steps: float) -> None:
        """Count steps: schemas, their members, pairs of alternatives, changes of each operation.

        Raises:
            ContractError: there were more before than a comparison may take.
        """
        self._left -= steps
        if self._left < 0:
            reason = (
                f"cannot be compared with {self._other}: it takes more than {MOST_STEPS} steps through "
                "schemas, properties and changes, which are counted for each operation."
            )
            raise ContractError(self._source, "", reason)
