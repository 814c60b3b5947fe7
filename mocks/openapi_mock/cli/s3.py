"""``s3``: an S3 on its own until it is stopped, and ``s3 exec``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from openapi_contract.cli.commands import customized, flag, folder, option, takes, texts
from openapi_mock.options import HOST, account_option, domains_option, port_option, url_option

from .execute import Start, is_alone, run, with_exec
from .options import SERVER, TRUSTED_BY, credentials_of, option_of

if TYPE_CHECKING:
    from openapi_mock.s3 import S3Mock

PORT, CONTROL_PORT = 9000, 9001
EXEC = """Run a command beside S3, which uses a free port and stops with the command.

AWS's clients in the command find it by AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
AWS_REGION, others by S3_URL, S3_BUCKET and CONTROL_URL. Signals are forwarded to it. All options of S3 are
accepted: s3 exec --bucket uploads -- pytest.

Exit codes: the command's own; 128 + N when signal N killed it, 127 when it is not found, 126 when it
cannot be run, 125 when S3 could not start.
"""

OPTIONS = {
    "buckets": texts("Bucket to start with", "NAME", "--bucket", "-b", show_default="uploads"),
    "cors": flag("Allow pages of any origin to use the buckets (CORS rules)."),
    "public": flag("Allow everyone to read their objects (bucket policy)."),
    "region": option(str, "Region of the buckets.", default="us-west-2", metavar="NAME"),
    "credentials": option(
        list[str] | None,
        "Credential to accept; repeatable. A temporary one has :TOKEN or :TOKEN:EXPIRES behind it.",
        "--credential",
        metavar="ACCESS_KEY:SECRET_KEY",
        show_default="ACCESSKEY:secret-key",
    ),
    "data": folder("Folder that keeps all buckets across restarts."),
    "port": option_of(port_option("S3", PORT), int),
    "control_port": option_of(port_option("the control API", CONTROL_PORT), int),
    **SERVER,
    "public_url": option_of(url_option("S3", "the host that a request came to"), str | None),
    "domains": option_of(domains_option("domain"), Sequence[str]),
    "account": option_of(account_option("account"), str | None),
    "log": option(Literal["text", "json"] | None, "Log each request on standard error.", show_default="none"),
}


@contextmanager
def opened(**options: Any) -> Iterator[S3Mock]:
    """Run an S3 with the options of `s3_mock`."""
    from openapi_mock.s3 import s3_mock  # noqa: PLC0415 -- of the extra, which may not be there

    with s3_mock(**options) as mock:
        yield mock


def variables_of(mock: S3Mock) -> dict[str, str | None]:
    """Return the environment variables by which a command finds it; None for those to be removed."""
    from presigned_s3.server import CONFLICTING_VARIABLES, environment  # noqa: PLC0415 -- of the extra, which may not be there

    return {
        **dict.fromkeys(CONFLICTING_VARIABLES),
        **environment(mock.s3, mock.region, {mock.access_key: mock.secret_key}),
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
    token_variable: str = "MOCK_CONTROL_TOKEN",  # noqa: ARG001, S107 -- the option's help has it; a name, no token
    **options: Any,
) -> None:
    """Run a local S3 that refuses what Amazon's refuses, with faults and a journal.

    State is lost at the end unless --data is given; nothing leaves this machine. Ctrl-C or SIGTERM stops it.

    Exit codes: 0 stopped, 1 could not start, 2 wrong options, or the extra `mock` is missing.
    """
    alone = is_alone(context, json=json, control_token=options["control_token"])
    options["credentials"] = credentials_of(options["credentials"] or (), "--credential")
    ports = {"port": PORT, "control_port": CONTROL_PORT} if alone else {"port": 0, "control_port": 0}
    defaults = {"host": HOST, **ports}
    options |= {name: value for name, value in defaults.items() if options[name] is None}
    options["buckets"] = options["buckets"] or ("uploads",)
    if log:
        from .mock import request_log  # noqa: PLC0415 -- few have it, and it takes a while

        options["log"] = request_log(log)
    start = Start(
        partial(opened, **options), variables_of, lambda: (OSError, ValueError), options["host"], ready_file
    )
    run(context, start, announce, json=json)


def announce(mock: S3Mock) -> None:
    """Print where S3 is, and what AWS's clients have to know of it."""
    from . import banner  # noqa: PLC0415 -- only people need it, and once S3 responds

    places = {
        "S3": mock.s3,
        "buckets": ", ".join(mock.buckets),
        "control": mock.control,
        **banner.reach_rows(mock.lan, mock.ca, mock.control),
    }
    of_aws = {name: text for name, text in variables_of(mock).items() if text and name.startswith("AWS_")}
    shown = [f"{name}={text}" for name, text in of_aws.items()]
    exports = {"": f"export {' '.join(shown)}"}
    note = "Its credentials are public; the first request for its control API loads that."
    banner.show("S3", {"": places, "For AWS's clients": exports}, note, qr=mock.lan)


app = with_exec(customized(s3), EXEC)
