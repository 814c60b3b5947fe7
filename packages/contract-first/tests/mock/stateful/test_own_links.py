"""Links in responses: the API's own lead to the mock, and to items and operations that are there."""

import json

import pytest

from .conftest import in_path, operation

TEXT, NUMBER, URL = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "uri"}
API = "https://{region}.payments.example/v1"
SERVERS = [{"url": API, "variables": {"region": {"default": "eu"}}}]


def link(example):
    """Return the schema of a HAL link."""
    return {"type": "object", "required": ["href"], "properties": {"href": {**URL, "example": example}}}


LINKS = {
    "self": link("https://eu.payments.example/v1/payments/77"),
    "pay": link("https://eu.payments.example/v1/payments/77/pay"),
    "refunds": link("https://eu.payments.example/v1/payments/77/refunds"),
    "documentation": link("https://eu.payments.example/v1/nowhere/payments"),
}
REL = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["rel", "href"],
        "properties": {"rel": {"type": "string", "enum": ["pay"]}, "href": URL},
    },
}
PAYMENT = {
    "type": "object",
    "required": ["id", "note", "home", "_links", "links"],
    "properties": {
        "id": {"type": "integer"},
        "note": TEXT,
        "home": {**URL, "example": "https://shop.example/payments/77"},
        "_links": {"type": "object", "required": [*LINKS], "properties": LINKS},
        "links": REL,
    },
}
PATHS = {
    "/payments": {
        "get": operation({"type": "array", "items": PAYMENT}),
        "post": operation(PAYMENT, status="201", body={"type": "object", "properties": {"note": TEXT}}),
    },
    "/payments/{id}": {"parameters": [in_path("id", "integer")], "get": operation(PAYMENT)},
    "/payments/{id}/pay": {"parameters": [in_path("id", "integer")], "post": operation(status="204")},
    "/payments/{id}/refunds": {
        "parameters": [in_path("id", "integer")],
        "get": operation({"type": "array", "items": TEXT}),
    },
}


@pytest.mark.parametrize("remembers", [True, False])
def test_links_lead_to_their_item(remembering, remembers):
    """Also to an operation below it of another method, and in arrays by their relation."""
    mock = remembering(PATHS, servers=SERVERS, remembers=remembers)
    created = mock.post("/payments", {"note": "first"})
    for payment in (created, mock.get(f"/payments/{created['id']}")):
        here = f"http://api.test/payments/{payment['id']}"
        hrefs = {name: value["href"] for name, value in payment["_links"].items()}
        assert (hrefs["self"], hrefs["pay"], hrefs["refunds"]) == (here, f"{here}/pay", f"{here}/refunds")
        assert hrefs["documentation"] == "https://eu.payments.example/v1/nowhere/payments"
        assert {each["href"] for each in payment["links"]} == {f"{here}/pay"}
        assert payment["home"] == "https://shop.example/payments/77"


def test_an_authors_example_leads_to_the_mock(remembering):
    """Its URLs of the API that an operation serves; what stands elsewhere stays."""
    example = {
        "url": "https://us.payments.example/v1/payments?page=2",
        "site": "https://us.payments.example/about",
    }
    get = operation({"type": "object", "properties": {"url": URL, "site": URL}})
    get["responses"]["200"]["content"]["application/json"]["example"] = example
    mock = remembering({**PATHS, "/status": {"get": get}}, servers=SERVERS, remembers=False)
    assert mock.get("/status") == {**example, "url": "http://api.test/payments?page=2"}
    assert json.dumps(mock.get("/payments")).count("payments.example") <= 3
