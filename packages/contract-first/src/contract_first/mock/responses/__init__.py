"""Documented responses: the examples of a contract, and generated values; knows nothing of stored items."""

from contract_first.generation import Generator

from .strictness import STRICT, Strictness

__all__ = ["STRICT", "Generator", "Strictness"]
