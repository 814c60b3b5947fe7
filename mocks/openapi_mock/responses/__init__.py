"""Answers of the contract: its examples, and values made from its schemas.

`answering_app()` answers any contract, with nothing behind it. `ContractAnswers` is the stand-in that lets an
app with handlers answer what they do not, and whatever a client prefers.
"""

from .answered import ContractAnswers
from .app import answering_app
from .generation import Generator

__all__ = ["ContractAnswers", "Generator", "answering_app"]
