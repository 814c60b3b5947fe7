"""Responses from the contract: its examples, and generated values; knows nothing of stored items.

`contract_app()` serves any contract, with nothing behind it. `ContractResponses` is the fallback that lets an
app with handlers respond where it has none, and as a client prefers.
"""

from contract_first.generation import Generator

from .app import contract_app
from .mock_operation import ContractResponses
from .strictness import STRICT, MockStrictness

Strictness = MockStrictness
"""Its name in 0.3, for one release."""

__all__ = ["STRICT", "ContractResponses", "Generator", "MockStrictness", "contract_app"]
