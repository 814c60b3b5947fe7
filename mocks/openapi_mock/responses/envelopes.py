"""What stands around a list: how many items there are, which page is shown, and where the next one is."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from openapi_contract.schemas import Schema

from .subjects import plain

SIZES: Final = ("limit", "pagesize", "perpage", "maxresults", "maxitems", "top", "take", "size")
PAGES: Final = ("page", "pagenumber", "pageno", "pageindex")
OFFSETS: Final = ("offset", "skip", "startindex", "start")
"""Names of query parameters, in plain spelling, that say which part of a list is sent."""
OMITTED: Final[Any] = object()
NOTHING: Final = (None, OMITTED, "")

MORE: Final = frozenset({"hasmore", "hasnext", "hasnextpage", "istruncated", "more"})
TOTAL: Final = frozenset(
    {
        "total",
        "totalcount",
        "totalitems",
        "totalresults",
        "totalelements",
        "totalsize",
        "totalentries",
        "totalrecords",
        "odatacount",
        "count",
        "results",
        "itemstotal",
    }
)
NUMBER: Final = frozenset({"page", "pagenumber", "currentpage"})
NEXT_NUMBER: Final = frozenset({"nextpage", "nextpagenumber"})
PREVIOUS_NUMBER: Final = frozenset({"previouspage", "prevpage", "previouspagenumber"})
LAST_NUMBER: Final = frozenset({"totalpages", "numpages", "pages", "lastpage", "pagecount", "pagestotal"})
NEXT_URL: Final = frozenset(
    {"next", "nextpageuri", "nextpageurl", "nexturl", "nextlink", "nexturi", "nexthref"}
)
PREVIOUS_URL: Final = frozenset(
    {"previous", "prev", "previouspageuri", "previouspageurl", "previousurl", "prevurl"}
)
NEXT_KEY: Final = frozenset(
    {"nextpagetoken", "nextcursor", "nexttoken", "nextpage", "nextmarker", "cursor", "continuationtoken"}
    | {"continue", "paginationtoken", "iterator", "marker", "position"}
)
PREVIOUS_KEY: Final = frozenset(
    {"previouspagetoken", "prevpagetoken", "previouscursor", "prevcursor", "prevmarker", "previterator"}
)
OWN_URL: Final = frozenset({"url", "uri", "self", "firstpageuri", "firstpageurl"})
LINKS: Final = NEXT_URL | PREVIOUS_URL | OWN_URL
"""Those of HAL are objects with the URL as ``href``."""


class Page(NamedTuple):
    """One page of a list.

    Attributes:
        first: how many items are before it.
        size: how many items are on a full page.
        total: how many items are on all pages.
        number: of the page, counted as the client does.
        after: the key of its last item; empty on the last page.
        next_url: of the page that follows; empty on the last page.
    """

    items: list[dict[str, Any]]
    first: int
    size: int
    total: int
    number: int
    after: str | None
    url: str
    next_url: str | None


def enclosed(base: Any, schema: Schema, page: Page, list_name: str) -> Any:
    """Return what stands around a list with what it says of the page; what would violate its schema stays.

    Args:
        base: an object that conforms to the schema.
    """
    changed = dict(base)
    for name, member in schema.members.items():
        shown = base.get(name)
        is_number = name == "number" and "totalPages" in schema.members  # Spring's page
        fact = "page" if is_number else plain(name)
        is_link = isinstance(shown, dict) and "href" in shown and fact in LINKS
        if isinstance(shown, dict) and name != list_name and not is_link:
            changed[name] = enclosed(shown, member, page, list_name)
            continue
        for each in _facts(fact, shown["href"] if is_link else shown, page, list_name):
            candidate = {**shown, "href": each} if is_link and isinstance(each, str) else each
            without = {key: each for key, each in changed.items() if key != name}
            if candidate is OMITTED and schema.conforms(without):
                changed = without
                break
            if candidate is not OMITTED and member.conforms(candidate):
                changed[name] = candidate
                break
    return changed


def _facts(name: str, shown: Any, page: Page, list_name: str) -> Iterator[Any]:
    """Yield what a member of this name may say of a page, the likeliest first; nothing where it says none."""
    shown_last = page.first + len(page.items)
    numbers = {
        MORE: shown_last < page.total,
        frozenset({"first"}): page.first == 0,
        frozenset({"last", "islast", "islastpage", "done"}): shown_last >= page.total,
        frozenset({"empty"}): not page.items,
        frozenset({"numberofelements"}): len(page.items),
        TOTAL: page.total,
        frozenset({"remainingitemcount"}): page.total - shown_last,
        NUMBER: page.number,
        NEXT_NUMBER: page.number + 1 if shown_last < page.total else None,
        PREVIOUS_NUMBER: page.number - 1 if page.first else None,
        LAST_NUMBER: -(-page.total // max(page.size, 1)),
        frozenset(SIZES): page.size,
        frozenset(OFFSETS): page.first,
        frozenset({"end"}): max(0, shown_last - 1),
        frozenset({"key"}): list_name,
    }
    for value in (value for names, value in numbers.items() if name in names):
        yield from NOTHING if value is None else (value,)
    urls = {NEXT_URL: page.next_url, PREVIOUS_URL: "", OWN_URL: page.url if isinstance(shown, str) else ""}
    for names, url in urls.items():
        if name in names and url:
            path = "/" + url.split("/", 3)[3]
            plain_path = path.partition("?")[0]
            yield from (path, url, plain_path) if name.endswith("uri") else (url, path, plain_path)
        elif name in names and names is not OWN_URL and url is not None:
            yield from NOTHING
    if name in PREVIOUS_KEY and not page.first:
        yield from NOTHING
    if name in NEXT_KEY and page.after is not None:
        yield from (page.after,) if page.after else NOTHING
