"""``scanner-api mock``: the Scanner API with its handlers and S3, or any other contract."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from openapi_contract import Contract, Operation
from openapi_mock.cli.mock import Mocks, mock_app, report
from openapi_mock.cli.options import account_option, credentials_of, domains_option, port_option, url_option
from scanner_contract import load_contract
from scanner_mocks.server import Mock, scanner_mock

S3_PORT = 9000
MOCK = """Run a mock of the Scanner API with a local S3; keys and sessions are the same at every start.

State is lost at the end unless --data is given; nothing leaves this machine. Ctrl-C or SIGTERM stops it.

Exit codes: 0 stopped, 1 could not start, 2 wrong options, or the extra `mock` is missing.
"""
EXEC = """Run a command beside the mock, which uses free ports and stops with the command.

The command finds the mock by SCANNER_API_URL, SCANNER_API_KEY, SCANNER_S3_URL, SCANNER_SESSION_ID and so
on: a variable for each field of the line that --json prints. Signals are forwarded to it. All options of
the mock are accepted: scanner-api mock exec --port 8000 -- npx vitest run.

Exit codes: the command's own; 128 + N when signal N killed it, 127 when it is not found, 126 when it
cannot be run, 125 when the mock could not start.
"""
S3Port = Annotated[int | None, port_option("Port of S3; 0 takes a free one.", S3_PORT)]
Contract_ = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|URL",
        help="Document to mock, OpenAPI 3.0 to 3.2 or Swagger 2.0: with the handlers of the Scanner API for "
        "its operations, otherwise with examples and generated values.",
        show_default="the Scanner API's",
    ),
]
S3Credentials = Annotated[
    list[str] | None,
    typer.Option(
        "--s3-credential",
        metavar="ACCESS_KEY:SECRET_KEY",
        help="Additional credential that S3 accepts; repeatable. Append :SESSION_TOKEN or "
        ":SESSION_TOKEN:EXPIRES for a temporary one, which expires by the mock's clock.",
    ),
]
S3PublicUrl = Annotated[str | None, url_option("S3", "its port at the host that a request came to")]
S3Domains = Annotated[list[str] | None, domains_option("--s3-domain")]
S3Account = Annotated[str | None, account_option("--s3-account")]


class ScannerMocks(Mocks):
    """Opens the mock of the Scanner API, and of contracts of which it handles operations; else any."""

    ports: ClassVar[Sequence[str]] = ("port", "s3_port")
    prefix = "SCANNER_"
    names: ClassVar[Mapping[str, str]] = {**Mocks.names, "s3": "s3_url", "keys": "api_key"}

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of environment and file that mean something to a mock; wrong ones end the command."""
        if not any(name.upper().startswith("SCANNER_") for name in os.environ):
            return {}  # S3 need not wait for pydantic
        from scanner_api.cli.settings_flags import read_settings  # noqa: PLC0415 -- the reason above
        from scanner_api.settings import MOCKED  # noqa: PLC0415 -- the reason above

        settings = read_settings()
        return {name: getattr(settings, name) for name in settings.model_fields_set & MOCKED}

    def defaults(self) -> dict[str, Any]:  # noqa: D102 -- as its base does
        own = {name: value for name, value in self.settings.items() if name in {"host", "port", "contract"}}
        if "contract" in own:
            own["contract"] = str(own["contract"])
        return {**super().defaults(), "s3_port": S3_PORT, **own}

    def open(  # noqa: D102 -- as its base does
        self,
        contract: str | None,
        *,
        overlays: tuple[Path, ...] = (),
        lenient: bool = True,
        watch: bool,
        authentication: bool,
        **options: Any,
    ) -> AbstractContextManager[Any]:
        s3_port = options.pop("s3_port")
        names = ("s3_credential", "s3_public_url", "s3_domain", "s3_account")
        credentials, public_url, domains, account = of_s3 = [options.pop(name, None) for name in names]
        # the packaged one is loaded by the mock
        self.contract = None if contract is None else load_contract(contract, overlays, lenient=lenient)
        if self.contract is None or has_handlers(self.contract):
            if not authentication:
                raise typer.BadParameter("--no-auth is for contracts without handlers.")
            if options.pop("stateful", False) or options.pop("seed_data", None):
                raise typer.BadParameter("--stateful and --seed-data are for contracts without handlers.")
            if overlays:
                raise typer.BadParameter("--overlay is for contracts without handlers.")
            if options.pop("locale", ""):
                raise typer.BadParameter("--locale is for contracts without handlers.")
            if {options.pop("validate_requests", "on"), options.pop("formats", "on")} != {"on"}:
                raise typer.BadParameter(
                    "--validate-requests and --formats are for contracts without handlers."
                )
            if options.pop("errors", False):
                raise typer.BadParameter("--errors is for contracts without handlers.")
            settings = {**self.settings, "contract": contract, **options}
            return scanner_mock(
                s3_port=s3_port,
                s3_credentials=credentials_of(credentials or ()),
                s3_public_url=public_url,
                s3_domains=domains or (),
                s3_account=account,
                tell_reload=report if watch else None,
                tell=report,
                **settings,
            )
        if any(of_s3):
            raise typer.BadParameter(
                "--s3-credential and other options of S3 are for contracts with handlers."
            )
        return super().open(
            contract,
            loaded=self.contract,
            overlays=overlays,
            lenient=lenient,
            watch=watch,
            authentication=authentication,
            **options,
        )

    def start_errors(self) -> tuple[type[Exception], ...]:  # noqa: D102 -- as its base does
        from scanner_api.app import START_ERRORS  # noqa: PLC0415 -- S3 starts while it is imported

        return *START_ERRORS, *super().start_errors()

    def announce(self, mock: Any, *, verbose: bool) -> None:  # noqa: D102 -- as its base does
        if not isinstance(mock, Mock):
            super().announce(mock, verbose=verbose)
            return
        from .banner import show  # noqa: PLC0415 -- only people need it, and once all is there

        extensions = not self.settings.get("vendor_operations_only")
        show(mock, self.contract or load_contract(extensions=extensions), verbose=verbose)


def has_handlers(contract: Contract) -> bool:
    """Return whether the service handles operations of a contract: same id, method and path as its own."""
    own = {_identity(each) for each in load_contract().operations}
    return any(_identity(each) in own for each in contract.operations)


def _identity(operation: Operation) -> tuple[str, str, str]:
    return operation.operation_id, operation.method, operation.path


app = mock_app(
    ScannerMocks(),
    MOCK,
    EXEC,
    token_variable="SCANNER_MOCK_CONTROL_TOKEN",  # noqa: S106 -- a name, no token
    contract=Contract_,
    s3_port=S3Port,
    s3_credential=S3Credentials,
    s3_public_url=S3PublicUrl,
    s3_domain=S3Domains,
    s3_account=S3Account,
)
