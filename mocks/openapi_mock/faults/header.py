"""``X-Mock-Fault``: what is to happen to the request that carries it."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from openapi_service.problems import BadRequest

from .errors import FaultError
from .reading import effect_of
from .registry import Strike

HEADER = "X-Mock-Fault"
LONGEST = 1000
_LITERAL = re.compile(r"true|false|-?(0|[1-9]\d{0,14})(\.\d{1,15})?")


def strike_of(text: str, on: Literal["api", "s3"]) -> Strike:
    """Return what a header's value asks for, such as ``status=503; latency_ms=200; drop``.

    Args:
        text: the value.
        on: whose request it is in.

    Raises:
        BadRequest: it asks for none; the message names the part.
    """
    if len(text) > LONGEST:
        raise BadRequest(f"{HEADER} has {len(text)} characters; at most {LONGEST} are read.")
    members: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name in members:
            raise BadRequest(f"{HEADER}: {name!r} is there twice.")
        members[name] = _value(value) if equals else True
    try:
        effect = effect_of(members, on)
    except FaultError as error:
        raise BadRequest(f"{HEADER}: {error}") from None
    assert isinstance(effect.latency_ms, int | float)  # noqa: S101 -- a header has no words for distributions
    return Strike("header", effect, effect.latency_ms / 1000)


def _value(text: str) -> Any:
    return msgspec.json.decode(text) if _LITERAL.fullmatch(text) else text.strip('"')
