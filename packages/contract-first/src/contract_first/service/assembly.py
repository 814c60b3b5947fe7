"""What the operations of one contract share when they are bound."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from contract_first.contract import Contract, Operation
from contract_first.contract.schemas.schema import Schemas

from .access.authentication import Authenticator, HookAuthenticator, Refusing
from .access.cross_site import CrossSiteRequests, Find
from .access.security import Alternatives, PresentedCredentials
from .context.collaborators import Collaborators
from .context.hooks import Hook
from .idempotency import Idempotency
from .messages.problems import PLAIN, Problem, ProblemProfile
from .messages.request import Request
from .request.bodies import Limits, NamedSchemas
from .request.budget import BodyBudget
from .response.errors import ErrorFunction
from .response.response_validation import ResponseValidator


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """How strictly requests and responses are validated.

    Attributes:
        formats: validate ``format`` in requests, which JSON Schema takes for an annotation. Responses always
            are, so that without it a value that is stored and sent back may be a 500.
        closed_query: refuse query parameters that the contract does not have.
        reveal: send clients the violations of a response, which otherwise only the log has.
    """

    formats: bool = True
    closed_query: bool = False
    reveal: bool = False


@dataclass(frozen=True)
class Assembly:
    """The contract and all that is the same for each of its operations, mostly arguments of `create_app`.

    Attributes:
        on_violation: called with the operation of a response that violates the contract.
        cross_site: refuses cookies that pages of other sites make browsers send; None admits them.
    """

    contract: Contract
    authenticator: Authenticator
    collaborators: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    strictness: Strictness = field(default_factory=partial(Strictness, formats=False))
    lazy: bool = False
    profile: ProblemProfile = PLAIN
    errors: ErrorFunction | None = None
    on_violation: Callable[[Operation], None] = lambda _: None
    base_paths: bool = False
    idempotency: Idempotency | None = None
    hooks: Sequence[Hook] = ()
    cross_site: CrossSiteRequests | None = None

    @cached_property
    def schemas(self) -> Schemas:
        """The contract's schemas, as requests are read."""
        return self.contract.schemas.view(formats=self.strictness.formats).for_requests

    @cached_property
    def shared(self) -> Collaborators:
        """The collaborators, the contract's named schemas among them."""
        return Collaborators({"schemas": NamedSchemas(self.schemas), **self.collaborators})

    @cached_property
    def bodies(self) -> BodyBudget:
        """The memory for the bodies of all requests."""
        return BodyBudget(self.limits.body)

    @cached_property
    def response_validator(self) -> ResponseValidator:
        """The validator of all responses of the contract."""
        return ResponseValidator(self.contract)

    @cached_property
    def credentials(self) -> PresentedCredentials:
        """Where credentials of the contract's security schemes stand."""
        return PresentedCredentials(self.contract.security_schemes)

    def refusal(self) -> Callable[[Request], Problem | None] | None:
        """Return the check for requests that are refused whatever they ask for, if there is one."""
        if not isinstance(self.authenticator, Refusing):
            return None
        return partial(self.authenticator.refusal, find=self.credentials.of)

    def admission(self, alternatives: Alternatives) -> Callable[[Request], Awaitable[None]]:
        """Return a function that admits a request under security requirements, or raises its problem."""
        if not alternatives and isinstance(self.authenticator, HookAuthenticator):
            return _anonymous
        find: Find = self.credentials.of
        if self.cross_site is not None:
            find = self.cross_site.guarded(find, alternatives)
        admit = self.authenticator.admit

        async def admission(request: Request) -> None:
            request.caller = await admit(request, find(request), alternatives)

        return admission


async def _anonymous(request: Request) -> None:
    """Admit a request whatever credentials it presents."""
