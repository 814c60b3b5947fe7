"""What Schemathesis gets of a run."""

import httpx2
import pytest

from contract_first.check.run.configuration import Plan, configuration
from contract_first.check.target import Target
from contract_first.contract import Contract


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_both_clients_trust_the_same(monkeypatch, variable, minimal):
    """A CA of one's own that our own checks take is taken by Schemathesis too."""
    contract = Contract(minimal, "pets")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with httpx2.Client() as client:
        target = Target(
            url="https://a.example", contract=contract, client=client, operations=contract.operations
        )
        assert configuration(target, Plan()).projects.default.tls_verify is True
        monkeypatch.setenv(variable, "/etc/own-ca")
        assert configuration(target, Plan()).projects.default.tls_verify == "/etc/own-ca"
