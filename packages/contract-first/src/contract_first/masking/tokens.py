"""Values that show what they are, and the mask that takes the place of a secret."""

import re
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

MASK: Final = "***"
"""What every mask of three bytes or more begins with."""
MASKED: Final = re.compile(rb"\*{1,3}|\*{3}[0-9a-f]{1,12}\**")
KEY: Final = token_bytes(32)
"""Of this process, written nowhere: without it no secret, however short, can be tried against its mask."""
LONGEST_DIGEST: Final = 6
"""Bytes."""
SHAPES: Final = re.compile(
    rb"""
    -----BEGIN\ [A-Z0-9 ]{0,40}PRIVATE\ KEY(?:\ BLOCK)?-----(?:(?!-----END)[^"<])*+
    | (?<=://)(?P<user>[^\s/@:"'<>\\]*+:)([^\s/@"'<>\\]++)(?=@)
    | (?<![A-Za-z0-9])(?:
        eyJ[\w-]{8,}\.eyJ[\w-]+\.[\w-]*
        | (?:[a-z]{2,8}_){1,2}[A-Za-z0-9]{32,}(?:_[0-9a-f]{8})?
        | (?:[srw]k_(?:live|test)|whsec|gh[opsur]|github_pat|dckr_pat|do[opr]_v1|shp(?:at|ca|pa|ss))_\w{12,}
        | (?:xox[a-z]|xapp|gl(?:pat|dt|ptt|rt|cbt|ft|oas|soat|imt|agent)|GOCSPX|PMAK)-[\w-]{12,}
        | (?:AIza|ya29\.|hv[sbr]\.|SG\.|sk-|pypi-AgE|AGE-SECRET-KEY-1)[\w.-]{20,}
        | A(?:KIA|SIA|IDA|ROA|GPA|IPA|NPA|NVA|PKA)[A-Z0-9]{16}(?![A-Za-z0-9])
        | (?P<scheme>[Bb]earer\ +|[Bb]asic\ +(?=[^\s"'\\]{0,200}[A-Z0-9+/=]))
          (?=[\w.~+/-]{0,200}[0-9]|[\w.~+/-]{20})[\w.~+/-]{6,}+=*+
    )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Private keys in PEM, passwords in URLs, JWTs, keys with a prefix of their issuer, AWS's, and credentials
behind their scheme (RFC 9110, section 11.4)."""


def mask(secret: bytes, meaning: bytes | None = None) -> bytes:
    """Return the mask of a secret: as long as it is, and the same for the same secret in this process.

    What is masked already stays as it is.

    Args:
        meaning: what the secret is once decoded, so that it has one mask in a query and in a body.
    """
    if MASKED.fullmatch(secret):
        return secret
    digest = blake2b(secret if meaning is None else meaning, key=KEY, digest_size=LONGEST_DIGEST).hexdigest()
    return (MASK + digest).encode().ljust(len(secret), b"*")[: len(secret)]


def without_tokens(content: bytes) -> bytes:
    """Return a text, all that shows what it is masked; its length stays."""
    return SHAPES.sub(_masked, content)


def _masked(match: re.Match[bytes]) -> bytes:
    front = match["user"] or match["scheme"] or b""
    return front + mask(match[0][len(front) :])
