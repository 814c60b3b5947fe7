"""Which member identifies the items that a path leads to by its last parameter."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from openapi_contract import Contract, Operation, pointers
from openapi_contract.schemas import Schema
from openapi_mock.responses.subjects import plain

from .collection import Collection, shape_of
from .places import singulars

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
OR = re.compile(r"_or_|(?<=[a-z])Or(?=[A-Z])")
"""What is between the members of which a path may have any, as in ``idOrName``; items have the first."""
OTHERWISE = re.compile(
    r"\b(id|identifier|name|slug) or (?:(?:the|an?) )?(?:\w+ )?(id|name|slug)\b", re.IGNORECASE
)
"""How the description of a path parameter says that."""
IDENTIFIERS = ("id", "sid", "uuid", "guid")
KEYS = ("key", "number", "name", "slug", "code", "login", "username")
"""Members that identify an item where the path's parameter does not say which does, the likeliest first."""
NAME_OF = re.compile(r"\W*((the|a|unique) )*name of\b", re.IGNORECASE)
"""How the description of a path parameter begins that is the name of an item, even if the item has an id."""
HOLDER = re.compile(r"meta|metadata|sys|\w*reference")
"""Members, in plain spelling, that say what an item is: they may have its key."""
BODY_MEMBER = re.compile(r"\$response\.body#(/.+)")
SCALARS: Final = frozenset({"string", "integer", "number"})


class Key(NamedTuple):
    """The member that identifies an item.

    Attributes:
        holder: the object in an item that has this member; empty for the item itself.
        schema: of the item.
        called: by which of the possible names it was found.
    """

    holder: str
    name: str
    schema: Schema
    called: str


def key_in(
    levels: Iterable[Schema], names: Iterable[str], operation: Operation, *, is_made: bool
) -> Key | None:
    """Return what identifies an item; None where nothing does.

    Args:
        levels: what the item may be, the likeliest first; what has its key may be in an object of the first.
        names: what the member may be called, the likeliest first.
        is_made: whether items are created, so that a member of another type than the parameter will do.
    """
    first, *others = levels
    parameter = shape_of(operation.path).names[-1]
    given: Mapping[str, Any] = next((one for one in operation.parameters if one["name"] == parameter), {})
    types = first.of(given.get("schema", True)).types - {"null"}
    held = [(name, each) for name, each in first.properties.items() if HOLDER.fullmatch(plain(name))]
    for holder, level in (("", first), *(("", each) for each in others), *held):
        members = level.members
        by_plain = {plain(name): name for name in members}
        found = [(by_plain[plain(each)], each) for each in names if plain(each) in by_plain]
        scalars = [each for each in found if members[each[0]].types & SCALARS]
        spelled = {plain(parameter)} if "string" in types else set()
        fitting = [each for each in scalars if members[each[0]].types & types or plain(each[0]) in spelled]
        if fitting or (scalars and is_made):
            name, called = (fitting or scalars)[0]
            return Key(holder, name, first if holder else level, called)
    return None


def learn_key(collection: Collection, parameter: Mapping[str, Any], schema: Schema) -> None:
    """Add to a collection what a path parameter says of its key: its schema, an example, another member."""
    described = OTHERWISE.search(str(parameter.get("description", "")))
    names = [*OR.split(parameter["name"]), *(described.groups() if described else ())][1:]
    others = {plain(each) for name in names for each in (name, *WORD.findall(name)[-1:])}
    found = (each for each in collection.schema.members if plain(each) in others - {plain(collection.key)})
    collection.other_key = next(found, collection.other_key)
    examples = (part["example"] for part in (parameter, *schema.parts) if "example" in part)
    collection.key_example = next(examples, collection.key_example)
    collection.key_schemas.append(schema)


def names_of_key(operation: Operation, resource: str, linked: Mapping[tuple[str, str], str]) -> list[str]:
    """Return what the member of an item's last path parameter may be called, the likeliest first.

    Args:
        linked: which member a Link Object takes for a parameter, by operationId and the parameter's name.
    """
    parameter = shape_of(operation.path).names[-1]
    words, own = WORD.findall(OR.split(parameter)[0]), plain(resource)
    descriptions = (each.get("description") for each in operation.parameters if each["name"] == parameter)
    named = ["name"] if any(NAME_OF.match(str(each)) for each in descriptions) else []
    keys = [*named, *IDENTIFIERS, *(f"{each}id" for each in sorted(singulars(own))), "entityid", *KEYS]
    names = [linked.get((operation.operation_id, parameter), parameter)]
    if plain(parameter) in singulars(own):  # it names the item, and not a member of it
        return [*keys, parameter, *words[-1:]]
    rest = [each for each in words if plain(each) not in singulars(own)]
    people = ["login"] if plain(parameter) in {"username", "user"} else []
    return [*names, *people, "_".join(rest), *rest[-1:], *keys]


def linked(contract: Contract) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield which member of a response is which parameter of another operation, by Link Objects."""
    for operation in contract.operations:
        for response in operation.responses.values():
            for node in response.get("links", {}).values():
                link: Mapping[str, Any] = contract.resolve(node)
                for parameter, expression in link.get("parameters", {}).items():
                    match = BODY_MEMBER.fullmatch(str(expression))
                    if match and "operationId" in link:
                        name = parameter.removeprefix("path.")
                        yield (str(link["operationId"]), name), pointers.split(match[1])[-1]
