"""Where the time of a request goes: what its stages take, for the request log and metrics."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

STAGES: Final[ContextVar[dict[str, float] | None]] = ContextVar("stages", default=None)
"""Seconds of those of the request that is being served, if it is observed."""
_CALLS: Final = ("do_execute", "do_execute_no_params", "do_executemany", "do_commit", "do_rollback")
"""What a dialect of SQLAlchemy calls of its driver, and waits for."""


def spent(stage: str, start: float) -> None:
    """Add the time since a start, by ``time.perf_counter``, to a stage of the current request.

    Args:
        stage: ``handler``, or what is waited for meanwhile: ``pool``, ``database``, ``s3``.
    """
    if (stages := STAGES.get()) is not None:
        stages[stage] = stages.get(stage, 0.0) + time.perf_counter() - start


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Add the time of a ``with`` block, or of a function, to a stage, as `spent` does."""
    start = time.perf_counter()
    try:
        yield
    finally:
        spent(stage, start)


def timed_engine(engine: Any) -> Any:
    """Return SQLAlchemy's engine, whose requests have the stages ``pool`` and ``database`` from now on."""
    engine.pool.connect = timed("pool")(engine.pool.connect)
    for name in _CALLS:
        setattr(engine.dialect, name, timed("database")(getattr(engine.dialect, name)))
    return engine
