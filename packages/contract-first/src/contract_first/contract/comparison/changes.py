"""The results of a comparison: differences, and changes, which are differences of operations."""

from dataclasses import dataclass

from contract_first.contract.schemas.parts import Part
from contract_first.terminal import printable

from .rules import RULES, Compatibility, Severity


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where two contracts differ.

    Attributes:
        rule: the rule that it is a case of.
        where: the place in words.
        pointer: JSON pointer of the place in the new file; of what was removed, in the old one.
        detail: what is there now and what was before; may be empty.
    """

    rule: Compatibility
    where: str
    pointer: str
    detail: str = ""

    @classmethod
    def of(cls, rule: str, at: Part, detail: str = "") -> "Difference":
        """Return the difference of a part, by the name of its rule."""
        return cls(RULES[rule], printable(at.where.strip()), at.origin(at.pointer), printable(detail))


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two contracts, and the operations that it affects.

    Attributes:
        difference: rule, place and detail.
        operations: ``GET /pets``, in the order of the document.
    """

    difference: Difference
    operations: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        """The effect on clients of the old contract."""
        return self.difference.rule.severity
