"""``s3``: an S3 on its own until it is stopped, and ``s3 exec``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from openapi_contract.cli.commands import customized

from .execute import Start, execute, is_alone, run
from .options import (
    HOST,
    TRUSTED_BY,
    Ca,
    ControlOrigins,
    ControlToken,
    FaultFile,
    Host,
    Json,
    OptionsFirst,
    ReadyFile,
    Seed,
    Tls,
    TrustProxy,
    account_option,
    credentials_of,
    domains_option,
    port_option,
    url_option,
)

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

Buckets = Annotated[
    list[str] | None,
    typer.Option(
        "--bucket", "-b", metavar="NAME", help="Bucket to start with; repeatable.", show_default="uploads"
    ),
]
Cors = Annotated[
    bool, typer.Option("--cors", help="Allow pages of any origin to use the buckets (CORS rules).")
]
Public = Annotated[
    bool, typer.Option("--public", help="Allow everyone to read their objects (bucket policy).")
]
Region = Annotated[str, typer.Option(metavar="NAME", help="Region of the buckets.")]
Credentials = Annotated[
    list[str] | None,
    typer.Option(
        "--credential",
        metavar="ACCESS_KEY:SECRET_KEY",
        help="Credential to accept; repeatable. A temporary one has :TOKEN or :TOKEN:EXPIRES behind it.",
        show_default="ACCESSKEY:secret-key",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", file_okay=False, help="Folder that keeps all buckets across restarts."),
]
Port = Annotated[int | None, port_option("Port of S3; 0 takes a free one.", PORT)]
ControlPort = Annotated[int | None, port_option("Port of the control API; 0 takes a free one.", CONTROL_PORT)]
PublicUrl = Annotated[str | None, url_option("S3", "the host that a request came to")]
Domains = Annotated[list[str] | None, domains_option("--domain")]

Account = Annotated[str | None, account_option("--account")]
LogForm = Annotated[
    Literal["text", "json"] | None,
    typer.Option("--log", help="Log each request on standard error.", show_default="none"),
]


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


def s3(  # noqa: PLR0913 -- an option each
    context: typer.Context,
    *,
    bucket: Buckets = None,
    cors: Cors = False,
    public: Public = False,
    region: Region = "us-west-2",
    credential: Credentials = None,
    data: Data = None,
    host: Host = None,
    port: Port = None,
    control_port: ControlPort = None,
    control_token: ControlToken = None,
    control_origin: ControlOrigins = None,
    json: Json = False,
    ready_file: ReadyFile = None,
    faults: FaultFile = None,
    seed: Seed = 0,
    tls: Tls = False,
    ca: Ca = None,
    public_url: PublicUrl = None,
    domain: Domains = None,
    trust_proxy: TrustProxy = False,
    account: Account = None,
    log: LogForm = None,
    token_variable: str = "MOCK_CONTROL_TOKEN",  # noqa: ARG001, S107 -- the option's help has it; a name, no token
) -> None:
    """Run a local S3 that refuses what Amazon's refuses, with faults and a journal.

    State is lost at the end unless --data is given; nothing leaves this machine. Ctrl-C or SIGTERM stops it.

    Exit codes: 0 stopped, 1 could not start, 2 wrong options, or the extra `mock` is missing.
    """
    alone = is_alone(context, json=json, control_token=control_token)
    options = {
        "host": host or HOST,
        "port": (PORT if alone else 0) if port is None else port,
        "control_port": (CONTROL_PORT if alone else 0) if control_port is None else control_port,
        "buckets": bucket or ("uploads",),
        "cors": cors,
        "public": public,
        "region": region,
        "credentials": credentials_of(credential or (), "--credential"),
        "data": data,
        "control_token": control_token,
        "control_origins": control_origin or (),
        "faults": faults,
        "seed": seed,
        "tls": tls,
        "ca": ca,
        "public_url": public_url,
        "domains": domain or (),
        "trust_proxy": trust_proxy,
        "account": account,
    }
    if log:
        from .mock import request_log  # noqa: PLC0415 -- few have it, and it takes a while

        options["log"] = request_log(log)
    start = Start(
        partial(opened, **options), variables_of, lambda: (OSError, ValueError), host or HOST, ready_file
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


def s3_app() -> typer.Typer:
    """Return ``s3`` and ``s3 exec``."""
    app = typer.Typer(cls=OptionsFirst)
    app.callback(invoke_without_command=True)(customized(s3))
    app.command("exec", context_settings={"allow_interspersed_args": False})(customized(execute, EXEC))
    return app


app = s3_app()
