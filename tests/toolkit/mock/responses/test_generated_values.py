"""Values generated from the schemas of the Scanner; openapi-core validates every response."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_first.generation import Generator
from contract_first.mock.responses.authenticators import OpenAuthenticator
from contract_first.mock.responses.documented import DocumentedResponses, Selection
from contract_first.service.assembly import Assembly
from contract_first.service.messages.response import Rendered
from scanner_contract import load_contract


def assert_accepted(contract, operation, status, seed, drawn):
    """Make a response, and validate its bytes."""
    assembly = Assembly(contract, OpenAuthenticator())
    generator = Generator(contract.schemas.for_responses, seed=seed, locale="")
    made = DocumentedResponses(operation, assembly, generator).make(Selection(status, drawn=drawn), [])
    rendered = made.rendered
    media_type = next((value.decode() for name, value in rendered.headers if name == b"content-type"), None)
    with_all = Rendered(rendered.status, rendered.headers, rendered.body)
    assert assembly.response_validator.errors(operation, with_all, media_type) == []
    return made


PACKAGED = load_contract()
# by name, as the text of an operation fills pages
DOCUMENTED = {
    (operation.operation_id, int(code)): operation
    for operation in PACKAGED.operations
    for code in operation.responses
    if code.startswith("2")
}


@given(st.sampled_from(list(DOCUMENTED)), st.text(), st.text(min_size=1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_response_of_the_packaged_contract_is_valid(documented, seed, drawn):
    """Whatever the seed and the request, each success of each operation conforms to the contract."""
    made = assert_accepted(PACKAGED, DOCUMENTED[documented], documented[1], seed, drawn)
    assert made.source == "generated"
