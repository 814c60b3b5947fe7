"""The overlay declares what the contract promises in prose, for every operation of any version of it."""

import json
from copy import deepcopy
from datetime import UTC, datetime

import jsonschema_rs
import pytest

from contract_first.service.messages.problems import (
    BY_STATUS,
    Conflict,
    MethodNotAllowed,
    NotImplementedYet,
    RateLimited,
    ServiceUnavailable,
    ValidationFailed,
    Violation,
)
from scanner_api.problems import PROFILE
from scanner_contract.loading import PACKAGED, PACKAGED_OVERLAYS, load_contract

OVERLAY = PACKAGED_OVERLAYS / "problem-details.yaml"
RATE_LIMIT_HEADERS = {
    "RateLimit-Policy",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
}
# 405 is the status of a request for which there is no operation
DECLARED = [problem for problem in BY_STATUS.values() if problem is not MethodNotAllowed]
EXCHANGE = {"instance": "/pets?q=%20", "request_id": "r-1", "now": datetime(2026, 4, 1, tzinfo=UTC)}


@pytest.fixture(scope="module")
def contract():
    """The packaged contract with the overlay."""
    return load_contract()


@pytest.fixture
def vendor():
    """A copy of the vendor's document, to change."""
    return json.loads(PACKAGED.read_bytes())


@pytest.fixture
def overlaid(write):
    """Loads a document with the overlay."""
    return lambda document: load_contract(write(document), [OVERLAY])


def problem_schema(contract, response):
    """Return the compiled schema of a problem response, with the document's components around it."""
    schema = response["content"]["application/problem+json"]["schema"]
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": contract.document["components"]}, validate_formats=True
    )


@pytest.mark.parametrize("problem", DECLARED, ids=lambda problem: problem.code)
def test_every_operation_declares_every_problem(contract, problem):
    """Each operation declares each problem that can occur, under its status, pinned to its code."""
    for operation in contract.operations:
        response = operation.responses[str(int(problem.status))]
        schema = response["content"]["application/problem+json"]["schema"]
        assert schema["$ref"] == "#/components/schemas/ProblemDetails"
        assert schema["properties"]["error_code"]["const"] == problem.code
        assert schema["properties"]["status"]["const"] == problem.status


def test_error_codes_are_those_of_the_service(contract):
    """The enumeration of error codes and the problem classes of the service are the same set."""
    schema = contract.document["components"]["schemas"]["ProblemDetails"]
    codes = [problem.code for problem in BY_STATUS.values()]
    assert sorted(schema["properties"]["error_code"]["enum"]) == sorted(codes)


def test_every_response_has_the_rate_limit_headers(contract):
    """Every response of every operation requires the rate-limit headers and the request id."""
    for operation in contract.operations:
        for status, response in operation.responses.items():
            required = {name for name, header in response["headers"].items() if header["required"]}
            assert required >= RATE_LIMIT_HEADERS, (operation.operation_id, status)


@pytest.mark.parametrize(
    ("status", "header"), [("401", "WWW-Authenticate"), ("429", "Retry-After"), ("503", "Retry-After")]
)
def test_headers_of_one_status(contract, status, header):
    """A challenge and the time to wait are required where HTTP wants them."""
    assert all(
        operation.responses[status]["headers"][header]["required"] for operation in contract.operations
    )


@pytest.mark.parametrize(
    ("policy", "right"),
    [
        ("300;w=60, 10000;w=86400", True),
        ("100;w=60", True),
        ("300", False),
        ("300;w=60,", False),
        ("", False),
    ],
)
def test_rate_limit_policy_pattern(contract, policy, right):
    """A policy is windows of requests and seconds, separated by commas."""
    schema = contract.document["components"]["headers"]["RateLimit-Policy"]["schema"]
    assert jsonschema_rs.is_valid(schema, policy) is right


