"""A mock server for any OpenAPI contract: responses, journal, faults, control API, console, proxy.

    with contract_mock("petstore.yaml") as mock:
        httpx.get(f"{mock.api}/pets")

What ``__all__`` lists is public, and imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import ContractMock, contract_mock

__all__ = ["ContractMock", "contract_mock"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import server  # noqa: PLC0415 -- the pytest plugin, which is always loaded, is in the package

    return getattr(server, name)
