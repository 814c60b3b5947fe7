"""What lists go through, in order: a page costs its own size, however large the bucket is."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .moto_s3 import models
from .records import StoredVersions


class Ordered(NamedTuple):
    """Names in order, and the entries that a list has of each."""

    names: Sequence[str]
    entries: Callable[[str], Iterable[Any]]

    def since(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield names from this one on, each with its entries."""
        return self._from(bisect_left(self.names, name))

    def beyond(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """Yield the names behind all that begin with this prefix, each with its entries."""
        return self._from(bisect_right(self.names, prefix, key=lambda name: name[: len(prefix)]))

    def _from(self, first: int) -> Iterator[tuple[str, Any]]:
        for at in range(first, len(self.names)):
            yield from ((self.names[at], entry) for entry in self.entries(self.names[at]))


class Keys(models._VersionedKeyStore):  # type: ignore[misc, name-defined]  # noqa: SLF001 -- moto has no other way in
    """moto's versions of objects by name, the oldest first, with the names in order."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def versions(self, name: str) -> Sequence[Any]:
        """Return the versions of an object, delete markers included; none without one."""
        versions: Sequence[Any] = dict.get(self, name, ())
        return versions

    def listed(self, name: str) -> Sequence[Any]:
        """Return the versions of an object for a list, which leaves in memory what was there before."""
        versions = self.versions(name)
        return versions.models() if isinstance(versions, StoredVersions) else versions

    def place(self, name: str, versions: Sequence[Any]) -> None:
        """Set all versions of an object."""
        self._add(name)
        dict.__setitem__(self, name, versions)

    def discard(self, name: str) -> None:
        """Remove an object with all its versions, if there is one; nothing is released."""
        if dict.pop(self, name, None) is not None:
            self._remove(name)

    def __setitem__(self, name: str, version: Any) -> None:
        self._add(name)
        super().__setitem__(name, version)

    def setlist(self, name: str, versions: Any) -> None:
        """Set all versions of an object, as moto does; those that it had are released."""
        self._add(name)
        super().setlist(name, versions)

    def pop(self, name: str) -> None:
        """Remove an object with all its versions, as moto does; raises KeyError for none."""
        super().pop(name)
        self._remove(name)

    def _add(self, name: str) -> None:
        if name not in self:
            insort(self.names, name)

    def _remove(self, name: str) -> None:
        del self.names[bisect_left(self.names, name)]


class Uploads(models.MultipartDict):
    """moto's uploads under way by id, with the names of their objects in order."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self._by_name: dict[str, dict[str, Any]] = {}

    def of(self, name: str) -> Iterable[Any]:
        """Return the uploads of an object, the oldest first."""
        return [*self._by_name.get(name, {}).values()]

    def __setitem__(self, upload_id: str, upload: Any) -> None:
        super().__setitem__(upload_id, upload)
        if upload.key_name not in self._by_name:
            insort(self.names, upload.key_name)
        self._by_name.setdefault(upload.key_name, {})[upload_id] = upload

    def __delitem__(self, upload_id: str) -> None:
        name = self[upload_id].key_name
        super().__delitem__(upload_id)
        del self._by_name[name][upload_id]
        if not self._by_name[name]:
            del self._by_name[name]
            del self.names[bisect_left(self.names, name)]
