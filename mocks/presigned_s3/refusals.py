"""What S3 says when it refuses, by its codes: for faults, which have no other reason to give."""

from __future__ import annotations

from typing import Final

EXPIRED: Final = "Invalid according to Policy: Policy expired."
SIGNATURE_DOES_NOT_MATCH: Final = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)
REQUEST_TIMEOUT: Final = (
    "Your socket connection to the server was not read from or written to within the timeout period. "
    "Idle connections will be closed."
)
REFUSALS: Final = {
    "AccessDenied": (403, "Access Denied"),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed size"),
    "ExpiredToken": (400, "The provided token has expired."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
    "InvalidRequest": (400, "Invalid Request"),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "RequestTimeTooSkewed": (
        403,
        "The difference between the request time and the current time is too large.",
    ),
    "RequestTimeout": (400, REQUEST_TIMEOUT),
    "ServiceUnavailable": (503, "Service is unable to handle request."),
    "SignatureDoesNotMatch": (403, SIGNATURE_DOES_NOT_MATCH),
    "SlowDown": (503, "Please reduce your request rate."),
}
"""Status and message by code."""

CODES: Final = {400: "InvalidRequest", 403: "AccessDenied", 404: "NoSuchKey", 503: "SlowDown"}
"""The code that S3 most likely has for a status; ``InternalError`` for others."""
