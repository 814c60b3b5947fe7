"""Which member identifies the items whose path ends with a parameter."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contract_first.contract import Contract, Operation
from contract_first.contract.document import pointers
from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning, identifiers_of, may_hold_key
from contract_first.vocabulary.words import plain, singulars, words_of

from .collection import Collection, shape_of

OR = re.compile(r"_or_|(?<=[a-z])Or(?=[A-Z])")
"""What is between the members of which a path may have any, as in ``idOrName``; items have the first."""
OTHERWISE = re.compile(
    r"\b(id|identifier|name|slug) or (?:(?:the|an?) )?(?:\w+ )?(id|name|slug)\b", re.IGNORECASE
)
"""How the description of a path parameter says that."""
NAME_OF = re.compile(r"\W*((the|a|unique) )*name of\b", re.IGNORECASE)
"""How the description of a path parameter begins that is the name of an item, even if the item has an id."""
BODY_MEMBER = re.compile(r"\$response\.body#(/.+)")
SCALARS: Final = frozenset({"string", "integer", "number"})


class Key(NamedTuple):
    """The member that identifies an item.

    Attributes:
        holder: the object in an item that has this member; empty for the item itself.
        schema: of the item.
        called: which of the possible names it has.
    """

    holder: str
    name: str
    schema: Schema
    called: str


def key_in(
    levels: Iterable[Schema], names: Iterable[str], operation: Operation, *, is_made: bool
) -> Key | None:
    """Return the name of the member that identifies an item; None without one.

    Args:
        levels: what the item may be, the likeliest first; what has its key may be in an object of the first.
        names: what the member may be called, the likeliest first.
        is_made: whether items are created, so that a member of another type than the parameter will do.
    """
    first, *others = levels
    parameter = shape_of(operation.path).names[-1]
    declared: Mapping[str, Any] = next(
        (node for node in operation.parameters if node["name"] == parameter), {}
    )
    types = first.of(declared.get("schema", True)).types - {"null"}
    holders = [(name, member) for name, member in first.properties.items() if may_hold_key(name)]
    for holder, level in (("", first), *(("", other) for other in others), *holders):
        members = level.members
        by_plain = {plain(name): name for name in members}
        matches = [(by_plain[plain(name)], name) for name in names if plain(name) in by_plain]
        scalars = [match for match in matches if members[match[0]].types & SCALARS]
        spelled = {plain(parameter)} if "string" in types else set()
        fitting = [
            match for match in scalars if members[match[0]].types & types or plain(match[0]) in spelled
        ]
        if fitting or (scalars and is_made):
            name, called = (fitting or scalars)[0]
            return Key(holder, name, first if holder else level, called)
    return None


def learn_key(collection: Collection, parameter: Mapping[str, Any], schema: Schema) -> None:
    """Add what a path parameter tells of a collection's key: a schema, an example, another member."""
    described = OTHERWISE.search(str(parameter.get("description", "")))
    names = [*OR.split(parameter["name"]), *(described.groups() if described else ())]
    is_other = parameter["name"] not in collection.item.names
    names = names if is_other else names[1:]
    others = {plain(word) for name in names for word in (name, *words_of(name)[-1:])} - {
        plain(collection.key)
    }
    members = (name for name in collection.schema.members if plain(name) in others)
    collection.other_key = next(members, collection.other_key)
    if is_other and plain(collection.other_key) in others:
        return
    examples = (part["example"] for part in (parameter, *schema.parts) if "example" in part)
    collection.key_example = next(examples, collection.key_example)
    collection.key_schemas.append(schema)


def names_of_key(operation: Operation, resource: str, linked: Mapping[tuple[str, str], str]) -> list[str]:
    """Return possible names of the member of an item's last path parameter, the likeliest first.

    Args:
        linked: which member a Link Object takes for a parameter, by operationId and the parameter's name.
    """
    parameter = shape_of(operation.path).names[-1]
    words, items = words_of(OR.split(parameter)[0]), singulars(plain(resource))
    descriptions = (node.get("description") for node in operation.parameters if node["name"] == parameter)
    named = ["name"] if any(NAME_OF.match(str(text)) for text in descriptions) else []
    identifiers = (*Meaning.PATH_IDENTIFIER.names, *identifiers_of(resource), "entityid")
    keys = [*named, *identifiers, *Meaning.KEY.names]
    if plain(parameter) in items:  # it names the item, and not a member of it
        return [*keys, parameter, *words[-1:]]
    rest = [word for word in words if word not in items]
    logins = ["login"] if plain(parameter) in {"username", "user"} else []
    name = linked.get((operation.operation_id, parameter), parameter)
    return [name, *logins, "_".join(rest), *rest[-1:], *keys]


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
