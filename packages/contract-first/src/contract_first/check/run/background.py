"""Takes items from an iterator that runs in another thread, so that the one that waits can stop waiting."""

import ctypes
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, Queue, SimpleQueue
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")
TICK_SECONDS = 0.2
GO_ON, LEAVE = True, False


def in_background(
    items: Iterator[Item], patience: Callable[[], float], tick: Callable[[], None]
) -> Generator[Item, None, bool]:
    """Yield the items of an iterator, and return whether these are all of them.

    The iterator goes on only while the next item is waited for, so that the two never run at once.

    Args:
        patience: seconds that may still be waited; with none left, the iterator is abandoned.
        tick: called several times a second while an item is waited for.
    """
    asked = SimpleQueue[bool]()
    # no SimpleQueue: its `get` never times out in Python 3.11 where a signal's handler outlasts the timeout
    results = Queue[tuple[Item] | BaseException]()

    def work() -> None:
        while asked.get():
            try:
                results.put((next(items),))
            except BaseException as error:  # noqa: BLE001 -- the other thread raises it
                results.put(error)
                return

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            asked.put(GO_ON)
            while (result := _next(results)) is None:
                tick()
                if patience() <= 0:
                    _end(thread)
                    return False
            if isinstance(result, StopIteration):
                return True
            if isinstance(result, BaseException):
                raise result
            yield result[0]
    finally:
        asked.put(LEAVE)


def in_time(call: Callable[[], Item], patience: Callable[[], float]) -> Item:
    """Return what a function returns, if that comes in time.

    Args:
        call: it goes on in another thread, in this one's context.

    Raises:
        TimeoutError: no patience is left.
    """
    for result in in_background(map(copy_context().run, [call]), patience, lambda: None):
        return result
    raise TimeoutError


def _end(thread: Thread) -> None:
    """End a thread once it runs Python: Hypothesis in it would change the recursion limit of all threads."""
    identifier = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(identifier, ctypes.py_object(SystemExit))


def _next(results: Queue[tuple[Item] | BaseException]) -> tuple[Item] | BaseException | None:
    with suppress(Empty):
        return results.get(timeout=TICK_SECONDS)
    return None
