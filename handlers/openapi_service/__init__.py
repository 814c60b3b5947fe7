"""An OpenAPI contract bound to plain handler functions, served over HTTP.

What ``__all__`` lists is public; everything else may change. Names are imported when they are first asked
for: a module that only raises problems does not load what serves them.
"""

from typing import TYPE_CHECKING

from openapi_contract.imports import exported

if TYPE_CHECKING:
    from .app import Service, create_app
    from .authentication import Authenticator, BasicCredential
    from .bodies import Limits
    from .functions import ResolverError
    from .idempotency import Attempt, Idempotency, KeyInUse, KeyReused
    from .problems import (
        BadRequest,
        Conflict,
        Forbidden,
        InternalError,
        MethodNotAllowed,
        NotAcceptable,
        NotFound,
        NotImplementedYet,
        PayloadTooLarge,
        Problem,
        ProblemProfile,
        RateLimited,
        ServiceUnavailable,
        Unauthorized,
        UnsupportedMediaType,
        URITooLong,
        ValidationFailed,
        Violation,
    )
    from .request import Request
    from .responses import Response
    from .server import CannotListen, listen, serve, url_of

__all__ = [
    "Attempt", "Authenticator", "BadRequest", "BasicCredential", "CannotListen", "Conflict", "Forbidden",
    "Idempotency", "InternalError", "KeyInUse", "KeyReused", "Limits", "MethodNotAllowed", "NotAcceptable",
    "NotFound", "NotImplementedYet", "PayloadTooLarge", "Problem", "ProblemProfile", "RateLimited", "Request",
    "ResolverError", "Response", "Service", "ServiceUnavailable", "URITooLong", "Unauthorized",
    "UnsupportedMediaType", "ValidationFailed", "Violation", "create_app", "listen", "serve", "url_of",
]  # fmt: skip

__getattr__ = exported(
    __name__,
    {
        "app": "Service create_app",
        "authentication": "Authenticator BasicCredential",
        "bodies": "Limits",
        "functions": "ResolverError",
        "idempotency": "Attempt Idempotency KeyInUse KeyReused",
        "problems": "BadRequest Conflict Forbidden InternalError MethodNotAllowed NotAcceptable NotFound"
        " NotImplementedYet PayloadTooLarge Problem ProblemProfile RateLimited ServiceUnavailable URITooLong"
        " Unauthorized UnsupportedMediaType ValidationFailed Violation",
        "request": "Request",
        "responses": "Response",
        "server": "CannotListen listen serve url_of",
    },
)
