"""Every error response, as RFC 9457 problem details.

The tree, one class for each status, with the code that names it::

    Problem
    ├── BadRequest              400 bad_request             the request cannot be read
    ├── Unauthorized            401 unauthorized            no credential, or a wrong one
    ├── Forbidden               403 forbidden               a valid caller who may not
    │   └── InsufficientScope   403 insufficient_scope      a token without the scopes
    ├── NotFound                404 not_found               unknown, or not the caller's
    ├── MethodNotAllowed        405 method_not_allowed      the path has no such operation
    ├── NotAcceptable           406 not_acceptable          Accept excludes every response
    ├── Conflict                409 conflict                the state does not allow it
    ├── PayloadTooLarge         413 payload_too_large       the body is over the limit
    ├── URITooLong              414 uri_too_long            the request target is over the limit
    ├── UnsupportedMediaType    415 unsupported_media_type  no such request media type
    ├── ValidationFailed        422 validation_error        a part violates the contract
    ├── RateLimited             429 rate_limited            a window is used up
    ├── InternalError           500 internal_error          our fault
    ├── NotImplementedYet       501 not_implemented         the operation has no handler yet
    └── ServiceUnavailable      503 service_unavailable     something we need is down

Of any other status, or another type or title, is a :class:`Problem` itself: ``Problem(418, "Short.")``. A
:class:`ProblemProfile` says how an API writes them; by default with the members of RFC 9457 alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

from contract_first.contract.schemas.violations import Violation as Violation  # noqa: PLC0414 -- re-exported
from contract_first.vocabulary.words import words_of

MEDIA_TYPE = "application/problem+json"
ERRORS = range(400, 600)
LONGEST_REASON = 1000
OF_BODY = frozenset({"content-type", "content-length", "content-encoding", "transfer-encoding"})
"""Header fields that an error has for a body of its own; a problem is written otherwise."""


class Problem(Exception):  # noqa: N818 -- RFC 9457's own word for it
    """An error response: raise it anywhere between the request and the handler's return.

    It is made of a status, which the classes of the tree have already, and a detail:
    ``Problem(409, "Sold.")``, ``Conflict("Sold.")``.

    Attributes:
        status: from 400 to 599.
        title: of the problem; if empty, the reason phrase of its status.
        type: a URI reference; that of the profile where it is empty.
        code: kind of problem, in ``type`` after the base URL of a profile.
        detail: what is wrong, in a sentence for the client.
        violations: the parts of the request that violate the contract, if it is about those.
        extensions: members of the document beside those of RFC 9457.
    """

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    title: str = ""
    type: str = ""
    code: str = "internal_error"
    default_detail: ClassVar[str] = ""
    violations: tuple[Violation, ...] = ()

    def __init_subclass__(cls, *, status: int = 0, code: str = "", title: str = "") -> None:
        """Set what is the same for all problems of a class; its code is by default its name in words."""
        super().__init_subclass__()
        if status:
            cls.status, cls.code = HTTPStatus(status), code or "_".join(words_of(cls.__name__))
            cls.title = title or cls.title

    # HTTPStatus words some phrases differently from one Python to the next; `title` keeps RFC 9110's.

    def __init__(
        self,
        status: int | str = "",
        detail: str = "",
        /,
        *,
        title: str = "",
        type: str = "",  # noqa: A002 -- RFC 9457's name
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        """Make a problem of a status and a detail, or a detail alone; ``extensions`` are further members.

        Raises:
            ValueError: the status is not one of an error.
        """
        if isinstance(status, str):
            detail = status or detail
        else:
            self._set_status(status)
        self.title, self.type = title or self.title, type or self.type
        self.detail = detail or self.default_detail or described(self.status)
        self.headers = {name: value for name, value in (headers or {}).items() if name.lower() not in OF_BODY}
        self.extensions = extensions
        super().__init__(self.detail)

    @property
    def reason(self) -> str:
        """What is wrong, in a line: each of the violations, or the detail."""
        return "; ".join(violation.sentence for violation in self.violations)[:LONGEST_REASON] or self.detail

    @property
    def retry_after(self) -> str:
        """The value of ``Retry-After``; empty without one."""
        return next((value for name, value in self.headers.items() if name.lower() == "retry-after"), "")

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later: it says when, or the server fails."""
        if self.retry_after or self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return True
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR and self.status != HTTPStatus.NOT_IMPLEMENTED

    def _set_status(self, status: int) -> None:
        if status not in ERRORS:
            raise ValueError(f"The status of a problem is {status}; expected 400 to 599.")
        self.status = status
        kind = BY_STATUS.get(status)
        self.code = kind.code if kind else re.sub(r"\W+", "_", phrase(status)).lower()
        self.title = kind.title if kind else ""


def phrase(status: int) -> str:
    """Return the phrase of a status; of one that nobody has registered, what its hundred means."""
    if status in set(HTTPStatus):
        return HTTPStatus(status).phrase
    return "Server Error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "Client Error"


def described(status: int) -> str:
    """Return what a status says, in words."""
    return (HTTPStatus(status).description if status in set(HTTPStatus) else "") or f"{phrase(status)}."


