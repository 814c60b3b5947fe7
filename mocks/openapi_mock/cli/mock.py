"""``mock``: a mock server until it is stopped, and ``mock exec``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec
import typer

from openapi_contract import Contract as OpenapiContract
from openapi_contract import ContractError, load_contract
from openapi_contract.cli.commands import Overlays, Strict, customized, require_extra
from openapi_contract.reading import is_url
from openapi_mock.console import PATH as CONSOLE
from openapi_mock.request_log import RequestLog
from openapi_service.server import CannotListen

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
    port_option,
    url_option,
)

if TYPE_CHECKING:
    from openapi_mock.journal import Journal
    from openapi_mock.traffic import Log

PORT = 8000
WIDTH = 80
Form = Literal["text", "json"]

Port = Annotated[int | None, port_option("Port of the API; 0 takes a free one.", PORT)]
Watch = Annotated[bool, typer.Option("--watch", help="Reload the contract when its file changes.")]
NoAuth = Annotated[
    bool, typer.Option("--no-auth", help="Require no credentials; by default any non-empty one is accepted.")
]
LogForm = Annotated[
    Form | None,
    typer.Option(
        "--log",
        help="Format of the request log on standard error: each request, and its violations.",
        show_default="text; for exec and with --json, none",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Switch the request log off.")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", help="Print every URL and credential, and the operations, at start."),
]
PublicUrl = Annotated[str | None, url_option("the API", "the host that a request came to")]
Mode = Literal["on", "warn", "off"]
ValidateRequests = Annotated[
    Mode,
    typer.Option(
        "--validate-requests",
        help="Refuse requests that violate the contract, or respond all the same: with a header that says "
        "what is wrong, or without.",
    ),
]
Formats = Annotated[
    Mode, typer.Option("--formats", help="As --validate-requests, for requests that violate only a `format`.")
]
PreferFirst = Annotated[
    bool, typer.Option("--prefer-first", help="Follow `Prefer` even where the request violates the contract.")
]
Errors = Annotated[
    bool,
    typer.Option(
        "--errors",
        help="Respond with an error where an example violates its schema, instead of repairing it.",
    ),
]
Locale = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Locale of generated names, addresses and texts, such as de_DE; needs the extra `locales`.",
        show_default="English, of several countries",
    ),
]
Stateful = Annotated[
    bool,
    typer.Option("--stateful", help="Store what is created, changed and deleted, as the real API does."),
]
SeedData = Annotated[
    Path | None,
    typer.Option(
        "--seed-data",
        metavar="FILE",
        dir_okay=False,
        help="JSON or YAML file of items that exist at start: lists by the path of their collection.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", file_okay=False, help="Folder that keeps all state across restarts."),
]
Contract = Annotated[
    str | None,
    typer.Option(metavar="FILE|URL", help="The OpenAPI document to mock.", show_default="required"),
]


class Mocks:
    """Opens mocks of a contract, and says what a program and a person have to know of one.

    Attributes:
        ports: the options that are ports; those not set are free ones beside ``exec``.
        prefix: of the environment variables.
        contract: of the mock, once it is opened.
        names: of fields of a mock whose variable says more than their name does.
    """

    ports: ClassVar[Sequence[str]] = ("port",)
    prefix = "MOCK_"
    contract: OpenapiContract | None = None
    names: ClassVar[Mapping[str, str]] = {"api": "api_url", "control": "control_url"}

    def defaults(self) -> dict[str, Any]:
        """Return the values of options that are not given."""
        return {"host": HOST, "port": PORT}

    def open(
        self,
        contract: str | None,
        *,
        overlays: tuple[Path, ...] = (),
        lenient: bool = True,
        watch: bool,
        authentication: bool,
        loaded: OpenapiContract | None = None,
        **options: Any,
    ) -> AbstractContextManager[Any]:
        """Return the mock, a struct with a method ``line``; `options` are those of the command.

        `loaded` is the contract where it has been loaded before.

        Raises:
            typer.BadParameter: an option is of no use.
        """
        if contract is None:
            raise typer.BadParameter(
                "There is no contract; expected FILE or URL first, or --contract FILE|URL."
            )
        from openapi_mock import contract_mock  # noqa: PLC0415 -- help and S3's start do without

        self.contract = loaded or load_contract(contract, overlays, lenient=lenient)
        return contract_mock(
            self.contract,
            watch=watch,
            authentication=authentication,
            tell=report,
            **options,
        )

    def start_errors(self) -> tuple[type[Exception], ...]:
        """Return what keeps a mock from starting; each message says what to do."""
        return CannotListen, ContractError, OSError, ValueError

    def announce(self, mock: Any, *, verbose: bool) -> None:
        """Print where the mock is, and a command to begin with."""
        from . import banner  # noqa: PLC0415 -- only people need it, and once the mock responds

        places = {
            "API": mock.api,
            "console": f"{mock.api}{CONSOLE}",
            **banner.reach_rows(mock.lan, mock.ca, mock.control),
        }
        sections, notes, command = {"": places}, list[str](), ""
        if self.contract is not None:
            command = banner.trusting(banner.curl_of(self.contract, mock.api), mock.ca)
            if self.contract.defects:
                places["defects"] = f"{mock.api}/_mock/defects"
            if verbose:
                places |= {"explorer": f"{mock.api}/docs", "responses": f"{mock.api}/_mock/answers"}
                sections["Operations"] = banner.operation_rows(self.contract)
        if not mock.operations:
            notes.append("The contract has no operations: every request gets a 404.")
        title = f"Mock of {mock.title} {mock.version}: {mock.operations} operations"
        banner.show(title, sections, *notes, command=command, qr=mock.lan)

    def variables(self, mock: Any) -> dict[str, str]:
        """Return a variable for each field of a mock, and for each member of a field that has some.

        With TLS there are those by which Node.js and AWS's clients trust its authority, too.
        """
        fields = msgspec.to_builtins(mock)
        named = [(self.names.get(name, name), value) for name, value in fields.items() if value is not None]
        return {
            f"{self.prefix}{name}{f'_{member}' if member else ''}".upper(): str(text)
            for name, value in named
            for member, text in (value.items() if isinstance(value, dict) else [("", value)])
        } | ({} if mock.ca is None else dict.fromkeys(TRUSTED_BY, mock.ca))


def report(sentence: str) -> None:
    """Print a sentence for the user of the mock, apart from its own output."""
    typer.echo(sentence, err=True)


def log_form(given: Form | None, *, quiet: bool, default: Form | None) -> Form | None:
    """Return the form of the request log; None for no log."""
    if quiet and given:
        raise typer.BadParameter("--quiet and --log exclude each other.")
    is_closed = sys.stderr is None  # by the parent process
    return None if quiet or is_closed else given or default


def request_log(form: Form) -> Log:
    """Return what logs a journal's exchanges on standard error in a form."""

    def log(journal: Journal) -> RequestLog:
        from openapi_mock.request_log import JsonLines, RequestLog, TextLines  # noqa: PLC0415 -- S3 starts while it is imported

        is_terminal = sys.stderr.isatty()
        text = TextLines(
            colours=is_terminal and not os.environ.get("NO_COLOR"), width=_width if is_terminal else None
        )
        return RequestLog(journal, JsonLines() if form == "json" else text, _write_error)

    return log


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH
    except OSError:
        return WIDTH


