"""Each operation responds to a valid request, one whose handler is yet to be written as a mock does."""

import httpx2
import pytest
from contract_first.testing import SampleRequest, sample_requests

from petstore.app import contract


@pytest.mark.parametrize("sample", sample_requests(contract()), ids=str)
def test_operation(client: httpx2.Client, sample: SampleRequest) -> None:
    """It succeeds, or there is no such item; what it does is for tests of your own."""
    response = sample.send(client)
    assert response.status_code in sample.expected, response.text
