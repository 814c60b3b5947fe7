"""The module of types of a contract: one for each schema of its components, and for each object in them."""

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from contract_first.contract.contract import Contract
from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES, REFERENCES
from contract_first.contract.document.bounds import OBJECTS
from contract_first.contract.document.errors import ContractError
from contract_first.contract.document.media_types import is_binary
from contract_first.contract.schemas.expansion import Alternative, Expansion
from contract_first.contract.schemas.parts import Conjunction, Part
from contract_first.contract.schemas.schema import MISSING
from contract_first.contract.schemas.shapes import ANNOTATIONS, ANY_TYPE, Shape, shape_of
from contract_first.imports import resting_collector

from .kinds import KINDS, Field, Kind, Members, literal, names_in, union
from .tags import tags_of
from .unions import separated

TITLE = '"""Types of {title}, version {version}: made from its contract, not to be edited."""'
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
UNIONS = frozenset(ALTERNATIVES)
LITERALS = (str, int, bool)
MOST_SCHEMAS = 60_000
"""Schemas, counted as often as they are part of another: 39,000 are the most that is known."""
IGNORED = ANNOTATIONS | {"default", "discriminator", "deprecated", "readOnly", "writeOnly"}
MODULES = (
    "import datetime as dt",
    "typing",
    "uuid",
    "",
    "contract_first",
    "msgspec",
    "pydantic",
)
"""The order of imports, with a blank line between those of Python and others."""


def write_models(contract: Contract, kind: Kind = "typeddict") -> str:
    """Return a module of types, one for each schema of the contract's components and each object in them.

    TypedDicts describe decoded JSON as it is: a date-time is a str. In the classes of the other kinds dates
    are of :mod:`datetime`, UUIDs of :mod:`uuid`, files are Uploads, and what may be absent is None, or UNSET
    in a Struct where null is a value of its own.

    Raises:
        ContractError: a schema is nested too deep, or they are too many.
    """
    return Models(contract, kind).module()


