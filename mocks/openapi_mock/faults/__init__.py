"""Simulated failures of the API and of S3: which requests they apply to, how often, and what happens."""

from .fault import Effect, Fault, FaultError, FaultFileError, Match
from .registry import Faults, Injection

__all__ = [
    "Effect",
    "Fault",
    "FaultError",
    "FaultFileError",
    "Faults",
    "Injection",
    "Match",
]
