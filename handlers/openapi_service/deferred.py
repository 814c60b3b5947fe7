"""Imports put off until what they bring is used, for libraries that import more than they need."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """Put off the imports of these modules by whatever is imported meanwhile.

    What it takes from them is imported once it is called, instantiated, subclassed or looked into. Modules
    that are there already are left alone, and afterwards each can be imported as usual.
    """
    absent = {name: DeferredModule(name) for name in names if name not in sys.modules}
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name, module in absent.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


class DeferredModule(ModuleType):
    """Stands for a module that is not imported yet."""

    def __getattr__(self, name: str) -> Any:
        """Return what stands for something of the module."""
        if name.startswith("__"):  # the import system's own
            raise AttributeError(name)
        return Deferred(self.__name__, name)


class Deferred:
    """Stands for something of a module that is not imported yet."""

    def __init__(self, module: str, name: str) -> None:
        self._place = module, name

    def _resolve(self) -> Any:
        module, name = self._place
        return getattr(import_module(module), name)

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Call it."""
        return self._resolve()(*positional, **named)

    def __getattr__(self, name: str) -> Any:
        """Return what it has by this name."""
        return getattr(self._resolve(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._resolve()[key]

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._resolve(),)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._resolve())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._resolve())
