"""How an object is declared in Python: as a TypedDict, a msgspec Struct or a pydantic model."""

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, NamedTuple

from .python_names import python_name

Kind = Literal["typeddict", "msgspec", "pydantic"]
Members = tuple[str, ...]
"""The alternatives of a type, each an expression."""
BUILTIN = frozenset({"str", "int", "float", "bool", "list", "dict"})
PLAIN = BUILTIN | {"Any"}
WIDTH = 110
EMPTY = {"[]": "list", "{}": "dict"}
"""Defaults of which each object has its own, by what makes them."""
UNNAMED = re.compile(r'["\\\x00-\x1f]')
MODULE = "dt"
"""What the module of dates is called."""
FUNCTION = "field"
"""What declares attributes with aliases; an attribute of its name comes last, as it hides it."""
TEXTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
PYTHON_FORMATS = {"date-time": "dt.datetime", "date": "dt.date", "uuid": "UUID", "binary": "Upload"}
INHERITED = frozenset({"construct", "copy", "dict", "json", "schema", "validate", "from_orm", "parse_obj"})
"""Attributes of pydantic's models that a field would hide, beside those that begin with ``model_``."""


class Field(NamedTuple):
    """A property of an object.

    Attributes:
        key: its name in JSON.
        default: MISSING where it has none.
    """

    key: str
    members: Members
    is_required: bool
    default: Any


class Tag(NamedTuple):
    """A property whose value tells an object from the others of a union."""

    key: str
    value: str


Declare = Callable[[str, Sequence[Field], Tag | None], str]


@dataclass(frozen=True)
class Writer:
    """Writes the classes of one kind.

    Attributes:
        declare: returns the declaration of a class.
        imported: the names that it may need, by module.
        formats: types of strings by their format.
        unites: whether any types can be in a union; else as msgspec allows it.
    """

    declare: Declare
    imported: Mapping[str, tuple[str, ...]]
    formats: Mapping[str, str]
    unites: bool = False


def typed_dict(name: str, fields: Sequence[Field], _tag: Tag | None = None) -> str:
    """Declare a TypedDict: as a class if every property can be an attribute, else by calling it."""
    types = {
        field.key: quoted(field.members) if field.is_required else f"NotRequired[{quoted(field.members)}]"
        for field in fields
    }
    if all(map(is_attribute, types)):
        return "\n".join(
            [f"class {name}(TypedDict):", *(f"    {key}: {kind}" for key, kind in types.items())]
        )
    inner = [f"        {literal(key)}: {kind}," for key, kind in types.items()]
    return "\n".join([f"{name} = TypedDict(", f"    {literal(name)},", "    {", *inner, "    },", ")"])


def struct(name: str, fields: Sequence[Field], tag: Tag | None) -> str:
    """Declare a Struct, in which what is absent is UNSET; a tag is no field of it.

    msgspec has no names with quotes, backslashes and control characters: a TypedDict has.
    """
    if any(UNNAMED.search(field.key) for field in fields):
        return typed_dict(name, fields)
    fields = [field for field in fields if tag is None or field.key != tag.key]
    options = f", tag_field={literal(tag.key)}, tag={literal(tag.value)}" if tag else ""
    lines = []
    pairs = zip(fields, _attributes(fields), strict=True)
    for field, attribute in sorted(pairs, key=lambda pair: pair[1] == FUNCTION):
        default = _default(field)
        is_unset = default == "None"
        default = "UNSET" if is_unset else default
        is_any = "Any" in field.members
        members = (*field.members, "UnsetType") if is_unset and not is_any else field.members
        aliases = [] if attribute == field.key else [f"name={literal(field.key)}"]
        lines.append(_attribute(attribute, members, default, FUNCTION, aliases))
    head = f"class {name}(Struct, kw_only=True{options}):"
    return "\n".join([head, *(lines or ["    pass"])])


def model(name: str, fields: Sequence[Field], tag: Tag | None) -> str:
    """Declare a pydantic model, whose fields have the names of the contract as aliases."""
    lines = ["    model_config = ConfigDict(populate_by_name=True, protected_namespaces=())", ""]
    for field, attribute in zip(fields, _attributes(fields), strict=True):
        alias = literal(field.key)
        is_plain = attribute == field.key
        aliases = [] if is_plain else [f"validation_alias={alias}", f"serialization_alias={alias}"]
        members = _optional(_literal(field, tag))
        lines.append(_attribute(attribute, members, _default(field), "Field", aliases))
    return "\n".join([f"class {name}(BaseModel):", *lines])


