"""Which member identifies the items whose path ends with a parameter: the one with the best score."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning, identifiers_of, may_hold_key
from contract_first.vocabulary.words import plain, singulars, words_of

from .collection import Collection, only, resource_of, shape_of
from .paths import Methods, Paths
from .ways import is_each, items

OR = re.compile(r"_or_|(?<=[a-z])Or(?=[A-Z])")
"""What is between the members of which a path may have any, as in ``idOrName``; items have the first."""
OTHERWISE = re.compile(
    r"\b(id|identifier|key|name|slug) or (?:(?:the|an?) )?(?:\w+ )?(id|key|name|slug)\b", re.IGNORECASE
)
"""How the description of a path parameter says that."""
NAME_OF = re.compile(r"\W*((the|a|unique) )*name of\b", re.IGNORECASE)
"""How the description of a path parameter begins that is the name of an item, even if the item has an id."""
SCALARS: Final = frozenset({"string", "integer", "number"})
ID_WORDS: Final = frozenset({"id", "uuid", "guid", "sid", "gid"})
LEAST: Final = 2.5
"""The score of a member that may be a key."""


class Key(NamedTuple):
    """The member that identifies an item.

    Attributes:
        holder: the object in an item that has this member; empty for the item itself.
        schema: of the item.
        reasons: for its score.
    """

    holder: str
    name: str
    schema: Schema
    score: float
    reasons: tuple[str, ...]


class ItemParameter:
    """The last parameter of an item's path, and how well members fit it.

    Args:
        is_made: whether items are created, so that a member of another type than the parameter will do.
    """

    def __init__(self, paths: Paths, operation: Operation, *, is_made: bool) -> None:
        self._is_made = is_made
        shape = shape_of(operation.path)
        self._name, resource = shape.names[-1], resource_of(shape)
        linked = paths.linked.get((operation.operation_id, self._name), "")
        self._declared: Mapping[str, Any] = next(
            (node for node in operation.parameters if node["name"] == self._name), {}
        )
        words, items = words_of(OR.split(self._name)[0]), singulars(plain(resource))
        self._ends_in_id = words[-1:] != () and words[-1] in ID_WORDS
        is_item = plain(self._name) in items
        rest = [] if is_item else [word for word in words if word not in items]
        identifiers = (*Meaning.PATH_IDENTIFIER.names, *identifiers_of(resource), "entityid")
        if self._ends_in_id:
            identifiers += words[-1:]
        self._facts = _facts(self._declared, *paths.schemas.for_responses.in_media_type(self._declared).parts)
        described = NAME_OF.match(str(self._declared.get("description", "")))
        rows: list[tuple[float, str, Iterable[str]]] = [
            (20.0, "marked", [paths.marked_key(operation)]),
            (20.0, "linked", [linked]),
            (2.5 if is_item else 6.0, "the parameter", [self._name]),
            (5.0, "the parameter beside the resource", ["".join(rest)]),
            (1.0 if is_item else 4.0, "the parameter's last word", (words if is_item else rest)[-1:]),
            (4.0 if self._ends_in_id else 3.0, "identifier", identifiers),
            (4.0, "described as a name", ["name"] if described else []),
            (3.0, "login", ["login"] if plain(self._name) in {"username", "user"} else []),
            *((2 - 0.1 * place, "usual key", [name]) for place, name in enumerate(Meaning.KEY.names)),
        ]
        self._rows = [(score, reason, {*map(plain, names)} - {""}) for score, reason, names in rows]

    def key_in(self, levels: Sequence[Schema]) -> Key | None:
        """Return the member that identifies an item; None without one.

        Args:
            levels: what the item may be, the likeliest first; its key may be in an object of the first.
        """
        first, *others = levels
        types = first.of(self._declared.get("schema", True)).types - {"null"}
        holders = [(name, member) for name, member in first.properties.items() if may_hold_key(name)]
        places = [("", first, 1.0), *(("", other, 0.5) for other in others), *((*it, 0.0) for it in holders)]
        keys = (
            self._key(name, member, holder, first if holder else level, bonus, types)
            for holder, level, bonus in places
            for name, member in level.members.items()
            if member.types & SCALARS
        )
        return max((key for key in keys if key.score >= LEAST), key=lambda key: key.score, default=None)

    def _key(
        self, name: str, member: Schema, holder: str, schema: Schema, bonus: float, types: Iterable[str]
    ) -> Key:
        is_id = self._ends_in_id and self._is_made
        may_be = "string" in types and (is_id or plain(name) == plain(self._name))
        rows = [(score, reason) for score, reason, names in self._rows if plain(name) in names]
        rows.append((1.0, "type") if member.types & {*types} else (-0.5 if may_be else -4.0, "another type"))
        rows += [(bonus, "in the item itself")] if bonus else []
        if name in Meaning.IDENTIFIER and self._facts & _facts(*member.parts):
            rows.append((6.0, "described as the parameter is"))
        return Key(holder, name, schema, sum(score for score, _ in rows), tuple(reason for _, reason in rows))


def _facts(*nodes: Any) -> set[str]:
    """Return what is said of a member or a parameter: its description, its examples."""
    facts = (node.get(fact) for node in nodes for fact in ("description", "example"))
    return {text for fact in facts if (text := str(fact or "").strip().rstrip(".").lower())}


def key_at(paths: Paths, item: Operation, methods: Methods, above: Methods) -> Key | None:
    """Return the key of an item, by the responses of the operations on its path and the collection's.

    Raises:
        ContractError: a mark says that it is another member, which is not there.
    """
    get, mark = methods.get("get"), paths.marked_key(item)
    first = paths.success(get) if get else paths.listed(above)
    if get and first is None:
        return None
    changing = [methods[method] for method in ("patch", "put", "post") if method in methods]
    creating = [above["post"]] if "post" in above else []
    others = [*filter(None, map(paths.success, (*changing, *creating)))]
    schemas = sorted(
        filter(None, (first, *others)),
        key=lambda schema: not (schema.component or (changing and schema.items.component)),
    )
    levels = [
        [
            nested.schema
            for nested in items(schema, resource_of(shape_of(item.path)))
            if not is_each(nested.way) or changing or (others and nested.way[1:])
        ]
        + [only(schema)]
        for schema in (schemas[:1] if get else schemas)
    ]
    parameter = ItemParameter(paths, item, is_made=bool(creating))
    keys = [*filter(None, map(parameter.key_in, levels))]
    if not keys and "put" in methods and (listed := paths.listed(above)):
        keys = [*filter(None, [parameter.key_in([listed])])]  # what shows an item has no key
    # where no response is the item's own, what has the likeliest name is the item
    key = max(keys, key=lambda key: key.score, default=None)
    if mark and (key is None or plain(key.name) != plain(mark)):
        names = dict.fromkeys(name for level in levels for schema in level for name in schema.members)
        there = ", ".join(names) or "none"
        raise paths.marks[item.operation_id].error(
            f"key: items have no member {mark[:200]!r}; there are: {there}"
        )
    return key


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
