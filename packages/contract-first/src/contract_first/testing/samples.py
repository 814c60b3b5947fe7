"""Valid requests of a contract's operations, for tests of an app that serves it."""

from pathlib import Path

from contract_first.contract import Contract, load_contract
from contract_first.generation.requests import SampleRequest, Samples
from contract_first.mock.unimplemented import mock_unimplemented

__all__ = ["SampleRequest", "mock_unimplemented", "sample_requests"]


def sample_requests(contract: Contract | Path | str) -> list[SampleRequest]:
    """Return a valid request of each operation, as far as one is found, without credentials.

    Operations that every caller needs a client's certificate for are left out.
    """
    contract = contract if isinstance(contract, Contract) else load_contract(contract)
    schemes = contract.security_schemes
    certificates = {name for name in schemes if schemes[name]["type"] == "mutualTLS"}
    samples = Samples(contract)
    return [
        sample
        for operation in contract.operations
        if not operation.security or any(certificates.isdisjoint(names) for names in operation.security)
        if (sample := samples.request(operation)) is not None
    ]
