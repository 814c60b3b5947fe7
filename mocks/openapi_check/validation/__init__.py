"""Validates what went over the wire by a contract: any request and response, from any recorder."""

from openapi_check.har import HarError

from .traffic import TrafficReporter, validate_har
from .validator import ExchangeValidator, ValidatedExchange

__all__ = ["ExchangeValidator", "HarError", "TrafficReporter", "ValidatedExchange", "validate_har"]
