"""Makes imports cheaper: some are deferred, and the garbage collector waits."""

import ast
import gc
import inspect
import operator
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

DESCRIPTOR = frozenset({"__get__", "__set__", "__delete__"})
"""What an enumeration looks for in its members."""


@contextmanager
def resting_collector(*, own_process: bool = False) -> Iterator[None]:
    """Pause the garbage collector, which takes a fifth of the time of a start.

    Args:
        own_process: objects that exist at the end live as long as the process, so the collector skips them.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if own_process:
            gc.freeze()
        gc.enable()


def run_command_line(module: str) -> None:
    """Run the ``app`` of a module; Ctrl-C ends it without a traceback, also while that is being imported."""
    # of patterns of a contract, which mean what they do today (ECMA-262)
    warnings.filterwarnings("ignore", "Possible ", FutureWarning)
    try:
        with resting_collector(own_process=True):
            app = import_module(module).app
        app()
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None


def exported(package: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package, which imports a public name when it is first used.

    The module that has it is the one that the package imports it from for type checkers, below
    ``if TYPE_CHECKING``, or else the one that it imports ``*`` from there.
    """

    @cache
    def modules() -> dict[str, str]:
        return {
            alias.name: f"{package}.{statement.module}"
            for statement in ast.walk(ast.parse(inspect.getsource(sys.modules[package])))
            if isinstance(statement, ast.ImportFrom) and statement.level
            for alias in statement.names
        }

    def find(name: str) -> Any:
        if name not in sys.modules[package].__all__:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules().get(name) or modules()["*"]), name)

    return find


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """Defer the imports of these modules by others that are imported meanwhile.

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
    """A module that is not imported yet."""

    def __getattr__(self, name: str) -> Any:
        """Return a deferred member of the module, or the member itself once the module is imported."""
        if name.startswith("__"):  # the import system's own
            raise AttributeError(name)
        module = sys.modules.get(self.__name__, self)
        return Deferred(self.__name__, name) if module is self else getattr(module, name)


def _of_member(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method of a deferred member that does an operation on the member itself."""
    return lambda self, *operands, **named: operation(self._resolve(), *operands, **named)


class Deferred:
    """A member of a module that is not imported yet."""

    def __init__(self, module: str, name: str) -> None:
        self._place = module, name

    def _resolve(self) -> Any:
        module, name = self._place
        if isinstance(sys.modules.get(module), DeferredModule):
            del sys.modules[module]
        return getattr(import_module(module), name)

    def __getattr__(self, name: str) -> Any:
        if name in DESCRIPTOR:
            raise AttributeError(name)
        return getattr(self._resolve(), name)

    __call__ = _of_member(operator.call)
    __getitem__ = _of_member(operator.getitem)
    __setitem__ = _of_member(operator.setitem)
    __contains__ = _of_member(operator.contains)
    __len__ = _of_member(len)
    __iter__ = _of_member(iter)
    __bool__ = _of_member(bool)

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._resolve(),)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._resolve())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._resolve())