@pytest.mark.parametrize(
    "problem",
    [
        Conflict("The session is COMPLETED."),
        RateLimited(7),
        ServiceUnavailable(),
        NotImplementedYet(),
        ValidationFailed(
            [Violation("query", "limit", "maximum", "..."), Violation("body", "", "type", "...")]
        ),
    ],
    ids=lambda problem: problem.code,
)
def test_problems_of_the_service_are_valid(contract, problem):
    """What the service writes for a problem is what the contract declares for its status, and no other."""
    responses = contract.operations[0].responses
    document = PROFILE.document(problem, **EXCHANGE)
    problem_schema(contract, responses[str(int(problem.status))]).validate(document)
    assert not problem_schema(contract, responses["404"]).is_valid(document)


@pytest.mark.parametrize(
    "error",
    [
        {"in": "query", "rule": "maximum", "detail": "neither name nor pointer"},
        {"in": "query", "rule": "maximum", "detail": "both", "name": "limit", "pointer": "/limit"},
        {"in": "elsewhere", "rule": "maximum", "detail": "no such place", "name": "limit"},
        {"in": "body", "rule": "maximum", "detail": "no JSON pointer", "pointer": "limit"},
    ],
    ids=lambda error: error["detail"],
)
def test_wrong_error_entries_are_refused(contract, error):
    """An entry of errors names its part once, and says where it is."""
    document = PROFILE.document(ValidationFailed([]), **EXCHANGE) | {"errors": [error]}
    assert not problem_schema(contract, contract.operations[0].responses["422"]).is_valid(document)


def test_new_operation_gets_all(vendor, overlaid):
    """An operation that a later version adds declares the problems and the headers like any other."""
    vendor["paths"]["/scanner/api/v2/ping"] = {
        "parameters": [],
        "get": {"operationId": "ping", "responses": {"204": {"description": "Alive"}}},
    }
    ping = overlaid(vendor).operations[-1]
    assert ping.operation_id == "ping"
    assert set(ping.responses) == {"204", *(str(int(problem.status)) for problem in DECLARED)}
    assert all(set(response["headers"]) >= RATE_LIMIT_HEADERS for response in ping.responses.values())


def test_declaration_of_the_vendor_wins(vendor, overlaid):
    """A status that the vendor declares stays the vendor's, and still gets the rate-limit headers."""
    own = {"description": "Gone, says the vendor.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    path_item = next(iter(vendor["paths"].values()))
    path_item["post"]["responses"]["404"] = deepcopy(own)
    operation = overlaid(vendor).operations[0]
    assert operation.responses["404"]["content"] == own["content"]
    assert set(operation.responses["404"]["headers"]) == RATE_LIMIT_HEADERS
    assert "application/problem+json" in operation.responses["409"]["content"]


def test_shared_response_of_the_vendor_gets_the_headers(vendor, overlaid):
    """A response that operations share by reference gets the headers where it stands, once."""
    vendor["components"]["responses"] = {"Gone": {"description": "Gone, says the vendor."}}
    path_item = next(iter(vendor["paths"].values()))
    path_item["post"]["responses"]["404"] = {"$ref": "#/components/responses/Gone"}
    contract = overlaid(vendor)
    assert contract.operations[0].responses["404"]["description"] == "Gone, says the vendor."
    assert set(contract.operations[0].responses["404"]["headers"]) == RATE_LIMIT_HEADERS
    assert contract.operations[0].definition["responses"]["404"] == {"$ref": "#/components/responses/Gone"}


def test_problem_schema_of_the_vendor_wins(vendor, overlaid):
    """A ProblemDetails schema that a later version brings itself is left as it is."""
    own = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    vendor["components"]["schemas"]["ProblemDetails"] = own
    assert overlaid(vendor).document["components"]["schemas"]["ProblemDetails"] == own


def test_document_without_components(minimal, overlaid):
    """A document that has no components yet gets what the overlay needs."""
    assert set(overlaid(minimal).operations[0].responses) > {"200", "404", "503"}
