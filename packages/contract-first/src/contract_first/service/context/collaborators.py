"""What handlers share: found by name or by type, once for the app or opened for each request."""

import inspect
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args, get_type_hints

from contract_first.service.functions import Function, ResolverError, annotation_of
from contract_first.service.messages.request import Request

CONTEXT = frozenset({"caller", "request"})
"""What every handler may ask for beside its operation's parameters, its body and the collaborators."""


@dataclass(frozen=True, slots=True)
class PerRequest:
    """A collaborator that is opened for each request whose handler asks for it.

    It is closed once the response is made and validated, before it is sent, so that a commit that fails is a
    500; of a stream, once that is sent. An exception of the handler, and a response that violates the
    contract, are raised where it yields: roll back there.

    Attributes:
        open: returns the context manager; it asks for others, ``request`` and ``caller`` as handlers do.
    """

    open: Callable[..., AbstractAsyncContextManager[Any]]

    @property
    def kind(self) -> Any:
        """The class of what is opened, by the function's annotation; Any where that does not say."""
        try:
            returned = get_type_hints(inspect.unwrap(self.open)).get("return")
        except (NameError, TypeError):
            return Any
        return next(iter(get_args(returned)), Any)


def per_request(function: Callable[..., AsyncIterator[Any] | AbstractAsyncContextManager[Any]]) -> PerRequest:
    """Make a collaborator for each request of an ``async def`` function that yields once.

    Raises:
        TypeError: it is another function.
    """
    inner = inspect.unwrap(function)
    if not inspect.isasyncgenfunction(inner):
        raise TypeError(f"{function!r} is not an async def function that yields, so it cannot be opened.")
    yielding: Any = inner
    manager: Any = asynccontextmanager(yielding) if inner is function else function
    return PerRequest(manager)


class Needs(NamedTuple):
    """What a function asks for beside its own arguments, by parameter name.

    Attributes:
        shared: collaborators of the app.
        context: ``caller`` or ``request``.
        opened: names of collaborators that are opened for each request.
    """

    shared: dict[str, Any]
    context: dict[str, str]
    opened: dict[str, str]


class Collaborators:
    """The collaborators of an app, objects and what is opened for each request, by name."""

    def __init__(self, by_name: Mapping[str, Any]) -> None:
        self.by_name = by_name
        self._needs: dict[str, Needs] = {}

    def needs(self, function: Function, arguments: Collection[str], who: str) -> Needs:
        """Return what a function asks for: by name, else by the class that a parameter is annotated with.

        Args:
            arguments: what it is called with.
            who: names it in errors.

        Raises:
            ResolverError: two collaborators are of the class, one needs itself, or an annotation that is to
                name one cannot be looked up.
        """
        return self._needs_of(function, arguments, who, ())

    def _needs_of(
        self, function: Function, arguments: Collection[str], who: str, path: tuple[str, ...]
    ) -> Needs:
        needs = Needs({}, {}, {})
        for name, parameter in inspect.signature(function).parameters.items():
            if name in arguments or parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
                continue
            source = (
                name if name in self.by_name or name in CONTEXT else self._by_type(function, parameter, who)
            )
            if source not in self.by_name:
                needs.context.update({name: source} if source else {})
            elif isinstance(self.by_name[source], PerRequest):
                self._compile(source, (*path, source))
                needs.opened[name] = source
            else:
                needs.shared[name] = self.by_name[source]
        return needs

    def _by_type(self, function: Function, parameter: inspect.Parameter, who: str) -> str:
        """Return the name of the only collaborator of a parameter's class, empty without one."""
        kind = annotation_of(function, parameter, who)
        if not inspect.isclass(kind) or kind is Any or kind.__module__ == "builtins":
            return ""
        if issubclass(kind, Request):
            return "request"
        names = [name for name, value in self.by_name.items() if _is_of(value, kind)]
        if len(names) > 1:
            several = " and ".join(map(repr, names))
            raise ResolverError(
                f"{who} asks for a {kind.__name__} by {parameter.name!r}, which {several} are; "
                "call the parameter as the one that it needs."
            )
        return names[0] if names else ""

    def _compile(self, name: str, path: tuple[str, ...]) -> None:
        if path.count(name) > 1:
            raise ResolverError(f"The collaborator {name!r} needs itself: {' -> '.join(path)}.")
        if name in self._needs:
            return
        function, who = self.by_name[name].open, f"The collaborator {name!r}"
        needs = self._needs_of(function, (), who, path)
        for parameter in inspect.signature(function).parameters.values():
            if parameter.default is parameter.empty and not any(parameter.name in kind for kind in needs):
                raise ResolverError(
                    f"{who} asks for {parameter.name!r}, which is none of {sorted(self.by_name)}."
                )
        self._needs[name] = needs

    async def open(self, needs: Needs, request: Request, stack: AsyncExitStack) -> dict[str, Any]:
        """Return what is opened for a request, by parameter name; the stack closes it."""
        opened: dict[str, Any] = {}
        return {
            name: await self._opened(source, request, stack, opened) for name, source in needs.opened.items()
        }

    async def _opened(
        self, name: str, request: Request, stack: AsyncExitStack, opened: dict[str, Any]
    ) -> Any:
        if name not in opened:
            needs = self._needs[name]
            inner = {
                parameter: await self._opened(source, request, stack, opened)
                for parameter, source in needs.opened.items()
            }
            context = {
                parameter: getattr(request, source, request) for parameter, source in needs.context.items()
            }
            manager = self.by_name[name].open(**needs.shared, **context, **inner)
            opened[name] = await stack.enter_async_context(manager)
        return opened[name]


def _is_of(value: Any, kind: type) -> bool:
    try:
        if isinstance(value, PerRequest):
            opened = value.kind
            return inspect.isclass(opened) and opened is not Any and issubclass(opened, kind)
        return isinstance(value, kind)
    except TypeError:  # a protocol that is not checked at run time
        return False
