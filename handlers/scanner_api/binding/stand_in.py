"""The stand-in: what may answer in the place of handlers. The service has none, its mock has one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .answers import Rendered
    from .assembly import Assembly
    from .operation import BoundOperation
    from .request import Request

Answering = Callable[["Request"], Awaitable["Rendered"]]
"""Turns an admitted request into a response; what is wrong with it is raised as a Problem."""


class StandIn(Protocol):
    """Answers operations without a handler, and others where it wants to."""

    def answering(self, operation: BoundOperation, assembly: Assembly, /) -> Answering:
        """Return what answers the admitted requests of an operation; called once, when it is bound."""
        ...
