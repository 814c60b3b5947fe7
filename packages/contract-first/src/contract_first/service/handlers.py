"""Finds the function that handles an operation, and the arguments that it is called with."""

import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from contract_first.contract import Operation
from contract_first.contract.models.python_names import python_name

from .context.collaborators import CONTEXT, Collaborators, Needs
from .functions import Function, ResolverError, annotation_of, awaitable
from .names import PRIVATE, handler_name, handler_named
from .request.typed_values import Convert, argument_converter, member_names

QUERY = "query"
"""The argument that has several parameters of the query as one object."""
MOST_NAMED = 10
"""Operations without a handler, in the message."""


def handlers_of(package: ModuleType, *, plain: bool = False) -> dict[str, Function]:
    """Return the public functions that a module, or the modules of a package, define, by name.

    Args:
        package: a module or a package; what it only imports does not count.
        plain: take ``def`` functions too; without it, coroutine functions (``async def``) alone.

    Raises:
        ResolverError: two modules define a function of the same name.
    """
    is_handler = inspect.isfunction if plain else inspect.iscoroutinefunction
    functions: dict[str, Function] = {}
    for module in _modules(package):
        for name, function in vars(module).items():
            if is_handler(function) and function.__module__ == module.__name__ and not PRIVATE.match(name):
                if name in functions:
                    raise ResolverError(f"Two handlers are called {name}; one is in {module.__name__}.")
                functions[name] = function
    return functions


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for module in pkgutil.iter_modules(getattr(package, "__path__", ()), package.__name__ + "."):
        yield import_module(module.name)


def resolved(
    operations: Collection[Operation], handlers: Mapping[str, Function], *, optional: bool = False
) -> dict[str, Function]:
    """Return the function of each operation by operationId; see :mod:`.names` for the rule.

    Raises:
        ResolverError: an operation has none, unless that is ``optional``, or two have one name.
    """
    functions = {}
    handled: dict[str, Operation] = {}
    missing: list[Operation] = []
    exact = handlers.keys() & {operation.operation_id for operation in operations}
    others = handlers.keys() - exact
    for operation in operations:
        name = handler_named(operation, exact if operation.operation_id in exact else others)
        if name is not None:
            other = handled.setdefault(name, operation)
            if other is not operation:
                raise ResolverError(
                    f"The operationIds {other.operation_id!r} and {operation.operation_id!r} would share the "
                    f"handler {name!r}; name a function for each in a mapping by operationId, or call them "
                    f"{handler_name(other)!r} and {handler_name(operation)!r}."
                )
            functions[operation.operation_id] = handlers[name]
        else:
            missing.append(operation)
    if missing and not optional:
        raise ResolverError(_lack_of(missing, handlers))
    return functions


def _lack_of(operations: Sequence[Operation], handlers: Collection[str]) -> str:
    """Return that operations have no handlers, and how these would be called."""
    first = operations[0]
    others = [repr(handler_name(operation)) for operation in operations[1:MOST_NAMED]]
    if (more := len(operations) - MOST_NAMED) > 0:
        others.append(f"{more} more")
    close = get_close_matches(python_name(first.operation_id), handlers, 1)
    return (
        f"No handler for operationId {first.operation_id!r}; expected a function called "
        f"{handler_name(first)!r}, or the end of that name after an underscore"
        f"{f'; close to it: {close[0]!r}' if close else ''}"
        f"{'; also missing: ' + ', '.join(others) if others else ''}."
    )


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that fits its operation, with its collaborators.

    Attributes:
        call: calls it, by keyword; a ``def`` function runs in a thread.
        needs: what it asks for of the request, and what is opened for it.
        context: what it asks for of the request alone, by parameter.
        converters: make arguments what the function's annotations say, where that is more than a JSON value.
        query: the member of the argument `query` that each argument becomes, where the function takes that.
        defaults: what the function has for arguments that are not sent, and have no default in the contract.
    """

    call: Callable[..., Awaitable[Any]]
    needs: Needs
    context: Sequence[tuple[str, str]]
    converters: Sequence[tuple[str, Convert]]
    query: Mapping[str, str]
    defaults: Sequence[tuple[str, Any]]

    @classmethod
    def of(
        cls,
        function: Function,
        operation_id: str,
        arguments: set[str],
        in_query: Mapping[str, str],
        collaborators: Collaborators,
    ) -> "Handler":
        """Return the handler of an operation.

        Args:
            arguments: what the operation calls it with.
            in_query: names of the parameters in the query, by argument.
            collaborators: what else it may ask for.

        Raises:
            ResolverError: it is not a function, has a parameter that nothing provides, or lacks an argument.
        """
        parameters = _parameters(function, operation_id)
        who = f"The handler of {operation_id!r}"
        query: dict[str, str] = {}
        if QUERY in parameters.keys() - arguments - collaborators.by_name.keys():
            members = member_names(annotation_of(function, parameters[QUERY], who))
            query = {
                argument: name if name in members else argument
                for argument, name in in_query.items()
                if argument not in parameters and not members.isdisjoint({name, argument})
            }
            arguments = arguments - query.keys() | ({QUERY} if query else set())
        needs = collaborators.needs(function, arguments, who)
        _require_fit(parameters, operation_id, arguments, CONTEXT.union(collaborators.by_name, *needs))
        converters: list[tuple[str, Convert]] = []
        for name in sorted(arguments & parameters.keys()):
            try:
                convert = argument_converter(annotation_of(function, parameters[name], who))
            except TypeError as error:
                raise ResolverError(f"{who} cannot take {name!r} as it is annotated: {error}") from None
            if convert is not None:
                converters.append((name, convert))
        defaults = [
            (name, parameters[name].default)
            for name in arguments & parameters.keys()
            if parameters[name].default is not inspect.Parameter.empty
        ]
        call = awaitable(partial(function, **needs.shared))
        return cls(call, needs, tuple(needs.context.items()), converters, query, defaults)


def _parameters(function: Function, operation_id: str) -> Mapping[str, inspect.Parameter]:
    if not callable(function):
        kind = type(function).__name__
        raise ResolverError(f"The handler of {operation_id!r} is not a function; it is of type {kind}.")
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError) as error:
        raise ResolverError(f"The handler of {operation_id!r} cannot be inspected: {error}.") from None


def _require_fit(
    parameters: Mapping[str, inspect.Parameter],
    operation_id: str,
    arguments: set[str],
    provided: Collection[str],
) -> None:
    anything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    by_name = {
        parameter.name
        for parameter in parameters.values()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    required = {
        parameter.name
        for parameter in parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    unknown = sorted(required - (by_name & (arguments | set(provided))))
    unread = [] if anything else sorted(arguments - by_name)
    faults = [f"it lacks {_listed(unread)}, which the operation has"] if unread else []
    if unknown:
        names = _listed(sorted(arguments | set(provided)))
        remedy = "add it to the `collaborators` of create_app, or to `serve --collaborators MODULE:NAME`"
        spelled = [python_name(name) for name in unknown]
        if {*spelled} <= {*unread}:
            remedy = f"call it {_listed(spelled)}"
        faults.append(f"it asks for {_listed(unknown)}, which is none of {names}; {remedy}")
    if faults:
        raise ResolverError(
            f"The handler of {operation_id!r} does not match its operation: {'; '.join(faults)}."
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
