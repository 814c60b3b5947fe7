"""A mock server for any OpenAPI contract: responses, journal, faults, control API, console, proxy.

    with contract_mock("petstore.yaml") as mock:
        httpx2.get(f"{mock.api}/pets")

What ``__all__`` lists is public, and imported when it is first used.
"""

from typing import TYPE_CHECKING

from contract_first.imports import exported

if TYPE_CHECKING:
    from .server import ContractMock, contract_mock

__all__ = ["ContractMock", "contract_mock"]

__getattr__ = exported(__name__)
