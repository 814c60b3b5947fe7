"""Validates recorded exchanges by a contract, whatever recorded them; it knows no Schemathesis."""

from contract_first.check.har import HarError

from .drift import Drift
from .traffic import TrafficReporter, validate_har
from .validator import ExchangeValidator, ValidatedExchange

__all__ = ["Drift", "ExchangeValidator", "HarError", "TrafficReporter", "ValidatedExchange", "validate_har"]
