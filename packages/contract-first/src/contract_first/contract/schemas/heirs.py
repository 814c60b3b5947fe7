"""The schemas that inherit, by ``allOf``, from one with a discriminator that lists no alternatives.

A value of the base is one of theirs: which one, the discriminator says (OpenAPI 3.0.3, section 4.7.25.1).
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count
from typing import Any, NamedTuple

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES, COMPONENT, REFERENCES, mapping_targets
from contract_first.contract.document.json_types import declared_types

from .resources import Resources

OWN_NAME = "x-ms-discriminator-value"
"""Azure's keyword for the value of the discriminator that means a schema."""
NAMING = {"discriminator", "allOf", *REFERENCES}
"""Keywords of which one leads to a discriminator."""
MOST_BASES = 50
"""Components, and discriminators, that apply to one value; where there are more, these choose none."""
LIMITING = {
    *("const", "enum", "pattern", "format", "minLength", "maxLength", "not", "if", "allOf"),
    *(*ALTERNATIVES, *REFERENCES),
}
"""Keywords by which a schema may refuse a text."""


class Component(NamedTuple):
    """A component, the identities of those that apply to its values, and the discriminators that do."""

    pointer: str
    node: dict[str, Any]
    bases: frozenset[int]
    discriminators: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Discriminators that apply to the same values, and the components that they choose among.

    Attributes:
        name: the name of its conditions among the definitions of a bundle.
        above: the components that apply to all values, those with the fewest bases first.
        heirs: the components that inherit from all of these.
    """

    name: str
    discriminators: tuple[dict[str, Any], ...]
    above: list[Component]
    heirs: list[Component]

    def declaring(self, discriminator: dict[str, Any]) -> list[Component]:
        """Return the components above that a discriminator applies to: all, if it stands in none."""
        declaring = (
            base for base in self.above if any(discriminator is other for other in base.discriminators)
        )
        return [*declaring] or self.above


@dataclass(eq=False, repr=False)
class Heirs:
    """Finds the heirs of a document's schemas, for one direction of its messages.

    Args:
        parts: returns the schema objects that all apply to a value of a schema.
        conforms: tells whether a value conforms to a schema.
    """

    resources: Resources
    parts: Callable[[Any], list[dict[str, Any]]]
    conforms: Callable[[Any, Any], bool]

    def __post_init__(self) -> None:
        self._alternatives: dict[int, tuple[Any, list[dict[str, Any]]]] = {}
        self._of_families: dict[Family, list[dict[str, Any]]] = {}
        self._families: dict[tuple[frozenset[int], tuple[int, ...]], Family] = {}
        self._named: dict[str, Family] = {}
        self._numbers = count()

    def of(self, node: Any) -> list[dict[str, Any]]:
        """Return a schema for each heir of a schema: the heir's, with its values of the discriminator."""
        if not (self.resources.have_discriminators and isinstance(node, dict)):
            return []
        if id(node) not in self._alternatives:
            family = self.family(node)
            if family is not None and family not in self._of_families:
                chosen = self._of_families[family] = list(self._alternatives_of(family))
                # what is chosen by its value is not to be chosen again, as one of the heirs of an heir
                self._alternatives.update((id(heir), (heir, [])) for heir in chosen)
            alternatives = [] if family is None else self._of_families[family]
            self._alternatives[id(node)] = node, alternatives  # an identity is of what is there
        return self._alternatives[id(node)][1]

    def may_have(self, node: Any) -> bool:
        """Tell whether a schema may have heirs, which depend on where it stands, not on its text alone."""
        return self.resources.have_discriminators and id(node) in self._components

    def family(self, node: Any) -> Family | None:
        """Return the family of the discriminators of a schema that list no alternatives, if it has heirs."""
        if not (self.resources.have_discriminators and isinstance(node, dict)) or NAMING.isdisjoint(node):
            return None
        parts = self.parts(node)
        return self._family(self._components.keys() & map(id, parts), _discriminators(parts))

    def inheriting(self, node: Any) -> list[Component]:
        """Return the components that inherit from a component, itself among them if it inherits."""
        return self._heirs.get(id(node), [])

    def conditions(
        self, family: Family, refer: Callable[[str | Family], dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        """Yield what the discriminators of a family say of a value: it is of the heir that it names.

        A text that names none is of the default mapping (OpenAPI 3.2), or refused where no schema limits the
        names by itself.

        Args:
            refer: returns a reference to a component, by its pointer in a fragment, or to a family.
        """
        components = {component.pointer for component in (*family.above, *family.heirs)}
        chosen = {heir.pointer: self._chosen(family, heir, refer) for heir in family.heirs}
        for discriminator in family.discriminators:
            name, values = discriminator["propertyName"], self._values(discriminator, family)
            names = [*chain(*values.values())]
            for heir in family.heirs:
                if heir.pointer in values:
                    yield {"if": _with_value(name, values[heir.pointer]), "then": chosen[heir.pointer]}
            if (default := _default_of(discriminator)) is not None:
                if default in components:
                    by_name = {"if": _with_value(name, names), "else": refer(f"#{default}")}
                    yield {"if": {"type": "object"}, "then": by_name}
            elif all(map(is_any_text, self._members(name, *family.declaring(discriminator), *family.heirs))):
                yield {"properties": {name: {"if": {"type": "string"}, "then": {"enum": names}}}}

    def _chosen(
        self, family: Family, heir: Component, refer: Callable[[str | Family], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the schema of the values of an heir, among whose own heirs its own discriminators choose."""
        above = {id(applying) for base in family.above for applying in base.discriminators}
        above.update(map(id, family.discriminators))
        further = tuple(filter(lambda discriminator: id(discriminator) not in above, heir.discriminators))
        below = self._family(heir.bases, further)
        reference = refer(f"#{heir.pointer}")
        return reference if below is None else {"allOf": [reference, refer(below)]}

    def pointer_of(self, name: str) -> str | None:
        """Return the JSON pointer of the schema whose family has a name; None if none has it."""
        if name not in self._named:
            return None
        family = self._named[name]
        (discriminator, *_) = family.discriminators
        base = family.declaring(discriminator)[0]
        return f"{base.pointer}/discriminator" if "discriminator" in base.node else base.pointer

    def _family(self, bases: AbstractSet[int], discriminators: tuple[dict[str, Any], ...]) -> Family | None:
        if not (0 < len(bases) <= MOST_BASES and 0 < len(discriminators) <= MOST_BASES):
            return None
        key = frozenset(bases), tuple(map(id, discriminators))
        if key not in self._families:
            near = min((self._heirs.get(base, []) for base in bases), key=len)
            family = Family(
                f"heirs:{next(self._numbers)}",
                discriminators,
                sorted(chain(*map(self._components.__getitem__, bases)), key=lambda base: len(base.bases)),
                [heir for heir in near if bases < heir.bases],
            )
            self._named[family.name] = self._families.setdefault(key, family)
        return self._families[key] if self._families[key].heirs else None

    def _members(self, name: str, *components: Component) -> Iterator[Any]:
        """Yield the schemas of a property in the parts of components."""
        parts = chain(*(self.parts(component.node) for component in components))
        named = (part.get("properties", {}) for part in parts)
        return (properties[name] for properties in named if name in properties)

    def _alternatives_of(self, family: Family) -> Iterator[dict[str, Any]]:
        for discriminator in family.discriminators:
            name, values = discriminator["propertyName"], self._values(discriminator, family)
            mapped = mapping_targets(discriminator)
            for heir in family.heirs:
                members = list(self._members(name, heir))
                allowed = [
                    value
                    for value in values.get(heir.pointer, ())
                    if all(self.conforms(member, value) for member in members)
                ]
                if allowed:
                    chosen = [value for value in allowed if value in mapped] or allowed[:1]
                    properties = {name: {"enum": chosen}}
                    reference = {"$ref": f"#{heir.pointer}"}
                    yield {"allOf": [reference], "properties": properties, "required": [name]}

    def _values(self, discriminator: dict[str, Any], family: Family) -> dict[str | None, list[str]]:
        """Return the values of a discriminator by the pointer of their component, None if it is not certain.

        The mapping precedes the constants of components, and these precede names.
        """
        targets = mapping_targets(discriminator).items()
        mapped: dict[str, str | None] = {value: target.removeprefix("#") for value, target in targets}
        constants: dict[str, str | None] = {}
        for pointer, node, *_ in family.heirs:
            for value in _own_values(node, discriminator["propertyName"]):
                constants[value] = pointer if constants.get(value, pointer) == pointer else None
        components = (*family.declaring(discriminator), *family.heirs)
        implied = {pointers.split(component.pointer)[-1]: component.pointer for component in components}
        meant = {**implied, **constants, **mapped}
        values: dict[str | None, list[str]] = {}
        for value in dict.fromkeys((*mapped, *constants, *implied)):
            values.setdefault(meant[value], []).append(value)
        return values

    @cached_property
    def _components(self) -> dict[int, list[Component]]:
        """The components by their identities, which several share if YAML has aliases."""
        schemas = self.resources.document.get("components", {}).get("schemas", {})
        identities = frozenset(map(id, schemas.values()))
        components: dict[int, list[Component]] = {}
        for name, node in schemas.items():
            parts = self.parts(node)
            pointer = pointers.join("/components/schemas", name)
            component = Component(
                pointer, node, identities.intersection(map(id, parts)), _discriminators(parts)
            )
            components.setdefault(id(node), []).append(component)
        return components

    @cached_property
    def _heirs(self) -> dict[int, list[Component]]:
        """The components that inherit from each one, by its identity."""
        heirs: dict[int, list[Component]] = {}
        for component in chain(*self._components.values()):
            if isinstance(component.node, dict) and "allOf" in component.node:
                for base in component.bases if len(component.bases) <= MOST_BASES else ():
                    heirs.setdefault(base, []).append(component)
        return heirs


def is_any_text(schema: Any) -> bool:
    """Tell whether a schema allows any text, and to send it."""
    if not isinstance(schema, dict):
        return schema is True
    is_limited = schema.get("readOnly") is True or not LIMITING.isdisjoint(schema)
    return not is_limited and "string" in declared_types(schema)


def _discriminators(parts: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the discriminators of schema objects that list no alternatives."""
    plain = (part.get("discriminator") for part in parts if part.keys().isdisjoint(ALTERNATIVES))
    return tuple(value for value in plain if isinstance(value, dict) and "propertyName" in value)


def _with_value(name: str, values: list[str]) -> dict[str, Any]:
    """Return a schema of the objects that have one of some values."""
    return {"type": "object", "required": [name], "properties": {name: {"enum": values}}}


def _default_of(discriminator: dict[str, Any]) -> str | None:
    """Return the pointer of the default mapping, where a component's name may stand; None without one."""
    default = discriminator.get("defaultMapping")
    if not isinstance(default, str):
        return None
    return (default if "/" in default else COMPONENT + default).removeprefix("#")


def _own_values(node: dict[str, Any], name: str) -> Iterator[str]:
    """Yield the values of a discriminator that a component itself has: one, by a constant or an extension."""
    for part in (node, *node.get("allOf", ())):
        if isinstance(part, dict):
            schema = part.get("properties", {}).get(name)
            schema = schema if isinstance(schema, dict) else {}
            listed = [schema["const"]] if "const" in schema else schema.get("enum", ())
            constants = listed if len(listed) == 1 else ()
            extension = [part[OWN_NAME]] if OWN_NAME in part else []
            yield from (value for value in (*extension, *constants) if isinstance(value, str))
