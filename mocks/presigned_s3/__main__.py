"""The process of its own: ``python -m presigned_s3``."""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from .clock import ShiftedClock
from .local import callable_url
from .wire import Server

if TYPE_CHECKING:
    from ssl import SSLContext

    from .app import Front

POLITENESS = 5
_one_at_a_time = threading.Lock()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve S3 until interrupted, or until the parent goes away."""
    options = _parser().parse_args(arguments)
    if options.parent:  # a terminal's Ctrl-C is for the parent, which may need S3 a little longer
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = json.loads(sys.stdin.readline()) if options.parent else _settings(options)
    gc.disable()  # imports leave nothing for it to find
    with Server(settings.pop("host"), settings.pop("port")) as server:
        host, port = server.server_address[:2]
        tls, is_temporary = settings.pop("tls"), settings.pop("temporary")
        report(url=callable_url("https" if tls else "http", str(host), port))
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            clock = ShiftedClock()
            tell = (lambda exchange: report(exchange=exchange)) if settings.pop("journal") else None
            faults = _named(settings.pop("faults"))
            # The port is reported before moto is imported: that takes most of a second.
            app = importlib.import_module(".app", __package__).create_app(
                **settings, clock=clock, report=tell, faults=faults
            )
            server.app, server.tls = app, _context(tls) if tls else None
            gc.freeze()
            gc.enable()
            if options.parent:
                _give_way()
            report(ready=True)
            if options.parent:
                control = Control(app, clock)
                threading.Thread(target=_obey_parent, args=(control,), daemon=True).start()
            server.serve_forever(poll_interval=0.05)
        except KeyboardInterrupt:
            pass
        finally:
            if is_temporary:  # the parent may be gone
                shutil.rmtree(settings["data_dir"], ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m presigned_s3", description="S3 that says no like S3.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=9000, help="port to listen on; 0 takes a free one")
    parser.add_argument("--bucket", default="uploads", help="bucket to start with")
    parser.add_argument("--region", default="us-west-2", help="region of that bucket")
    parser.add_argument(
        "--credential",
        action="append",
        default=[],
        metavar="ACCESS_KEY:SECRET_KEY",
        help="credential to accept; repeatable",
    )
    parser.add_argument("--no-cors", action="store_true", help="let the bucket begin without CORS rules")
    parser.add_argument("--data", metavar="DIR", help="keep buckets and objects in this folder over restarts")
    parser.add_argument("--parent", action="store_true", help=argparse.SUPPRESS)
    return parser


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "host": options.host,
        "port": options.port,
        "bucket": options.bucket,
        "region": options.region,
        "credentials": dict(text.split(":", 1) for text in options.credential),
        "cors_open": not options.no_cors,
        "temporary": False,
        "tls": None,
        "data_dir": options.data,
        "seed": None,
        "faults": None,
        "journal": False,
    }


def _context(tls: dict[str, Any]) -> SSLContext:
    """Return the context of a server whose certificates are of the parent's authority."""
    from .tls import Authority  # noqa: PLC0415 -- imports trustme, which plain HTTP does not need

    return Authority(tls["certificate"], tls["key"], Path()).server_context(tls["names"])


def _named(name: str | None) -> Any:
    """Return an instance of the class that ``module:class`` names; None for None."""
    if name is None:
        return None
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _give_way() -> None:
    """Let the API go first where both want the processor: uploads are long, its responses short."""
    if sys.platform != "win32":
        os.nice(POLITENESS)


def _obey_parent(control: Control) -> None:
    control.obey(sys.stdin)
    os.kill(os.getpid(), signal.SIGTERM)  # the parent is gone


class Control:
    """Carries out the parent's orders: a line of JSON in, a line of JSON out."""

    def __init__(self, app: Front, clock: ShiftedClock) -> None:
        self._orders: dict[str, Callable[..., Any]] = {
            "clock": lambda now, stopped: clock.set(now and datetime.fromisoformat(now), stopped=stopped),
            "faults": app.faults.switch,
            "reset": app.reset,
            "snapshot": lambda folder: app.store.snapshot(Path(folder)),
            "restore": lambda folder: app.store.restore(Path(folder)),
            "usage": app.store.usage,
        }

    def obey(self, lines: Iterable[str]) -> None:
        """Carry out one order a line, and report each; return when there are no more lines."""
        for line in lines:
            order = json.loads(line)
            failure, result = "", None
            try:
                result = self._orders[order["do"]](**order["with"])
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
