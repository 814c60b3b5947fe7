"""``s3``: an S3 on its own until it is stopped, and ``s3 exec``."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from contract_first.mock.options import HOST, HOST_FLAG, ServerOptions, port_flag
from contract_first.signatures import Flag

from .commands import customized, require_extra, takes
from .execute import Start, is_alone, run, with_exec
from .options import TRUSTED_BY, Process, defaults_of, options_of, ports_of
from .process import Form, request_log

require_extra("s3")  # the options are those of strict-s3, so even help needs it
from strict_s3.messages.operations import STORED  # noqa: E402 -- where it is there
from strict_s3.options import CONFLICTING_VARIABLES, Options  # noqa: E402 -- where it is there

EXEC = """Run a command beside S3, which uses a free port and stops with the command.

AWS's clients in the command find it by AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
AWS_REGION, others by S3_URL, S3_BUCKET and CONTROL_URL. Signals are forwarded to it. All options of S3 are
accepted: s3 exec --bucket uploads -- pytest.

Exit codes: the command's own; 128 + N when signal N killed it, 127 when it is not found, 126 when it
cannot be run, 125 when S3 could not start.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Options(ServerOptions):
    """The options of the command, beside those of S3.

    Attributes:
        host: address to listen on; beyond loopback others can use S3.
        port: port of S3; 0 takes a free one.
        control_port: port of the control API; 0 takes a free one.
        log: log each request on standard error.
    """

    host: Annotated[str, HOST_FLAG] = HOST
    port: Annotated[int, port_flag(9000)] = 0
    control_port: Annotated[int, port_flag(9001)] = 0
    log: Annotated[Form | None, Flag(default="none")] = None  # type: ignore[assignment]  # a form, of which the log is made


@contextmanager
def opened(**options: Any) -> Iterator[Any]:
    """Run an S3 with the options of `s3_mock`; those that were not set have their defaults."""
    from contract_first.mock.s3.server import s3_mock  # noqa: PLC0415 -- of the extra, which may not be there

    buckets = options.pop("buckets")
    with s3_mock(*buckets, **{name: value for name, value in options.items() if value or value == 0}) as mock:
        yield mock


def variables_of(mock: Any) -> dict[str, str | None]:
    """Return the environment variables by which a command finds it; None for those to be removed."""
    options = Options(region=mock.region, credentials={mock.access_key: mock.secret_key})
    return {
        **dict.fromkeys(CONFLICTING_VARIABLES),
        **options.environment(mock.s3),
        "S3_URL": mock.s3,
        "S3_BUCKET": mock.buckets[0],
        "CONTROL_URL": mock.control,
        **({} if mock.ca is None else dict.fromkeys(TRUSTED_BY, mock.ca)),
    }


@takes(**options_of(Options) | options_of(S3Options) | options_of(Process))
def s3(
    context: typer.Context,
    *,
    json: bool,
    ready_file: Path | None,
    log: Form | None,
    **options: Any,
) -> None:
    """Run a local S3 that refuses what Amazon's refuses, with faults and a journal.

    State is lost at the end unless --data is given; nothing leaves this machine. Ctrl-C or SIGTERM stops it.

    Exit codes: 0 stopped, 2 could not start.
    """
    alone = is_alone(context, json=json, control_token=options["control_token"])
    defaults = defaults_of(S3Options) | ({} if alone else dict.fromkeys(ports_of(S3Options), 0))
    options |= {name: value for name, value in defaults.items() if options[name] is None}
    if log:
        options["log"] = request_log(log)
    start = Start(
        partial(opened, **options),
        variables_of,
        lambda: (OSError, ValueError),
        options["host"],
        ready_file,
    )
    run(context, start, announce, json=json)


def announce(mock: Any) -> None:
    """Print the URL of S3, and the variables for AWS's clients."""
    from . import banner  # noqa: PLC0415 -- only people need it, and once S3 responds

    places = {
        "S3": mock.s3,
        "buckets": ", ".join(mock.buckets),
        "stored only": ", ".join(sorted(STORED)),
        "control": mock.control,
        **banner.reach_rows(mock.lan, mock.ca, mock.control),
    }
    variables = variables_of(mock).items()
    aws = [f"{name}={text}" for name, text in variables if text and name.startswith("AWS_")]
    exports = {"": f"export {' '.join(aws)}"}
    note = "Its credentials are public; the first request for its control API loads that."
    banner.show("S3", {"": places, "For AWS's clients": exports}, note, qr=mock.lan)


app = with_exec(customized(s3), EXEC)