Members = Callable[[Problem, str, datetime], Mapping[str, Any]]
"""Returns the members that an API adds to a problem of a request id at a time."""


@dataclass(frozen=True, slots=True)
class ProblemProfile:
    """How an API writes its problems.

    Attributes:
        types: base URL of the ``type`` of a problem, which its code follows. Without it the type is
            ``about:blank``, which says no more than the status (RFC 9457, section 4.2.1).
        members: returns members to add to those of RFC 9457.
        write: makes the body of an error from the problem and its document; by default that is the body.
        media_type: of that body.
        violation_status: of a request that violates the contract.
    """

    types: str = ""
    members: Members = lambda _problem, _request_id, _now: {}
    write: Callable[[Problem, dict[str, Any]], Any] = lambda _problem, document: document
    media_type: str = MEDIA_TYPE
    violation_status: int = HTTPStatus.UNPROCESSABLE_ENTITY

    def adapted(self, problem: Problem) -> Problem:
        """Return a problem with the status that the API has for it."""
        usual = ValidationFailed.status  # another one was chosen for this problem
        if isinstance(problem, ValidationFailed) and usual == problem.status != self.violation_status:
            problem.status, problem.title = self.violation_status, phrase(self.violation_status)
        return problem

    def document(self, problem: Problem, *, instance: str, request_id: str, now: datetime) -> dict[str, Any]:
        """Return the problem details object (RFC 9457, section 3.1), with the problem's own extensions."""
        return {
            "type": problem.type
            or (self.types and problem.code and self.types + problem.code)
            or "about:blank",
            "title": problem.title or phrase(problem.status),
            "status": int(problem.status),
            "detail": problem.detail,
            "instance": instance,
            **self.members(problem, request_id, now),
            **problem.extensions,
        }


PLAIN = ProblemProfile()
"""RFC 9457's members alone."""


class BadRequest(Problem, status=400):
    """The request cannot be read: malformed JSON, percent-encoding or UTF-8."""


class HeadTooLarge(BadRequest, status=431, code="bad_request"):
    """The header fields are too long, or too many (RFC 6585, section 5); no app sees such a request."""

    default_detail = "The header fields of the request are too long or too many."


class Unauthorized(Problem, status=401):
    """No credential was sent, or one that is not valid."""

    default_detail = "A valid credential is required."


class Forbidden(Problem, status=403):
    """The caller is authenticated, and lacks permission for the operation."""


class InsufficientScope(Forbidden, status=403):
    """A token is valid and does not have the scopes that the operation requires (RFC 6750, section 3.1)."""

    def __init__(self, scopes: Sequence[str]) -> None:
        self.scopes = tuple(scopes)
        super().__init__(f"The operation requires the scopes {' '.join(scopes)}.", scopes=list(scopes))


class NotFound(Problem, status=404):
    """The resource does not exist, or is not the caller's."""

    default_detail = "The requested resource was not found."


class MethodNotAllowed(Problem, status=405):
    """The path exists, but has no operation for the method; carries ``Allow``."""


class NotAcceptable(Problem, status=406):
    """``Accept`` excludes every media type that the operation can respond with."""


class Conflict(Problem, status=409):
    """The state of the resource does not allow the operation; ``detail`` names the state."""


class PayloadTooLarge(Problem, status=413, title="Content Too Large"):
    """The request body is over the limit that ``detail`` names."""


class URITooLong(Problem, status=414, title="URI Too Long"):
    """The request target is over the limit that ``detail`` names."""


class UnsupportedMediaType(Problem, status=415):
    """The operation does not take a body of this media type or content coding."""


class ValidationFailed(Problem, status=422, code="validation_error", title="Unprocessable Content"):
    """Parts of the request violate the contract; ``errors`` names each of them."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        plural = "part" if len(self.violations) == 1 else "parts"
        super().__init__(
            f"The request violates the contract in {len(self.violations)} {plural}; see errors.",
            errors=[violation.document() for violation in self.violations],
        )


class RateLimited(Problem, status=429):
    """A rate limit, or the limit that ``detail`` names, is used up; ``Retry-After`` says when to retry."""

    def __init__(self, retry_after_seconds: int, detail: str = "") -> None:
        super().__init__(
            detail or f"The rate limit is used up; retry in {retry_after_seconds} seconds.",
            headers={"Retry-After": str(retry_after_seconds)},
        )


class InternalError(Problem):
    """The server failed; ``detail`` names the cause only where it may be disclosed."""

    default_detail = "The server could not complete the request."


class ViolationError(InternalError):
    """A response violates the contract; the log says how where it was validated."""


class NotImplementedYet(Problem, status=501, code="not_implemented"):
    """The contract declares the operation; the server does not implement it."""

    default_detail = "This operation is not implemented yet."


class ServiceUnavailable(Problem, status=503):
    """Something that the operation needs (database, S3) does not respond; try again."""

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


BY_STATUS: Mapping[int, type[Problem]] = {
    int(problem.status): problem for problem in Problem.__subclasses__()
}
"""The tree by status; what others derive later is not of it."""
