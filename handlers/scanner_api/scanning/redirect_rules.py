"""A redirect rule of a product: rules are tried in ascending order, and the first that matches wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from datetime import datetime


class RedirectRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is stored; ``order_index`` is dense from 0 among the rules of its product."""

    id: str
    product_short_id: str
    url: str
    order_index: int
    created: datetime
