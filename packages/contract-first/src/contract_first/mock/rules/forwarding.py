"""What forwards requests to the mock's upstream, as rules see it."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send


class ForwardFailed(Exception):  # noqa: N818 -- says what happened
    """The upstream did not respond, or not as HTTP has it; the message says why."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Forwarder(Protocol):
    """Forwards requests to the upstream."""

    async def respond(
        self, otherwise: ASGIApp, mock_on: Collection[int], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Respond as the upstream does.

        Args:
            otherwise: responds where the upstream's status is one of these.

        Raises:
            ForwardFailed: there is no response.
        """
