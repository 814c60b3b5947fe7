"""The data directory of a mock: the user's, or one that is removed with the mock.

    DIR/NAME.db                      the database
    DIR/s3/                          buckets and objects, see `strict_s3.store.archive`
    DIR/snapshots/SHA256/            a snapshot, by the SHA-256 of scope and name: these, database and S3
    DIR/starts                       number of starts
    DIR/lock                         held by the mock that uses it

What clients name is inside the files, never in a path.
"""

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .scopes import SCOPE

MOST_SNAPSHOTS: Final = 100
DIGITS: Final = 20
"""Of the number of starts."""
IN_MEMORY: Final = "sqlite+aiosqlite://"


class DataDirectoryError(OSError):
    """The folder cannot be used; the message says why."""


class UnknownSnapshot(LookupError):  # noqa: N818 -- says what it is
    """There is no snapshot of this name."""


class TooManySnapshots(Exception):  # noqa: N818 -- says what there are
    """There is no room for another snapshot."""


class Snapshot:
    """A folder with the state of one moment."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.database = folder / database
        self.s3 = folder / "s3"

    @property
    def facts(self) -> dict[str, Any]:
        """What was saved beside the two; nothing where that is no snapshot's."""
        try:
            facts = json.loads((self.folder / "facts.json").read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def save(self, facts: Mapping[str, Any]) -> None:
        """Save something beside the two."""
        (self.folder / "facts.json").write_text(json.dumps(facts), "utf-8")


class DataDirectory:
    """The folder.

    Args:
        root: the user's, created for its owner alone if it is missing; None for one that is removed with the
            mock, in which the database is in memory, and S3 has its own folder.

    Raises:
        DataDirectoryError: it cannot be made or written, or another mock uses it.
    """

    def __init__(self, root: Path | None = None, database: str = "mock.db") -> None:
        self._database = database
        self._root = None if root is None else root.absolute()
        self._temporary: Path | None = None
        self._lock: sqlite3.Connection | None = None
        self.starts = 0
        if root is not None:
            if "?" in str(root):
                raise DataDirectoryError(
                    f"The folder {root} cannot be used: a question mark ends the path in a URL."
                )
            try:
                root.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = _locked(root / "lock")
                self.starts = _count(root / "starts")
            except (OSError, sqlite3.Error) as error:
                self.close()
                raise DataDirectoryError(f"The folder {root} cannot be used: {_reason(error)}.") from error

    @property
    def s3(self) -> Path | None:
        """Folder for S3; None if S3 has its own."""
        return None if self._root is None else self._root / "s3"

    @property
    def database(self) -> Path | None:
        """File of the database; None if it is in memory."""
        return None if self._root is None else self._root / self._database

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database."""
        return IN_MEMORY if self.database is None else f"{IN_MEMORY}/{self.database}"

    def names(self) -> list[str]:
        """Return the names of the current scope's snapshots, in their order."""
        return sorted(snapshot.facts["name"] for snapshot in self._all() if _is_here(snapshot))

    def clear(self) -> None:
        """Remove the snapshots of the current scope."""
        for snapshot in self._all():
            if _is_here(snapshot):
                shutil.rmtree(snapshot.folder)

    def _all(self) -> list[Snapshot]:
        return [Snapshot(folder, self._database) for folder in self._snapshots().glob("[0-9a-f]*")]

    def snapshot(self, name: str) -> Snapshot:
        """Return the snapshot of a name.

        Raises:
            UnknownSnapshot: there is none.
        """
        snapshot = Snapshot(self._folder(name), self._database)
        if snapshot.facts.get("name") != name:
            raise UnknownSnapshot(f"There is no snapshot {name!r}.")
        return snapshot

    @contextmanager
    def draft(self) -> Iterator[Snapshot]:
        """Yield an empty snapshot without a name; it is removed afterwards unless it was published."""
        draft = Snapshot(Path(tempfile.mkdtemp(prefix="new-", dir=self._snapshots())), self._database)
        try:
            yield draft
        finally:
            shutil.rmtree(draft.folder, ignore_errors=True)

    def publish(self, draft: Snapshot, name: str, facts: Mapping[str, Any]) -> None:
        """Name a draft, and replace the snapshot that had the name.

        Raises:
            TooManySnapshots: there are a hundred others.
        """
        folder = self._folder(name)
        if not folder.is_dir() and len(self._all()) >= MOST_SNAPSHOTS:
            raise TooManySnapshots(f"There are {MOST_SNAPSHOTS} snapshots; use a name that is there.")
        draft.save({"name": name, "scope": SCOPE.get(), **facts})
        if folder.is_dir():
            shutil.rmtree(folder)
        draft.folder.rename(folder)

    def close(self) -> None:
        """Unlock the folder; remove it unless it is the user's."""
        if self._lock is not None:
            self._lock.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _snapshots(self) -> Path:
        if self._root is None and self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="mock-"))
        snapshots = (self._root or self._temporary or Path()) / "snapshots"
        snapshots.mkdir(mode=0o700, exist_ok=True)
        return snapshots

    def _folder(self, name: str) -> Path:
        scope = f"{scope}\0" if (scope := SCOPE.get()) else ""
        return (
            self._snapshots() / hashlib.sha256(f"{scope}{name}".encode("utf-8", "surrogatepass")).hexdigest()
        )


def _is_here(snapshot: Snapshot) -> bool:
    """Return whether it is a snapshot of the current scope."""
    facts = snapshot.facts
    return isinstance(facts.get("name"), str) and facts.get("scope", "") == SCOPE.get()


def _locked(file: Path) -> sqlite3.Connection:
    """Lock a file as SQLite does on every system, until it is closed or its process ends."""
    lock = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except BaseException:
        lock.close()
        raise
    return lock


def _count(file: Path) -> int:
    """Count a start, and return how many there were before it."""
    text = file.read_bytes()[:DIGITS].strip() if file.is_file() else b"0"
    if not text.isdigit():
        raise DataDirectoryError(f"{file} is no number of starts")
    before = int(text)
    file.write_text(f"{before + 1}\n", "ascii")
    return before


def _reason(error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return "another mock uses it"
    return str(getattr(error, "strerror", None) or error)
