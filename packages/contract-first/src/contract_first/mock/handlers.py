"""Handlers of one's own in a mock: functions for some operations, loaded again when their files change."""

import importlib
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from contract_first.contract import Contract
from contract_first.service.functions import Function
from contract_first.service.handlers import handlers_of, resolved

from .state.scopes import SCOPE

MOST_FILES = 1000


class HandlersError(ValueError):
    """The handlers cannot be loaded; the message says why."""

    page = "mock-any-contract#handlers-of-your-own"


class HandlerState(MutableMapping[str, Any]):
    """What handlers store, for each scope; it stays when they are loaded again, and goes with a reset."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Any]] = {"": {}}

    def open(self, name: str) -> None:
        """Give a scope a state of its own, which is empty."""
        self._values[name] = {}

    def close(self, name: str) -> None:
        """Remove the state of a scope."""
        del self._values[name]

    def __getitem__(self, name: str) -> Any:
        return self._values[SCOPE.get()][name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._values[SCOPE.get()][name] = value

    def __delitem__(self, name: str) -> None:
        del self._values[SCOPE.get()][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values[SCOPE.get()])

    def __len__(self) -> int:
        return len(self._values[SCOPE.get()])


@dataclass(eq=False)
class Handlers:
    """Functions that handle operations of a mock; they may ask for ``state`` and ``clock``.

    Args:
        source: name of a package or module, which is loaded again; or one that is imported, or functions by
            name, which are not.

    Attributes:
        functions: by name, as they were loaded last.

    Raises:
        HandlersError: they cannot be loaded.
    """

    source: str | ModuleType | Mapping[str, Function]
    state: HandlerState = field(default_factory=HandlerState)
    functions: Mapping[str, Function] = field(init=False)

    def __post_init__(self) -> None:
        self.functions = self._loaded()

    def clear(self, scope: str | None = None) -> None:
        """Forget what they stored in the current scope; with a scope that has none of its own, do nothing."""
        if scope in {None, SCOPE.get()}:
            self.state.clear()

    def sentence(self, contract: Contract) -> str:
        """Return which operations they handle; raise HandlersError if there are none."""
        operations = resolved(contract.operations, self.functions, optional=True)
        if not operations:
            raise HandlersError(f"{self._name} has no function for an operation of the contract.")
        return f"{self._name} handles {', '.join(operations)}."

    def reload(self) -> None:
        """Load them again; raise HandlersError, and leave all as it was, where that is not possible."""
        before = {name: module for name, module in sys.modules.items() if self._is_part(name)}
        for name in before:
            del sys.modules[name]
        importlib.invalidate_caches()
        try:
            self.functions = self._loaded()
        except HandlersError:
            sys.modules.update(before)
            raise

    def files(self) -> Iterator[Path]:
        """Yield the files that they are loaded from, as far as those may change."""
        module = sys.modules.get(self.source) if isinstance(self.source, str) else None
        file = getattr(module, "__file__", None)
        if file is None:
            return
        is_package = hasattr(module, "__path__")
        yield from islice(Path(file).parent.rglob("*.py"), MOST_FILES) if is_package else [Path(file)]

    @property
    def _name(self) -> str:
        return (
            self.source if isinstance(self.source, str) else getattr(self.source, "__name__", "The mapping")
        )

    def _is_part(self, name: str) -> bool:
        return isinstance(self.source, str) and (name == self.source or name.startswith(f"{self.source}."))

    def _loaded(self) -> Mapping[str, Function]:
        source = self.source
        if isinstance(source, Mapping):
            return source
        if isinstance(source, str) and "" not in sys.path:
            sys.path.insert(0, "")
        try:
            module = importlib.import_module(source) if isinstance(source, str) else source
            return handlers_of(module, plain=True)
        except Exception as error:  # a module that is half written may raise anything
            raise HandlersError(f"{self._name} cannot be loaded: {type(error).__name__}: {error}") from error
