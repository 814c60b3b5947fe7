"""Items of a store in an order, of which only those that are asked for are read."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from contract_first.bounded import BoundedDict

COLUMNS: Final = "SELECT place, key, parents, value"
ROWS: Final = f"{COLUMNS} FROM items"
MOST_LENGTHS: Final = 100
Read = Callable[..., Iterable[Any]]
Lengths = BoundedDict[Any, tuple[Any, int]]
PARENTS, VALUE = msgspec.json.Decoder(dict[str, str]), msgspec.json.Decoder(dict[str, Any])


class Item(NamedTuple):
    """A stored item.

    Attributes:
        key: what a path has for it.
        parents: the other path parameters of its creation, by the shape of the path up to each.
    """

    place: int
    key: str
    parents: Mapping[str, str]
    value: dict[str, Any]


class Listed(ABC):
    """Items in an order; what a slice has is read, and no more.

    Args:
        read: returns the rows of a query, each read when it is asked for.
        largest: bytes that no stored item has more of.
    """

    def __init__(self, read: Read, largest: int) -> None:
        self._read = read
        self.largest = largest

    @abstractmethod
    def __len__(self) -> int:
        """Return how many items there are."""

    def __getitem__(self, index: slice) -> list[Item]:
        """Return the items of a slice."""
        first, last, _ = index.indices(len(self))
        return [item_of(*row) for row in self._rows(COLUMNS, first, last)]

    def __iter__(self) -> Iterator[Item]:
        """Yield all items, each read when it is asked for."""
        for number in range(len(self)):
            yield from self[number : number + 1]

    def sizes(self, first: int, last: int) -> list[int]:
        """Return the bytes of each item of a slice, which are not read."""
        return [size for _, size in self._rows("SELECT place, length(value)", first, last)]

    @abstractmethod
    def _rows(self, columns: str, first: int, last: int) -> Iterable[Any]:
        """Return columns of a slice, of which the place is the first."""

    @abstractmethod
    def position(self, key: str) -> int | None:
        """Return how many items are before the one with a key; None if there is none."""

    def ordered(self, places: Sequence[int]) -> "Ordered":
        """Return items at some of the places, in the order of these."""
        return Ordered(self._read, places, self.largest)


class View(Listed):
    """The items of a collection that have some parents, in the order of their creation.

    Args:
        state: of the store; another one, other items.
        lengths: how many items there are, and of which state, by condition and values.

    Attributes:
        key: of what the items are: the same, the same items.
    """

    def __init__(
        self,
        read: Read,
        condition: str,
        values: tuple[str, ...],
        state: tuple[int, int],
        lengths: Lengths,
        largest: int,
    ) -> None:
        super().__init__(read, largest)
        self.key = (condition, values, state)
        self._lengths = lengths
        self._condition = f"FROM items WHERE {condition}"
        self._values = values

    def __len__(self) -> int:
        """Return how many items there are, which are not read."""
        *which, state = self.key
        known_state, length = self._lengths.get(tuple(which), (None, 0))
        if known_state != state:
            length = self._count("")
            self._lengths[tuple(which)] = state, length
        return length

    def _count(self, condition: str, *values: Any) -> int:
        ((count,),) = self._read(f"SELECT count(*) {self._condition}{condition}", *self._values, *values)
        return int(count)

    def __iter__(self) -> Iterator[Item]:
        """Yield all items, one read after the other."""
        rows = self._read(f"{COLUMNS} {self._condition} ORDER BY place", *self._values)
        return (item_of(*row) for row in rows)

    def _rows(self, columns: str, first: int, last: int) -> Iterable[Any]:
        query = f"{columns} {self._condition} ORDER BY place LIMIT ? OFFSET ?"
        return self._read(query, *self._values, max(0, last - first), first)

    def position(self, key: str) -> int | None:
        """Return how many items are before the one with a key; None if there is none."""
        places = self._read(f"SELECT min(place) {self._condition} AND key = ?", *self._values, key)
        ((place,),) = places
        return None if place is None else self._count(" AND place < ?", place)


class Ordered(Listed):
    """Items at places, in the order of these."""

    def __init__(self, read: Read, places: Sequence[int], largest: int) -> None:
        super().__init__(read, largest)
        self._places = places

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self._places)

    def _rows(self, columns: str, first: int, last: int) -> Iterable[Any]:
        places = self._places[first:last]
        rows = self._read(f"{columns} FROM items WHERE place IN ({', '.join('?' * len(places))})", *places)
        by_place = {row[0]: row for row in rows}
        return [by_place[place] for place in places]

    def position(self, key: str) -> int | None:
        """Return how many items are before the one with a key; None if there is none."""
        rows = {place for (place,) in self._read("SELECT place FROM items WHERE key = ?", key)}
        return next((number for number, place in enumerate(self._places) if place in rows), None)


def item_of(place: int, key: str, parents: str, value: bytes) -> Item:
    """Return the item of a row."""
    return Item(place, key, PARENTS.decode(parents), VALUE.decode(value))
