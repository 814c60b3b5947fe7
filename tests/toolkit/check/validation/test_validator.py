"""The result on a whole exchange, by the contract of the Scanner."""

from datetime import UTC, datetime

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.validation import ExchangeValidator
from scanner_contract import load_contract


def test_one_validator_serves_the_packaged_contract():
    """The contract in force is one like any other."""
    exchange = RecordedExchange(
        started=datetime(2024, 1, 1, tzinfo=UTC),
        milliseconds=1.0,
        method="GET",
        url="http://127.0.0.1:8000/scanner/api/v1/sessions/x",
        status=200,
        request=Message(headers=[("X-API-Key", "***")], body=b"", body_bytes=0),
        response=Message(headers=[], body=b"", body_bytes=0),
    )
    validation = ExchangeValidator(load_contract()).verdict(exchange)
    violations = [(each.part, each.where, each.rule) for each in validation.request]
    assert ("path", "id", "minLength") in violations
    violations = [(each.part, each.where, each.rule) for each in validation.response]
    assert ("body", "", "required") in violations
