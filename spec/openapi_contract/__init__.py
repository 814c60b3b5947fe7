"""OpenAPI contracts: read, completed, validated, compared and linted; nothing here runs them.

What ``__all__`` lists is public; everything else may change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparison import Change, compare
    from .contract import Contract
    from .errors import ContractError
    from .loading import load_contract
    from .operation import Operation

__all__ = ["Change", "Contract", "ContractError", "Operation", "compare", "load_contract"]
_MODULES = {
    "Change": "comparison",
    "Contract": "contract",
    "ContractError": "errors",
    "Operation": "operation",
    "compare": "comparison",
    "load_contract": "loading",
}
"""Where each is; imported when it is first used, since a command's help uses none."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
