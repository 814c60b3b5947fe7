"""The stand-in: what may answer in the place of handlers. The service has none, its mock has one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .assembly import Assembly
    from .operation import BoundOperation
    from .request import Request
    from .responses import Rendered

Answering = Callable[["Request"], Awaitable["Rendered"]]
"""Lets a request in and turns it into a response; what is wrong with it is raised as a Problem."""


class StandIn(Protocol):
    """Answers operations without a handler, and others where it wants to.

    Attributes:
        request_headers: what it reads beside the headers of the contract.
        response_headers: what it sends beside them.
    """

    @property
    def request_headers(self) -> Sequence[str]: ...  # noqa: D102 -- the class says it

    @property
    def response_headers(self) -> Sequence[str]: ...  # noqa: D102 -- the class says it

    def answering(self, operation: BoundOperation, assembly: Assembly, /) -> Answering:
        """Return what answers the requests of an operation; called once, when it is bound."""
        ...
