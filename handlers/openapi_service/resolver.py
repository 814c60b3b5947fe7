"""From an operationId to the function that answers it."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from connexion.exceptions import ResolverError
from connexion.resolver import Resolution, Resolver

from .names import handler_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from connexion.operations import AbstractOperation

Handler = Callable[..., Any]


def handlers_of(package: ModuleType) -> dict[str, Handler]:
    """Return the public async functions that the modules of a package define, by name."""
    found: dict[str, Handler] = {}
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for name, function in vars(import_module(module.name)).items():
            if (
                inspect.iscoroutinefunction(function)
                and function.__module__ == module.name
                and not name.startswith("_")
            ):
                if name in found:
                    raise ResolverError(f"Two handlers are called {name}; one is in {module.name}.")
                found[name] = function
    return found


class HandlerResolver(Resolver):
    """Finds the handler of an operation by its name; see :mod:`.names` for the rule.

    Args:
        handlers: functions by name, as :func:`handlers_of` returns them.
        optional: whether an operation may be without one.
    """

    def __init__(self, handlers: Mapping[str, Handler], *, optional: bool = False) -> None:
        super().__init__()
        self._handlers = handlers
        self._optional = optional

    def resolve(self, operation: AbstractOperation) -> Resolution:
        """Return the longest-named handler that fits; ResolverError names the operationId if none does."""
        operation_id: str = operation.operation_id
        name = handler_named(operation, self._handlers)
        if name is None:
            if self._optional:
                return Resolution(None, operation_id)
            raise ResolverError(
                f"No handler for operationId {operation_id!r}: no function is named by its tail."
            )
        return Resolution(self._handlers[name], operation_id)
