"""Python types of the schemas of a contract, as a module that handlers import.

:func:`write_models` writes it; :class:`Models` names, beside that, the type of any schema of the contract.
"""

from .declarations import Models as Models
from .declarations import write_models as write_models
from .differences import differences as differences
from .kinds import KINDS as KINDS
from .kinds import Kind as Kind
