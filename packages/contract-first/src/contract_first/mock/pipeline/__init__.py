"""What a request to an operation of a mock goes through: `pipeline` has the steps of each in one list.

`contract_app()` serves any contract, with nothing behind it. `ContractResponses` is the fallback that lets an
app with handlers respond where it has none, and as a client prefers.
"""

from .app import contract_app
from .pipeline import ContractResponses

__all__ = ["ContractResponses", "contract_app"]
