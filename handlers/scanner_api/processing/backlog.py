"""Limits of the work that waits to be processed, by organization and credential."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Final, NamedTuple, Protocol

from contract_first.bounded import BoundedDict
from contract_first.service.messages.problems import RateLimited

RETRY_SECONDS: Final = 10
_FRESH_SECONDS: Final = 1.0
_FULL_SECONDS: Final = 0.1
_MAX_ORGANIZATIONS: Final = 10_000


class _Count(NamedTuple):
    read: float
    by_credential: Counter[str]


class Owned(Protocol):
    """A session, or a capture: whose it is, and the credential that created the session."""

    @property
    def organization_id(self) -> str: ...

    @property
    def created_by(self) -> str: ...


@dataclass(eq=False, repr=False)
class Backlog:
    """Holds the unfinished captures and extractions of an organization and of a credential to their limits.

    What waits is counted in the database, which all processes share, at most once a second for an
    organization; until then what was admitted here is added. Before anything is refused it is counted again.

    Args:
        count: counts what waits for an organization, by the credential that created the session.
        per_organization: maximum number of waiting jobs.
        per_credential: the same.
    """

    count: Callable[[str], Awaitable[Mapping[str, int]]]
    per_organization: int
    per_credential: int
    _: KW_ONLY
    ticks: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._counts: BoundedDict[str, _Count] = BoundedDict(_MAX_ORGANIZATIONS)

    async def admit(self, owned: Owned) -> None:
        """Admit one more job, or raise RateLimited if too many wait."""
        if not await self.admit_many(owned, 1):
            raise too_many_waiting()

    async def admit_many(self, owned: Owned, preferred: int) -> int:
        """Admit more jobs, and return how many, at most ``preferred``."""
        count = await self._fresh(owned.organization_id, _FRESH_SECONDS)
        if self._room(count, owned) < preferred:
            count = await self._fresh(owned.organization_id, _FULL_SECONDS)
        admitted = max(0, min(preferred, self._room(count, owned)))
        count.by_credential[owned.created_by] += admitted
        return admitted

    def _room(self, count: _Count, owned: Owned) -> int:
        return min(
            self.per_organization - count.by_credential.total(),
            self.per_credential - count.by_credential[owned.created_by],
        )

    async def _fresh(self, organization_id: str, seconds: float) -> _Count:
        now = self.ticks()
        count: _Count | None = self._counts.get(organization_id)
        if count is None or now - count.read >= seconds:
            count = _Count(now, Counter(await self.count(organization_id)))
            self._counts[organization_id] = count
        return count


def too_many_waiting() -> RateLimited:
    """Return the problem of a job beyond the limit."""
    return RateLimited(
        RETRY_SECONDS,
        f"Too many captures and extractions are waiting to be processed; retry in {RETRY_SECONDS} seconds.",
    )
