"""How the mock is started by its commands."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from .ready_file import ready_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from openapi_mock.contract_mock import ContractMock
    from scanner_mocks.server import Mock

    from .contract_source import ContractSource

EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 -- looked for, not listened on


class Start(NamedTuple):
    """What the options of ``scanner-api mock`` ask for.

    Attributes:
        ready_file: where to tell that it is ready; None for nowhere.
        arguments: of `scanner_mock`.
        source: the contract to answer; None for the packaged one.
    """

    ready_file: Path | None
    arguments: dict[str, Any]
    source: ContractSource | None = None

    @contextmanager
    def running(self) -> Iterator[Mock | ContractMock]:
        """Run the mock for as long as this is entered.

        Raises:
            typer.Exit: it cannot start; why is told.
        """
        from openapi_mock.faults.errors import FaultFileError  # noqa: PLC0415 -- the same
        from openapi_service.collector import resting_collector  # noqa: PLC0415 -- help does without

        self._warn()
        with ExitStack() as stack:
            try:
                if self.ready_file:  # of a mock that was killed, perhaps
                    self.ready_file.unlink(missing_ok=True)
                with resting_collector(own_process=True):
                    mock = stack.enter_context(self._mock())
                stack.enter_context(ready_file(self.ready_file, mock.line()))
            except Exception as error:
                from scanner_api.app import START_ERRORS  # noqa: PLC0415 -- S3 starts while it is imported

                if not isinstance(error, (*START_ERRORS, FaultFileError, OSError)):
                    raise
                typer.echo(f"Cannot start: {error}", err=True)
                raise typer.Exit(1) from None
            yield mock

    def _mock(self) -> AbstractContextManager[Mock | ContractMock]:
        from scanner_mocks.server import scanner_mock  # noqa: PLC0415 -- help does without

        return scanner_mock(**self.arguments) if self.source is None else self.source.mock(self.arguments)

    def _warn(self) -> None:
        from scanner_api.access.jwks_sources import is_loopback  # noqa: PLC0415 -- help does without

        host = self.arguments["host"]
        if not is_loopback(host):
            typer.echo(
                f"Others reach {host}: this is a mock, its keys are public, anyone may do anything.", err=True
            )
        if host in EVERYWHERE:
            typer.echo(
                "Its URLs are for this machine; for another, --host is the address that it calls.",
                err=True,
            )
