"""The process of an `S3Server`, its parent."""

from __future__ import annotations

import gc
import importlib
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from .local import LocalS3, local_s3

if TYPE_CHECKING:
    from .tls import Authority

POLITENESS = 5
"""How far the priority of this process is below the API's, whose responses are short."""
_one_at_a_time = threading.Lock()


def main() -> None:
    """Serve S3 with the settings that the parent sends, until it goes away."""
    if sys.argv[1:] or sys.stdin.isatty():
        sys.exit("presigned_s3.S3Server starts this process, and sends it settings; nobody else can.")
    # a terminal's Ctrl-C is for the parent, which may need S3 a little longer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = json.loads(sys.stdin.readline())
    signal.signal(signal.SIGTERM, _interrupt)
    gc.disable()  # imports leave nothing for it to find
    tls, is_temporary = settings.pop("tls"), settings.pop("temporary")
    settings["report"] = (lambda exchange: report(exchange=exchange)) if settings.pop("journal") else None
    settings["faults"] = partial(_named, settings["faults"])
    if tls:
        settings |= {"tls": _authority(tls), "addresses": tls["names"]}
    try:
        with local_s3(**settings, listening=lambda url: report(url=url)) as s3:
            gc.freeze()
            gc.enable()
            if sys.platform != "win32":
                os.nice(POLITENESS)
            report(ready=True)
            run_commands(sys.stdin, s3)
    except KeyboardInterrupt:
        pass
    finally:
        if is_temporary:  # the parent may be gone
            shutil.rmtree(settings["data_dir"], ignore_errors=True)


def _authority(tls: dict[str, Any]) -> Authority:
    """Return the parent's certificate authority."""
    from .tls import Authority  # noqa: PLC0415 -- imports trustme, which plain HTTP does not need

    return Authority(tls["certificate"], tls["key"], Path())


def _named(name: str | None) -> Any:
    """Return an instance of the class that ``module:class`` names; None for None."""
    if name is None:
        return None
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run_commands(lines: Iterable[str], s3: LocalS3) -> None:
    """Run the parent's commands, one a line of JSON, and report each; return at their end."""
    orders: dict[str, Callable[..., Any]] = {
        "clock": lambda now, stopped: s3.set_clock(now and datetime.fromisoformat(now), stopped=stopped),
        "faults": s3.set_faults,
        "reset": s3.reset,
        "snapshot": lambda folder: s3.snapshot(Path(folder)),
        "restore": lambda folder: s3.restore(Path(folder)),
        "usage": s3.usage,
    }
    for line in lines:
        order = json.loads(line)
        failure, result = "", None
        try:
            result = orders[order["do"]](**order["with"])
        except (KeyError, TypeError, ValueError, OSError) as error:
            failure = f"{type(error).__name__}: {error}"
        report(done=order["id"], failure=failure, result=result)


def report(**facts: Any) -> None:
    """Report something to the parent, in one line of its own."""
    with _one_at_a_time:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
