"""Simulated failures of the API and of S3: which requests they apply to, how often, and what happens."""

from .fault import Effect, Fault, FaultError, FaultFileError, Match, TooManyFaultsError
from .registry import Faults, Strike

__all__ = [
    "Effect",
    "Fault",
    "FaultError",
    "FaultFileError",
    "Faults",
    "Match",
    "Strike",
    "TooManyFaultsError",
]