def _write_error(text: str) -> None:
    """Write to standard error without the lock around it, which a write that blocks would hold to the end."""
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(sys.stderr.fileno(), data) :]


def mock(  # noqa: PLR0913 -- an option each
    context: typer.Context,
    *,
    contract: Contract = None,
    overlay: Overlays = None,
    strict: Strict = False,
    host: Host = None,
    port: Port = None,
    json: Json = False,
    ready_file: ReadyFile = None,
    faults: FaultFile = None,
    control_token: ControlToken = None,
    control_origin: ControlOrigins = None,
    seed: Seed = 0,
    locale: Locale = "",
    tls: Tls = False,
    ca: Ca = None,
    public_url: PublicUrl = None,
    trust_proxy: TrustProxy = False,
    watch: Watch = False,
    no_auth: NoAuth = False,
    validate_requests: ValidateRequests = "on",
    formats: Formats = "on",
    prefer_first: PreferFirst = False,
    errors: Errors = False,
    stateful: Stateful = False,
    seed_data: SeedData = None,
    data: Data = None,
    log: LogForm = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    mocks: Mocks,
    token_variable: str = "MOCK_CONTROL_TOKEN",  # noqa: ARG001, S107 -- the option's help has it; a name, no token
    **own: Any,
) -> None:
    """Run a mock of any OpenAPI contract: it responds with examples or generated values.

    State is lost at the end unless --data is given; nothing leaves this machine. Ctrl-C or SIGTERM stops it.

    Exit codes: 0 stopped, 1 could not start, 2 wrong options, or the extra `mock` is missing.
    """
    alone = is_alone(context, json=json, control_token=control_token)
    options: dict[str, Any] = {
        "contract": contract,
        "overlays": tuple(overlay or ()),
        "lenient": not strict,
        "watch": watch,
        "authentication": not no_auth,
        "host": host,
        "port": port,
        "faults": faults,
        "control_token": control_token,
        "control_origins": control_origin or (),
        "seed": seed,
        "locale": locale,
        "validate_requests": validate_requests,
        "formats": formats,
        "prefer_first": prefer_first,
        "errors": errors,
        "stateful": stateful,
        "seed_data": seed_data,
        "data": data,
        "tls": tls,
        "ca": ca,
        "public_url": public_url,
        "trust_proxy": trust_proxy,
        **own,
    }
    defaults = mocks.defaults() | ({} if alone else dict.fromkeys(mocks.ports, 0))
    options |= {name: value for name, value in defaults.items() if options[name] is None}
    if locale:
        require_extra("locales")
    _require_contract_file(options["contract"], watch=watch, no_auth=no_auth)
    if form := log_form(log, quiet=quiet, default="text" if alone and not json else None):
        options["log"] = request_log(form)
    start = Start(
        partial(mocks.open, **options), mocks.variables, mocks.start_errors, options["host"], ready_file
    )
    run(context, start, partial(mocks.announce, verbose=verbose), json=json)


def _require_contract_file(contract: str | None, *, watch: bool, no_auth: bool) -> None:
    if contract is None and (watch or no_auth):
        raise typer.BadParameter("--watch and --no-auth need a --contract.")
    if contract is not None and watch and is_url(contract):
        raise typer.BadParameter("--watch needs a contract in a file; this one is at a URL.")


def mock_app(mocks: Mocks, doc: str | None = None, exec_doc: str | None = None, **own: Any) -> typer.Typer:
    """Return ``mock`` and ``mock exec``.

    Args:
        mocks: opens mocks.
        doc: help of ``mock``, if it is another.
        exec_doc: help of ``mock exec``, if it is another.
        own: parameters of ``mock``, as `customized` takes them.
    """
    app = typer.Typer(cls=OptionsFirst)
    app.callback(invoke_without_command=True)(customized(mock, doc, mocks=mocks, **own))
    settings = {"allow_interspersed_args": False}
    app.command("exec", context_settings=settings)(customized(execute, exec_doc))
    return app


app = mock_app(Mocks())
