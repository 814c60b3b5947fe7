"""The service starts, and conforms to its contract."""

import httpx2
import pytest
from contract_first import Credentials, Service, check_app
from contract_first.check.checks import CHECKS


def test_it_starts(client: httpx2.Client) -> None:
    """Each operation has a handler that fits it, and what they share is there."""
    assert not client.get("/").is_server_error


def test_it_conforms_to_its_contract(app: Service, credentials: Credentials) -> None:
    """Each response conforms to the contract, for valid and invalid requests alike."""
    # take all of CHECKS once handlers store what is created
    checks = tuple(check for check in CHECKS if check.name != "stored_things")
    report = check_app(
        app,
        credentials=credentials,
        checks=checks,
        max_examples=10,
    )
    if report.exit_code:
        pytest.fail(str(report), pytrace=False)
