"""OpenAPI contracts: read, completed, validated, compared and linted; nothing here runs them.

What ``__all__`` lists is public; everything else may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .contract import Contract
from .errors import ContractError
from .loading import load_contract
from .operation import Operation

if TYPE_CHECKING:
    from .comparison import Change, compare

__all__ = ["Change", "Contract", "ContractError", "Operation", "compare", "load_contract"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import comparison  # noqa: PLC0415 -- a start compares nothing

    return getattr(comparison, name)
