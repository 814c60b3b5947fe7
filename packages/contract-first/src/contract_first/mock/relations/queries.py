"""The generated value that a query selects: its items, their members, their page, and links."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from itertools import chain
from typing import Any

import msgspec

from contract_first.contract import Operation
from contract_first.generation import Generator

from .filters import Filters
from .links import HERE, Links, filled
from .paging import Paging
from .record import Record
from .shaping import Fields, Place

MOST_REMEMBERED = 64

After = Callable[[Any, Callable[[Any], Any]], Any]
"""Returns a value after a step, or as it was where the step would make it violate its schema."""


class QueriedValues:
    """The values that a generated value becomes by queries, each made once.

    Args:
        value: the generated value, which has no links yet.
        whole: it as a record.
        places: of the operation's parameters.
        tokens: what stands in links for the path's parameters.

    Attributes:
        places: of the query parameters that make a difference.
    """

    def __init__(
        self,
        value: Any,
        whole: Record,
        operation: Operation,
        places: list[Place],
        tokens: Mapping[Place, str],
        generator: Generator,
        links: Links,
        after: After,
    ) -> None:
        self._whole, self._record, self._after = whole, whole.inside(value), after
        self._paging = Paging(operation, whole.schema, value)
        is_read, record = operation.method == "get", self._record.of(value)
        self._filters = Filters(places if is_read else [], value, record, self._record.members)
        self._shape = Fields(places, generator, operation.operation_id)
        names = {name: token for (_, name), token in tokens.items()}
        self._url = HERE + filled(operation.path, names)
        link = partial(links.linked, path=operation.path, arguments=names, holder=self._record.holder)
        self._value = after(value, link)
        self.linked: Callable[[Any], Any] = link if self._value is not value else lambda value: value
        chosen = {*chain.from_iterable(self._paging.places), *self._filters.places, *self._shape.places}
        queries = [place for place in places if place[0] == "query"]
        self.places = [place for place in queries if place in chosen or self._paging.has_urls]
        self._made = lru_cache(MOST_REMEMBERED)(self._make)

    def value(self, arguments: list[Any]) -> Any:
        """Return the value for the arguments at these places."""
        return self._made(msgspec.json.encode(arguments))

    def _make(self, key: bytes) -> Any:
        arguments = dict(zip(self.places, msgspec.json.decode(key), strict=True))
        value, record = self._value, self._record
        item = record.schema.items if record.is_list else record.schema
        for is_of_record, step in self._filters.steps(arguments):
            value = self._after(value, partial(record.changed, step) if is_of_record else step)
        value = self._after(value, partial(self._shape.expanded, self._whole.schema, arguments))
        value = self._after(value, partial(record.changed, partial(self._shape.selected, item, arguments)))
        value = value if value is self._value else self.linked(value)
        return self._after(value, partial(self._paging.page, arguments=arguments, url=self._url))
