"""Every error that the API answers, as RFC 9457 problem details.

The tree, one class for each ``error_code``::

    Problem
    ├── BadRequest              400 bad_request             the request cannot be read
    ├── Unauthorized            401 unauthorized            no credential, or a wrong one
    ├── Forbidden               403 forbidden               a valid caller who may not
    ├── NotFound                404 not_found               unknown, or another organization's
    ├── MethodNotAllowed        405 method_not_allowed      the path has no such operation
    ├── NotAcceptable           406 not_acceptable          Accept excludes every answer
    ├── Conflict                409 conflict                the state does not allow it
    ├── PayloadTooLarge         413 payload_too_large       the body is over the limit
    ├── URITooLong              414 uri_too_long            the request target is over the limit
    ├── UnsupportedMediaType    415 unsupported_media_type  no such request media type
    ├── ValidationFailed        422 validation_error        a part breaks the contract
    ├── RateLimited             429 rate_limited            a window is used up
    ├── InternalError           500 internal_error          our fault
    ├── NotImplementedYet       501 not_implemented         the operation has no handler yet
    └── ServiceUnavailable      503 service_unavailable     something we need is down
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from openapi_contract.violations import Violation as Violation  # noqa: PLC0414, TC001 -- re-exported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ERROR_TYPES = "https://closient.com/docs/errors/"
NEUTRAL = ""
"""The type of problems that are not of this API: ``about:blank``, which says no more than the status."""
MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 -- RFC 9457's own word for it
    """An error answer: raise it anywhere between the request and the handler's return."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    title: ClassVar[str] = ""
    error_code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False
    default_detail: ClassVar[str] = ""

    # HTTPStatus words some phrases differently from one Python to the next; `title` keeps RFC 9110's.

    def __init__(
        self, detail: str = "", *, headers: Mapping[str, str] | None = None, **extensions: Any
    ) -> None:
        self.detail = detail or self.default_detail or self.status.description
        self.headers = dict(headers or {})
        self.extensions = extensions
        super().__init__(self.detail)

    def document(
        self, *, instance: str, timestamp: str, request_id: str, types: str = ERROR_TYPES
    ) -> dict[str, Any]:
        """Return the problem details object of RFC 9457, section 3.1, with the API's extensions.

        Its type is the error code behind ``types``, unless those are `NEUTRAL`.
        """
        return {
            "type": types + self.error_code if types else "about:blank",
            "title": self.title or self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            "instance": instance,
            "error_code": self.error_code,
            "retryable": self.retryable,
            "timestamp": timestamp,
            "request_id": request_id,
            **self.extensions,
        }


class BadRequest(Problem):
    """The request cannot be read: malformed JSON, percent-encoding or UTF-8."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "bad_request"


class Unauthorized(Problem):
    """No credential was sent, or one that is not valid."""

    status = HTTPStatus.UNAUTHORIZED
    error_code = "unauthorized"
    default_detail = "A valid credential is required."


class Forbidden(Problem):
    """A valid caller asks for something that is not theirs to do."""

    status = HTTPStatus.FORBIDDEN
    error_code = "forbidden"


class NotFound(Problem):
    """The resource does not exist, or belongs to another organization."""

    status = HTTPStatus.NOT_FOUND
    error_code = "not_found"
    default_detail = "The requested resource was not found."


class MethodNotAllowed(Problem):
    """The path exists, but has no operation for the method; carries ``Allow``."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    error_code = "method_not_allowed"


class NotAcceptable(Problem):
    """``Accept`` excludes every media type that the operation can answer."""

    status = HTTPStatus.NOT_ACCEPTABLE
    error_code = "not_acceptable"


class Conflict(Problem):
    """The state of the resource does not allow the operation; ``detail`` names the state."""

    status = HTTPStatus.CONFLICT
    error_code = "conflict"


class PayloadTooLarge(Problem):
    """The request body is over the limit that ``detail`` names."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Content Too Large"
    error_code = "payload_too_large"


class URITooLong(Problem):
    """The request target is over the limit that ``detail`` names."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG
    title = "URI Too Long"
    error_code = "uri_too_long"


class UnsupportedMediaType(Problem):
    """The operation does not take a body of this media type or content coding."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    error_code = "unsupported_media_type"


class ValidationFailed(Problem):
    """Parts of the request break the contract; ``errors`` names each of them."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Unprocessable Content"
    error_code = "validation_error"

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        plural = "part" if len(self.violations) == 1 else "parts"
        super().__init__(
            f"The request breaks the contract in {len(self.violations)} {plural}; see errors.",
            errors=[violation.document() for violation in self.violations],
        )


class RateLimited(Problem):
    """A rate-limit window is used up; says when to come back."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error_code = "rate_limited"
    retryable = True

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"The rate limit is used up; retry in {retry_after_seconds} seconds.",
            headers={"Retry-After": str(retry_after_seconds)},
            retry_after_seconds=retry_after_seconds,
        )


class InternalError(Problem):
    """The server failed; nothing of the cause is told unless it is meant to be."""

    error_code = "internal_error"
    retryable = True
    default_detail = "The server could not complete the request."


class NotImplementedYet(Problem):
    """The contract has the operation, this version of the server does not."""

    status = HTTPStatus.NOT_IMPLEMENTED
    error_code = "not_implemented"
    default_detail = "This operation is not implemented yet."


class ServiceUnavailable(Problem):
    """Something that the operation needs (database, S3) does not answer; try again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    error_code = "service_unavailable"
    retryable = True

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


BY_STATUS: Mapping[int, type[Problem]] = {int(each.status): each for each in Problem.__subclasses__()}
"""The tree by status; what others derive later is not of it."""
