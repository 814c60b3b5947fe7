"""Scopes that do not meet: each has state of its own, from its first use until it is idle."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Protocol

from starlette.types import Scope

from contract_first.contexts import assignment
from contract_first.service.messages.problems import Conflict, NotFound, ServiceUnavailable

SCOPE: ContextVar[str] = ContextVar("scope", default="")
"""The scope whose state the current request uses; empty for what all have in common."""
HEADER: Final = b"x-mock-scope"
PREFIX: Final = re.compile(r"/_scope/([^/]{1,200})(?=/|\Z)")
"""The beginning of paths for clients that cannot send headers: what follows is the path."""
PREFIX_KEY: Final = "contract_first.mock.prefix"
LONGEST_NAME: Final = 200
MOST_SCOPES: Final = 100
IDLE_SECONDS: Final = 15 * 60


class ScopedPart(Protocol):
    """A part of the state that scopes have for themselves."""

    def open(self, name: str) -> None:
        """Make it for a scope."""

    def close(self, name: str) -> None:
        """Remove that of a scope."""


Clear = Callable[[str | None], Any]
"""Removes all entries of a store, such as the journal, or only those of a scope."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A part that scopes have in common, of which their entries go with them."""

    clear: Clear

    def open(self, name: str) -> None:
        """Do nothing: entries come with their scope."""

    def close(self, name: str) -> None:
        self.clear(name)


@dataclass(slots=True)
class _Used:
    """The use of a scope: how many requests use it, and when the last one ended."""

    requests: int = 0
    running: int = 0
    last: float = field(default_factory=monotonic)


@dataclass(eq=False)
class Scopes:
    """The scopes in use.

    Attributes:
        parts: of the state.
        fill: makes the initial state, in the context of a scope.
        release: releases the state, in the same context, before the parts are removed.
    """

    parts: Sequence[ScopedPart]
    fill: Callable[[], Awaitable[None]]
    release: Callable[[], Awaitable[None]]
    _used: dict[str, _Used] = field(default_factory=dict, init=False)
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @asynccontextmanager
    async def used(self, name: str) -> AsyncIterator[None]:
        """Use the state of a scope inside the ``with`` block.

        Raises:
            ServiceUnavailable: there are too many.
        """
        with entered(name):
            used = self._used.get(name) or await self._opened(name)
            used.requests += 1
            used.running += 1
            try:
                yield
            finally:
                used.running -= 1
                used.last = monotonic()

    def names(self) -> list[dict[str, Any]]:
        """Return the scopes, the latest first, with how many requests used each."""
        now = monotonic()
        scopes = sorted(self._used.items(), key=lambda pair: -pair[1].last)
        return [
            {"name": name, "requests": used.requests, "idle_seconds": round(now - used.last, 1)}
            for name, used in scopes
        ]

    async def drop(self, name: str) -> None:
        """Remove a scope and all its state.

        Raises:
            NotFound: there is none of this name.
            Conflict: other requests are using it.
        """
        async with self._changing:
            await self._drop(name)

    async def _drop(self, name: str) -> None:
        used = self._used.get(name)
        if used is None:
            raise NotFound(f"There is no scope {name!r}.")
        if used.running > (name == SCOPE.get()):
            raise Conflict(f"Requests are running in the scope {name!r}.")
        del self._used[name]
        await self._close(name)

    async def _close(self, name: str) -> None:
        try:
            with entered(name):
                await self.release()
        finally:
            for part in self.parts:
                part.close(name)

    async def _opened(self, name: str) -> _Used:
        async with self._changing:
            if name in self._used:
                return self._used[name]
            await self._drop_idle()
            if len(self._used) >= MOST_SCOPES:
                raise ServiceUnavailable(
                    f"{MOST_SCOPES} scopes are in use, none idle for {IDLE_SECONDS} s. Remove one: "
                    "DELETE /_mock/scopes/NAME."
                )
            for part in self.parts:
                part.open(name)
            try:
                await self.fill()
            except BaseException:
                await self._close(name)
                raise
            used = self._used[name] = _Used()
            return used

    async def _drop_idle(self) -> None:
        before = monotonic() - IDLE_SECONDS
        for name in [name for name, used in self._used.items() if not used.running and used.last < before]:
            await self._drop(name)


def entered(name: str) -> AbstractContextManager[None]:
    """Have a scope be the current one inside the ``with`` block."""
    return assignment(SCOPE, name)


def named(scope: Scope) -> tuple[str, Scope]:
    """Return the name of a request's scope, and the request as it is without a prefix of its path.

    The name in the path becomes the header, for rules and journal to see.
    """
    match = PREFIX.match(scope["path"])
    if match is None:
        name = next((value.decode("latin-1") for field, value in scope["headers"] if field == HEADER), "")
        return name[:LONGEST_NAME], scope
    name, raw = match[1], scope.get("raw_path") or scope["path"].encode()
    rest = raw.split(b"/", 3)[3:]
    headers = [pair for pair in scope["headers"] if pair[0] != HEADER]
    changes = {
        "path": scope["path"][match.end() :] or "/",
        "raw_path": b"/" + b"".join(rest),
        "headers": [*headers, (HEADER, name.encode("latin-1", "replace"))],
        PREFIX_KEY: b"/".join(raw.split(b"/", 3)[:3]).decode("latin-1"),
    }
    return name, {**scope, **changes}
