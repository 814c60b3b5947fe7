"""The options of an app, and what each may be: a wrong one fails the start, with what is expected."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from contract_first.contract import Contract

from .assembly import Strictness
from .context.hooks import Hook
from .messages.problems import ProblemProfile
from .request.bodies import Limits

if TYPE_CHECKING:
    from .bound_operation import Fallback
    from .clock import Clock
    from .observe.metrics import Metrics
    from .observe.observation import Observer
    from .observe.request_log import RequestLog
    from .observe.spans import Tracing
    from .pages import Check
    from .randomness import RandomBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Observability:
    """What observes an app.

    Attributes:
        metrics: counts requests, and the violations in them; see :class:`~.observe.metrics.Metrics`.
        request_log: writes a line for each request, see :class:`~.observe.request_log.RequestLog`.
        tracing: records a span for each request, see :class:`~.observe.spans.Tracing`.
    """

    metrics: Metrics | None = None
    request_log: RequestLog | None = None
    tracing: Tracing | None = None

    def completed(self) -> Observability:
        """Return it with what observes the process in the place of each that is None.

        Raises:
            ValueError: both have metrics.
        """
        process = OF_PROCESS.get()
        if self.metrics and process.metrics:
            raise ValueError(
                "Observability(metrics=...) of create_app has metrics of its own; expected none beside "
                "--metrics-port: leave out either."
            )
        return Observability(
            metrics=self.metrics or process.metrics,
            request_log=self.request_log or process.request_log,
            tracing=self.tracing or process.tracing,
        )

    def observers(self, contract: Contract) -> list[Observer]:
        """Return what is called with each request that has ended."""
        observers: list[Observer] = [part.observe for part in (self.metrics, self.request_log) if part]
        return observers if self.tracing is None else [*observers, self.tracing.observer(contract)]


OBSERVABILITY = Observability()
OF_PROCESS = ContextVar("of_process", default=OBSERVABILITY)
"""What observes apps that have no such options: a server sets it where it makes an app by the user's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Where and to whom an app is exposed.

    Attributes:
        cors_origins: origins whose pages may call the app (CORS); ``*`` for any, without cookies.
        csrf_protection: refuse the cookie of a security scheme in an unsafe request that a page of another
            origin makes a browser send, unless ``cors_origins`` names that; see :mod:`.access.cross_site`.
        trusted_proxies: addresses and networks whose ``X-Forwarded-Prefix`` says below which path clients see
            the app, and ``X-Forwarded-Proto`` and ``-Host`` at which origin; a framework's mount or a
            server's root path says the path by ASGI.
        base_paths: serve the operations below the base paths of the contract's servers as well.
        checks: checks of ``/readyz`` by name; the app is ready if none raises. None serves no health.
        soft_checks: further checks of ``/readyz``; one that raises is reported, and the app stays ready.
    """

    cors_origins: Sequence[str] = ()
    csrf_protection: bool = True
    trusted_proxies: Iterable[str] = ()
    base_paths: bool = True
    checks: Mapping[str, Check] | None = field(default_factory=dict)
    soft_checks: Mapping[str, Check] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise TypeError for the first that is not of a kind that it may be."""
        require_usable({name: getattr(self, name) for name in OF_EXPOSURE}, OF_EXPOSURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """What mocks and tests replace in an app.

    Attributes:
        fallback: handles operations without a handler; without it, each needs one.
        lazy: bind each operation at its first request, instead of all at the start.
        clock: returns the time that problems have; by default the machine's.
        random_bytes: returns so many random bytes, for request ids.
    """

    fallback: Fallback | None = None
    lazy: bool = False
    clock: Clock | None = None
    random_bytes: RandomBytes = os.urandom


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
    "limits": _Expected(lambda value: value is None or isinstance(value, Limits), "Limits"),
    "errors": _Expected(lambda value: value is None or callable(value), "a function that returns a value"),
    "profile": _Expected(_of(ProblemProfile), "a ProblemProfile"),
    "hooks": _Expected(_several(_of(Hook)), "a list of hooks, which Hook.before, .after and .around make"),
    "middleware": _Expected(_several(callable), "a list of functions that take an ASGI app and return one"),
    "strictness": _Expected(_of(Strictness), "Strictness"),
    "observability": _Expected(_of(Observability), "Observability"),
    "exposure": _Expected(_of(Exposure), "Exposure"),
    "seams": _Expected(_of(Seams), "Seams"),
}
OF_EXPOSURE: Mapping[str, _Expected] = {
    "checks": _Expected(lambda value: value is None or _by_name(value), "a mapping of functions by name"),
    "soft_checks": _Expected(_by_name, "a mapping of functions by name"),
    "cors_origins": _Expected(_several(_of(str)), "a list of origins"),
    "trusted_proxies": _Expected(_several(_of(str)), "a list of addresses and networks"),
}


def require_usable(options: Mapping[str, Any], table: Mapping[str, _Expected] = EXPECTED) -> None:
    """Raise TypeError for the first option that is not of a kind that it may be."""
    for name, expected in table.items():
        value = options[name]
        if not expected.is_usable(value):
            raise TypeError(f"{name} is of type {_kind(value)}; expected {expected.words}.")


def _kind(value: Any) -> str:
    """Return the name of a value's class, with those of what it holds."""
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    kinds = ", ".join(sorted({type(item).__name__ for item in items}))
    return f"{type(value).__name__}{f' of {kinds}' if kinds else ''}"
