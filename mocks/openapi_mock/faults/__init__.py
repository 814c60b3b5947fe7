"""What goes wrong on purpose: in the API and in S3, for whom, how often, and how."""

from .fault import Effect, Fault, Match
from .registry import Faults, Strike

__all__ = ["Effect", "Fault", "Faults", "Match", "Strike"]
