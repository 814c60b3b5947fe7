"""Content negotiation: whether an operation can respond with what an Accept header asks for."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from contract_first.contract.document.media_types import essence, ranges_for
from contract_first.service.messages.problems import NotAcceptable

MEDIA_RANGE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", re.ASCII)
QUALITY = re.compile(r"0?\.[0-9]+|0\.?|1(?:\.0*)?", re.ASCII)
MOST_REMEMBERED = 256
LONGEST_REMEMBERED = 256


class Accepted(NamedTuple):
    """One media range of an Accept header, and the parameters before its quality."""

    media_range: str
    quality: float
    parameters: frozenset[str]


def parse_accept(header: str) -> list[Accepted]:
    """Read an Accept header (RFC 9110, section 12.5.1); a piece that cannot be read is passed over."""
    ranges = []
    for piece in header.split(","):
        media_range, *parameters = _parts(piece)
        number = next((n for n, part in enumerate(parameters) if part.startswith("q=")), len(parameters))
        quality = parameters[number][2:] if number < len(parameters) else "1"
        if MEDIA_RANGE.fullmatch(media_range) and QUALITY.fullmatch(quality):
            ranges.append(Accepted(media_range, float(quality), frozenset(parameters[:number])))
    return ranges


def qualities(accepted: Iterable[Accepted], media_types: Collection[str]) -> dict[str, float]:
    """Return the qualities of media types, each by the most specific range that matches it, or 0.

    Parameters that none of them has are put aside, and so is the charset; of equals, the highest counts.
    """
    parameters = {media_type: frozenset(_parts(media_type)[1:]) for media_type in media_types}
    names = {_name(part) for parts in parameters.values() for part in parts} - {"charset"}
    ranges = [(a, frozenset(part for part in a.parameters if _name(part) in names)) for a in accepted]

    def quality(media_type: str) -> float:
        matches = ranges_for(essence(media_type))
        matching = (
            (-matches.index(a.media_range), len(parts), a.quality)
            for a, parts in ranges
            if a.media_range in matches and parts <= parameters[media_type]
        )
        return max(matching, default=(0, 0, 0.0))[-1]

    return {media_type: quality(media_type) for media_type in media_types}


def preferred(accept: str | None, media_types: Sequence[str]) -> str | None:
    """Return the media type that an Accept header prefers, the first of equals; None of none."""
    if accept is None or len(media_types) < 2:  # noqa: PLR2004 -- nothing to prefer
        return next(iter(media_types), None)
    return max(media_types, key=qualities(parse_accept(accept), media_types).__getitem__)


def _parts(media_type: str) -> list[str]:
    """Return a media type or range and its parameters, in one spelling."""
    return [part.strip().lower().replace('"', "") for part in media_type.split(";")]


def _name(parameter: str) -> str:
    return parameter.partition("=")[0]


class Negotiation:
    """Tells whether an operation can respond with what a request accepts.

    Args:
        produced: the media types of the operation's successes; none if its responses have no body.
        documented: values of a parameter ``Accept``, by which the document itself says what to ask for.
    """

    def __init__(self, produced: Iterable[str], documented: Iterable[str] = ()) -> None:
        self._produced = tuple(dict.fromkeys(media_type.lower() for media_type in produced))
        self._documented = frozenset(
            accepted.media_range for value in documented for accepted in parse_accept(value)
        )
        self._remembered = lru_cache(MOST_REMEMBERED)(self._allows)

    def check(self, accept: str | None) -> None:
        """Raise NotAcceptable if every media type that the operation can respond with is excluded."""
        if accept is None or accept == "*/*" or not self._produced:
            return
        allows = self._remembered if len(accept) < LONGEST_REMEMBERED else self._allows
        if not allows(accept):
            names = " or ".join(dict.fromkeys(map(essence, self._produced)))
            raise NotAcceptable(f"This operation responds with {names}, which Accept excludes.")

    def _allows(self, accept: str) -> bool:
        accepted = parse_accept(accept)
        if not accepted or any(qualities(accepted, self._produced).values()):
            return True
        acceptable = {a.media_range for a in accepted if a.quality > 0}
        # what is produced may be a range as well, such as image/*
        within = chain.from_iterable(map(ranges_for, acceptable))
        ranges = {media_type for media_type in self._produced if "*" in media_type}
        return not (acceptable.isdisjoint(self._documented) and ranges.isdisjoint(within))
