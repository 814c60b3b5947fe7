"""S3's errors: a status, a code, a message, and elements that name the culprit."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

MAX_HEADER_SECTION_BYTES = 8 * 1024
"""The most that header fields and query may have together, in bytes."""
POLICY_EXPIRED: Final = "Invalid according to Policy: Policy expired."
PROTECTED: Final = "Access Denied because object protected by object lock."
_MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
_MESSAGES: Final = {
    400: {
        "AccessControlListNotSupported": "The bucket does not allow ACLs",
        "BadRequest": "An error occurred when parsing the HTTP request.",
        "EntityTooLarge": "Your proposed upload exceeds the maximum allowed size",
        "EntityTooSmall": "Your proposed upload is smaller than the minimum allowed size",
        "ExpiredToken": "The provided token has expired.",
        "IncompleteBody": "The request body terminated unexpectedly",
        "InvalidBucketAclWithObjectOwnership": (
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        ),
        "InvalidBucketName": "The specified bucket is not valid.",
        "InvalidBucketOwnerAWSAccountID": (
            "The value of the expected bucket owner parameter must be an AWS account ID"
        ),
        "InvalidDigest": "The Content-MD5 you specified was invalid.",
        "InvalidPart": (
            "One or more of the specified parts could not be found.  The part may not have been uploaded, "
            "or the specified entity tag may not match the part's entity tag."
        ),
        "InvalidLocationConstraint": "The specified location-constraint is not valid",
        "InvalidPartOrder": (
            "The list of parts was not in ascending order. Parts must be ordered by part number."
        ),
        "InvalidRedirectLocation": (
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
        ),
        "InvalidRequest": "Invalid Request",
        "InvalidStorageClass": "The storage class you specified is not valid",
        "InvalidTag": "Cannot provide multiple Tags with the same key",
        "InvalidToken": "The provided token is malformed or otherwise invalid.",
        "InvalidURI": "Couldn't parse the specified URI.",
        "KeyTooLongError": "Your key is too long",
        "MalformedACLError": _MALFORMED,
        "MalformedPOSTRequest": "The body of your POST request is not well-formed multipart/form-data.",
        "MalformedPolicy": "Policies must be valid JSON and the first byte must be '{'",
        "MalformedTrailerError": (
            "The request contained trailing data that was not well-formed or did not conform to our "
            "published schema."
        ),
        "MalformedXML": _MALFORMED,
        "MaxMessageLengthExceeded": "Your request was too big.",
        "MaxPostPreDataLengthExceeded": "Your POST request fields preceeding the upload file was too large.",
        "MetadataTooLarge": "Your metadata headers exceed the maximum allowed metadata size",
        "RequestHeaderSectionTooLarge": "Your request header section exceeds the maximum allowed size.",
        "RequestTimeout": (
            "Your socket connection to the server was not read from or written to within the timeout "
            "period. Idle connections will be closed."
        ),
        "XAmzContentSHA256Mismatch": (
            "The provided 'x-amz-content-sha256' header does not match what was computed."
        ),
    },
    403: {
        "AccessDenied": "Access Denied",
        "InvalidAccessKeyId": "The AWS Access Key Id you provided does not exist in our records.",
        "InvalidChunkSizeError": "Only the last chunk is allowed to have a size less than 8192 bytes",
        "RequestTimeTooSkewed": "The difference between the request time and the current time is too large.",
        "SignatureDoesNotMatch": (
            "The request signature we calculated does not match the signature you provided. Check your key "
            "and signing method."
        ),
    },
    404: {
        "NoSuchBucket": "The specified bucket does not exist",
        "NoSuchKey": "The specified key does not exist.",
        "NoSuchObjectLockConfiguration": "The specified object does not have a ObjectLock configuration",
        "NoSuchUpload": (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
            "aborted or completed."
        ),
        "NoSuchVersion": "The specified version does not exist.",
    },
    405: {
        "MethodNotAllowed": "The specified method is not allowed against this resource.",
    },
    409: {
        "BucketNotEmpty": (
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
        ),
        "ConditionalRequestConflict": (
            "The conditional request cannot succeed due to a conflicting operation against this resource."
        ),
    },
    411: {
        "MissingContentLength": "You must provide the Content-Length HTTP header.",
    },
    412: {
        "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    },
    416: {
        "InvalidPartNumber": "The requested partnumber is not satisfiable",
        "InvalidRange": "The requested range is not satisfiable",
    },
    500: {
        "InternalError": "We encountered an internal error. Please try again.",
    },
    501: {
        "NotImplemented": "A header you provided implies functionality that is not implemented",
    },
    503: {
        "ServiceUnavailable": "Service is unable to handle request.",
        "SlowDown": "Please reduce your request rate.",
    },
}
"""Messages that are always the same, by status and code."""
REFUSALS: Final = dict(
    sorted((code, (status, text)) for status, texts in _MESSAGES.items() for code, text in texts.items())
)
"""Status and message by code, of refusals whose message is always the same; what a fault may ask for."""

CODES: Final = {
    400: "InvalidRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    503: "SlowDown",
}
"""The code that S3 most likely has for a status."""


class S3Error(Exception):
    """An error response of S3; raise it anywhere before the response starts.

    Args:
        status: the HTTP status.
        code: S3's own code, such as ``EntityTooLarge``.
        message: S3's own words.
        elements: further elements of the document, in the order given.
        headers: header fields of the response.
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


def refusal(code: str, /, **elements: str | int) -> S3Error:
    """Return the error with a code of `REFUSALS`, and with elements of the document in this order."""
    status, message = REFUSALS[code]
    return S3Error(status, code, message, elements)


def access_denied(message: str, **elements: str | int) -> S3Error:
    """Return the refusal of a request for a reason that S3 names."""
    return S3Error(403, "AccessDenied", message, elements)


def invalid_argument(message: str, name: str | None = None, value: str | None = None) -> S3Error:
    """Return the refusal of an argument; S3 does not name each, nor repeat its value."""
    named = {"ArgumentName": name, "ArgumentValue": value}
    elements = {key: text for key, text in named.items() if text is not None}
    return S3Error(400, "InvalidArgument", message, elements)


def missing_field(name: str) -> S3Error:
    """Return the refusal of a form that lacks a field."""
    message = (
        f"Bucket POST must contain a field named '{name}'.  "
        "If it is specified, please check the order of the fields."
    )
    return invalid_argument(message, name, "")


def invalid_request(message: str) -> S3Error:
    """Return the error for a request that is invalid as it is."""
    return S3Error(400, "InvalidRequest", message)
