"""Python types of the schemas of a contract: TypedDicts, as handlers take and return JSON values as they are.

A TypedDict tells a property that may be missing from one that may be null, takes any name of a property, and
needs no conversion, where a class would need all three.
"""

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contract_first.imports import resting_collector

from .contract import Contract
from .document import pointers
from .document.anatomy import ALTERNATIVES, REFERENCES
from .document.errors import ContractError
from .schemas.expansion import Alternative, Expansion
from .schemas.limits import OBJECTS
from .schemas.parts import Conjunction, Part
from .schemas.shapes import ANNOTATIONS, ANY_TYPE, Shape, shape_of

TITLE = '"""Types of {title}, version {version}: made from its contract, not to be edited."""'
IMPORTED = ("Any", "Literal", "NotRequired", "TypeAlias", "TypedDict")
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
UNIONS = frozenset(ALTERNATIVES)
LITERALS = (str, int, bool)
MOST_SCHEMAS = 60_000
"""Schemas, counted as often as they are part of another: 39,000 are the most that is known."""
IGNORED = ANNOTATIONS | {"default", "discriminator", "deprecated", "readOnly", "writeOnly"}


@resting_collector()
def python_types(contract: Contract) -> str:
    """Return a module of types, one for each schema of the contract's components and each object in them.

    Raises:
        ContractError: a schema is nested too deep, or they are too many.
    """
    info = contract.document["info"]
    title, version = (_plain(info[key]) for key in ("title", "version"))
    try:
        declared = "\n\n\n".join(_Declarations(contract).all())
    except RecursionError:
        raise ContractError(contract.source, "/components/schemas", "is nested too deep for types.") from None
    return TITLE.format(title=title, version=version) + _imports(declared) + declared + "\n" * bool(declared)


def _imports(declared: str) -> str:
    """Return the import that declarations need, with the blank lines that linters expect."""
    used = [name for name in IMPORTED if re.search(rf"\b{name}\b", declared)]
    blank = "\n\n" if declared.startswith("class ") else "\n"
    return f"\n\nfrom typing import {', '.join(used)}\n{blank}" if used else "\n"


def _plain(text: str) -> str:
    """Return a text without quotes, backslashes and control characters, for a docstring."""
    return "".join(
        character if character.isprintable() and character not in '\\"' else " " for character in text
    ).strip()


