"""The contract that ``scanner-api mock`` answers, where it is not the packaged one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import typer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from openapi_contract import Contract, Operation
    from openapi_mock.contract_mock import ContractMock
    from scanner_mocks.server import Mock

ONLY_SERVICE = ("s3_port", "data", "s3_credentials")
"""Arguments of the mock that a contract without handlers has no use for."""


class ContractSource(NamedTuple):
    """What ``--contract`` and its companions ask for.

    Attributes:
        place: a file or an HTTP(S) URL.
        watch: whether to load it again when it changes.
        authentication: whether to ask for credentials where it does.
    """

    place: str
    watch: bool
    authentication: bool

    def mock(self, arguments: dict[str, Any]) -> AbstractContextManager[Mock | ContractMock]:
        """Return the mock of the contract: the service, where it has handlers for it, else its answers alone.

        Raises:
            ContractError: the contract cannot be read, or is not valid.
            typer.BadParameter: an option is of no use for it.
        """
        from openapi_contract.reading import is_url  # noqa: PLC0415 -- the same
        from openapi_mock.contract_mock import contract_mock  # noqa: PLC0415 -- imported when it is needed
        from scanner_contract import load_contract  # noqa: PLC0415 -- help does without

        if self.watch and is_url(self.place):
            raise typer.BadParameter("--watch wants a contract in a file, and not at a URL.")
        contract = load_contract(self.place)
        if has_handlers(contract):
            return self._service(arguments)
        if arguments.get("data") or arguments.get("s3_credentials"):
            raise typer.BadParameter("--data and --s3-credential are for contracts that handlers answer.")
        own = {name: value for name, value in arguments.items() if name not in ONLY_SERVICE}
        return contract_mock(
            contract, authentication=self.authentication, watch=self.watch, tell=_tell, **own
        )

    def _service(self, arguments: dict[str, Any]) -> AbstractContextManager[Mock]:
        from scanner_mocks.server import scanner_mock  # noqa: PLC0415 -- help does without

        if not self.authentication:
            raise typer.BadParameter("--no-auth is for contracts that no handler answers.")
        return scanner_mock(contract=self.place, tell_reload=_tell if self.watch else None, **arguments)


def has_handlers(contract: Contract) -> bool:
    """Return whether the service handles operations of a contract: same id, method and path as its own."""
    from scanner_contract import load_contract  # noqa: PLC0415 -- imported when it is needed

    own = {_identity(each) for each in load_contract().operations}
    return any(_identity(each) in own for each in contract.operations)


def _identity(operation: Operation) -> tuple[str, str, str]:
    return operation.operation_id, operation.method, operation.path


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)
