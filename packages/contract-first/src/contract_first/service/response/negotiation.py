"""Content negotiation: whether an operation can respond with what an Accept header asks for."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from contract_first.contract.document.media_types import essence, ranges_for
from contract_first.service.messages.problems import NotAcceptable

MEDIA_RANGE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", re.ASCII)
QUALITY = re.compile(r"0?\.[0-9]+|0\.?|1(?:\.0*)?", re.ASCII)
MOST_REMEMBERED = 256
LONGEST_REMEMBERED = 256


class Accepted(NamedTuple):
    """One media range of an Accept header."""

    media_range: str
    quality: float


def parse_accept(header: str) -> list[Accepted]:
    """Read an Accept header (RFC 9110, section 12.5.1); a piece that cannot be read is passed over."""
    ranges = []
    for piece in header.split(","):
        media_range, *parameters = (part.strip().lower() for part in piece.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        if MEDIA_RANGE.fullmatch(media_range) and QUALITY.fullmatch(quality):
            ranges.append(Accepted(media_range, float(quality)))
    return ranges


class Negotiation:
    """Tells whether an operation can respond with what a request accepts.

    Args:
        produced: the media types of the operation's successes; none if its responses have no body.
    """

    def __init__(self, produced: Iterable[str]) -> None:
        self._produced = tuple(dict.fromkeys(essence(media_type) for media_type in produced))
        self._remembered: dict[str, bool] = {}

    def check(self, accept: str | None) -> None:
        """Raise NotAcceptable if every media type that the operation can respond with is excluded."""
        if accept is None or accept == "*/*" or not self._produced:
            return
        acceptable = self._remembered.get(accept)
        if acceptable is None:
            acceptable = self._allows(parse_accept(accept))
            if len(self._remembered) < MOST_REMEMBERED and len(accept) < LONGEST_REMEMBERED:
                self._remembered[accept] = acceptable
        if not acceptable:
            raise NotAcceptable(
                f"This operation responds with {' or '.join(self._produced)}, which Accept excludes."
            )

    def _allows(self, accepted: list[Accepted]) -> bool:
        qualities: dict[str, float] = {}
        for (
            media_range,
            quality,
        ) in accepted:  # of ranges that differ in parameters the highest quality counts
            qualities[media_range] = max(quality, qualities.get(media_range, 0.0))
        if not qualities:
            return True
        for produced in self._produced:
            quality = next((qualities[name] for name in ranges_for(produced) if name in qualities), 0.0)
            if quality > 0 or "*" in produced:
                return True
        return False
