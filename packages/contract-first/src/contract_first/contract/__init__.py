"""OpenAPI contracts: read, completed, validated, compared and linted; nothing here runs them.

What ``__all__`` lists is public; everything else may change.
"""

from typing import TYPE_CHECKING

from contract_first.imports import exported

if TYPE_CHECKING:
    from .comparison import Change, compare
    from .contract import Contract
    from .document.errors import ContractError
    from .loading import load_contract
    from .operation import Operation

__all__ = ["Change", "Contract", "ContractError", "Operation", "compare", "load_contract"]
# imported when they are first used, since a command's help uses none
__getattr__ = exported(__name__)
