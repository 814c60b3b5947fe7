"""``scanner-api mock``: the Scanner API with its handlers and S3, or any other contract."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import typer

from contract_first.cli.commands import option
from contract_first.cli.mock import Mocks, mock_app, report
from contract_first.cli.options import options_of
from contract_first.contract import Contract, Operation
from contract_first.mock.options import MockOptions, ServerOptions
from contract_first.signatures import declared
from scanner_api.distribution import SCANNER_API
from scanner_contract import load_contract
from scanner_mocks.options import ScannerMockOptions
from scanner_mocks.server import Mock, scanner_mock

MOCK = """Run a mock of the Scanner API with a local S3; keys and sessions are the same at every start.

State is lost at the end unless --data is given; nothing leaves this machine. Ctrl-C or SIGTERM stops it.

Exit codes: 0 stopped, 2 could not start.
"""
EXEC = """Run a command beside the mock, which uses free ports and stops with the command.

The command finds the mock by SCANNER_API_URL, SCANNER_API_KEY, SCANNER_S3_URL, SCANNER_SESSION_ID and so
on: a variable for each field of the line that --json prints. Signals are forwarded to it. All options of
the mock are accepted: scanner-api mock exec --port 8000 -- npx vitest run.

Exit codes: the command's own; 128 + N when signal N killed it, 127 when it is not found, 126 when it
cannot be run, 125 when the mock could not start.
"""
OPTIONS = {
    "contract": option(
        str | None,
        "Document to mock, OpenAPI 3.0 to 3.2 or Swagger 2.0: with the handlers of the Scanner API for "
        "its operations, otherwise with examples and generated values.",
        metavar="FILE|URL",
        show_default="the Scanner API's",
    ),
    **options_of(ScannerMockOptions, beside=MockOptions),
}
WITHOUT_HANDLERS = {"no_auth": False} | {
    name: field.default
    for name, field in declared(MockOptions, beside=ScannerMockOptions).items()
    if name != "watch"
}
"""Options for contracts without handlers, and their defaults."""
WITH_HANDLERS = {
    name: field.default for name, field in declared(ScannerMockOptions, beside=MockOptions).items()
}
"""Options for contracts with handlers, and their defaults."""


class ScannerMocks(Mocks):
    """Opens the mock of the Scanner API, and of contracts of which it handles operations; else any."""

    record: ClassVar[type[ServerOptions]] = ScannerMockOptions
    prefix = "SCANNER_"
    names: ClassVar[Mapping[str, str]] = {**Mocks.names, "keys": "api_key"}
    _overlays: Sequence[Path] = ()

    @property
    def _configured(self) -> tuple[dict[str, Any], list[str]]:
        """The settings of environment and file that mean something to a mock, and the names of the others.

        Wrong ones end the command.
        """
        if not any(name.upper().startswith("SCANNER_") for name in os.environ):
            return {}, []  # S3 need not wait for pydantic
        from scanner_api.cli.settings_flags import read_settings  # noqa: PLC0415 -- the reason above
        from scanner_api.settings import MOCKED  # noqa: PLC0415 -- the reason above

        settings = read_settings()
        honoured = settings.model_fields_set & MOCKED
        if settings.extractor == "bedrock":  # which is not on this machine
            honoured -= {"extractor"}
        ignored = sorted(settings.model_fields_set - honoured)
        return {name: getattr(settings, name) for name in honoured}, ignored

    @property
    def settings(self) -> dict[str, Any]:
        return self._configured[0]

    def defaults(self) -> dict[str, Any]:
        names = {"host", "port", "contract"}
        return {**super().defaults(), **{name: self.settings[name] for name in names & self.settings.keys()}}

    def open(self, contract: str | None, **options: Any) -> AbstractContextManager[Any]:
        with_handlers = {name: options.pop(name) for name in WITH_HANDLERS.keys() & options.keys()}
        overlays, strict = options.pop("overlays", None) or (), options.pop("strict", False)
        # the packaged one is loaded by the mock
        if contract is not None:
            self.contract = replace(load_contract(contract, overlays, lenient=not strict), strict=strict)
        self._overlays = overlays
        if self.contract is not None and not has_handlers(self.contract):
            del with_handlers["s3_port"]
            unfit = [name for name, value in with_handlers.items() if value and value != WITH_HANDLERS[name]]
            _refuse(unfit, "with handlers")
            return super().open(contract, loaded=self.contract, **options)
        unused = {name: options.pop(name, None) or default for name, default in WITHOUT_HANDLERS.items()}
        _refuse(
            [name for name, value in unused.items() if value != WITHOUT_HANDLERS[name]], "without handlers"
        )
        configured, ignored = self._configured
        if ignored:
            report(f"Settings of `serve` that this mock has no use for: {', '.join(ignored)}.")
        watch = options.pop("watch")
        settings = {**configured, "contract": contract, "overlays": overlays, **with_handlers, **options}
        return scanner_mock(tell_reload=report if watch else None, tell=report, **settings)

    def lack(self) -> str:
        return SCANNER_API.lack_of("mock")

    def start_errors(self) -> tuple[type[Exception], ...]:
        from scanner_api.app import START_ERRORS  # noqa: PLC0415 -- S3 starts while it is imported

        return *START_ERRORS, *super().start_errors()

    def announce(self, mock: Any, *, verbose: bool) -> None:
        if not isinstance(mock, Mock):
            super().announce(mock, verbose=verbose)
            return
        from .banner import show  # noqa: PLC0415 -- only people need it, and once all is there

        extensions = not self.settings.get("vendor_operations_only")
        contract = self.contract or load_contract(overlays=self._overlays, extensions=extensions)
        show(mock, contract, verbose=verbose)


def _refuse(names: list[str], contracts: str) -> None:
    """Refuse options, by the names of their parameters, that are for other contracts."""
    for name in names[:1]:
        spelled = name.removesuffix("s") if name in {"s3_credentials", "s3_domains"} else name
        raise typer.BadParameter(f"--{spelled.replace('_', '-')} is for contracts {contracts}.")


def has_handlers(contract: Contract) -> bool:
    """Return whether the service handles operations of a contract: same id, method and path as its own."""
    handled = {_identity(operation) for operation in load_contract().operations}
    return any(_identity(operation) in handled for operation in contract.operations)


def _identity(operation: Operation) -> tuple[str, str, str]:
    return operation.operation_id, operation.method, operation.path


app = mock_app(ScannerMocks(), MOCK, EXEC, **OPTIONS)
