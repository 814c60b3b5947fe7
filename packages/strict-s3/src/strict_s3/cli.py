"""The command of S3: it runs until it is stopped."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Collection, Sequence
from importlib.metadata import version
from typing import Any

from .local import local_s3
from .options import Options, flags

DEFAULT_PORT = 9000
_CREDENTIALS = (
    ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"),
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
)
_PRINTED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_EPILOG = """\
State is lost at the end unless --data is given; nothing leaves this machine.
Ctrl-C or SIGTERM stops it.

Without --credential it accepts that of MINIO_ROOT_USER and MINIO_ROOT_PASSWORD, or of AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and does not print it; without --region it takes AWS_REGION or
AWS_DEFAULT_REGION.

exit codes: 0 stopped, 1 could not start, 2 wrong options
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run S3 with the options of a command line until SIGINT or SIGTERM."""
    values, as_json, of_environment = _parsed(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        options = Options(**values)
        with options.certifying() as authority, local_s3(options, authority=authority) as s3:
            variables = options.environment(s3.url)
            if authority is not None:
                variables["AWS_CA_BUNDLE"] = str(authority.file)
            if "credentials" in of_environment:
                variables = {name: text for name, text in variables.items() if name not in _PRINTED}
            exports = " ".join(f"{name}={value}" for name, value in variables.items())
            facts = {"s3": s3.url, "buckets": options.buckets, **variables}
            text = f"S3: {s3.url}\nbuckets: {', '.join(options.buckets)}\n\nexport {exports}"
            print(json.dumps(facts) if as_json else text, flush=True)  # noqa: T201 -- the command's output
            stopped.wait()
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot start: {error}")


def _of_environment() -> dict[str, Any]:
    """Return the values of flags in variables that other S3 servers, and AWS's clients, have."""
    values: dict[str, Any] = {}
    for user, password, *token in _CREDENTIALS:
        texts = [text for name in (user, password, *token) if (text := os.environ.get(name))]
        if os.environ.get(user) and os.environ.get(password):
            values.setdefault("credentials", [":".join(texts)])
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return values | ({"region": region} if region else {})


def _parsed(arguments: Sequence[str] | None) -> tuple[dict[str, Any], bool, Collection[str]]:
    """Return the options of a command line, whether to print JSON, and which options variables gave.

    It ends with 2 for what is wrong.
    """
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
    of_environment = {name: value for name, value in _of_environment().items() if name not in values}
    values |= of_environment
    for name, (flag, _) in flags().items():
        if name in values:
            try:
                values[name] = flag.read(values[name])
            except ValueError as error:
                place = "the environment" if name in of_environment else f"argument {flag.names[0]}"
                parser.error(f"{place}: {error}")
    return {"port": DEFAULT_PORT, **values}, as_json, of_environment
