"""Ids of versions: S3 knows its own from any other text."""

import os
from base64 import b64encode
from hashlib import sha256

NULL = "null"
"""The id of the version that an object has without versioning."""
_RANDOM_BYTES, _CHECK_BYTES = 18, 6
_MARKS = b"._"


def new_version_id() -> str:
    """Return an id for a new version: 32 characters, the last eight of which the others give."""
    text = b64encode(os.urandom(_RANDOM_BYTES), _MARKS).decode()
    return text + _check(text)


def is_version_id(text: str) -> bool:
    """Return whether a text has the form of the id of a version."""
    end = len(_check(""))
    return text == NULL or _check(text[:-end]) == text[-end:]


def _check(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()[:_CHECK_BYTES], _MARKS).decode()
