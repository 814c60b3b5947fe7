"""An OpenAPI contract bound to plain handler functions, served over HTTP.

What ``__all__`` lists is public; everything else may change. Names are imported when they are first asked
for: a module that only raises problems does not load what serves them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Limits, Service, create_app
    from .authentication import Authenticator, BasicCredential
    from .handlers import ResolverError
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
    "Attempt",
    "Authenticator",
    "BadRequest",
    "BasicCredential",
    "CannotListen",
    "Conflict",
    "Forbidden",
    "Idempotency",
    "InternalError",
    "KeyInUse",
    "KeyReused",
    "Limits",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "NotImplementedYet",
    "PayloadTooLarge",
    "Problem",
    "ProblemProfile",
    "RateLimited",
    "Request",
    "ResolverError",
    "Response",
    "Service",
    "ServiceUnavailable",
    "URITooLong",
    "Unauthorized",
    "UnsupportedMediaType",
    "ValidationFailed",
    "Violation",
    "create_app",
    "listen",
    "serve",
    "url_of",
]

_ELSEWHERE = {
    "Attempt": "idempotency",
    "Authenticator": "authentication",
    "BasicCredential": "authentication",
    "CannotListen": "server",
    "Idempotency": "idempotency",
    "KeyInUse": "idempotency",
    "KeyReused": "idempotency",
    "Limits": "app",
    "Request": "request",
    "ResolverError": "handlers",
    "Response": "responses",
    "Service": "app",
    "create_app": "app",
    "listen": "server",
    "serve": "server",
    "url_of": "server",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ELSEWHERE.get(name, 'problems')}", __name__), name)
