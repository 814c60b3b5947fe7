"""The contract of the Scanner API, and nothing that runs it."""

from .contract import Contract, Operation
from .errors import ContractError
from .loading import load_contract

__all__ = ["Contract", "ContractError", "Operation", "load_contract"]
