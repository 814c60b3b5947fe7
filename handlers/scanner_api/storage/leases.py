"""Leases: who works at something has it for a while, and longer if they say so.

Whoever dies gives it back by doing nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Column, ColumnElement


def is_free(lease_until: Column[datetime | None], now: datetime) -> ColumnElement[bool]:
    """Return the condition that no one has the lease, or no longer."""
    return or_(lease_until.is_(None), lease_until <= now)
