"""House rules for valid contracts, which make them useful for readers, generators and mocks."""

from .linter import RuleViolation, lint
from .rules import RULES, Ignored, LintRule, Severity

__all__ = ["RULES", "Ignored", "LintRule", "RuleViolation", "Severity", "lint"]
