"""The functions that an application hands over: handlers, hooks that authenticate, checks of its health."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

Function = Callable[..., Any]


class ResolverError(Exception):
    """An operation has no handler, or one that does not fit it; the message names the operationId."""


async def _returned(function: Function, *positional: Any, **named: Any) -> Any:
    return function(*positional, **named)


def awaitable(function: Function) -> Callable[..., Awaitable[Any]]:
    """Return a function as one to await: itself if it is ``async def``, else in a thread.

    An asynchronous generator is returned as it is.
    """
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 -- it is callable; how, is the question
    ):
        return function
    if inspect.isasyncgenfunction(function):
        return partial(_returned, function)

    async def call(*positional: Any, **named: Any) -> Any:
        returned = await asyncio.to_thread(function, *positional, **named)
        return await returned if inspect.isawaitable(returned) else returned

    return call
