"""Where items are: a SQLite database, in memory or in a file, with a bound."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from contract_first.bounded import BoundedDict
from contract_first.service.messages.problems import PayloadTooLarge, ServiceUnavailable

from .views import MOST_LENGTHS, PARENTS, ROWS, Item, Lengths, View, item_of

MOST_ITEMS: Final = 20_000
MOST_BYTES: Final = 128 * 1024 * 1024
"""Of all items."""
PART: Final = 64
"""Bytes that each part of an item counts for beside its own, as it takes them when it is read."""
MOST_IN_ITEM: Final = 4 * 1024 * 1024
"""Bytes of one item; as values, empty arrays take thirty times as many."""
LAST: Final = 2**53
"""Of numbers and places; SQLite counts to 2**63, and adds no item behind that."""
LARGE_BYTES: Final = 256 * 1024
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS items (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL, key TEXT NOT NULL, parents TEXT NOT NULL, value BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS items_by_key ON items (collection, key);
CREATE INDEX IF NOT EXISTS items_by_parents ON items (collection, parents);
CREATE INDEX IF NOT EXISTS items_in_order ON items (collection);
CREATE TABLE IF NOT EXISTS numbers (collection TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""
OBJECTS: Final = "SELECT sql FROM sqlite_schema ORDER BY name"
"""Tables, and views and triggers, which run when items are read and written."""
MEASURES: Final = """
SELECT count(*), total(length(value)), total(length(key) + length(parents) + length(collection)),
    max(length(value)) FROM items
"""
COUNTED: Final = """
SELECT max(place) FROM items UNION SELECT max(last) FROM numbers UNION SELECT max(seq) FROM sqlite_sequence
"""
DISTINCT: Final = """
WITH RECURSIVE distinct_parents(parents) AS (
    SELECT min(parents) FROM items WHERE collection = ?1
    UNION ALL SELECT (
        SELECT min(parents) FROM items WHERE collection = ?1 AND parents > distinct_parents.parents
    ) FROM distinct_parents WHERE parents IS NOT NULL
) SELECT parents FROM distinct_parents WHERE parents IS NOT NULL
"""
"""Parents of a collection's items, found by the index: its items are not read."""
_LOADS = count()
"""Numbers loads of all stores, so that no two have the same state."""


