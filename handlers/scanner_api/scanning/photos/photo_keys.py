"""Object keys of photos: each proves that it was issued, for which session and as what.

The ``{id}`` of a key is the shortuuid of a UUID of version 8: 60 random bits, then a 62-bit tag, which is a
keyed BLAKE2b of the random bits and everything else in the key. So issuing a key stores nothing, and a
key that this server did not issue, or that was altered, does not verify.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from operator import itemgetter
from string import Formatter
from typing import Final

import msgspec

from scanner_api.scanning import identifiers

MEDIA_TYPES: Final = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "avif": "image/avif",
    "gif": "image/gif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
}
DEFAULT_EXTENSION: Final = "jpg"

_LONGEST_SUFFIX: Final = len(".jpeg")
_IDENTIFIER: Final = f"[{identifiers.ALPHABET}]{{{identifiers.LENGTH}}}"
_PLACEHOLDERS: Final = {
    "yyyy": r"[0-9]{4}",
    "mm": r"[0-9]{2}",
    "photo_type": r"[A-Za-z0-9_-]{1,64}",
    "session_id": _IDENTIFIER,
    "id": _IDENTIFIER,
    "ext": "|".join(MEDIA_TYPES),
}
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_REQUIRED: Final = ("session_id", "id")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9/!_.*'()-]")
_MAX_TEMPLATE: Final = 512
"""Leaves room for the values: a key has at most 1024 bytes in S3."""
_MIN_SECRET: Final = 16
_RANDOM_BITS: Final = 0xFFFF_FFFF_FFFF_0FFF
_TAG_BITS: Final = (1 << 62) - 1
_UUID8: Final = 0x8 << 76 | 0x2 << 62


class TemplateError(ValueError):
    """A key template that cannot be used; the message says why."""


class ForeignKey(ValueError):  # noqa: N818 -- says what the key is
    """A key that was not issued for the session; the message says what is wrong with it."""


class PhotoKey(msgspec.Struct, frozen=True):
    """A new key, and the media type of its extension."""

    key: str
    content_type: str


class PhotoKeys:
    """Issues and verifies keys of one template.

    Args:
        template: the key with placeholders {yyyy}, {mm} (UTC), {photo_type}, {session_id}, {id} and {ext}.
        secret: at least 16 random bytes; anyone who has them can issue keys. :meth:`rotate` replaces it.
        new_random: returns as many random bytes as it is asked for.

    Raises:
        TemplateError: the template has an unknown, repeated or missing placeholder, or text unfit for S3.
        ValueError: the secret is too short.
    """

    def __init__(self, template: str, secret: bytes, new_random: Callable[[int], bytes] = os.urandom) -> None:
        if len(secret) < _MIN_SECRET:
            raise ValueError(f"The secret of photo keys needs at least {_MIN_SECRET} bytes.")
        self._pattern = re.compile("".join(_patterns(template)))
        names = list(self._pattern.groupindex)
        self._tagged = itemgetter("random", *(name for name in names if name != "id"))
        self._placed = itemgetter(*names)
        self._template = template
        self._format = _PLACEHOLDER.sub("%s", template)
        self._new_random = new_random
        self._tags = [(datetime.min.replace(tzinfo=UTC), self._tag(secret))]

    def rotate(self, secrets: Iterable[tuple[datetime, bytes]], now: datetime, grace: timedelta) -> None:
        """Use these secrets from now on.

        Args:
            secrets: each with the time from when on keys are issued by it, in their order.
            now: aware, in UTC.
            grace: how long keys verify by a secret after the next one is in use.
        """
        dated = list(secrets)
        later = [*(since for since, _ in dated[1:]), now]
        self._tags = [
            (since, self._tag(secret))
            for (since, secret), until in zip(dated, later, strict=True)
            if until + grace >= now
        ]

    def issue(self, session_id: str, photo_type: str, original_filename: str, now: datetime) -> PhotoKey:
        """Return a fresh key for a photo of the session.

        Args:
            session_id: of a session that exists.
            photo_type: one of the contract's.
            original_filename: any string; only a known last suffix counts, anything else is a JPEG.
            now: aware, in UTC.
        """
        extension = extension_of(original_filename)
        parts = {"photo_type": photo_type, "session_id": session_id, "ext": extension}
        parts["yyyy"], parts["mm"] = _year_and_month(now.year, now.month)
        parts["id"] = self._identify(int.from_bytes(self._new_random(8)), parts, self._tag_at(now))
        return PhotoKey(self._format % self._placed(parts), MEDIA_TYPES[extension])

    def verify(self, key: str, session_id: str) -> None:
        """Accept a key that was issued for a session.

        Raises:
            ForeignKey: the key is not one of this template, names another session, or was not issued here.
        """
        match = self._pattern.fullmatch(key)
        if match is None:
            raise ForeignKey("The key does not have the form of a photo's key.")
        parts = match.groupdict()
        if parts["session_id"] != session_id:
            raise ForeignKey("The key was issued for another session.")
        if not self._is_genuine(parts):
            raise ForeignKey("The key was not issued by this server.")

    def _tag_at(self, now: datetime) -> blake2b:
        for since, tag in reversed(self._tags):
            if since <= now:
                return tag
        return self._tags[0][1]

    def _is_genuine(self, parts: dict[str, str]) -> bool:
        try:
            random = identifiers.decode(parts["id"]) >> 64
        except ValueError:
            return False
        return any(compare_digest(self._identify(random, parts, tag), parts["id"]) for _, tag in self._tags)

    def _tag(self, secret: bytes) -> blake2b:
        """Return the keyed hash that tags keys by a secret."""
        key = blake2b(secret, digest_size=64, person=b"photo keys").digest()
        return blake2b(self._template.encode(), digest_size=8, key=key)

    def _identify(self, random: int, parts: dict[str, str], tag: blake2b) -> str:
        """Return the id that belongs to 64 random bits (60 of them count) and the rest of a key."""
        random &= _RANDOM_BITS
        parts["random"] = str(random)
        tag = tag.copy()
        tag.update("\0".join(self._tagged(parts)).encode())
        return identifiers.encode(random << 64 | int.from_bytes(tag.digest()) & _TAG_BITS | _UUID8)


@lru_cache(maxsize=2)
def _year_and_month(year: int, month: int) -> tuple[str, str]:
    return f"{year:04}", f"{month:02}"


def extension_of(filename: str) -> str:
    """Return the known extension that a file name ends in, in lower case, or ``jpg``."""
    _, dot, suffix = filename[-_LONGEST_SUFFIX:].lower().rpartition(".")
    return suffix if dot and suffix in MEDIA_TYPES else DEFAULT_EXTENSION


def _patterns(template: str) -> Iterator[str]:
    """Check a template, and yield the regular expressions that together match its keys."""
    names: set[str] = set()
    for text, name in _parsed(template):
        yield re.escape(text)
        if name is None:
            continue
        if name not in _PLACEHOLDERS or name in names:
            rule = "stands twice in" if name in names else "is not a placeholder of"
            expected = ", ".join(f"{{{placeholder}}}" for placeholder in _PLACEHOLDERS)
            raise TemplateError(f"{{{name}}} {rule} a key template; it takes each of {expected} once.")
        names.add(name)
        yield f"(?P<{name}>{_PLACEHOLDERS[name]})"
    for name in _REQUIRED:
        if name not in names:
            raise TemplateError(f"A key template needs {{{name}}}.")


def _parsed(template: str) -> Iterator[tuple[str, str | None]]:
    """Yield each stretch of literal text with the placeholder behind it, if there is one."""
    if len(template) > _MAX_TEMPLATE:
        raise TemplateError(f"A key template has at most {_MAX_TEMPLATE} characters.")
    if any(segment in {"", ".", ".."} for segment in template.split("/")):
        raise TemplateError("No segment of a key template may be empty, '.' or '..'.")
    try:
        fields = list(Formatter().parse(template))
    except ValueError as error:
        raise TemplateError(f"The braces of the key template do not pair: {error}.") from error
    for text, name, specification, conversion in fields:
        if unsafe := _UNSAFE.search(text):
            raise TemplateError(
                f"{unsafe[0]!r} in a key template is not safe in S3: use A-Z a-z 0-9 / ! _ . * ' ( ) -."
            )
        if specification or conversion:
            raise TemplateError(f"{{{name}}} in a key template takes no format or conversion.")
        yield text, name
