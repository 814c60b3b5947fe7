"""Links of generated values: they lead to operations of the contract, on the mock itself."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from contract_first.contract import Contract
from contract_first.vocabulary.members import Meaning, identifiers_of, kind_of
from contract_first.vocabulary.words import plain, singulars, words_of

HERE: Final = "https://mock.invalid"
"""Stands for the URL of the API as a client reaches it, until there is a request (RFC 6761, 6.4)."""
EXAMPLE: Final = "https://www.example/"
"""Begins the URLs that values are generated with; those of authors have another host."""
KINDS: Final = ("type", "object", "resource_type", "kind")
"""Members that may say of which kind an object is."""
AROUND: Final = frozenset({"links", "urls"})
"""Members around the links of the item in which they are, as HAL's ``_links``."""
MOST_TEMPLATES, DEEPEST = 8, 12
PARAMETER = re.compile(r"\{([^{}]+)\}")
ITEM = re.compile(r"/([^/{}]+)/\{([^{}]+)\}(\.json|/)?$")


class ItemPath(NamedTuple):
    """The path of an item, and the template that it is of."""

    path: str
    template: str


class Links:
    """The paths of items, by their kinds, in a contract."""

    def __init__(self, contract: Contract) -> None:
        self._deployment = contract.deployment
        self._templates: dict[str, list[str]] = {}
        operations = contract.operations
        paths = sorted({operation.path for operation in operations if operation.method == "get"}, key=len)
        self._shapes = {PARAMETER.sub("{}", operation.path) for operation in operations}
        for path in paths:
            if match := ITEM.search(path):
                for kind in singulars(plain(match[1])):
                    self._templates.setdefault(kind, []).append(path)

    def owned(self, value: Any) -> Any:
        """Return a value in which the API's URLs lead to the mock, where an operation serves them."""
        if isinstance(value, dict):
            return {name: self.owned(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.owned(item) for item in value]
        if not isinstance(value, str) or "://" not in value or not self._deployment.has_origin_of(value):
            return value
        address, mark, query = value.partition("?")
        path = self._deployment.below("/" + "".join(address.split("/", 3)[3:]))
        is_served = self._deployment.route("GET", path).methods
        return f"{HERE}{path}{mark}{query}" if is_served else value

    def place(
        self, kinds: Iterable[str], key: Any, facts: Mapping[str, Any], members: Mapping[str, Any]
    ) -> ItemPath | None:
        """Return where an item is of the first of these kinds that has a path; None without one.

        Args:
            key: of the item; None for its member that the path's last parameter has the name of.
            facts: values of other parameters, by their plain names.
            members: scalars of the item, by their plain names.
        """
        named = (kind for name in kinds for kind in singulars(plain(name)))
        for template in (path for kind in named for path in self._templates.get(kind, ())[:MOST_TEMPLATES]):
            path = _filled(template, key, facts, members)
            if path is not None:
                return ItemPath(path, template)
        return None

    def linked(self, value: Any, path: str, arguments: Mapping[str, Any], holder: str) -> Any:
        """Return a value whose generated links lead to items of the contract.

        Args:
            path: of the operation, which says of what kind the value is, and where it is.
            arguments: of its path.
            holder: name of the member that has the item or list; empty if the value is it.
        """
        facts = {plain(name): argument for name, argument in arguments.items()}
        record = value.get(holder) if holder and isinstance(value, dict) else value
        if isinstance(record, dict) and ITEM.search(path):
            home = ItemPath(filled(path, arguments), path)
            linked = self._linked(record, (), facts, 0, home)
            linked = {**value, holder: linked} if holder else linked
        else:
            kinds = (kind_of(path),)
            linked = self._linked(value, kinds, facts, 0)
            if isinstance(record, list) and holder:  # whatever the list is called, the path says of what
                linked = {**linked, holder: self._linked(record, kinds, facts, 1)}
        return value if linked == value else linked

    def _linked(
        self,
        value: Any,
        kinds: tuple[str, ...],
        facts: Mapping[str, Any],
        depth: int,
        home: ItemPath | None = None,
    ) -> Any:
        """Return a part of a value with its links.

        Args:
            kinds: that the part may be of, the likeliest first.
            home: the place of the item that a part with no key of its own belongs to.
        """
        if depth > DEEPEST:
            return value
        if isinstance(value, list):
            around = home if are_links(value) else None
            return [self._linked(item, kinds, facts, depth + 1, around) for item in value]
        if not isinstance(value, dict):
            return value
        relation = value.get("rel")
        if isinstance(relation, str) and relation not in Meaning.ITEM_URL:
            home = self._below(home, relation)
        if depth or home is None:  # else it is the item of the path itself
            kinds = (*(text for text in map(value.get, KINDS) if isinstance(text, str)), *kinds)
        members = {plain(name): part for name, part in value.items() if type(part) in {str, int}}
        here = {**members, **facts}
        home = self._home(kinds, here, members, home, is_inner=depth > 0)
        return {
            name: self._member(name, member, kinds, facts, here, depth + 1, home)
            for name, member in value.items()
        }

    def _home(
        self,
        kinds: tuple[str, ...],
        here: Mapping[str, Any],
        members: Mapping[str, Any],
        home: ItemPath | None,
        *,
        is_inner: bool,
    ) -> ItemPath | None:
        """Return the place of an object: its own, or that of what it is in if it has no key."""
        keys = list(keys_of(members, kinds))
        places = (self.place(kinds, key, here, members) for key in (None, *keys))
        return next(filter(None, places), None) or (None if keys and is_inner else home)

    def _member(
        self,
        name: str,
        member: Any,
        kinds: tuple[str, ...],
        facts: Mapping[str, Any],
        here: Mapping[str, Any],
        depth: int,
        home: ItemPath | None,
    ) -> Any:
        """Return a member of an object with its links.

        Args:
            facts: of what the object is in.
            here: of the object itself, too.
        """
        is_own = name in Meaning.ITEM_URL
        if isinstance(member, str) and member.startswith((EXAMPLE, HERE)):
            place = home if is_own else self._below(home, name)
            return member if place is None else HERE + place.path
        if not isinstance(member, dict | list):
            return member
        if is_own or name in Meaning.ENVELOPE or plain(name) in AROUND:
            return self._linked(member, kinds, here, depth, home)
        return self._linked(member, (name,), facts, depth, self._below(home, name))

    def _below(self, home: ItemPath | None, name: str) -> ItemPath | None:
        """Return the place of what an item has below it, such as its ``line_items`` or its ``forks_url``."""
        if home is None:
            return None
        words = [word for word in words_of(name) if word not in {"url", "uri", "href", "link"}]
        for joined in ("_".join(words), "-".join(words)) if words else ():
            template = f"{home.template}/{joined}"
            if PARAMETER.sub("{}", template) in self._shapes:
                return ItemPath(f"{home.path}/{joined}", template)
        return None


def are_links(items: list[Any]) -> bool:
    """Tell whether a list has links by their relations, as ``{"rel": "next", "href": "..."}`` is one."""
    return bool(items) and all(isinstance(item, dict) and {"rel", "href"} <= item.keys() for item in items)


def keys_of(members: Mapping[str, Any], kinds: Iterable[str]) -> Iterator[Any]:
    """Yield what may be the key of an item of one of these kinds, the likeliest first."""
    of_kinds = (name for kind in kinds for name in identifiers_of(kind))
    names = dict.fromkeys((*Meaning.IDENTIFIER.names, *of_kinds, *Meaning.KEY.names))
    yield from islice((members[name] for name in names if name in members), MOST_TEMPLATES)


def filled(path: str, arguments: Mapping[str, Any]) -> str:
    """Return a path with its parameters filled in; those without an argument stay."""
    texts = {name: quote(str(value), safe="") for name, value in arguments.items() if value is not None}
    return PARAMETER.sub(lambda match: texts.get(match[1], match[0]), path)


def _filled(template: str, key: Any, facts: Mapping[str, Any], members: Mapping[str, Any]) -> str | None:
    """Return a path with its parameters filled in, the last with a key; None where one is not known."""
    names = PARAMETER.findall(template)
    key = members.get(plain(names[-1])) if key is None else key
    values = {names[-1]: key, **{name: facts.get(plain(name)) for name in names[:-1]}}
    if any(value is None or value == "" for value in values.values()):
        return None
    return filled(template, values)
