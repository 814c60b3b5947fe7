"""The process of a `Server`: a line of standard input is an order, one of standard output a report."""

import gc
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from pkgutil import resolve_name
from types import FrameType
from typing import Any

import msgspec

from .local import LocalS3, local_s3
from .messages.errors import S3Error
from .options import Options

POLITENESS = 5
"""How far the priority of this process is below the API's, whose responses are short."""
_writing = threading.Lock()


def main() -> None:
    """Run S3 with the options that the parent sends, until it goes away."""
    if sys.argv[1:] or sys.stdin.isatty():
        sys.exit("strict_s3.Server starts this process, and sends it options; nobody else can.")
    # a terminal's Ctrl-C is for the parent, which may need S3 a little longer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = json.loads(sys.stdin.readline())
    signal.signal(signal.SIGTERM, _interrupt)
    gc.disable()  # imports leave nothing for it to find
    options = msgspec.convert(start["options"], Options, dec_hook=lambda kind, text: kind(text))
    authority = None
    if start["authority"]:
        from .tls import Authority  # noqa: PLC0415 -- imports trustme, which plain HTTP does not need

        authority = Authority(**start["authority"], file=Path())
    try:
        with local_s3(
            options,
            authority=authority,
            report=(lambda exchange: report(exchange=exchange)) if start["journal"] else None,
            faults=lambda: resolve_name(start["faults"])() if start["faults"] else None,
            listening=lambda url: report(url=url),
        ) as s3:
            gc.freeze()
            gc.enable()
            if sys.platform != "win32":
                os.nice(POLITENESS)
            report(ready=True)
            carry_out(sys.stdin, s3)
    except KeyboardInterrupt:
        pass
    finally:
        if start["temporary"] and options.data:  # the parent may be gone
            shutil.rmtree(options.data, ignore_errors=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def carry_out(lines: Iterable[str], s3: LocalS3) -> None:
    """Carry out the parent's orders, each a method of S3 and its arguments in a line of JSON."""
    for line in lines:
        order = json.loads(line)
        failure, result, arguments = "", None, order["with"]
        try:
            if text := arguments.get("now"):
                arguments["now"] = datetime.fromisoformat(text)
            result = getattr(s3, order["do"])(**arguments)
        except (AttributeError, KeyError, TypeError, ValueError, OSError, S3Error) as error:
            failure = f"{type(error).__name__}: {error}"
        report(done=order["id"], failure=failure, result=result)


def report(**facts: Any) -> None:
    """Report something to the parent, in one line of its own."""
    with _writing:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
