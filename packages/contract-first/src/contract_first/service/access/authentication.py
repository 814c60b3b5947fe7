"""Authentication: who the caller is, decided before a request is read any further."""

import inspect
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from contract_first.contract import Contract, Operation
from contract_first.service.functions import ResolverError, awaitable, require_takes
from contract_first.service.messages.problems import InsufficientScope, Problem, Unauthorized
from contract_first.service.messages.request import Request, Requirement

from .security import Alternatives, challenge_of, challenges_of

Authenticate = Callable[..., Any]
"""Takes the credential of a security scheme, the request and, if it has a third parameter, the requirement
that is being tried; returns the caller, None for nobody."""


class Authenticator(Protocol):
    """Decides who may call, and how often."""

    async def admit(
        self, request: Request, credentials: Mapping[str, str], alternatives: Alternatives
    ) -> Any:
        """Return the caller, or raise a Problem (401, 403, 429, 503).

        Args:
            request: the request; headers for every response to it (rate limits) go to ``response_headers``.
            credentials: what the request presents, by security scheme name; only schemes of the contract.
            alternatives: the operation's security requirements; ``()`` for an anonymous operation and for
                a request that no operation matches.
        """


@runtime_checkable
class Refusing(Protocol):
    """An authenticator that can refuse some requests before their operation is known."""

    def refusal(self, request: Request, find: Callable[[Request], Mapping[str, str]]) -> Problem | None:
        """Return the problem that ``admit`` raises for a request to any operation; None if it may not.

        Args:
            find: returns the credentials that a request presents, by security scheme name.
        """


class BasicCredential(NamedTuple):
    """User id and password of ``Authorization: Basic`` (RFC 7617)."""

    username: str
    password: str

    @classmethod
    def read(cls, credential: str) -> "BasicCredential":
        """Decode a credential: user id and password, separated by a colon, in Base64. Raises Unauthorized."""
        try:
            username, colon, password = b64decode(credential, validate=True).decode().partition(":")
        except ValueError:
            raise Unauthorized("The Basic credential is not Base64 of UTF-8.") from None
        if not colon:
            raise Unauthorized("The Basic credential has no colon between user name and password.")
        return cls(username, password)


