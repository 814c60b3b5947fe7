"""Judges what went over the wire against a contract: any request and any answer, whoever recorded them."""

from openapi_check.har import HarError

from .exchange_judge import ExchangeJudge, Judgement
from .traffic import TrafficReporter, judge_har

__all__ = ["ExchangeJudge", "HarError", "Judgement", "TrafficReporter", "judge_har"]
