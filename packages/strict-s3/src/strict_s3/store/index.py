"""The index of an archive: records by bucket, kind and name, in one SQLite file."""

import sqlite3
import weakref
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

NAME = "index.sqlite3"
_TABLE = """
create table if not exists record (
    bucket text not null, kind text not null, name text not null, content blob not null,
    unique (bucket, kind, name)
)
"""
_SAVE = "insert into record values (?, ?, ?, ?) on conflict do update set content = excluded.content"
T = TypeVar("T")


class Index:
    """Records of buckets; it is not thread-safe.

    Args:
        folder: of the file.
        durable: whether a change waits for the disk, so that it outlives a failure of power.

    Raises:
        OSError: the file cannot be used, or is no index.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._file = folder / NAME
        self._file.touch(mode=0o600)
        with suppress(PermissionError):  # it is another user's
            self._file.chmod(0o600)  # an earlier version left it to the umask
        self._connection = sqlite3.connect(
            self._file, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("pragma locking_mode = exclusive")  # for as long as it is open
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute(f"pragma synchronous = {'full' if durable else 'off'}")
            self._connection.execute(_TABLE)
        except sqlite3.Error as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise OSError(
                    f"{folder} is in use by another S3: stop that, or use another folder."
                ) from None
            raise OSError(f"{self._file} cannot be used: {error}") from None
        # an app in a test's own process is often dropped without an end
        weakref.finalize(self, self._connection.close)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def defects(self) -> list[str]:
        """Return what SQLite finds wrong with its file."""
        texts = [text for (text,) in self._connection.execute("pragma integrity_check")]
        return [] if texts == ["ok"] else texts

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all changes in the context, or none if it raises; it may be entered again inside."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("begin")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def records(self, bucket: str, kind: str, type_: type[T]) -> Iterator[tuple[str, T]]:
        """Yield the name and the record of all of a kind, in the order in which they were first saved."""
        decode = msgspec.json.Decoder(type_).decode
        for name, content in self.contents(bucket, kind):
            yield name, decode(content)

    def contents(self, bucket: str, kind: str) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the record, as JSON, of all of a kind, in the same order."""
        query = "select name, content from record where bucket = ? and kind = ? order by rowid"
        yield from self._connection.execute(query, (bucket, kind))

    def buckets(self) -> list[str]:
        """Return the names of all buckets that have records, in the order of the first one."""
        query = "select bucket from record group by bucket order by min(rowid)"
        return [bucket for (bucket,) in self._connection.execute(query)]

    def save(self, bucket: str, kind: str, name: str, record: Any) -> bytes:
        """Save a record in place of the one of this name, and return it as JSON."""
        content = msgspec.json.encode(record)
        self._connection.execute(_SAVE, (bucket, kind, name, content))
        return content

    def drop(self, bucket: str, kind: str, name: str) -> None:
        """Remove a record, if there is one."""
        query = "delete from record where bucket = ? and kind = ? and name = ?"
        self._connection.execute(query, (bucket, kind, name))

    def drop_bucket(self, bucket: str) -> None:
        """Remove all records of a bucket."""
        self._connection.execute("delete from record where bucket = ?", (bucket,))

    def copy_to(self, folder: Path, buckets: Collection[str]) -> None:
        """Copy the records of buckets into another folder."""
        (folder / NAME).touch(mode=0o600)
        self._connection.execute("vacuum into ?", (str(folder / NAME),))
        others = [(bucket,) for bucket in self.buckets() if bucket not in buckets]
        if others:
            with self._attached(folder):
                self._connection.executemany("delete from copy.record where bucket = ?", others)

    def copy_from(self, folder: Path) -> None:
        """Add the records of a copy, if there is one, but those of buckets that are here."""
        if (folder / NAME).is_file():
            with self._attached(folder):
                self._connection.execute(
                    "insert into record select * from copy.record "
                    "where bucket not in (select bucket from record) order by rowid"
                )

    @contextmanager
    def _attached(self, folder: Path) -> Iterator[None]:
        """Have the file of another folder as ``copy``."""
        self._connection.execute("attach ? as copy", (str(folder / NAME),))
        try:
            yield
        finally:
            self._connection.execute("detach copy")
