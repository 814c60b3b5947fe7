"""What a query changes in generated items: they become what it asks for."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.words import plain

from .fields import several

LANGUAGE: Final = re.compile(r"[:=<>~*]")
"""What makes a query, or a word of it, one of an API's own language, which is not searched for."""
NUMBER: Final = re.compile(r"\A[0-9]{1,15}\Z")
LONGEST_TERM, DEEPEST_LIST = 60, 2
LEAST_REPEATED = 6
"""Characters of a value that does not stand in another one by chance."""
Change = Callable[[Any], Any]


def with_argument(name: str, schema: Schema, argument: Any, record: Any) -> Any:
    """Return items whose member of a name is what is asked for, of several values in turn."""
    choices = several(argument)

    def changed(item: Any, index: int) -> Any:
        choice = choices[index % len(choices)]
        values = (choice, str(choice), *map(int, NUMBER.findall(str(choice))))
        fitting = next(filter(schema.conforms, values), None)
        is_there = isinstance(item, dict) and name in item and not isinstance(item[name], dict | list)
        return with_members({name: fitting}, item) if is_there and fitting is not None else item

    if isinstance(record, list):
        return [changed(item, index) for index, item in enumerate(record)]
    return changed(record, 0)


def of_kinds(kinds: Mapping[str, Any], items: list[Any]) -> list[Any]:
    """Return the items whose members have these values, which tell their alternatives apart."""
    asked = {name: [*map(str, several(argument))] for name, argument in kinds.items()}
    return [item for item in items if all(str(item.get(name)) in texts for name, texts in asked.items())]


def of_ids(name: str, schema: Schema, other: Any, argument: Any, record: Any) -> Any:
    """Return an item of a list for each identifier that is asked for: its own, or another."""
    if not isinstance(record, list) or not record:
        return record
    choices = several(argument)
    there = {str(item[name]): item for item in record if isinstance(item, dict) and name in item}
    others = [other] if isinstance(other, dict) else record
    items = [there.get(str(id_), others[index % len(others)]) for index, id_ in enumerate(choices)]
    return with_argument(name, schema, choices, items)


def with_members(members: Mapping[str, Any], value: Any) -> Any:
    """Return objects with other members; what another member repeats of one, such as an id, it repeats."""
    if isinstance(value, list):
        return [with_members(members, item) if isinstance(item, dict) else item for item in value]
    if not isinstance(value, dict):
        return value
    changed = {**value, **members}
    for name, new in members.items():
        old = value.get(name)
        if isinstance(old, str) and isinstance(new, str) and len(old) >= LEAST_REPEATED:
            repeating = {
                other: text for other, text in changed.items() if isinstance(text, str) and old in text
            }
            changed |= {
                other: text.replace(old, new) for other, text in repeating.items() if other not in members
            }
    return changed


def of_types(argument: Any, value: Any) -> Any:
    """Return an object with the lists of the types that are asked for: a search for artists has artists."""
    members = value.items() if isinstance(value, dict) else ()
    containers = {name for name, member in members if isinstance(member, dict | list)}
    asked = {plain(str(name)).removesuffix("s") for name in several(argument)}
    chosen = {name for name in containers if plain(name).removesuffix("s") in asked}
    others = containers - chosen if chosen else ()
    return {name: member for name, member in members if name not in others} if others else value


def searched(argument: Any, value: Any) -> Any:
    """Return a value whose lists have items that a search for a text could find: by their names."""
    words = [word for word in str(argument).split() if not LANGUAGE.search(word)]
    term = re.sub(r"[^\w .'-]", "", " ".join(words))[:LONGEST_TERM].strip()
    return _named(term, value, 0) if term else value


def _named(term: str, value: Any, depth: int) -> Any:
    """Return a value whose items, at most two levels in, have a text in their names, the first alone."""
    if isinstance(value, list):
        return [_labelled(term, item, is_first=index == 0) for index, item in enumerate(value)]
    if not isinstance(value, dict) or depth > DEEPEST_LIST:
        return value
    return {name: _named(term, member, depth + 1) for name, member in value.items()}


def _labelled(term: str, item: Any, *, is_first: bool) -> Any:
    texts = item.items() if isinstance(item, dict) else ()
    by_name = {plain(name): name for name, text in texts if isinstance(text, str)}
    name = next((by_name[label] for label in Meaning.LABEL.names if label in by_name), None)
    if name is None or term.lower() in item[name].lower():
        return item
    return {**item, name: term if is_first else f"{term} {item[name]}"}
