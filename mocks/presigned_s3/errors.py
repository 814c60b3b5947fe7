"""What S3 says when it refuses: a status, a code, a message, and elements that name the culprit."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from .xml import document, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_HEADER_SECTION_BYTES = 8 * 1024
"""The most that header fields and query may have together, in bytes."""

POLICY_EXPIRED: Final = "Invalid according to Policy: Policy expired."
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


class S3Error(Exception):
    """An error answer of S3; raise it anywhere before the answer begins.

    Args:
        status: the HTTP status.
        code: S3's own code, such as ``EntityTooLarge``.
        message: S3's own words.
        elements: further elements of the document, in the order given.
        headers: header fields to answer with.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        elements: Mapping[str, str | int] | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = HTTPStatus(status)
        self.code = code
        self.message = message
        self.elements = dict(elements or {})
        self.headers = list(headers)

    def document(self, request_id: str, host_id: str) -> bytes:
        """Return the XML document of the error."""
        content = {
            "Code": self.code,
            "Message": self.message,
            **self.elements,
            "RequestId": request_id,
            "HostId": host_id,
        }
        return document(element("Error", *(element(*pair) for pair in content.items())))


def access_denied(message: str = "Access Denied", **elements: str | int) -> S3Error:
    """Return the refusal of a request that is understood, by one who may not make it."""
    return S3Error(403, "AccessDenied", message, elements)


def invalid_argument(message: str, name: str, value: str) -> S3Error:
    """Return the refusal of an argument that it names."""
    return S3Error(400, "InvalidArgument", message, {"ArgumentName": name, "ArgumentValue": value})


def missing_field(name: str) -> S3Error:
    """Return the refusal of a form that lacks a field."""
    message = (
        f"Bucket POST must contain a field named '{name}'.  "
        "If it is specified, please check the order of the fields."
    )
    return invalid_argument(message, name, "")


def invalid_request(message: str) -> S3Error:
    """Return the refusal of a request that S3 does not take in this form."""
    return S3Error(400, "InvalidRequest", message)


def malformed_xml() -> S3Error:
    """Return the refusal of XML that cannot be read or is not what the operation wants."""
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return S3Error(400, "MalformedXML", message)


def no_such_bucket(bucket: str) -> S3Error:
    """Return the answer for a bucket that does not exist."""
    message = "The specified bucket does not exist"
    return S3Error(404, "NoSuchBucket", message, {"BucketName": bucket})


def no_such_upload(upload_id: str) -> S3Error:
    """Return the answer for a multipart upload that does not exist."""
    message = (
        "The specified upload does not exist. The upload ID may be invalid, "
        "or the upload may have been aborted or completed."
    )
    return S3Error(404, "NoSuchUpload", message, {"UploadId": upload_id})


def entity_too_large(proposed: int, maximum: int) -> S3Error:
    """Return the refusal of content over the limit, in bytes."""
    message = "Your proposed upload exceeds the maximum allowed size"
    return S3Error(400, "EntityTooLarge", message, {"ProposedSize": proposed, "MaxSizeAllowed": maximum})


def entity_too_small(proposed: int, minimum: int) -> S3Error:
    """Return the refusal of content under the limit, in bytes."""
    message = "Your proposed upload is smaller than the minimum allowed size"
    return S3Error(400, "EntityTooSmall", message, {"ProposedSize": proposed, "MinSizeAllowed": minimum})


def not_implemented(**elements: str) -> S3Error:
    """Return the answer to what S3, or the mock, does not do."""
    message = "A header you provided implies functionality that is not implemented"
    return S3Error(501, "NotImplemented", message, elements)


def internal_error() -> S3Error:
    """Return the answer to what is nobody's fault but ours."""
    return S3Error(500, "InternalError", "We encountered an internal error. Please try again.")


def bad_request(status: int = 400) -> S3Error:
    """Return the answer to what cannot be read as a request."""
    return S3Error(status, "BadRequest", "An error occurred when parsing the HTTP request.")


def header_section_too_large() -> S3Error:
    """Return the answer to a request whose header section is over the limit."""
    message = "Your request header section exceeds the maximum allowed size."
    elements = {"MaxSizeAllowed": MAX_HEADER_SECTION_BYTES}
    return S3Error(400, "RequestHeaderSectionTooLarge", message, elements)


def incomplete_body() -> S3Error:
    """Return the answer to a body that ends before its announced length."""
    message = "The request body terminated unexpectedly"
    return S3Error(400, "IncompleteBody", message)


def request_timeout() -> S3Error:
    """Return the answer to a client that sends nothing for too long."""
    return S3Error(400, "RequestTimeout", REQUEST_TIMEOUT)
