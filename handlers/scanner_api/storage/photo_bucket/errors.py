"""Errors of the photo bucket."""

from contract_first.service.messages.problems import ServiceUnavailable


class PhotoBucketError(Exception):
    """The photo bucket cannot be used as it is set; the message says why and what to do."""

    page = "operating#before-the-first-request"


class ObjectTooLarge(Exception):  # noqa: N818 -- says what the object is
    """An object of more bytes than were to be read; the message says how many it has."""


class DeletionRefused(ServiceUnavailable):
    """S3 responds, and does not delete an object; the message names it, with S3's code."""


class S3Failure(Exception):  # noqa: N818 -- says what S3 did
    """S3 refused a request, or did not respond; the message is its code, or the kind of failure."""
