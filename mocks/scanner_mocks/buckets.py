"""The bucket of each scope, so that what one uploads is in no other's."""

from hashlib import sha256
from typing import Final

COMMON: Final = "scanner-photos"
DIGITS: Final = 16


def bucket_of(scope: str) -> str:
    """Return the bucket of a scope, whose name may have characters that no bucket's has; of none if empty."""
    return f"{COMMON}-{sha256(scope.encode()).hexdigest()[:DIGITS]}" if scope else COMMON
