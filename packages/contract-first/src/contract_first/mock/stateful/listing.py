"""Lists of stored items as clients ask for them: filtered, sorted, and one page at a time."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Final

from contract_first.bounded import BoundedDict
from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.shape.envelopes import ListPage
from contract_first.mock.shape.queries import Queries
from contract_first.recognition import Collection
from contract_first.recognition.ways import within

from .views import Item, Listed, View

MOST_ORDERS: Final = 4
"""That are remembered of one list, until an item is changed."""
LONGEST_RANK: Final = 1000
"""Characters of a text by which items are sorted."""


class Listing:
    """Lists one collection as an operation does.

    Args:
        schema: of an item, as the operation shows it; it is filtered by members that this does not show, too.
        asked: as of `Queries`.
    """

    def __init__(
        self, schema: Schema, collection: Collection, operation: Operation, asked: Mapping[str, Schema]
    ) -> None:
        stored = collection.schema.members.items()
        scalars = {name: member for name, member in stored if not member.types & {"object", "array"}}
        key = tuple(filter(None, (collection.holder, collection.key)))
        self._queries = queries = Queries(
            operation,
            schema,
            {**scalars, **schema.members},
            key,
            asked,
            lambda item: collection.key_of(item.value),
        )
        self.reads_all = queries.reads_all
        self._orders: BoundedDict[tuple[Any, ...], list[int]] = BoundedDict(MOST_ORDERS)

    def page(self, items: Listed, query: Mapping[str, Any], url: str) -> ListPage:
        """Return a page of items; no others are read of a view, or once they have been ordered.

        Args:
            items: all, in the order of their creation.
            query, url: as of `Pages.page`, which says what it raises.
        """
        pages = self._queries.pages
        return pages.page(self._ordered(items, query), query, url, pages.usual)

    def _ordered(self, items: Listed, query: Mapping[str, Any]) -> Listed:
        """Return the items that are asked for in the order that is; the places of a view's are remembered."""
        if not self.reads_all(query):
            return items
        if not isinstance(items, View):
            return items.ordered(self._places(items, query))
        selecting = self._queries.pages.selecting
        choice = sorted((name, repr(value)) for name, value in query.items() if name not in selecting)
        key = (*items.key, *choice)
        if key not in self._orders:
            self._orders[key] = self._places(items, query)
        return items.ordered(self._orders[key])

    def chosen(
        self, items: Iterable[Item], query: Mapping[str, Any], *, all_hold: bool = False
    ) -> Iterable[Item]:
        """Return the items that query parameters choose, each when it is asked for.

        Args:
            all_hold: as of `Queries.conditions`.
        """
        conditions = list(self._queries.conditions(query, all_hold=all_hold))
        return (item for item in items if all(holds(item.value) for holds in conditions))

    def _places(self, items: Listed, query: Mapping[str, Any]) -> list[int]:
        """Return the places of items in the order that is asked for; no more is kept of them."""
        member, descends = self._queries.order(query)
        chosen = self.chosen(items, query)
        ranks = [(_order(within(item.value, member)) if member else (), item.place) for item in chosen]
        places = [place for _, place in sorted(ranks, key=itemgetter(0))]
        return places[::-1] if descends else places


def _order(value: Any) -> tuple[int, Any]:
    """Return the sort key of values of several types: null, numbers, texts."""
    if isinstance(value, int | float):
        return 1, value
    return (0, "") if value is None else (2, str(value)[:LONGEST_RANK])
