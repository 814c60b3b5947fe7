"""The functions that an application hands over: handlers, hooks that authenticate, checks of its health."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, get_type_hints

Function = Callable[..., Any]


class ResolverError(Exception):
    """An operation has no handler, or one that does not fit it; the message names the operationId."""

    page = "service"


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


def require_takes(function: Function, arguments: int, who: str, expected: str) -> None:
    """Raise ResolverError unless a function can be called with so many arguments, as far as it says.

    The message has no defaults, which may be secret.

    Args:
        who: names the function in the message.
        expected: says what it is called with.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # of C
        return
    try:
        signature.bind(*range(arguments))
    except TypeError:
        names = ", ".join(signature.parameters) or "nothing"
        raise ResolverError(f"{who} takes {names}; expected {expected}.") from None


def annotation_of(function: Callable[..., Any], parameter: inspect.Parameter, who: str) -> Any:
    """Return what a parameter is annotated with; Any without an annotation.

    Args:
        who: names the function in errors.

    Raises:
        ResolverError: the annotation has a name that does not exist at run time.
    """

    def annotated() -> None: ...

    annotated.__annotations__ = {"it": parameter.annotation}
    inner = inspect.unwrap(function)
    scope = getattr(inner, "__globals__", None) or getattr(type(inner).__call__, "__globals__", {})
    try:
        hint = get_type_hints(annotated, globalns=scope)["it"]
    except (NameError, AttributeError, SyntaxError) as error:
        raise ResolverError(
            f"{who} annotates {parameter.name!r} with {parameter.annotation!r}, which cannot be looked up "
            f"({error}): import it in {scope.get('__name__')}, and not under `if TYPE_CHECKING:`."
        ) from None
    return Any if hint is inspect.Parameter.empty else hint
