"""Which operation an exchange belongs to, wherever the API is deployed."""

import pytest

from contract_first.check.exchange import Validation
from contract_first.check.validation import ExchangeValidator
from contract_first.contract import Contract


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/nothing"), ("DELETE", "/things"), ("BREW", "/things"), ("GET", "/things/")],
)
def test_an_undocumented_operation_is_a_violation_of_the_request(
    validator, exchange, method, target, summary
):
    """Anybody who calls what the contract does not have breaks it, and the response is not validated."""
    validation = validator.verdict(exchange(method, target))
    assert summary(validation.request) == [("operation", method, "undocumented")]
    assert not validation.response
    assert validation.unjudged


def test_a_preflight_is_not_validated(validator, exchange):
    """OPTIONS is HTTP's own, and that of CORS."""
    validation = validator.verdict(exchange("OPTIONS", "/things"))
    assert not validation.request
    assert "OPTIONS" in validation.unjudged


@pytest.mark.parametrize(
    "target", ["/things", "https://api.example/v1/things", "http://localhost/v1/things?x#y", "/v1/things"]
)
def test_paths_are_found_below_the_servers_base_paths_and_without(validator, exchange, listed, target):
    """The contract's servers say where it is deployed; on one's own machine that may be elsewhere."""
    assert validator.operation_id(exchange("GET", target)) == "list_things"
    assert validator.verdict(listed(target)) == Validation()


def test_a_base_url_of_ones_own_counts_too(document, listed):
    """A deployment that the contract does not tell of is reported by its base URL."""
    contract = Contract(document, "things.json")
    assert (
        ExchangeValidator(contract, "https://staging.example/api/").verdict(listed("/api/things"))
        == Validation()
    )
    assert ExchangeValidator(contract).verdict(listed("/api/things")).request


def test_servers_of_paths_and_operations_count_too(document, listed):
    """A path or an operation may have servers of its own, and its responses are validated all the same."""
    document["paths"]["/things"]["servers"] = [{"url": "/odd"}]
    document["paths"]["/things"]["get"]["servers"] = [{"url": "https://{host}:{port}/odder/{x}"}]
    validator = ExchangeValidator(Contract(document, "things.json"))
    for target in ("/odd/things", "/odder/any/things"):
        assert validator.verdict(listed(target)) == Validation()