class Models:
    """The types of a contract's schemas, of one kind.

    An object that is no component gets a class once it is asked for; :meth:`module` has all of them.
    """

    def __init__(self, contract: Contract, kind: Kind = "typeddict") -> None:
        self._contract = contract
        self._source = contract.source
        self._left = MOST_SCHEMAS
        self._schemas = contract.schemas
        self._components = contract.document.get("components", {}).get("schemas", {})
        self._kind = kind
        self._writer = KINDS[kind]
        self._imported = {name for names in self._writer.imported.values() for name in names} | {"dt"}
        self._tags = {} if kind == "typeddict" else tags_of(contract.document, contract.schemas)
        self._assigned: set[str] = set()
        self._numbers = Counter[str]()
        self._names = {name: self._free_name(name) for name in self._components}
        self._tag_of = {self._names[name]: tag for name, tag in self._tags.items() if name in self._names}
        self._classes: dict[str, str] = {}
        self._aliases: dict[str, Members] = {}
        self._open: set[tuple[int, ...]] = set()
        self._mentioned = {"UnsetType", *(["Literal"] if self._tag_of and kind == "pydantic" else [])}
        with resting_collector():
            self._declare_components()

    def module(self) -> str:
        """Return the module: its classes, and then the names of all other types."""
        info = self._contract.document["info"]
        title, version = (_plain(info[key]) for key in ("title", "version"))
        declared = "\n\n\n".join([*self._classes.values(), *self._alias_lines()])
        header = TITLE.format(title=title, version=version) + self._imports(declared)
        return header + declared + "\n" * bool(declared)

    @property
    def names(self) -> frozenset[str]:
        """The names of the types that there are so far."""
        return frozenset(self._classes) | frozenset(self._aliases)

    def annotation(self, node: Any, hint: str) -> str:
        """Return the type of any schema of the contract, an expression of names in the module.

        Args:
            hint: what the class of an object is called that is no component.
        """
        return union(self._type((Part(node, "", ""),), hint))

    def _declare_components(self) -> None:
        try:
            for name, node in self._components.items():
                self._component(name, Part(node, pointers.join("/components/schemas", name), name))
        except RecursionError:
            raise ContractError(
                self._source, "/components/schemas", "is nested too deep for types."
            ) from None

    def _imports(self, declared: str) -> str:
        """Return the imports that declarations need, with the blank lines that linters expect."""
        used = self._mentioned | names_in(declared)
        used -= set() if "UNSET" in used else {"UnsetType"}
        lines = []
        for module in MODULES:
            names = [name for name in self._writer.imported.get(module, ()) if name in used]
            if module == MODULES[0] and "dt" in used:
                lines.append(module)
            elif names:
                lines.append(f"from {module} import {', '.join(names)}")
            elif not module:
                lines.append("")
        text = "\n".join(lines).strip("\n")
        blank = "\n\n" if declared.startswith("class ") else "\n"
        return f"\n\n{text}\n{blank}" if text else "\n"

    def _alias_lines(self) -> Iterator[str]:
        """Yield the aliases, each behind those in it; one that contains itself is for type checkers alone."""
        inner = {name: self._uses(members) for name, members in self._aliases.items()}
        circular = set[str]()
        while True:
            rest = {name: uses - circular for name, uses in inner.items() if name not in circular}
            try:
                ordered = list(TopologicalSorter(rest).static_order())
                break
            except CycleError as error:
                circular |= set(error.args[1])
        while wider := {name for name in ordered if inner[name] & circular} - circular:
            circular |= wider
        for name in ordered:
            if name not in circular:
                yield f"{name}: TypeAlias = {union(self._aliases[name])}"
        for name in self._aliases:
            if name in circular:
                kind = literal(union(self._aliases[name])) if self._kind == "typeddict" else "Any"
                yield f"{name}: TypeAlias = {kind}"

    def _uses(self, members: Members) -> set[str]:
        return names_in(union(members)) & self._aliases.keys()

    def _component(self, name: str, part: Part) -> None:
        spelled = self._names[name]
        shape = self._object(part)
        if shape is not None:
            self._class(spelled, shape)
        else:
            self._aliases[spelled] = ("Any",) if self._leads_to_itself(name) else self._type((part,), spelled)

    def _object(self, part: Part) -> Shape | None:
        """Return the shape of a schema that is an object with properties, else None."""
        alternatives = Expansion(self._schemas, (part,)).alternatives
        shape = _shape(alternatives[0], part)
        is_object = shape.types == {"object"} and shape.properties and not shape.takes_null
        is_own = not self._is_another(part.node)
        return shape if len(alternatives) == 1 and is_object and is_own else None

    def _class(self, name: str, shape: Shape) -> None:
        """Declare the class of an object, before those of the objects in it."""
        self._classes[name] = ""
        fields = [self._field(key, shape, name) for key in shape.properties]
        self._classes[name] = self._writer.declare(name, fields, self._tag_of.get(name))

    def _field(self, key: str, shape: Shape, name: str) -> Field:
        conjunction = shape.properties[key]
        schemas = [self._schemas.of(part.node) for part in conjunction]
        default = next((schema.default for schema in schemas if schema.default is not MISSING), MISSING)
        # what goes one way is required of that alone
        is_one_way = any(schema.is_marked(mark) for schema in schemas for mark in self._schemas.one_way)
        is_required = key in shape.required and not is_one_way
        members = self._type(conjunction, f"{name}_{key}")
        tag = self._tag_of.get(name)
        if self._kind != "msgspec" or tag is None or tag.key != key:  # a tag is no field of a Struct
            self._mentioned |= names_in(union(members))
        return Field(key, members, is_required, default)

    def _type(self, conjunction: Conjunction, hint: str) -> Members:
        """Return the type of a schema; ``hint`` is the prefix of its classes' names."""
        self._left -= 1
        if self._left < 0:
            reason = f"holds more than {MOST_SCHEMAS} schemas, counted as often as they stand in others."
            raise ContractError(self._source, "/components/schemas", reason)
        named = self._named(conjunction[0], hint) if len(conjunction) == 1 else None
        return named or self._merged(conjunction, hint)

    def _merged(self, conjunction: Conjunction, hint: str) -> Members:
        """Return the type of schemas that all apply; within themselves it is ``Any``."""
        key = tuple(id(part.node) for part in conjunction)
        if key in self._open:
            return ("Any",)
        self._open.add(key)
        shapes = [
            _shape(alternative, Part({}, "", ""))
            for alternative in Expansion(self._schemas, conjunction).alternatives
        ]
        members = [member for shape in shapes for member in self._members(shape, hint)]
        self._open.remove(key)
        return self._united([*members, *["None"] * any(shape.takes_null for shape in shapes)])

    def _named(self, part: Part, hint: str) -> Members | None:
        """Return the type of references to components, and of alternatives of them."""
        keywords = self._keywords(part.node)
        if keywords and keywords.issubset(REFERENCES):
            name = self._names.get(self._schemas.of(part.node).component)
            return None if name is None else (name,)
        if keywords == {"allOf"} and len(part.node["allOf"]) == 1:
            return self._type((part.below("allOf", 0),), hint)
        if len(keywords) == 1 and keywords <= UNIONS:
            (keyword,) = keywords
            branches = (part.below(keyword, index) for index in range(len(part.node[keyword])))
            return self._united([member for branch in branches for member in self._type((branch,), hint)])
        return None

    def _members(self, shape: Shape, hint: str) -> Iterator[str]:
        if shape.types == ANY_TYPE:
            yield "Any"
        elif shape.enum is not None and all(isinstance(value, LITERALS) for value in shape.enum.values()):
            yield from self._enumeration(list(shape.enum.values()))
        else:
            kinds = shape.types - ({"integer"} if "number" in shape.types else set())
            yield from (self._member(kind, shape, hint) for kind in sorted(kinds))

    def _member(self, kind: str, shape: Shape, hint: str) -> str:
        match kind:
            case "array":
                return f"list[{union(self._type(shape.items, hint))}]"
            case "object":
                return self._mapping(shape, hint)
            case "string":
                return self._text(shape)
            case _:
                return SCALARS[kind]

    def _enumeration(self, values: list[Any]) -> Iterator[str]:
        """Yield literals; but for unions of all types, of a type each and none of booleans."""
        if not values:
            yield "Any"
        elif self._writer.unites:
            yield _literal(values)
        else:
            texts = [value for value in values if isinstance(value, str)]
            numbers = [value for value in values if not isinstance(value, str | bool)]
            yield from map(_literal, filter(None, (texts, numbers)))
            yield from ["bool"] * (len(texts) + len(numbers) < len(values))

    def _text(self, shape: Shape) -> str:
        nodes = [part.node for part in shape.parts]
        if any(map(is_binary, nodes)):
            return self._writer.formats.get("binary", "str")
        named = (node["format"] for node in nodes if isinstance(node.get("format"), str))
        return self._writer.formats.get(next(named, ""), "str")

    def _mapping(self, shape: Shape, hint: str) -> str:
        if shape.properties:
            name = self._free_name(hint)
            self._class(name, shape)
            return name
        return f"dict[str, {union(self._type(shape.additional, hint)) if shape.additional else 'Any'}]"

    def _united(self, members: list[str]) -> Members:
        """Return alternatives, each once, as the kind of models takes them; ``Any`` includes all others."""
        unique = tuple(dict.fromkeys(members))
        if not unique or "Any" in unique:
            return ("Any",)
        if self._writer.unites or len(unique) == 1:
            return unique
        flat = tuple(dict.fromkeys(self._flat(unique)))
        loosened = separated(flat, self._tag_of)
        return unique if loosened == flat else loosened

    def _flat(self, members: Members) -> Iterator[str]:
        for member in members:
            yield from self._flat(self._aliases[member]) if member in self._aliases else (member,)

    def _keywords(self, node: Any) -> set[str]:
        """Return the keywords of a schema that constrain a value."""
        return {name for name in self._schemas.keywords(node) if name not in IGNORED and name[:2] != "x-"}

    def _is_another(self, node: Any) -> bool:
        """Tell whether a schema is a reference, with annotations at most."""
        keywords = self._keywords(node)
        is_reference = bool(keywords) and keywords.issubset(REFERENCES)
        return is_reference or (keywords == {"allOf"} and len(node["allOf"]) == 1)

    def _leads_to_itself(self, name: str) -> bool:
        """Tell whether a component is an alternative of itself, which no type can be."""
        component = self._components[name]
        branches = self._schemas.of(component).branches
        return any(target is component for branch in branches for target in self._schemas.targets_of(branch))

    def _free_name(self, preferred: str) -> str:
        """Return a class name like ``preferred`` that is not taken."""
        words = re.split(r"[^0-9A-Za-z]+", preferred)
        stem = "".join(word[:1].upper() + word[1:] for word in words) or "Schema"
        stem = f"_{stem}" if stem[0].isdigit() else stem
        name = f"{stem}_{self._numbers[stem]}" if stem in self._numbers else stem
        taken = self._assigned | self._imported
        while name in taken or keyword.iskeyword(name) or hasattr(builtins, name):
            self._numbers[stem] = max(self._numbers[stem], 1) + 1
            name = f"{stem}_{self._numbers[stem]}"
        self._assigned.add(name)
        return name


def _literal(values: list[Any]) -> str:
    return f"Literal[{', '.join(map(literal, values))}]"


def _plain(text: str) -> str:
    """Return a text without quotes, backslashes and control characters, for a docstring."""
    return "".join(
        character if character.isprintable() and character not in '\\"' else " " for character in text
    ).strip()


def _shape(alternative: Alternative, at: Part) -> Shape:
    """Return the shape of an alternative; properties without a type imply an object."""
    shape = shape_of(alternative, at)
    is_object = shape.types == ANY_TYPE and shape.properties
    return replace(shape, types=OBJECTS, takes_null=False) if is_object else shape
