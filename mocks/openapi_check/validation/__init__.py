"""Judges what went over the wire against a contract: any request and any answer, whoever recorded them."""

from .exchange_judge import ExchangeJudge, Judgement
from .har import HarError
from .recorded_traffic import judge_har

__all__ = ["ExchangeJudge", "HarError", "Judgement", "judge_har"]
