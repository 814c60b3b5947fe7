"""``s3``: an S3 on its own until it is stopped, and ``s3 exec``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from contract_first.mock.options import HOST, port_option

from .commands import customized, folder, option, read_by, require_extra, takes, texts
from .commands import flag as switch
from .execute import Start, is_alone, run, with_exec
from .options import SERVER, TRUSTED_BY, option_of

require_extra("s3")  # the options are those of strict-s3, so even help needs it
from strict_s3.options import CONFLICTING_VARIABLES, Options, flags  # noqa: E402 -- where it is there

if TYPE_CHECKING:
    from contract_first.mock.s3.server import S3Mock

PORT, CONTROL_PORT = 9000, 9001
EXEC = """Run a command beside S3, which uses a free port and stops with the command.

AWS's clients in the command find it by AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
AWS_REGION, others by S3_URL, S3_BUCKET and CONTROL_URL. Signals are forwarded to it. All options of S3 are
accepted: s3 exec --bucket uploads -- pytest.

Exit codes: the command's own; 128 + N when signal N killed it, 127 when it is not found, 126 when it
cannot be run, 125 when S3 could not start.
"""


def s3_option(name: str, **changes: Any) -> Any:
    """Return the option of S3 of this name, with changes to its flag."""
    flag, default = flags()[name]
    flag = flag._replace(**changes)
    if isinstance(default, bool):
        return switch(flag.help)
    if flag.read is Path:
        return folder(flag.help, show_default=flag.default)
    settings = {"callback": read_by(flag.read), "show_default": flag.default or str(default or "") or False}
    if isinstance(default, int | str | None):
        return option(str | None, flag.help, *flag.names, metavar=flag.metavar, **settings)
    return texts(flag.help, flag.metavar, *flag.names, **settings)


OPTIONS = {
    **{name: s3_option(name) for name in Options.__struct_fields__},
    "port": option_of(port_option("S3", PORT), int),
    "control_port": option_of(port_option("the control API", CONTROL_PORT), int),
    **SERVER,
    "log": option(Literal["text", "json"] | None, "Log each request on standard error.", show_default="none"),
}

MAPPINGS = tuple(name for name, (_, default) in flags().items() if isinstance(default, dict))
"""Options that are mappings."""


@contextmanager
def opened(**options: Any) -> Iterator[S3Mock]:
    """Run an S3 with the options of `s3_mock`; those that were not set have their defaults."""
    from contract_first.mock.s3.server import s3_mock  # noqa: PLC0415 -- of the extra, which may not be there

    buckets = options.pop("buckets")
    for name in MAPPINGS:  # whose items typer makes lists of
        options[name] = dict(options[name])
    with s3_mock(*buckets, **{name: value for name, value in options.items() if value or value == 0}) as mock:
        yield mock


def variables_of(mock: S3Mock) -> dict[str, str | None]:
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


@takes(**OPTIONS)
def s3(
    context: typer.Context,
    *,
    json: bool,
    ready_file: Path | None,
    log: Literal["text", "json"] | None,
    **options: Any,
) -> None:
    """Run a local S3 that refuses what Amazon's refuses, with faults and a journal.

    State is lost at the end unless --data is given; nothing leaves this machine. Ctrl-C or SIGTERM stops it.

    Exit codes: 0 stopped, 1 could not start, 2 wrong options, or the extra `s3` is missing.
    """
    alone = is_alone(context, json=json, control_token=options["control_token"])
    ports = {"port": PORT, "control_port": CONTROL_PORT} if alone else {"port": 0, "control_port": 0}
    defaults = {"host": HOST, **ports}
    options |= {name: value for name, value in defaults.items() if options[name] is None}
    if log:
        from .mock import request_log  # noqa: PLC0415 -- few have it, and it takes a while

        options["log"] = request_log(log)
    start = Start(
        partial(opened, **options),
        variables_of,
        lambda: (OSError, ValueError),
        options["host"],
        ready_file,
    )
    run(context, start, announce, json=json)


def announce(mock: S3Mock) -> None:
    """Print the URL of S3, and the variables for AWS's clients."""
    from . import banner  # noqa: PLC0415 -- only people need it, and once S3 responds

    places = {
        "S3": mock.s3,
        "buckets": ", ".join(mock.buckets),
        "control": mock.control,
        **banner.reach_rows(mock.lan, mock.ca, mock.control),
    }
    variables = variables_of(mock).items()
    aws = [f"{name}={text}" for name, text in variables if text and name.startswith("AWS_")]
    exports = {"": f"export {' '.join(aws)}"}
    note = "Its credentials are public; the first request for its control API loads that."
    banner.show("S3", {"": places, "For AWS's clients": exports}, note, qr=mock.lan)


app = with_exec(customized(s3), EXEC)