class ItemStore:
    """The items of all collections, in the order of their creation.

    Args:
        file: of the database, made for its owner alone; None for one in memory.
        most_bytes: of all items; by default as many as there may be.

    Attributes:
        largest: bytes that no item has more of.

    Raises:
        ValueError: the file holds something else than items of a mock, or too many.
    """

    def __init__(self, file: Path | None = None, most_bytes: int | None = None) -> None:
        self._limit = most_bytes
        self._loads = next(_LOADS)
        self._lengths: Lengths = BoundedDict(MOST_LENGTHS)
        if file is not None:
            file.touch(mode=0o600)
        with ExitStack() as opened:
            try:
                self._database = sqlite3.connect(
                    file or ":memory:", isolation_level=None, check_same_thread=False, timeout=0
                )
                opened.callback(self._database.close)
                self._database.execute("PRAGMA synchronous = OFF")
                self._database.executescript(SCHEMA)
                self._check()
            except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
                raise ValueError(f"{file} does not hold what a mock stores: {error}.") from None
            opened.pop_all()

    @property
    def _most_bytes(self) -> int:
        return MOST_BYTES if self._limit is None else self._limit

    def _check(self) -> None:
        self._loads = next(_LOADS)
        self._is_whole()
        row = self._database.execute(MEASURES).fetchone()
        most = (
            f"it has more than {MOST_ITEMS} items, {self._most_bytes} bytes of them, or {MOST_IN_ITEM} of one"
        )
        if row[0] > MOST_ITEMS or max(row[1:3]) > self._most_bytes or (row[3] or 0) > MOST_IN_ITEM:
            raise ValueError(most)
        if any(
            not isinstance(last or 0, int) or (last or 0) > LAST
            for (last,) in self._database.execute(COUNTED)
        ):
            raise ValueError(f"it counts beyond {LAST}")
        self._count = self._bytes = self.largest = 0
        for row in self._database.execute(ROWS):
            item_of(*row)
            value = row[-1] if isinstance(row[-1], bytes) else row[-1].encode()
            self._count, self._bytes = self._count + 1, self._bytes + _size(value)
            self.largest = max(self.largest, len(value))
            if self._bytes > self._most_bytes:
                raise ValueError(most)

    def _is_whole(self) -> None:
        with closing(sqlite3.connect(":memory:")) as new:
            new.executescript(SCHEMA)
            if self._database.execute(OBJECTS).fetchall() != new.execute(OBJECTS).fetchall():
                raise ValueError("it has other tables")
        (result,) = self._database.execute("PRAGMA integrity_check(1)").fetchone()
        if result != "ok":
            raise ValueError(" ".join(result.split()))

    @property
    def is_large(self) -> bool:
        """Whether a list of all items may take a while."""
        return self._bytes > LARGE_BYTES

    @property
    def is_roomy(self) -> bool:
        """Whether it is less than a quarter full: the rest is for what requests create."""
        return 4 * self._count < MOST_ITEMS and 4 * self._bytes < self._most_bytes

    def close(self) -> None:
        self._database.close()

    def number(self, collection: str) -> int:
        """Return the next number of a collection, from 1; none comes twice."""
        row = self._database.execute(
            "INSERT INTO numbers VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
            (collection,),
        ).fetchone()
        return int(row[0])

    def count(self, name: str) -> None:
        """Have a name be counted, from 1, as a collection that had an item is."""
        self._database.execute("INSERT OR IGNORE INTO numbers VALUES (?, 0)", (name,))

    def add(self, collection: str, key: str, parents: Mapping[str, str], value: dict[str, Any]) -> None:
        """Add an item; raises PayloadTooLarge or ServiceUnavailable."""
        encoded = self._encoded(value)
        size = _size(encoded)
        if self._count >= MOST_ITEMS or self._bytes + size > self._most_bytes:
            raise ServiceUnavailable(
                f"The mock holds {self._count} items of {self._bytes} bytes; at most {MOST_ITEMS} items "
                f"of {self._most_bytes} bytes fit. Delete some, or reset it."
            )
        self._database.execute(
            "INSERT INTO items (collection, key, parents, value) VALUES (?, ?, ?, ?)",
            (collection, key, msgspec.json.encode(parents).decode(), encoded),
        )
        self._count, self._bytes = self._count + 1, self._bytes + size

    def keep(self, parents: Mapping[str, str]) -> None:
        """Keep parents when nothing is below them any longer, as an item of no collection; raises as add."""
        key = msgspec.json.encode(parents).decode()
        if parents and not self.keyed("", key):
            self.add("", key, parents, {})

    @contextmanager
    def together(self) -> Iterator[None]:
        """Undo all that is done here if any of it raises."""
        before = self._count, self._bytes
        self._database.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            self._count, self._bytes = before
            raise
        self._database.execute("COMMIT")

    def change(self, item: Item, key: str, value: dict[str, Any]) -> None:
        """Replace the value of an item; raises PayloadTooLarge or ServiceUnavailable."""
        encoded = self._encoded(value)
        size = self._bytes + _size(encoded) - _size(msgspec.json.encode(item.value))
        if size > max(self._most_bytes, self._bytes):
            raise ServiceUnavailable(f"The mock holds {self._bytes} bytes; at most {self._most_bytes} fit.")
        self._database.execute(
            "UPDATE items SET key = ?, value = ? WHERE place = ?", (key, encoded, item.place)
        )
        self._bytes = size

    def remove(self, item: Item) -> None:
        self._database.execute("DELETE FROM items WHERE place = ?", (item.place,))
        self._count, self._bytes = self._count - 1, self._bytes - _size(msgspec.json.encode(item.value))

    def keyed(self, collection: str, key: str) -> list[Item]:
        """Return the items with a key, of any parents."""
        return self._items("WHERE collection = ? AND key = ? ORDER BY place", collection, key)

    def at(self, place: int) -> tuple[str, Item] | None:
        """Return the item at a place, behind the name of its collection; None if there is none."""
        place = min(place, LAST)
        names = [*self._rows("SELECT collection FROM items WHERE place = ?", place)]
        return (names[0][0], *self._items("WHERE place = ?", place)) if names else None

    def all(self, collection: str) -> list[Item]:
        """Return the items of a collection, of any parents."""
        return self._items("WHERE collection = ? ORDER BY place", collection)

    def parents(self, collection: str) -> dict[str, Mapping[str, str]]:
        """Return all parents that items of a collection have, by how they are stored."""
        rows = self._database.execute(DISTINCT, (collection,))
        return {text: PARENTS.decode(text) for (text,) in rows}

    def view(self, collection: str, parents: Collection[str] | None) -> View:
        """Return the items of a collection, read as far as they are looked at.

        Args:
            parents: of the items, as they are stored; None for any.
        """
        among = "" if parents is None else f" AND parents IN ({', '.join('?' * len(parents))})"
        values = (collection, *(parents or ()))
        return View(self._rows, f"collection = ?{among}", values, self._state, self._lengths, self.largest)

    def below(self, prefix: str, value: str) -> list[Item]:
        """Return the items of all collections that have such a parent."""
        pattern = msgspec.json.encode({prefix: value}).decode()[1:-1]
        return self._items("WHERE instr(parents, ?) > 0", pattern)

    def has_counted(self, collection: str) -> bool:
        """Tell whether a collection has, or had, any item."""
        rows = self._database.execute("SELECT 1 FROM numbers WHERE collection = ?", (collection,))
        return rows.fetchone() is not None

    def counts(self) -> dict[str, int]:
        """Return how many items each collection has that has any."""
        return dict(self._database.execute("SELECT collection, count(*) FROM items GROUP BY collection"))

    def clear(self) -> None:
        """Remove everything, and count from 1 again."""
        self._database.execute("DELETE FROM items")
        self._database.execute("DELETE FROM numbers")
        self._database.execute("DELETE FROM sqlite_sequence")
        self._count = self._bytes = self.largest = 0

    def save(self, file: Path) -> None:
        """Write everything into another file, which is its owner's alone."""
        file.touch(mode=0o600)
        with closing(sqlite3.connect(file)) as copy:
            self._database.backup(copy)

    def load(self, file: Path) -> None:
        """Replace everything by the content of a file; if reading it raises ValueError, nothing is lost."""
        if not file.is_file() or not file.stat().st_size:
            raise ValueError(f"{file} does not hold what a mock stores: it is missing or empty.")
        ItemStore(file).close()
        with closing(sqlite3.connect(file)) as saved:
            saved.backup(self._database)
        self._check()

    @property
    def _state(self) -> tuple[int, int]:
        """Which load of a store it is, and how often rows were changed: after any change it is another."""
        return self._loads, self._database.total_changes

    def _rows(self, query: str, *values: Any) -> Iterator[Any]:
        return self._database.execute(query, values)

    def _items(self, condition: str, *values: Any) -> list[Item]:
        return [item_of(*row) for row in self._rows(f"{ROWS} {condition}", *values)]

    def _encoded(self, value: dict[str, Any]) -> bytes:
        encoded = msgspec.json.encode(value)
        if len(encoded) > MOST_IN_ITEM:
            raise PayloadTooLarge(f"The item has {len(encoded)} bytes; at most {MOST_IN_ITEM} fit.")
        self.largest = max(self.largest, len(encoded))
        return encoded


def _size(encoded: bytes) -> int:
    """Return the bytes of an item, and more for its parts, of which each has a comma or bracket."""
    return len(encoded) + PART * sum(map(encoded.count, (b",", b"[", b"{")))
