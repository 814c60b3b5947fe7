"""The command of S3: it runs until it is stopped."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from .local import local_s3
from .options import Options, flags

DEFAULT_PORT = 9000
_EPILOG = """\
State is lost at the end unless --data is given; nothing leaves this machine.
Ctrl-C or SIGTERM stops it.

exit codes: 0 stopped, 1 could not start, 2 wrong options
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run S3 with the options of a command line until SIGINT or SIGTERM."""
    values, as_json = _parsed(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        options = Options(**values)
        with options.certifying() as authority, local_s3(options, authority=authority) as s3:
            variables = options.environment(s3.url)
            if authority is not None:
                variables["AWS_CA_BUNDLE"] = str(authority.file)
            exports = " ".join(f"{name}={value}" for name, value in variables.items())
            facts = {"s3": s3.url, "buckets": options.buckets, **variables}
            text = f"S3: {s3.url}\nbuckets: {', '.join(options.buckets)}\n\nexport {exports}"
            print(json.dumps(facts) if as_json else text, flush=True)  # noqa: T201 -- the command's output
            stopped.wait()
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot start: {error}")


def _parsed(arguments: Sequence[str] | None) -> tuple[dict[str, Any], bool]:
    """Return the options of a command line, and whether to print JSON; exit with 2 for an invalid one."""
    parser = argparse.ArgumentParser(
        "strict-s3",
        description="Run a local S3 that refuses what Amazon's refuses.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=version("strict-s3"))
    parser.add_argument("--json", action="store_true", help="Print one line of JSON once S3 responds.")
    for name, (flag, default) in flags().items():
        if isinstance(default, bool):
            parser.add_argument(*flag.names, dest=name, action="store_true", help=flag.help)
            continue
        is_repeatable = not isinstance(default, int | str | None)
        value = DEFAULT_PORT if name == "port" else flag.default or default
        help_ = f"{flag.help}{'; repeatable.' * is_repeatable}{f' [default: {value}]' * bool(value)}"
        action = "append" if is_repeatable else "store"
        parser.add_argument(*flag.names, dest=name, action=action, metavar=flag.metavar, help=help_)
    values = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    as_json = values.pop("json")
    for name, (flag, _) in flags().items():
        if name in values:
            try:
                values[name] = flag.read(values[name])
            except ValueError as error:
                parser.error(f"argument {flag.names[0]}: {error}")
    return {"port": DEFAULT_PORT, **values}, as_json
