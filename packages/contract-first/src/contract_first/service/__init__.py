"""An OpenAPI contract bound to plain handler functions, served over HTTP.

What ``__all__`` lists is public; everything else may change. Names are imported when they are first asked
for: a module that only raises problems does not load what serves them.
"""

# ruff: noqa: F403, F405 -- `__all__` has each name, and tests/house imports each

from typing import TYPE_CHECKING

from contract_first.imports import exported

if TYPE_CHECKING:
    from .access.authentication import Authenticator, BasicCredential
    from .app import Service, create_app
    from .assembly import Strictness
    from .context.collaborators import PerRequest, per_request
    from .context.hooks import Hook
    from .functions import ResolverError
    from .http.server import CannotListen, listen, serve, url_of
    from .idempotency import Attempt, Idempotency, KeyInUse, KeyReused
    from .messages.problems import *
    from .messages.request import Request, Requirement
    from .messages.response import Cookie, Event, Response, ServerSentEvent
    from .messages.upload import Upload
    from .observe.stages import timed_engine
    from .options import Exposure, Observability, Seams
    from .request.bodies import Limits
    from .request.json_bounds import JsonLimits

__all__ = [
    "Attempt", "Authenticator", "BadRequest", "BasicCredential", "CannotListen", "Conflict", "Cookie",
    "Event", "Exposure", "Forbidden", "Hook", "Idempotency", "InsufficientScope", "InternalError",
    "JsonLimits", "KeyInUse", "KeyReused", "Limits", "MethodNotAllowed", "NotAcceptable", "NotFound",
    "NotImplementedYet", "Observability", "PayloadTooLarge", "PerRequest", "Problem", "ProblemProfile",
    "RateLimited", "Request", "Requirement", "ResolverError", "Response", "Seams", "ServerSentEvent",
    "Service", "ServiceUnavailable", "Strictness", "URITooLong", "Unauthorized", "UnsupportedMediaType",
    "Upload", "ValidationFailed", "Violation", "create_app", "listen", "per_request", "serve",
    "timed_engine", "url_of",
]  # fmt: skip

__getattr__ = exported(__name__)
