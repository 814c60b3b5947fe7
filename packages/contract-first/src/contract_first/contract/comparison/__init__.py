"""Compares two contracts: what changed, by which rule, and in which operations."""

from .changes import Change
from .operations import compare
from .rules import RULES, Compatibility, Severity, Side

__all__ = ["RULES", "Change", "Compatibility", "Severity", "Side", "compare"]
