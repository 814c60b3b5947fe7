"""What of an exchange is not judged, and why."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .content_codings import NotDecoded, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi_check.exchange import Message


class Unjudged:
    """Why parts of an exchange are not judged.

    Attributes:
        told: the reasons; empty if all is judged.
    """

    def __init__(self) -> None:
        self.told = ""

    def tell(self, why: str) -> None:
        """Add a reason."""
        self.told += ("; " if self.told else "") + why

    @contextmanager
    def side(self, which: str) -> Iterator[None]:
        """Tell that one side cannot be judged where judging it fails; the other may be."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- what others send must not end who watches
            self.tell(f"the {which} cannot be judged ({type(error).__name__})")

    def body(self, message: Message, which: str) -> bytes | None:
        """Return the body of a message without its content coding, None if that is not known."""
        if not message.whole:
            self.tell(f"the {which}'s body was not kept whole")
            return None
        try:
            return decoded(message)
        except NotDecoded as error:
            self.tell(f"the {which}'s body is not judged: {error}")
            return None