class HookAuthenticator:
    """Authenticates callers by a function for each security scheme.

    A hook, ``async def`` or ``def`` (which runs in a thread), is called with the credential and the request,
    and returns the caller; where the credential is not valid it returns None or raises Unauthorized. Which
    scopes the operation requires, ``request.requirement`` says, and a third parameter gets; where a
    token lacks one, its method ``require`` raises a 403 that names them (RFC 6750, section 3.1). The
    credential is the value of an API key, the token of a bearer scheme, ``oauth2`` or ``openIdConnect``, a
    :class:`BasicCredential` of ``basic``, and an empty string of ``mutualTLS``, whose certificate the server
    alone has seen.

    The first security requirement counts whose schemes are all presented and valid; the caller of one that
    names several schemes is a dict by scheme name. Where anonymous calls are allowed as well, the caller is
    None without a credential; a wrong one is refused.

    Raises:
        ResolverError: an operation requires a scheme without a hook, or a hook has no scheme.
    """

    def __init__(self, contract: Contract, hooks: Mapping[str, Authenticate]) -> None:
        self._schemes = contract.security_schemes
        self._realm: str = contract.document["info"]["title"]
        _require_fit(contract, hooks)
        self._hooks = {name: _taking_requirement(hook) for name, hook in hooks.items()}
        self._requirements = {
            operation.operation_id: [_required(operation, required) for required in operation.security]
            for operation in contract.operations
        }
        self._unseen = {name: "" for name, scheme in self._schemes.items() if scheme["type"] == "mutualTLS"}

    async def admit(
        self, request: Request, credentials: Mapping[str, str], alternatives: Alternatives
    ) -> Any:
        """Return the caller, None for an anonymous one, or raise Unauthorized or InsufficientScope."""
        if not alternatives:
            return None
        presented = {**credentials, **self._unseen}
        callers: dict[tuple[str, tuple[str, ...]], Any] = {}
        refused: Problem | None = None
        for requirements in self._requirements[request.operation_id or ""]:
            if not requirements or not presented.keys() >= {key[0] for key in requirements}:
                continue
            try:
                for key, requirement in requirements.items():
                    if key not in callers:
                        request.requirement = requirement
                        callers[key] = await self._verify(requirement.scheme, presented, request)
            except (Unauthorized, InsufficientScope) as problem:
                challenge = self._challenge(alternatives, key[0], problem)
                problem.headers.setdefault("WWW-Authenticate", challenge)
                refused = refused or problem
            else:
                met = {name: callers[name, scopes] for name, scopes in requirements}
                return callers[key] if len(met) == 1 else met
        if refused is None and frozenset() in alternatives:
            return None
        raise refused or Unauthorized(headers={"WWW-Authenticate": self._challenge(alternatives)})

    async def _verify(self, name: str, credentials: Mapping[str, str], request: Request) -> Any:
        scheme, credential = self._schemes[name], credentials[name]
        is_basic = scheme["type"] == "http" and scheme["scheme"].lower() == "basic"
        presented = BasicCredential.read(credential) if is_basic else credential
        caller = await self._hooks[name](presented, request)
        if caller is None:
            raise Unauthorized
        return caller

    def _challenge(
        self, alternatives: Alternatives, wrong: str | None = None, problem: Problem | None = None
    ) -> str:
        if wrong is not None and isinstance(problem, InsufficientScope):
            scope = " ".join(problem.scopes)
            return challenge_of(self._schemes[wrong], self._realm, error="insufficient_scope", scope=scope)
        named = frozenset().union(*alternatives)
        schemes = {name: scheme for name, scheme in self._schemes.items() if name in named}
        return challenges_of(schemes, self._realm)[wrong]


def _required(
    operation: Operation, scopes: Mapping[str, Sequence[str]]
) -> dict[tuple[str, tuple[str, ...]], Requirement]:
    """Return a security requirement by scheme and scopes, in the order in which it is tried."""
    keys = [(name, tuple(scopes[name])) for name in sorted(scopes)]
    return {key: Requirement(operation, *key) for key in keys}


def _taking_requirement(hook: Authenticate) -> Callable[..., Awaitable[Any]]:
    """Return a hook as one of two parameters, to await; one that takes a third gets the requirement."""
    asked = awaitable(hook)
    if not _takes_requirement(hook):
        return asked
    return lambda credential, request: asked(credential, request, request.requirement)


def _takes_requirement(hook: Authenticate) -> bool:
    third = list(inspect.signature(hook).parameters.values())[2:3]
    return any(parameter.default is parameter.empty or parameter.name == "requirement" for parameter in third)


def _require_fit(contract: Contract, hooks: Mapping[str, Authenticate]) -> None:
    schemes = contract.security_schemes
    for name, hook in hooks.items():
        if name not in schemes:
            declared = ", ".join(schemes) or "none"
            raise ResolverError(
                f"There is no security scheme {name!r} to authenticate; the contract has {declared}."
            )
        if not callable(hook):
            raise ResolverError(
                f"What authenticates {name!r} is not a function; it is {type(hook).__name__}."
            )
        count = 3 if _takes_requirement(hook) else 2
        expected = "a credential and the request, and a third argument for the requirement if it has one"
        require_takes(hook, count, f"What authenticates {name!r}", expected)
    for operation in contract.operations:
        for name in frozenset().union(*operation.security):
            if name not in hooks:
                asks = f"{operation.operation_id!r} requires"
                raise ResolverError(
                    f"Nothing authenticates the security scheme {name!r}, which {asks}; name a function for "
                    f"it in the `authenticate` of create_app, or in `serve --authenticate MODULE:NAME`."
                )
