"""Judges traffic that was recorded, offline."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from openapi_check.masking import Masking

from .exchange_judge import ExchangeJudge
from .har import exchanges
from .origins import Origins, host_of
from .tally import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from openapi_contract import Contract

    from .report import Report

MOST_HOSTS = 50


def judge_har(path: Path, contract: Contract, base_url: str | None = None) -> Report:
    """Judge the exchanges of a HAR file that are with the contract's API.

    Without ``base_url`` these are the ones with the contract's servers, and those anywhere else, such as on
    one's own machine, whose method and path are an operation's. The report counts what is left out by host.
    What a recorder leaves out of a file (browsers do with credentials, unless told otherwise) was not sent.

    Args:
        path: the file.
        contract: by which they are judged.
        base_url: where the API is deployed; all at its origin is judged, and nothing else.

    Raises:
        HarError: it is no HAR that can be read; the message says where and why.
        OSError: it cannot be read.
    """
    judge, origins = ExchangeJudge(contract, base_url), Origins(contract, base_url)
    tally, left_out = Tally(contract, Masking.of(contract)), Counter[str]()
    for exchange in exchanges(path):
        known = not base_url and judge.operation_id(exchange.method, exchange.url)
        if known or origins.own(exchange.url):
            tally.record(exchange, judge.judge(exchange))
        elif len(left_out) < MOST_HOSTS or host_of(exchange.url) in left_out:
            left_out[host_of(exchange.url)] += 1
    report = tally.report()
    report.left_out = dict(left_out.most_common())
    return report
