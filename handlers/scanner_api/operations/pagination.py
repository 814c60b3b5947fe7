"""Pages of lists, in the envelope that the contract's prose describes."""

from __future__ import annotations

from typing import Any


def envelope(items: list[dict[str, Any]], total_count: int, *, page: int, page_size: int) -> dict[str, Any]:
    """Return one page of a list with what a reader needs to turn to the others.

    Args:
        items: what is on this page; none if it is beyond the end.
        total_count: items on all pages.
        page: from 1.
        page_size: most items on a page.
    """
    total_pages = -(-total_count // page_size)
    return {
        "data": items,
        "pagination": {
            "page": page,
            "page_size": page_size,
            "total_count": total_count,
            "total_pages": total_pages,
            "has_next": page < total_pages,
            "has_previous": page > 1 and total_count > 0,
        },
    }
