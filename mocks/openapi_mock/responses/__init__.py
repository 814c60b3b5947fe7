"""Responses from the contract: its examples, and values generated from its schemas.

`contract_app()` serves any contract, with nothing behind it. `ContractResponses` is the fallback that lets an
app with handlers respond where it has none, and as a client prefers.
"""

from .app import contract_app
from .generation import Generator
from .operation import ContractResponses
from .strictness import STRICT, Strictness

__all__ = ["STRICT", "ContractResponses", "Generator", "Strictness", "contract_app"]
