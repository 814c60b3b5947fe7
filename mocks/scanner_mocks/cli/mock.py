"""``scanner-api mock``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from openapi_contract.cli.commands import require_extra

from .contract_source import ContractSource
from .end import End
from .execute import execute
from .s3_credentials import credentials_of
from .start import Start

if TYPE_CHECKING:
    from openapi_mock.contract_mock import ContractMock
    from scanner_mocks.server import Mock

API_PORT = 8000
S3_PORT = 9000

Host = Annotated[str, typer.Option(help="Address to listen on; beyond loopback others can use the mock.")]
Port = Annotated[
    int | None,
    typer.Option(
        metavar="PORT",
        min=0,
        max=65535,
        help="Port of the API; 0 takes a free one.",
        show_default=f"{API_PORT}; for exec 0",
    ),
]
S3Port = Annotated[
    int | None,
    typer.Option(
        metavar="PORT",
        min=0,
        max=65535,
        help="Port of S3; 0 takes a free one.",
        show_default=f"{S3_PORT}; for exec 0",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON once both answer, and nothing else.")
]
ReadyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        dir_okay=False,
        help="Write that line to a file as well, which goes when the mock goes.",
    ),
]
FaultFile = Annotated[
    Path | None,
    typer.Option(
        "--faults",
        metavar="FILE",
        dir_okay=False,
        help="Have the faults in a file (JSON, YAML or TOML) on from the start.",
    ),
]
Contract = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|URL",
        help="Answer this OpenAPI 3.0 or 3.1 document, by handlers where there are any, "
        "else from its examples and schemas.",
        show_default="the Scanner API's",
    ),
]
Watch = Annotated[bool, typer.Option("--watch", help="Load the contract again whenever its file changes.")]
NoAuth = Annotated[
    bool, typer.Option("--no-auth", help="Ask for no credentials; else any that is not empty will do.")
]
Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", file_okay=False, help="Keep everything in a folder, over restarts."),
]
S3Credentials = Annotated[
    list[str] | None,
    typer.Option(
        "--s3-credential",
        metavar="ACCESS_KEY:SECRET_KEY",
        help="Let S3 accept a credential beside its own; repeatable. A temporary one has :SESSION_TOKEN or "
        ":SESSION_TOKEN:EXPIRES behind it, and expires by the mock's clock.",
    ),
]
ControlToken = Annotated[
    str | None,
    typer.Option(
        metavar="TOKEN",
        envvar="SCANNER_MOCK_CONTROL_TOKEN",
        show_envvar=True,
        help="What opens the control API below /_mock/, from anywhere; without it, it is for this machine.",
    ),
]
Seed = Annotated[
    int, typer.Option(help="Same seed, same calls and same time: same ids, chances and generated answers.")
]


class OptionsFirst(TyperGroup):
    """The mock's options, which may stand behind ``exec`` as well, as in ``exec --port 8000 -- CMD``."""

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        """Parse the arguments with such options before ``exec``, whose own they are not."""
        if "exec" in arguments and "--" in arguments:
            at, end = arguments.index("exec"), arguments.index("--")
            options = arguments[at + 1 : end]
            if options and options[0].startswith("-"):
                arguments = [*arguments[:at], *options, "exec", *arguments[end:]]
        return super().parse_args(context, arguments)


app = typer.Typer(cls=OptionsFirst)
app.command("exec", context_settings={"allow_interspersed_args": False})(execute)


@app.callback(invoke_without_command=True)
def mock(  # noqa: PLR0913 -- an option each
    context: typer.Context,
    *,
    host: Host = "127.0.0.1",
    port: Port = None,
    s3_port: S3Port = None,
    json: Json = False,
    ready_file: ReadyFile = None,
    faults: FaultFile = None,
    data: Data = None,
    s3_credential: S3Credentials = None,
    control_token: ControlToken = None,
    seed: Seed = 0,
    contract: Contract = None,
    watch: Watch = False,
    no_auth: NoAuth = False,
) -> None:
    """Run the API and a local S3, with keys and sessions that are the same at every start.

    Nothing is kept without --data, and nothing leaves this machine. Ctrl-C or SIGTERM ends it.

    Exit codes: 0 when it was told to end, 1 when it could not start, 2 for wrong options or
    without the extra `mock`.
    """
    alone = context.invoked_subcommand is None
    if json and not alone:
        raise typer.BadParameter(
            "exec leaves the output to its command; try --ready-file.", param_hint="--json"
        )
    arguments = {
        "host": host,
        "port": port if port is not None else API_PORT if alone else 0,
        "s3_port": s3_port if s3_port is not None else S3_PORT if alone else 0,
        "faults": faults,
        "data": data,
        "s3_credentials": credentials_of(s3_credential or ()),
        "control_token": control_token,
        "seed": seed,
    }
    if control_token == "":
        raise typer.BadParameter("The control token is empty.", param_hint="--control-token")
    if contract is None and (watch or no_auth):
        raise typer.BadParameter("--watch and --no-auth want a --contract.")
    source = None if contract is None else ContractSource(contract, watch, not no_auth)
    start = Start(ready_file, arguments, source)
    if not alone:
        context.obj = start
        return
    _run(start, json=json)


def _run(start: Start, *, json: bool) -> None:
    require_extra("mock")
    end = End()
    try:
        with start.running() as running:
            if not end.wanted:
                typer.echo(running.line()) if json else _announce(running)
            end.wait()
    except RuntimeError:
        if not end.wanted:  # else S3 heard the Ctrl-C that we heard
            raise


def _announce(running: Mock | ContractMock) -> None:
    from scanner_mocks.announcement import announce  # noqa: PLC0415 -- only people need it, and once all is there

    announce(running)
