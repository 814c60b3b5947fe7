"""S3's errors: a status, a code, a message, and elements that name the culprit."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from .xml import document, element

MAX_HEADER_SECTION_BYTES = 8 * 1024
"""The most that header fields and query may have together, in bytes."""
POLICY_EXPIRED: Final = "Invalid according to Policy: Policy expired."
PROTECTED: Final = "Access Denied because object protected by object lock."
REFUSALS: Final = {
    "AccessControlListNotSupported": (400, "The bucket does not allow ACLs"),
    "AccessDenied": (403, "Access Denied"),
    "BadRequest": (400, "An error occurred when parsing the HTTP request."),
    "BucketNotEmpty": (
        409,
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
    ),
    "ConditionalRequestConflict": (
        409,
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
    ),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed size"),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed size"),
    "ExpiredToken": (400, "The provided token has expired."),
    "IncompleteBody": (400, "The request body terminated unexpectedly"),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidDigest": (400, "The Content-MD5 you specified was invalid."),
    "InvalidPart": (
        400,
        (
            "One or more of the specified parts could not be found.  The part may not have been uploaded, "
            "or the specified entity tag may not match the part's entity tag."
        ),
    ),
    "InvalidPartOrder": (
        400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
    ),
    "InvalidBucketOwnerAWSAccountID": (
        400,
        "The value of the expected bucket owner parameter must be an AWS account ID",
    ),
    "InvalidPartNumber": (416, "The requested partnumber is not satisfiable"),
    "NoSuchObjectLockConfiguration": (
        404,
        "The specified object does not have a ObjectLock configuration",
    ),
    "InvalidRange": (416, "The requested range is not satisfiable"),
    "InvalidRedirectLocation": (
        400,
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    ),
    "InvalidRequest": (400, "Invalid Request"),
    "InvalidStorageClass": (400, "The storage class you specified is not valid"),
    "InvalidTag": (400, "Cannot provide multiple Tags with the same key"),
    "InvalidToken": (400, "The provided token is malformed or otherwise invalid."),
    "InvalidURI": (400, "Couldn't parse the specified URI."),
    "KeyTooLongError": (400, "Your key is too long"),
    "MalformedPOSTRequest": (400, "The body of your POST request is not well-formed multipart/form-data."),
    "MalformedPolicy": (400, "Policies must be valid JSON and the first byte must be '{'"),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    "MaxMessageLengthExceeded": (400, "Your request was too big."),
    "MaxPostPreDataLengthExceeded": (
        400,
        "Your POST request fields preceeding the upload file was too large.",
    ),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "NoSuchUpload": (
        404,
        (
            "The specified upload does not exist. The upload ID may be invalid, "
            "or the upload may have been aborted or completed."
        ),
    ),
    "NotImplemented": (501, "A header you provided implies functionality that is not implemented"),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
    "RequestHeaderSectionTooLarge": (
        400,
        "Your request header section exceeds the maximum allowed size.",
    ),
    "RequestTimeTooSkewed": (
        403,
        "The difference between the request time and the current time is too large.",
    ),
    "RequestTimeout": (
        400,
        (
            "Your socket connection to the server was not read from or written to within the timeout period. "
            "Idle connections will be closed."
        ),
    ),
    "ServiceUnavailable": (503, "Service is unable to handle request."),
    "SignatureDoesNotMatch": (
        403,
        (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        ),
    ),
    "SlowDown": (503, "Please reduce your request rate."),
    "XAmzContentSHA256Mismatch": (
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
}
"""Status and message by code, of refusals whose message is always the same; what a fault may ask for."""

CODES: Final = {400: "InvalidRequest", 403: "AccessDenied", 404: "NoSuchKey", 503: "SlowDown"}
"""The code that S3 most likely has for a status; ``InternalError`` for others."""


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


def refusal(code: str, elements: Mapping[str, str | int] | None = None, /, **more: str | int) -> S3Error:
    """Return the error with a code of `REFUSALS`.

    Args:
        code: S3's own.
        elements: of the document, in order.
        more: the same, where names allow it.
    """
    status, message = REFUSALS[code]
    return S3Error(status, code, message, {**(elements or {}), **more})


def access_denied(message: str, **elements: str | int) -> S3Error:
    """Return the refusal of a request for a reason that S3 names."""
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
