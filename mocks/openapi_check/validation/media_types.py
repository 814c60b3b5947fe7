"""Which of a document's media types a message's Content-Type means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_service.media_types import essence, ranges_for

if TYPE_CHECKING:
    from collections.abc import Iterable


def declared_as(sent: str, content: Iterable[str]) -> str | None:
    """Return the key under which a document declares the media type of a Content-Type, if it does."""
    by_name = {name.lower(): name for name in content}
    if sent.lower() in by_name:
        return by_name[sent.lower()]
    by_essence = {essence(name): name for name in by_name.values()}
    return next((by_essence[each] for each in ranges_for(essence(sent)) if each in by_essence), None)
