"""What stands around a list: how many items there are, which page is shown, and where the next one is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning, meanings_of
from contract_first.vocabulary.words import plain

OMITTED: Final[Any] = object()
UNKNOWN: Final[Any] = object()
"""A fact that nothing is known of: the member stays as it is."""
NOTHING: Final = (None, OMITTED, "")
LINKS: Final = (Meaning.NEXT_URL, Meaning.PREVIOUS_URL, Meaning.LIST_URL)
"""Those of HAL are objects with the URL as ``href``."""


class ListPage(NamedTuple):
    """One page of a list.

    Attributes:
        first: how many items are before it.
        size: how many items are on a full page.
        total: how many items are on all pages.
        number: of the page, counted as the client does.
        after: the key of its last item; empty on the last page.
        next_url: of the page that follows; empty on the last page.
        pages: how many there are, where they are not all of one size; else 0.
        is_cut: whether it ends where the contract does not let a client expect that.
    """

    items: list[Any]
    first: int
    size: int
    total: int
    number: int
    after: str | None
    url: str
    next_url: str | None
    pages: int = 0
    is_cut: bool = False

    @property
    def end(self) -> int:
        """How many items are on this page and before it."""
        return self.first + len(self.items)

    @property
    def has_next(self) -> bool:
        """Whether a page follows; none does after one without items."""
        return bool(self.items) and self.end < self.total

    @property
    def fields(self) -> dict[bytes, str]:
        """The fields of a response's head about this page; one without a value is not there."""
        link = f'<{self.next_url}>; rel="next"' if self.next_url else ""
        total = str(self.total)
        return {b"link": link, b"x-next": self.next_url or "", b"x-total-count": total, b"x-total": total}


def key_in(item: Any) -> Any:
    """Return the key of an item of any list; None without one."""
    return item.get("id") if isinstance(item, dict) else None


