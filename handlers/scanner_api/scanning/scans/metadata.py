"""The caller's own strings on every resource, and how a write changes them."""

from collections.abc import Mapping
from typing import Final

MAX_KEYS: Final = 50
MAX_KEY_LENGTH: Final = 40
MAX_VALUE_LENGTH: Final = 500


class MetadataError(ValueError):
    """A write that breaks a limit.

    Attributes:
        rule: the JSON Schema keyword of the limit.
    """

    def __init__(self, rule: str, detail: str) -> None:
        self.rule = rule
        super().__init__(detail)


def merge(stored: Mapping[str, str], update: Mapping[str, str] | None) -> dict[str, str]:
    """Return what is stored after a write: omitted keys stay, an empty value deletes, nothing sent clears.

    Args:
        stored: what the resource has; ``{}`` for a new one.
        update: the write; ``{}`` and None both clear.

    Raises:
        MetadataError: a key or value is too long, or the result has more than 50 keys.
    """
    if not update:
        return {}
    for key, value in update.items():
        _check_lengths(key, value)
    merged = {key: value for key, value in {**stored, **update}.items() if value}
    if len(merged) > MAX_KEYS:
        detail = f"With this write there would be {len(merged)} keys; at most {MAX_KEYS} fit."
        raise MetadataError("maxProperties", detail)
    return merged


def _check_lengths(key: str, value: str) -> None:
    if len(key) > MAX_KEY_LENGTH:
        detail = f"A key has {len(key)} characters; at most {MAX_KEY_LENGTH} fit: {key[:MAX_KEY_LENGTH]!r}..."
        raise MetadataError("propertyNames", detail)
    if len(value) > MAX_VALUE_LENGTH:
        detail = f"The value of {key!r} has {len(value)} characters; at most {MAX_VALUE_LENGTH} fit."
        raise MetadataError("maxLength", detail)
