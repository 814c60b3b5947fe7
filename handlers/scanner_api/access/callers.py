"""Who calls: what every kind of credential is turned into."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller whose credential was found valid.

    Attributes:
        credential: names the credential without revealing it, such as ``key:4fG...``; rate limits
            count by it.
        organizations: ids of the organizations that the caller may act for.
        infers_organization: whether an operation may take the organization from the credential
            (API keys of an organization and bearer tokens), instead of being told.
        own_sessions_only: a publishable key reaches only what it created itself.
        per_minute: requests a minute, 0 for the default of its kind.
        per_day: requests a day, 0 for the default of its kind.
    """

    credential: str
    organizations: frozenset[str]
    infers_organization: bool = True
    own_sessions_only: bool = False
    per_minute: int = field(default=0, compare=False)
    per_day: int = field(default=0, compare=False)

    def reaches(self, organization_id: str, created_by: str) -> bool:
        """Tell whether a session of this organization, made by this credential, is the caller's to see."""
        if organization_id not in self.organizations:
            return False
        return not self.own_sessions_only or created_by == self.credential
