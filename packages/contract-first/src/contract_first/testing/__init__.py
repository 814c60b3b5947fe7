"""Tests of any ASGI app against its contract, by fixtures of pytest; pytest finds them by itself.

`contract_client` and `async_contract_client` make httpx2 clients that validate each exchange, `contract_mock`
runs a mock, and `contract_coverage` counts what the tests exercised. `sample_requests` makes a valid request
of each operation; `mock_unimplemented` has the contract respond where a handler is yet to be written.
"""

from typing import TYPE_CHECKING

from contract_first.imports import exported

if TYPE_CHECKING:
    from .coverage import ContractCoverage
    from .exchanges import ContractViolationError
    from .plugin import AsyncContractClients, ContractClients, ContractMocks
    from .samples import SampleRequest, mock_unimplemented, sample_requests

__all__ = [
    "AsyncContractClients", "ContractClients", "ContractCoverage", "ContractMocks", "ContractViolationError",
    "SampleRequest", "mock_unimplemented", "sample_requests",
]  # fmt: skip

__getattr__ = exported(__name__)
