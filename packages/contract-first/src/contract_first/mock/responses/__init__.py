"""Documented responses: the examples of a contract, and generated values; knows nothing of stored items."""

from contract_first.generation import Generator

from .strictness import STRICT, MockStrictness

Strictness = MockStrictness
"""Its name in 0.3, for one release."""

__all__ = ["STRICT", "Generator", "MockStrictness"]
