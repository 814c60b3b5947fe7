"""The schemas that inherit, by ``allOf``, from one with a discriminator that lists no alternatives.

A value of the base is one of theirs: which one, the discriminator says (OpenAPI 3.0.3, section 4.7.25.1).
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES, REFERENCES, mapping_targets

from .resources import Resources

NAMING = {"discriminator", "allOf", *REFERENCES}
"""Keywords of which one leads to a discriminator."""


class Heir(NamedTuple):
    """A component with ``allOf``, and the identities of the components that apply to its values."""

    pointer: str
    bases: frozenset[int]


class Family(NamedTuple):
    """A discriminator, and the pointers of the components that apply to its schema, and of their heirs."""

    discriminator: dict[str, Any]
    bases: list[str]
    heirs: list[str]


class Heirs:
    """Finds the heirs of a document's schemas, for one direction of its messages.

    Args:
        parts: returns the schema objects that all apply to a value of a schema.
        conforms: tells whether a value conforms to a schema.
    """

    def __init__(
        self,
        resources: Resources,
        parts: Callable[[Any], list[dict[str, Any]]],
        conforms: Callable[[Any, Any], bool],
    ) -> None:
        self._resources = resources
        self._parts = parts
        self._conforms = conforms
        self._alternatives: dict[int, tuple[Any, list[dict[str, Any]]]] = {}

    def of(self, node: Any) -> list[dict[str, Any]]:
        """Return a schema for each heir of a schema: the heir's, with its values of the discriminator."""
        if not (self._resources.have_discriminators and isinstance(node, dict)):
            return []
        if id(node) not in self._alternatives:
            alternatives = list(self._alternatives_of(node))
            self._alternatives[id(node)] = node, alternatives  # an identity is of what is there
            # what is chosen by its value is not to be chosen again, as one of the heirs of an heir
            self._alternatives.update((id(heir), (heir, [])) for heir in alternatives)
        return self._alternatives[id(node)][1]

    def may_have(self, node: Any) -> bool:
        """Tell whether a schema may have heirs, which depend on where it stands, not on its text alone."""
        return self._resources.have_discriminators and id(node) in self._identities

    def families(self, node: Any) -> Iterator[Family]:
        """Yield the family of each discriminator that applies to a schema and lists no alternatives."""
        if not (self._resources.have_discriminators and isinstance(node, dict)) or NAMING.isdisjoint(node):
            return
        parts = self._parts(node)
        identities = self._identities.intersection(map(id, parts))
        for part in parts:
            if identities and "discriminator" in part and part.keys().isdisjoint(ALTERNATIVES):
                bases = [pointer for pointer, base in self._components.items() if id(base) in identities]
                heirs = [heir.pointer for heir in self._heirs if identities < heir.bases]
                yield Family(part["discriminator"], bases, heirs)

    def members(self, pointer: str, name: str) -> list[Any]:
        """Return the schemas of a property in the parts of a component."""
        named = (part.get("properties", {}) for part in self._parts(self._components[pointer]))
        return [properties[name] for properties in named if name in properties]

    def _alternatives_of(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for discriminator, _, heirs in self.families(node):
            name = discriminator["propertyName"]
            for heir in heirs:
                if values := self._values(discriminator, heir, name):
                    properties = {name: {"enum": values}}
                    reference = {"$ref": f"#{heir}"}
                    yield {"allOf": [reference], "properties": properties, "required": [name]}

    def _values(self, discriminator: dict[str, Any], heir: str, name: str) -> list[str]:
        """Return the values of a discriminator that mean an heir, as far as its schema allows them."""
        *_, component = pointers.split(heir)
        targets = mapping_targets(discriminator).items()
        mapped = [value for value, target in targets if target == f"#{heir}"]
        members = self.members(heir, name)
        return [
            value
            for value in mapped or [component]
            if all(self._conforms(member, value) for member in members)
        ]

    @cached_property
    def _components(self) -> dict[str, Any]:
        components = self._resources.document.get("components", {}).get("schemas", {})
        return {pointers.join("/components/schemas", name): node for name, node in components.items()}

    @cached_property
    def _identities(self) -> frozenset[int]:
        return frozenset(map(id, self._components.values()))

    @cached_property
    def _heirs(self) -> list[Heir]:
        return [
            Heir(pointer, self._identities.intersection(map(id, self._parts(node))))
            for pointer, node in self._components.items()
            if isinstance(node, dict) and "allOf" in node
        ]
