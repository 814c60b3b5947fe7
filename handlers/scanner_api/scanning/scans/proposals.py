"""Proposals: suggested changes to single fields of products, and their reviews."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

FIELDS: Final = ("name", "description", "brand_name", "category", "ingredients", "ai_summary", "images")
"""The fields of a product that a proposal may change (reference, section 2.5)."""


class ProposalStatus(StrEnum):
    """PENDING until it is reviewed."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal as it is stored.

    Attributes:
        id: UUID, in its usual text form.
        current_value: what the product had when the proposal was made; may be empty.
        confidence: 0.00 to 1.00, two decimals, as text.
        source: the system that made it, such as ``local_database``.
        applied_at: when it was written to the product; it cannot be reviewed again after that.
    """

    id: str
    capture_id: str
    field_name: str
    current_value: str
    proposed_value: str
    confidence: str
    reasoning: str
    source: str
    status: ProposalStatus
    metadata: dict[str, str]
    created: datetime
    reviewed_at: datetime | None = None
    applied_at: datetime | None = None
