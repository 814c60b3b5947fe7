"""OpenAPI contracts: read, completed, validated, compared and linted; nothing here runs them."""

from .contract import Contract, Operation
from .errors import ContractError
from .loading import load_contract

__all__ = ["Contract", "ContractError", "Operation", "load_contract"]