class _Declarations:
    """The declarations of one module, and the names in use."""

    def __init__(self, contract: Contract) -> None:
        self._source = contract.source
        self._left = MOST_SCHEMAS
        self._schemas = contract.schemas
        self._components = contract.document.get("components", {}).get("schemas", {})
        self._assigned: set[str] = set()
        self._numbers = Counter[str]()
        self._names = {name: self._free_name(name) for name in self._components}
        self._declarations: list[str] = []
        self._open: set[tuple[int, ...]] = set()

    def all(self) -> list[str]:
        for name, node in self._components.items():
            self._component(name, Part(node, pointers.join("/components/schemas", name), name))
        return self._declarations

    def _component(self, name: str, part: Part) -> None:
        spelled = self._names[name]
        shape = self._object(part)
        if shape is not None:
            self._class(spelled, shape)
            return
        alias = "Any" if self._leads_to_itself(name) else self._type((part,), spelled)
        self._declarations.append(f"{spelled}: TypeAlias = {alias!r}")

    def _object(self, part: Part) -> Shape | None:
        """Return the shape of a schema that is an object with properties, else None."""
        alternatives = Expansion(self._schemas, (part,)).alternatives
        shape = _shape(alternatives[0], part)
        is_object = shape.types == {"object"} and shape.properties and not shape.takes_null
        is_own = not self._is_another(part.node)
        return shape if len(alternatives) == 1 and is_object and is_own else None

    def _class(self, name: str, shape: Shape) -> None:
        """Declare a TypedDict: as a class if every property can be an attribute, else by calling it."""
        place = len(self._declarations)
        fields = {key: self._field(key, shape, name) for key in shape.properties}
        if all(_is_attribute(key) for key in fields):
            lines = [f"class {name}(TypedDict):", *(f"    {key}: {field}" for key, field in fields.items())]
        else:
            inner = [f"    {key!r}: {field}," for key, field in fields.items()]
            lines = [f"{name} = TypedDict({name!r}, {{", *inner, "})"]
        self._declarations.insert(place, "\n".join(lines))

    def _field(self, key: str, shape: Shape, name: str) -> str:
        expression = self._type(shape.properties[key], f"{name}_{key}")
        return _quoted(expression) if key in shape.required else f"NotRequired[{_quoted(expression)}]"

    def _type(self, conjunction: Conjunction, hint: str) -> str:
        """Return the type expression of a schema; ``hint`` is the prefix of its classes' names."""
        self._left -= 1
        if self._left < 0:
            reason = f"holds more than {MOST_SCHEMAS} schemas, counted as often as they stand in others."
            raise ContractError(self._source, "/components/schemas", reason)
        named = self._named(conjunction[0], hint) if len(conjunction) == 1 else None
        return named or self._merged(conjunction, hint)

    def _merged(self, conjunction: Conjunction, hint: str) -> str:
        """Return the type expression of schemas that all apply; within themselves it is ``Any``."""
        key = tuple(id(part.node) for part in conjunction)
        if key in self._open:
            return "Any"
        self._open.add(key)
        shapes = [
            _shape(alternative, Part({}, "", ""))
            for alternative in Expansion(self._schemas, conjunction).alternatives
        ]
        members = [member for shape in shapes for member in self._members(shape, hint)]
        self._open.remove(key)
        return _union([*members, *["None"] * any(shape.takes_null for shape in shapes)])

    def _named(self, part: Part, hint: str) -> str | None:
        """Return the type expression of references to components, and of alternatives of them."""
        keywords = self._keywords(part.node)
        if keywords and keywords.issubset(REFERENCES):
            return self._names.get(self._schemas.of(part.node).component)
        if keywords == {"allOf"} and len(part.node["allOf"]) == 1:
            return self._type((part.below("allOf", 0),), hint)
        if len(keywords) == 1 and keywords <= UNIONS:
            (union,) = keywords
            return _union([self._type((branch,), hint) for branch in _branches(part, union)])
        return None

    def _members(self, shape: Shape, hint: str) -> Iterator[str]:
        if shape.types == ANY_TYPE:
            yield "Any"
        elif shape.enum is not None and all(isinstance(value, LITERALS) for value in shape.enum.values()):
            yield f"Literal[{', '.join(map(repr, shape.enum.values()))}]" if shape.enum else "Any"
        else:
            for kind in sorted(shape.types - ({"integer"} if "number" in shape.types else set())):
                if kind == "array":
                    yield f"list[{self._type(shape.items, hint)}]"
                elif kind == "object":
                    yield self._mapping(shape, hint)
                else:
                    yield SCALARS[kind]

    def _mapping(self, shape: Shape, hint: str) -> str:
        if shape.properties:
            name = self._free_name(hint)
            self._class(name, shape)
            return name
        return f"dict[str, {self._type(shape.additional, hint) if shape.additional else 'Any'}]"

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
        while (
            name in self._assigned or name in IMPORTED or keyword.iskeyword(name) or hasattr(builtins, name)
        ):
            self._numbers[stem] = max(self._numbers[stem], 1) + 1
            name = f"{stem}_{self._numbers[stem]}"
        self._assigned.add(name)
        return name


def _shape(alternative: Alternative, at: Part) -> Shape:
    """Return the shape of an alternative; properties without a type imply an object."""
    shape = shape_of(alternative, at)
    is_object = shape.types == ANY_TYPE and shape.properties
    return replace(shape, types=OBJECTS, takes_null=False) if is_object else shape


def _branches(part: Part, union: str) -> list[Part]:
    return [part.below(union, index) for index in range(len(part.node[union]))]


def _is_attribute(name: str) -> bool:
    is_mangled = name.startswith("__") or not name.isascii()
    return name.isidentifier() and not keyword.iskeyword(name) and not is_mangled


def _quoted(expression: str) -> str:
    """Return an expression, quoted if Python need not know its names yet."""
    return expression if expression in {*SCALARS.values(), "Any"} else repr(expression)


def _union(members: list[str]) -> str:
    """Return the union of expressions, each once; ``Any`` includes all others."""
    unique = list(dict.fromkeys(members))
    return "Any" if not unique or "Any" in unique else " | ".join(unique)
