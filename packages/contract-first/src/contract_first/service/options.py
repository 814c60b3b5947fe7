"""What an app's options may be: a wrong one fails the start, with its name and what is expected."""

import os
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from contract_first.contract import Contract

from .context.hooks import Hook
from .messages.problems import ProblemProfile
from .request.bodies import Limits


class _Expected(NamedTuple):
    is_usable: Callable[[Any], bool]
    words: str


def _of(*kinds: Any) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _by_name(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(callable, value.values()))


def _several(is_usable: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return whether a value is a list of such; a text, which would be one of characters, is none."""

    def are_usable(values: Any) -> bool:
        is_list = isinstance(values, Iterable) and not isinstance(values, str | Mapping)
        return is_list and (iter(values) is values or all(map(is_usable, values)))

    return are_usable


EXPECTED: Mapping[str, _Expected] = {
    "contract": _Expected(_of(Contract, str, os.PathLike), "a path, a URL or a Contract"),
    "handlers": _Expected(_of(ModuleType, Mapping), "a module, a package, or a mapping of functions"),
    "authenticate": _Expected(
        lambda value: value is None or isinstance(value, Mapping) or hasattr(value, "admit"),
        "a mapping from each security scheme to a function, or an Authenticator",
    ),
    "collaborators": _Expected(
        lambda value: isinstance(value, Mapping) or callable(value),
        "a mapping of objects by name, or a function decorated with @asynccontextmanager that yields one",
    ),
    "checks": _Expected(lambda value: value is None or _by_name(value), "a mapping of functions by name"),
    "soft_checks": _Expected(_by_name, "a mapping of functions by name"),
    "cors_origins": _Expected(_several(_of(str)), "a list of origins"),
    "trusted_proxies": _Expected(_several(_of(str)), "a list of addresses and networks"),
    "limits": _Expected(lambda value: value is None or isinstance(value, Limits), "Limits"),
    "profile": _Expected(_of(ProblemProfile), "a ProblemProfile"),
    "hooks": _Expected(_several(_of(Hook)), "a list of hooks, which Hook.before, .after and .around make"),
    "middleware": _Expected(_several(callable), "a list of functions that take an ASGI app and return one"),
}


def require_usable(options: Mapping[str, Any]) -> None:
    """Raise TypeError for the first option that is not of a kind that it may be."""
    for name, expected in EXPECTED.items():
        if not expected.is_usable(options[name]):
            raise TypeError(f"{name} is of type {_kind(options[name])}; expected {expected.words}.")


def _kind(value: Any) -> str:
    """Return the name of a value's class, with those of what it holds."""
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    kinds = ", ".join(sorted({type(item).__name__ for item in items}))
    return f"{type(value).__name__}{f' of {kinds}' if kinds else ''}"
