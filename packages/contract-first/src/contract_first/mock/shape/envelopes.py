"""What stands around a list: how many items there are, which page is shown, and where the next one is."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning, meanings_of
from contract_first.vocabulary.words import plain

OMITTED: Final[Any] = object()
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


def key_in(item: Any) -> Any:
    """Return the key of an item of any list; None without one."""
    return item.get("id") if isinstance(item, dict) else None


FACTS: Final[Mapping[Meaning, Callable[[ListPage], Any]]] = {
    Meaning.MORE: lambda page: page.end < page.total,
    Meaning.HAS_PREVIOUS: lambda page: page.first > 0,
    Meaning.IS_FIRST: lambda page: page.first == 0,
    Meaning.IS_LAST: lambda page: page.end >= page.total,
    Meaning.IS_EMPTY: lambda page: not page.items,
    Meaning.SHOWN: lambda page: len(page.items),
    Meaning.TOTAL: lambda page: page.total,
    Meaning.REMAINING: lambda page: page.total - page.end,
    Meaning.PAGE: lambda page: page.number,
    Meaning.NEXT_PAGE: lambda page: page.number + 1 if page.end < page.total else None,
    Meaning.NEXT_OFFSET: lambda page: page.end if page.end < page.total else None,
    Meaning.PREVIOUS_PAGE: lambda page: page.number - 1 if page.first else None,
    Meaning.LAST_PAGE: lambda page: page.pages or -(-page.total // max(page.size, 1)),
    Meaning.SIZE: lambda page: page.size,
    Meaning.OFFSET: lambda page: page.first,
    Meaning.FIRST_KEY: lambda page: key_in(page.items[0]) if page.items else None,
    Meaning.LAST_KEY: lambda page: key_in(page.items[-1]) if page.items else None,
    Meaning.END: lambda page: max(0, page.end - 1),
}
"""What is so of a page, by what the name of a member means; None for nothing."""


def enclosed(base: Any, schema: Schema, page: ListPage, list_name: str) -> Any:
    """Return the envelope of a list with the facts of a page; members that would violate the schema stay.

    Args:
        base: an object that conforms to the schema.
    """
    envelope = dict(base)
    for name, member in schema.members.items():
        before = base.get(name)
        is_number = name == "number" and "totalPages" in schema.members  # Spring's page
        meant = "page" if is_number else plain(name)
        is_link = isinstance(before, dict) and "href" in before and any(meant in link for link in LINKS)
        if isinstance(before, dict) and name != list_name and not is_link:
            envelope[name] = enclosed(before, member, page, list_name)
            continue
        for fact in _facts(meant, before["href"] if is_link else before, page, list_name):
            value = {**before, "href": fact} if is_link and isinstance(fact, str) else fact
            without = {key: other for key, other in envelope.items() if key != name}
            if value is OMITTED and schema.conforms(without):
                envelope = without
                break
            if value is not OMITTED and member.conforms(value):
                envelope[name] = value
                break
    return envelope


def _facts(name: str, before: Any, page: ListPage, list_name: str) -> Iterator[Any]:
    """Yield the facts of a page that a member of this name may have, the likeliest first."""
    for meaning in meanings_of(name):
        if meaning in FACTS:
            fact = FACTS[meaning](page)
            yield from NOTHING if fact is None else (fact,)
        elif meaning is Meaning.LIST_NAME:
            yield list_name
        elif meaning is Meaning.LIST_URL and page.url and isinstance(before, str):
            yield from _spelled(page.url, is_path=name.endswith("uri"))
        elif meaning is Meaning.NEXT_URL and page.next_url is not None:
            yield from _spelled(page.next_url, is_path=name.endswith("uri")) if page.next_url else NOTHING
        elif meaning is Meaning.NEXT_CURSOR and page.after is not None:
            yield from (page.after,) if page.after else NOTHING
        elif meaning is Meaning.PREVIOUS_URL or (meaning is Meaning.PREVIOUS_CURSOR and not page.first):
            yield from NOTHING


def _spelled(url: str, *, is_path: bool) -> tuple[str, ...]:
    """Return a URL as a member may have it: in full, its path and query, its path."""
    path = "/" + url.split("/", 3)[3]
    return (path, url, path.partition("?")[0]) if is_path else (url, path, path.partition("?")[0])
