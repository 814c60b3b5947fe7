"""What can go wrong with the photo bucket."""

from __future__ import annotations


class PhotoBucketError(Exception):
    """The photo bucket cannot be used as it is set; the message says why and what to do."""


class ObjectTooLarge(Exception):  # noqa: N818 -- says what the object is
    """An object of more bytes than were to be read; the message says how many it has."""


class S3Failure(Exception):  # noqa: N818 -- says what S3 did
    """S3 refused a request, or did not respond; the message is its code, or the kind of failure."""
