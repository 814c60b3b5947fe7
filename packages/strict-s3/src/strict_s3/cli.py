"""The command of S3: it runs until it is stopped."""

import argparse
import json
import os
import signal
import ssl
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn
from urllib.request import urlopen

from .local import callable_url, local_s3
from .messages.operations import STORED
from .options import Options, flags
from .request_log import FORMS, request_log
from .startup.environment import of_environment, without_meaning

DEFAULT_PORT = 9000
HEALTH_SECONDS = 5
_PRINTED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_CHECK = """\
Compare each version of an object, and each part of an upload, with the size and MD5 that it was stored with.
What is lost is removed from the index, and files that nothing names are removed. Stop S3 before.
"""
_EPILOG = """\
strict-s3 data check DIR says what of a data folder is lost or damaged, and repairs its index.

State is lost at the end unless --data is given; nothing leaves this machine.
Ctrl-C or SIGTERM stops it.

Each option may stand in a variable, such as STRICT_S3_BUCKET for --bucket; several values are separated by
spaces or commas, credentials by spaces. Variables of MinIO, LocalStack and AWS's clients mean what they mean
there, or standard error names them; a credential that they have is not printed.
strict-s3 server DIR is the command of MinIO's image.

strict-s3 health says by its exit code whether the S3 of these options, or of these variables, is ready.

exit codes: 0 stopped, 2 could not start
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run S3 with the options of a command line until SIGINT or SIGTERM, or check a data folder."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:2] == ["data", "check"]:
        check_data(words[2:])
    if words[:1] == ["health"]:
        check_health(words[1:])
    values, output, variables_used = _parsed(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        options = Options(**values)
        report = request_log(output["log"]) if output["log"] else None
        with options.certifying() as authority, local_s3(options, authority=authority, report=report) as s3:
            variables = options.environment(s3.url)
            if authority is not None:
                variables["AWS_CA_BUNDLE"] = str(authority.file)
            if "credentials" in variables_used:
                variables = {name: text for name, text in variables.items() if name not in _PRINTED}
            exports = " ".join(f"{name}={value}" for name, value in variables.items())
            facts = {"s3": s3.url, "buckets": options.buckets, **variables}
            stored = ", ".join(sorted(STORED))
            buckets = ", ".join(options.buckets)
            about = f"S3: {s3.url}\nbuckets: {buckets}\nstored, without an effect: {stored}"
            text = f"{about}\n\nexport {exports}"
            print(json.dumps(facts) if output["json"] else text, flush=True)  # noqa: T201 -- the command's output
            stopped.wait()
    except (OSError, ValueError) as error:
        _cannot(f"start: {error}")


def _cannot(reason: str) -> NoReturn:
    print(f"Cannot {reason}", file=sys.stderr)  # noqa: T201 -- the command's error
    sys.exit(2)


def check_data(arguments: Sequence[str]) -> NoReturn:
    """Check a data folder; end with 1 if something is lost or damaged."""
    from .store.inspection import damage  # noqa: PLC0415 -- moto takes a while

    parser = argparse.ArgumentParser("strict-s3 data check", description=_CHECK, allow_abbrev=False)
    parser.add_argument("folder", metavar="DIR", type=Path)
    folder = parser.parse_args(arguments).folder
    if not folder.is_dir():
        parser.error(f"{folder} is no folder")
    try:
        sentences = list(damage(folder))
    except (OSError, ValueError) as error:
        _cannot(f"check: {error}")
    print("\n".join(sentences) or "Nothing is lost.")  # noqa: T201 -- the command's output
    sys.exit(bool(sentences))


def check_health(arguments: Sequence[str]) -> NoReturn:
    """End with 0 if the S3 of these options is ready, else with 1 and the reason."""
    values, _, _ = _parsed(arguments)
    options = Options(**values)
    is_secure = options.tls or options.ca is not None
    # the certificate is of a local authority, which the process that asks need not know
    context = ssl._create_unverified_context() if is_secure else None  # noqa: S323, SLF001 -- the reason above
    url = f"{callable_url('https' if is_secure else 'http', options.host, options.port)}/healthz"
    try:
        with urlopen(url, timeout=HEALTH_SECONDS, context=context):  # noqa: S310 -- of http or https
            sys.exit(0)
    except OSError as error:
        sys.exit(f"{url}: {error}")


def _translate(values: dict[str, Any], parser: argparse.ArgumentParser) -> None:
    """Replace the arguments of MinIO's command ``server`` by options."""
    command, *folders = values.pop("minio") or ("server",)
    if command != "server" or len(folders) > 1:
        parser.error(f"expected options, or server DIR and options, got {command} {' '.join(folders)}")
    host, _, port = values.pop("address", "").rpartition(":")
    options = {"data": "".join(folders), "host": host, "port": port}
    values |= {name: text for name, text in options.items() if text}
    if values.pop("console_address", ""):
        message = "--console-address means nothing here: contract-first s3 has a console (--control-port)."
        print(message, file=sys.stderr)  # noqa: T201 -- the command's


def _parsed(arguments: Sequence[str] | None) -> tuple[dict[str, Any], Mapping[str, Any], Collection[str]]:
    """Return the options of a command line, those of its output, and which options variables gave.

    It exits with 2 for an invalid one.
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
    parser.add_argument("--log", choices=FORMS, help="Log each request on standard error. [default: none]")
    parser.add_argument("minio", nargs="*", metavar="server DIR", help="As MinIO's: DIR is that of --data.")
    parser.add_argument("--address", metavar="[HOST]:PORT", help="MinIO's, for --host and --port.")
    parser.add_argument("--console-address", metavar="ADDRESS", help="MinIO's; there is no console here.")
    for name, (flag, default) in flags().items():
        if isinstance(default, bool):
            parser.add_argument(*flag.names, dest=name, action="store_true", default=None, help=flag.help)
            continue
        is_repeatable = not isinstance(default, int | str | None)
        value = DEFAULT_PORT if name == "port" else flag.default or default
        help_ = f"{flag.help}{f' [default: {value}]' * bool(value)}"
        action = "append" if is_repeatable else "store"
        parser.add_argument(*flag.names, dest=name, action=action, metavar=flag.metavar, help=help_)
    values = {
        name: value
        for name, value in vars(parser.parse_intermixed_args(arguments)).items()
        if value is not None
    }
    output = {name: values.pop(name, None) for name in ("json", "log")}
    _translate(values, parser)
    try:
        variables = of_environment(os.environ)
    except ValueError as error:
        parser.error(str(error))
    if ignored := [*without_meaning(os.environ)]:
        print(f"Variables that mean nothing here: {', '.join(ignored)}", file=sys.stderr)  # noqa: T201 -- the command's
    variables = {name: value for name, value in variables.items() if name not in values}
    values |= variables
    for name, (flag, _) in flags().items():
        if name in values and flag.read:
            try:
                values[name] = flag.read(values[name])
            except ValueError as error:
                place = "the environment" if name in variables else f"argument {flag.names[0]}"
                parser.error(f"{place}: {error}")
    return {"port": DEFAULT_PORT, **values}, output, variables
