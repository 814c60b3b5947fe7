"""The target of a check: a deployment, its contract, and the requests that are permitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from contract_first.contract import Contract, Operation
from contract_first.contract.routing import EXPRESSION
from contract_first.recognition import BY_PATHS, Corrections, Recognition, recognize

from .credentials import PREFIX, Credentials

if TYPE_CHECKING:
    import httpx2
    from schemathesis import Case


class CannotRunError(Exception):
    """A target cannot be checked; the message says why, without any credential."""

    page = "checks"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A deployment of a contract, as the checks see it.

    Attributes:
        url: where the contract's paths begin; without a slash at its end.
        client: sends no credential by itself; relative URLs are below `url`. What it sends is paced and
            recorded, and it follows no redirects. Absolute URLs, such as those of S3, are welcome.
        operations: operations that the run may call, in the order of the contract: those selected, and with
            ``read_only`` only safe ones.
        credentials: of the caller, and of another organization.
        read_only: whether only safe methods are allowed; a check that changes anything is left out.
        variables: prefix of the environment's variables, as which reports show credentials.
        upload_hosts: hosts that may receive uploads, beside the target's own and Amazon S3's.
        fallback: the contract that was assumed if `contract` is it; completes one without links.
        before_links: called with this target and the JSON value of a response, before its links are followed.
        request_seconds: how long a response is waited for.
        max_response_time: seconds after which a response is late; 0 for never.
        deadline: reading of `clock` at which the run ends; None without a budget.
        corrections: what a user says of the collections of the contract.
        listeners: called with each request that a check makes of an operation, and its response.
        clock: seconds, monotonic.
    """

    url: str
    contract: Contract
    client: httpx2.Client
    operations: tuple[Operation, ...]
    credentials: Credentials = field(default_factory=Credentials)
    read_only: bool = False
    variables: str = PREFIX
    upload_hosts: frozenset[str] = frozenset()
    fallback: Contract | None = None
    before_links: Callable[[Target, Any], None] | None = None
    request_seconds: float = 30.0
    max_response_time: float = 0.0
    deadline: float | None = None
    corrections: Corrections = field(default_factory=Corrections)
    listeners: list[Callable[[Case[Any], httpx2.Response], None]] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep

    @cached_property
    def by_label(self) -> dict[str, Operation]:
        """All operations of the contract by their names in reports."""
        return {operation.label: operation for operation in self.contract.operations}

    def methods_at(self, path: str) -> set[str]:
        """Return the methods of a path, upper case; templates that differ in names alone are one path."""
        return self._methods.get(_nameless(path), set())

    @cached_property
    def _methods(self) -> dict[str, set[str]]:
        methods: dict[str, set[str]] = {}
        for operation in self.contract.operations:
            methods.setdefault(_nameless(operation.path), set()).add(operation.method.upper())
        return methods

    @cached_property
    def recognition(self) -> Recognition:
        """The collections of the contract, those by paths alone too; raises ContractError."""
        return recognize(self.contract, self.corrections, least=BY_PATHS)

    @property
    def declared_responses(self) -> Iterator[Mapping[str, Any]]:
        """The Response Objects of all operations of the contract."""
        for operation in self.contract.operations:
            yield from operation.responses.values()

    @cached_property
    def by_scheme(self) -> dict[str, dict[str, str]]:
        """The header fields that satisfy each security scheme, for the schemes whose credential was given."""
        return self.credentials.by_scheme(self.contract.security_schemes)

    @cached_property
    def common_headers(self) -> dict[str, str]:
        """The header fields of a call without a credential."""
        return self.credentials.common(self.contract.security_schemes)

    @cached_property
    def headers(self) -> dict[str, str]:
        """The header fields of an ordinary call: the first credential that was given, if any."""
        return {**self.credentials.headers, **next(iter(self.by_scheme.values()), {})}

    @cached_property
    def other_headers(self) -> dict[str, str]:
        """The header fields of a call by the other organization; empty if its key was not given."""
        other = self.credentials.of_the_other(self.contract.security_schemes)
        return {**self.common_headers, **other} if other else {}

    @property
    def anonymous(self) -> bool:
        """Whether an operation requires a credential, and none is set; a header may be one."""
        is_given = self.by_scheme or self.credentials.headers
        return not is_given and any(operation.is_secured for operation in self.operations)

    @property
    def shown_url(self) -> str:
        """`url` without a credential."""
        return self.credentials.mask(self.url)

    def until(self, seconds: float) -> Target:
        """Return this target with a budget that begins now."""
        return replace(self, deadline=self.clock() + seconds)

    def remaining(self) -> float:
        """Return how many seconds of the budget are left; infinite without a budget."""
        return float("inf") if self.deadline is None else max(0.0, self.deadline - self.clock())


def _nameless(path: str) -> str:
    return EXPRESSION.sub("{}", path)
