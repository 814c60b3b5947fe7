"""Links of generated values: they lead to operations of the contract, on the mock itself."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from contract_first.contract import Operation
from contract_first.mock.vocabulary.members import Meaning, kind_of
from contract_first.mock.vocabulary.words import plain, singulars

HERE: Final = "https://mock.invalid"
"""Stands for the URL of the API as a client reaches it, until there is a request (RFC 6761, 6.4)."""
MADE_UP: Final = "https://www.example.com/"
"""Begins the URLs that values are generated with; those of authors begin otherwise."""
KINDS: Final = ("type", "object", "resource_type", "kind")
"""Members that may say of which kind an object is."""
AROUND: Final = frozenset({"links", "urls"})
"""Members around the links of the item in which they are, as HAL's ``_links``."""
MOST_TEMPLATES, DEEPEST = 8, 12
PARAMETER = re.compile(r"\{([^{}]+)\}")
ITEM = re.compile(r"/([^/{}]+)/\{([^{}]+)\}(\.json)?$")


class Links:
    """The paths of items, by their kinds, in a contract."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._templates: dict[str, list[str]] = {}
        paths = sorted({operation.path for operation in operations if operation.method == "get"}, key=len)
        self._paths = frozenset(paths)
        for path in paths:
            if match := ITEM.search(path):
                for kind in singulars(plain(match[1])):
                    self._templates.setdefault(kind, []).append(path)

    def path(self, kinds: Iterable[str], key: Any, facts: Mapping[str, Any]) -> str | None:
        """Return the path of an item of the first of these kinds that has one; None without.

        Args:
            key: of the item.
            facts: values of other parameters, by their plain names.
        """
        named = (kind for name in kinds for kind in singulars(plain(name)))
        for template in (path for kind in named for path in self._templates.get(kind, ())[:MOST_TEMPLATES]):
            filled = _filled(template, key, facts)
            if filled is not None:
                return filled
        return None

    def linked(self, value: Any, path: str, arguments: Mapping[str, Any]) -> Any:
        """Return a value whose generated links lead to items of the contract.

        Args:
            path: of the operation, which says what kind the value is of.
            arguments: of its path.
        """
        facts = {plain(name): argument for name, argument in arguments.items()}
        linked = self._linked(value, (kind_of(path),), facts, 0)
        return value if linked == value else linked

    def _linked(
        self,
        value: Any,
        kinds: tuple[str, ...],
        facts: Mapping[str, Any],
        depth: int,
        own: str | None = None,
    ) -> Any:
        """Return a part of a value with its links.

        Args:
            kinds: that the part may be of, the likeliest first.
            own: the path of the item that a part with no key of its own belongs to.
        """
        if depth > DEEPEST:
            return value
        if isinstance(value, list):
            return [self._linked(item, kinds, facts, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        kinds = (*(text for text in map(value.get, KINDS) if isinstance(text, str)), *kinds)
        here = {**facts, **{plain(name): part for name, part in value.items() if type(part) in {str, int}}}
        own = next(filter(None, (self.path(kinds, key, here) for key in keys_of(value))), own)
        linked = {}
        for name, member in value.items():
            linked[name] = member
            is_own = name in Meaning.ITEM_URL
            if isinstance(member, str) and member.startswith(MADE_UP) and is_own and own is not None:
                linked[name] = HERE + own
            elif isinstance(member, dict | list):
                is_around = is_own or name in Meaning.ENVELOPE or plain(name) in AROUND
                inner, beside = (kinds, here) if is_around else ((name,), facts)
                linked[name] = self._linked(member, inner, beside, depth + 1, own if is_around else None)
        return linked


def keys_of(value: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what may be the key of an item, the likeliest first."""
    by_name = {plain(name): member for name, member in value.items() if type(member) in {str, int}}
    names = (*Meaning.IDENTIFIER.names, *Meaning.KEY.names)
    yield from islice((by_name[name] for name in names if name in by_name), MOST_TEMPLATES)


def filled(path: str, arguments: Mapping[str, Any]) -> str:
    """Return a path with its parameters filled in; those without an argument stay."""
    texts = {name: quote(str(value), safe="") for name, value in arguments.items() if value is not None}
    return PARAMETER.sub(lambda match: texts.get(match[1], match[0]), path)


def _filled(template: str, key: Any, facts: Mapping[str, Any]) -> str | None:
    """Return a path with its parameters filled in, the last with a key; None where one is not known."""
    names = PARAMETER.findall(template)
    values = {names[-1]: key, **{name: facts.get(plain(name)) for name in names[:-1]}}
    if any(value is None or value == "" for value in values.values()):
        return None
    return filled(template, values)
