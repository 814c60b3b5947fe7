"""Compares two contracts: what changed, by which rule, and in which operations."""

from .changes import Change
from .operations import compare
from .rules import RULES, Rule, Severity, Side

__all__ = ["RULES", "Change", "Rule", "Severity", "Side", "compare"]
