"""The service starts, and conforms to its contract."""

from pathlib import Path

from contract_first.check import Credentials, check_app
from contract_first.service import create_app

from petstore import operations
from petstore.security import AUTHENTICATE, SECRET

CONTRACT = Path(__file__).parents[1] / "openapi.yaml"


def test_it_conforms_to_its_contract() -> None:
    """Each response conforms to the contract, for valid and invalid requests alike."""
    app = create_app(CONTRACT, operations, authenticate=AUTHENTICATE, formats=True)
    credentials = Credentials(api_key=SECRET, bearer=SECRET, cookie=SECRET)
    report = check_app(app, credentials=credentials, max_examples=10)
    assert report.exit_code == 0, report.findings
