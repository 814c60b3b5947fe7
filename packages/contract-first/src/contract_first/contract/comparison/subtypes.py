"""Finds the schemas of a discriminator that no ``anyOf`` or ``oneOf`` lists."""

from contract_first.contract.contract import Contract
from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES, mapping_targets
from contract_first.contract.schemas.expansion import Alternative
from contract_first.contract.schemas.heirs import Component
from contract_first.contract.schemas.parts import Part, component
from contract_first.contract.schemas.shapes import mapping_of


class Subtypes:
    """The subtypes of a contract's schemas: those that a mapping names or that have a base in ``allOf``."""

    def __init__(self, contract: Contract) -> None:
        self._document = contract.document
        self._schemas = contract.schemas
        self._by_pointer: dict[str, dict[str, Part]] = {}

    def of(self, alternative: Alternative) -> dict[str, Part]:
        """Return the subtypes of schemas that all apply, by the value of their discriminator."""
        subtypes: dict[str, Part] = {}
        for part in alternative:
            if "discriminator" in part.node and not self._lists_them(part):
                if part.pointer not in self._by_pointer:
                    self._by_pointer[part.pointer] = self._mapped(part) | self._derived(part)
                subtypes |= self._by_pointer[part.pointer]
        pointers_found = {subtype.pointer for subtype in subtypes.values()}
        bases = pointers_found.intersection(part.pointer for part in alternative)
        below = (
            pointers_found.intersection(*({heir.pointer for heir in self._heirs(base)} for base in bases))
            - bases
        )
        return {value: subtype for value, subtype in subtypes.items() if subtype.pointer in below}

    def _lists_them(self, part: Part) -> bool:
        return not pointers.lookup(self._document, part.pointer).keys().isdisjoint(ALTERNATIVES)

    def _mapped(self, part: Part) -> dict[str, Part]:
        """Return the schemas of a mapping, of names of components and references."""
        references = mapping_targets(mapping_of(part.node, "discriminator"))
        targets = {value: self._schemas.resources.target(None, name) for value, name in references.items()}
        origin = self._schemas.origin
        return {value: component(*target, origin) for value, target in targets.items() if target}

    def _derived(self, part: Part) -> dict[str, Part]:
        """Return the components that have a base in ``allOf`` and are in no mapping, by name."""
        mapped = {subtype.pointer for subtype in self._mapped(part).values()}
        heirs = {heir.pointer: heir.node for heir in self._heirs(part.pointer) if heir.pointer not in mapped}
        origin = self._schemas.origin
        return {
            pointers.split(pointer)[-1]: component(node, pointer, origin) for pointer, node in heirs.items()
        }

    def _heirs(self, pointer: str) -> list[Component]:
        """Return the components that inherit from one."""
        base = pointers.lookup(self._document, pointer)
        return [heir for heir in self._schemas.heirs.inheriting(base) if heir.pointer != pointer]