def is_attribute(name: str) -> bool:
    """Tell whether a property can be an attribute of a class without hiding what its types are called."""
    is_mangled = name.startswith("__") or not name.isascii()
    is_taken = keyword.iskeyword(name) or name in BUILTIN or name == MODULE
    return name.isidentifier() and not is_taken and not is_mangled


def names_in(code: str) -> set[str]:
    """Return the names in an expression."""
    return set(re.findall(r"\w+", TEXTS.sub("", code)))


def union(members: Sequence[str]) -> str:
    """Return the union of expressions."""
    return " | ".join(members)


def quoted(members: Sequence[str]) -> str:
    """Return a type, quoted if Python need not know its names yet."""
    return members[0] if len(members) == 1 and members[0] in PLAIN else literal(union(members))


def literal(value: Any) -> str:
    """Return the expression of a value, as the formatter leaves it."""
    text = repr(value)
    return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text and "\\'" not in text else text


def _attribute(name: str, members: Sequence[str], default: str, function: str, aliases: Sequence[str]) -> str:
    """Return the line of an attribute, or its lines as the formatter leaves them.

    Args:
        function: what is called where the attribute has aliases.
    """
    line = f"    {name}: {quoted(members)}"
    if not aliases:
        return f"{line} = {default}" if default else line
    first = f"default_factory={EMPTY[default]}" if default in EMPTY else f"default={default}"
    arguments = [*([first] if default else []), *aliases]
    whole = ", ".join(arguments)
    if len(call := f"{line} = {function}({whole})") <= WIDTH:
        return call
    if len(whole) + 8 > WIDTH:
        whole = ",\n        ".join(arguments) + ","
    return f"{line} = {function}(\n        {whole}\n    )"


def _attributes(fields: Sequence[Field]) -> list[str]:
    """Return the attribute of each property, each once."""
    names: list[str] = []
    for field in fields:
        name = python_name(field.key)
        if name.startswith("_"):
            name = f"field{name}"
        if name == MODULE or name in INHERITED or name.startswith("model_"):
            name = f"{name}_"
        numbered = (f"{name}_{number}" for number in count(2))
        names.append(name if name not in names else next(free for free in numbered if free not in names))
    return names


def _literal(field: Field, tag: Tag | None) -> Field:
    """Return the field of a tag with its one value."""
    is_tag = tag is not None and field.key == tag.key
    return field._replace(members=(f"Literal[{literal(tag.value)}]",)) if is_tag and tag else field


def _optional(field: Field) -> Members:
    """Return the alternatives of an attribute, None for absence among them."""
    is_absent = not field.is_required and _default(field) == "None" and "Any" not in field.members
    return (*field.members, "None") if is_absent and "None" not in field.members else field.members


def _default(field: Field) -> str:
    """Return the expression of a default, empty without one; None for what may be absent."""
    if field.is_required:
        return ""
    default = field.default
    if default in ([], {}) and any(member.startswith(type(default).__name__) for member in field.members):
        return repr(default)
    return literal(default) if isinstance(default, str | int | float) and _takes(field, default) else "None"


def _takes(field: Field, default: Any) -> bool:
    types = [type(default).__name__, *(["float"] if type(default) is int else [])]
    literals = (member for member in field.members if member.startswith("Literal["))
    return bool({*types, "Any"} & set(field.members)) or any(
        literal(default) in member.removeprefix("Literal[").removesuffix("]").split(", ")
        for member in literals
    )


TYPING = {"typing": ("Any", "Literal", "NotRequired", "TypeAlias", "TypedDict")}
PYTHON = {"uuid": ("UUID",), "contract_first": ("Upload",)}
KINDS: Mapping[str, Writer] = {
    "typeddict": Writer(typed_dict, TYPING, {}, unites=True),
    "msgspec": Writer(
        struct, TYPING | PYTHON | {"msgspec": ("UNSET", "Struct", "UnsetType", "field")}, PYTHON_FORMATS
    ),
    "pydantic": Writer(
        model,
        TYPING | PYTHON | {"pydantic": ("BaseModel", "ConfigDict", "Field")},
        PYTHON_FORMATS,
        unites=True,
    ),
}
"""The writer of each kind."""