FACTS: Final[Mapping[Meaning, Callable[[ListPage], Any]]] = {
    Meaning.MORE: lambda page: page.has_next,
    Meaning.HAS_PREVIOUS: lambda page: page.first > 0,
    Meaning.IS_FIRST: lambda page: page.first == 0,
    Meaning.IS_LAST: lambda page: not page.has_next,
    Meaning.IS_EMPTY: lambda page: not page.items,
    Meaning.SHOWN: lambda page: len(page.items),
    Meaning.TOTAL: lambda page: page.total,
    Meaning.REMAINING: lambda page: page.total - page.end,
    Meaning.PAGE: lambda page: page.number,
    Meaning.NEXT_PAGE: lambda page: page.number + 1 if page.has_next else None,
    Meaning.NEXT_OFFSET: lambda page: page.end if page.has_next else None,
    Meaning.PREVIOUS_PAGE: lambda page: page.number - 1 if page.first else None,
    Meaning.LAST_PAGE: lambda page: (page.pages or -(-page.total // max(page.size, 1))) if page.size else 0,
    Meaning.SIZE: lambda page: page.size,
    Meaning.OFFSET: lambda page: page.first,
    Meaning.FIRST_KEY: lambda page: key_in(page.items[0]) if page.items else None,
    Meaning.LAST_KEY: lambda page: key_in(page.items[-1]) if page.items else None,
    Meaning.END: lambda page: max(0, page.end - 1),
    Meaning.LIST_URL: lambda page: page.url or UNKNOWN,
    Meaning.NEXT_URL: lambda page: UNKNOWN if page.next_url is None else page.next_url or None,
    Meaning.PREVIOUS_URL: lambda _: None,
    Meaning.NEXT_CURSOR: lambda page: UNKNOWN if page.after is None else page.after or None,
    Meaning.PREVIOUS_CURSOR: lambda page: UNKNOWN if page.first else None,
}
"""What is so of a page, by what the name of a member means; None for nothing."""


def enclosed(base: Any, schema: Schema, page: ListPage, list_name: str) -> Any:
    """Return the envelope of a list with the facts of a page; members that would violate the schema stay.

    Args:
        base: an object that conforms to the schema.
    """
    envelope = dict(base)
    for name, member in schema.members.items():
        if name == list_name:
            continue
        meant, before = _meant(name, schema), base.get(name)
        if isinstance(before, dict) and not _leads(meant, before, member):
            envelope[name] = enclosed(before, member, page, list_name)
        else:
            _change(envelope, name, schema, _values(meant, before, member, page, list_name))
    return envelope


def _meant(name: str, schema: Schema) -> str:
    """Return the word that a member is understood by: its name, but for two that depend on other members."""
    if name == "number" and "totalPages" in schema.members:  # Spring's page
        return "page"
    if name == "count" and any(
        plain(other).startswith("total") and other in Meaning.TOTAL for other in schema.members
    ):
        return "numberofelements"
    return plain(name)


def _is_link(meant: str, before: Any) -> bool:
    return isinstance(before, dict) and "href" in before and any(meant in link for link in LINKS)


def _leads(meant: str, before: Any, schema: Schema) -> bool:
    """Return whether an object leads to a page, so that it is not an envelope within the envelope."""
    is_neighbour = meant in Meaning.NEXT_URL or meant in Meaning.PREVIOUS_URL
    return _is_link(meant, before) or (bool(schema.members) and is_neighbour)


def _change(envelope: dict[str, Any], name: str, schema: Schema, values: Iterable[Any]) -> None:
    """Give a member the first value that conforms, if one does, or leave it out if that conforms first."""
    for value in values:
        if value is not OMITTED and schema.members[name].conforms(value):
            envelope[name] = value
            return
        if value is OMITTED and schema.conforms(
            {key: other for key, other in envelope.items() if key != name}
        ):
            envelope.pop(name, None)
            return


def _values(meant: str, before: Any, schema: Schema, page: ListPage, list_name: str) -> Iterable[Any]:
    """Return what a member may be: a link, an object about the next page, links, or a fact."""
    if _is_link(meant, before):
        facts = _facts(meant, before["href"], page, list_name)
        return ({**before, "href": fact} if isinstance(fact, str) else fact for fact in facts)
    if schema.members and page.next_url and meant in Meaning.NEXT_URL:
        return [_next_page(before or {}, schema, page)]
    if isinstance(before, list) and "rel" in schema.items.members:
        return [[*_links(before, page, list_name)]]
    return _facts(meant, before, page, list_name)


def _next_page(before: Mapping[str, Any], schema: Schema, page: ListPage) -> dict[str, Any]:
    """Return an object that says where the next page is: its cursor, number, offset or URL."""
    facts: tuple[tuple[Meaning, Any], ...] = (
        (Meaning.AFTER, page.after),
        (Meaning.PAGE, page.number + 1),
        (Meaning.OFFSET, page.end),
        (Meaning.SIZE, page.size),
        (Meaning.LIST_URL, page.next_url),
    )
    named = {name: fact for name in schema.members for meaning, fact in facts if name in meaning}
    return {**before, **{name: fact for name, fact in named.items() if schema.members[name].conforms(fact)}}


def _links(before: list[Any], page: ListPage, list_name: str) -> Iterator[Any]:
    """Yield the links around a page, each with the relation that it says: none to what is not there."""
    for link in before:
        relation = plain(str(link.get("rel", ""))) if isinstance(link, dict) else ""
        is_paging = any(relation in meaning for meaning in LINKS)
        fact = next(_facts(relation, link.get("href"), page, list_name), None) if is_paging else ""
        if fact == "":
            yield link
        elif isinstance(fact, str):
            yield {**link, "href": fact}


def _facts(name: str, before: Any, page: ListPage, list_name: str) -> Iterator[Any]:
    """Yield the facts of a page that a member of this name may have, the likeliest first."""
    for meaning in meanings_of(name):
        fact = FACTS[meaning](page) if meaning in FACTS else UNKNOWN
        fact = list_name if meaning is Meaning.LIST_NAME else fact
        if fact is UNKNOWN:
            continue
        if fact is None:
            yield from NOTHING
        elif meaning is Meaning.NEXT_URL or (meaning is Meaning.LIST_URL and isinstance(before, str)):
            yield from _spelled(fact, is_path=name.endswith("uri"))
        elif meaning is not Meaning.LIST_URL:
            yield fact


def _spelled(url: str, *, is_path: bool) -> tuple[str, ...]:
    """Return a URL as a member may have it: in full, its path and query, its path."""
    path = "/" + url.split("/", 3)[3]
    return (path, url, path.partition("?")[0]) if is_path else (url, path, path.partition("?")[0])
