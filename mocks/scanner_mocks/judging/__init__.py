"""Judges what went over the wire against a contract: any request and any answer, whoever recorded them."""

from .exchange_judge import ExchangeJudge, Judgement

__all__ = ["ExchangeJudge", "Judgement"]
