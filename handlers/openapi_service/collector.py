"""The garbage collector, while there is nothing for it to find."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def resting_collector(*, own_process: bool = False) -> Iterator[None]:
    """Keep the collector from looking again and again at what imports leave: a fifth of a start's time.

    Args:
        own_process: what is there at the end is there to stay, so the collector never looks at it.
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
