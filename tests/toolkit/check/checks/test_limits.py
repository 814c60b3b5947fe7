"""How checks end before their time, and what they make of responses that nobody expects."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from contract_first.check.checks.check import FailureGroup
from contract_first.check.checks.organization_isolation import OrganizationIsolation
from contract_first.check.checks.samples import BudgetSpent, RequestSamples
from contract_first.check.checks.security_alternatives import SecurityAlternatives
from contract_first.check.pace import QuotaUsedUp
from contract_first.contract import Contract
from scanner_mocks.checks.presigned_upload import PresignedUpload


class Ending(SecurityAlternatives):
    """Finds something, and cannot go on."""

    def run(self):
        """Find one thing, and end."""
        yield self.failure("none", "an example", "GET /example")
        raise self.end


@pytest.mark.parametrize("end", [BudgetSpent("over"), QuotaUsedUp("used up")])
def test_an_early_end_is_noted_and_what_was_found_is_reported(inspection, end):
    """A check that cannot go on tells what it found, and that it was cut short."""
    check = Ending(inspection().target)
    check.end = end
    with pytest.raises(FailureGroup):
        check.after_run(None)
    assert check.notes == [f"cut short: {end}"]
    assert check.cut_short


def test_no_request_is_made_once_the_budget_is_spent(inspection):
    """Without time, a check makes no request."""
    target = inspection(deadline=0.0, client=None).target
    check = SecurityAlternatives(target)
    check.after_run(None)
    assert check.notes == ["cut short: The budget is spent."]


def test_only_what_is_safe_is_sent_where_nothing_may_change(inspection, world):
    """A run that may only read sends no other method, and leaves out what would have to."""
    methods = set()
    safe = tuple(operation for operation in world.app.contract.operations if operation.method == "get")
    reading = inspection(
        read_only=True, operations=safe, response=lambda exchange: methods.add(exchange.method)
    )
    reading.run()
    assert methods == {"GET", "HEAD", "OPTIONS"}
    assert not reading.found
    assert "presigned_upload" not in {check.name for check in reading.made}
    captures = [operation.path for operation in safe if "/captures/{id}" in operation.path]
    assert reading.notes() == [
        *(f"organization_isolation: GET {path}: untried, no id was found" for path in captures),
        "retry_after: enough: untried, it would use up the quota",
    ]


def test_a_contract_without_links_takes_those_that_are_packaged(inspection, world):
    """Of operations that the packaged contract has too, the links are known."""
    document = deepcopy(world.app.contract.document)
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                response.pop("links", None)
    checked = inspection(contract=Contract(document, "without links"))
    check = OrganizationIsolation(checked.target)
    assert not list(check.run())
    assert check.notes == ["PATCH /scanner/api/v1/proposals/{proposal_id}: untried, no id was found"]


def form_with(**members):
    """Hand out a form that is not as it should be."""

    def spoil(exchange):
        if exchange.body.startswith(b"{") and b"upload_url" in exchange.body:
            exchange.body = json.dumps({**json.loads(exchange.body), **members}).encode()

    return spoil


@pytest.mark.parametrize(
    "members",
    [
        {"upload_url": "http://127.0.0.1:1/"},
        {"upload_url": "nonsense"},
        {"upload_url": "http://[:/"},
        {"upload_fields": {}},
        {"upload_fields": {"policy": "bm8gSlNPTg=="}},
        {"upload_fields": {"policy": "eyJjb25kaXRpb25zIjogNX0="}},
    ],
    ids=str,
)
def test_a_form_that_is_none_is_found(findings, members):
    """A form that cannot be posted, or has no policy, takes no photo, and is no reason to end."""
    assert ("presigned_upload", "photo") in findings(response=form_with(**members))


@pytest.mark.parametrize(
    "members", [{"upload_url": 5}, {"upload_fields": [1]}, {"upload_fields": {"key": 1}}]
)
def test_what_is_no_form_is_left_to_the_schema(findings, members):
    """What is not even of the form's types is not posted; that the schema is broken another check tells."""
    assert findings(response=form_with(**members)) == set()


def closed(exchange):
    """Let nobody in."""
    exchange.status, exchange.body = 403, b"{}"


@pytest.mark.parametrize(
    ("check", "reason"),
    [(PresignedUpload, "no form was handed out"), (OrganizationIsolation, "no id was found")],
)
def test_a_check_without_anything_to_check_is_left_out(inspection, check, reason):
    """Where nothing is handed out that a check could try, it says so and is not passed."""
    made = check(inspection(response=closed).target)
    made.after_run(None)
    assert made.left_out == reason


def test_an_operation_without_a_right_request_is_left_out(inspection):
    """Where the contract allows no request at all, that is noted, and the rest is checked."""
    operation = {"responses": {"200": {"description": "Nobody will see it."}}}
    body = {"required": True, "content": {"application/json": {"schema": False}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Impossible", "version": "1"},
        "security": [{"key": []}],
        "paths": {
            "/impossible": {"post": {**operation, "requestBody": body}},
            "/possible": {"get": operation},
        },
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}},
    }
    contract = Contract(document, "impossible")
    check = SecurityAlternatives(inspection(contract=contract, operations=contract.operations).target)
    assert {violated.operation for violated in check.run()} == {"GET /possible"}
    assert check.notes == ["POST /impossible: untried, no request could be generated"]


def test_a_body_that_is_no_form_is_sent_as_it_is(inspection):
    """A sample of plain text arrives as it was drawn."""
    bodies = []
    body = {"required": True, "content": {"text/plain": {"schema": {"type": "string", "minLength": 3}}}}
    responses = {"200": {"description": "Fine."}}
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Text", "version": "1"},
            "paths": {"/text": {"post": {"requestBody": body, "responses": responses}}},
        },
        "text",
    )
    target = inspection(contract=contract, ask=lambda exchange: bodies.append(exchange.asked)).target
    samples = RequestSamples(target, print)
    case = samples.draw(contract.operations[0])
    samples.send(case, {})
    assert bodies == [case.body.encode()]
