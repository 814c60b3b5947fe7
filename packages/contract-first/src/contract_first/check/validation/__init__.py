"""Validates recorded exchanges by a contract, whatever recorded them; it knows no Schemathesis."""

from contract_first.check.har import HarError

from .traffic import TrafficReporter, validate_har
from .validator import ExchangeValidator, ValidatedExchange

__all__ = ["ExchangeValidator", "HarError", "TrafficReporter", "ValidatedExchange", "validate_har"]
