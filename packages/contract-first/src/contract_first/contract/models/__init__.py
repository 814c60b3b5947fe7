"""Python types of the schemas of a contract, as a module that handlers import.

:func:`write_models` writes it; :class:`Models` names, beside that, the type of any schema of the contract.
"""

from typing import TYPE_CHECKING

from contract_first.imports import exported

if TYPE_CHECKING:
    from .comparison import differences
    from .declarations import Models, write_models
    from .kinds import KINDS, Kind

__all__ = ["KINDS", "Kind", "Models", "differences", "write_models"]
# imported when they are first used, since names of arguments need none of them
__getattr__ = exported(__name__)
