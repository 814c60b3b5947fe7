"""Codes of errors and seconds to wait, wherever the errors of a contract have them."""

from __future__ import annotations

import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def thing(**members):
    """Return the schema of an object with these members, all required."""
    return {"type": "object", "required": [*members], "properties": members}


URI = {"type": "string", "format": "uri-reference"}
MACHINE = {"type": "string", "description": "Machine-readable."}
WARNING = thing(code=TEXT, message=TEXT)
ERRORS = {
    "flat": thing(errorCode=TEXT, message=TEXT, retryAfterSeconds=NUMBER),
    "envelope": thing(
        error=thing(code=TEXT, message=TEXT, retry_after=NUMBER), warnings={"type": "array", "items": WARNING}
    ),
    "list": thing(errors={"type": "array", "minItems": 1, "items": thing(code=TEXT, detail=TEXT)}),
    "problem": thing(type=URI, title=TEXT, status={"type": "integer"}, code=TEXT),
    "typed": thing(type={"type": "string", "example": "not_found"}, message=TEXT),
    "described": thing(slug=MACHINE, message=TEXT),
    "enumerated": thing(code={"type": "string", "enum": ["DOWN", "BUSY"]}, message=TEXT),
}


def operation(name, kind):
    """Return an operation whose errors have a schema, by default problem details."""
    media_type = "application/problem+json" if kind == "problem" else "application/json"
    content = {media_type: {"schema": ERRORS[kind]}} if kind in ERRORS else {}
    responses = {
        "204": {"description": ""},
        **({"503": {"description": "", "content": content}} if content else {}),
    }
    return {"get": {"operationId": name, "responses": responses}}


CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Errors", "version": "1"},
    "paths": {f"/{name}": operation(name, name) for name in (*ERRORS, "undeclared")},
}


@pytest.fixture(scope="module")
def things():
    """Run the mock."""
    with contract_mock(Contract(CONTRACT, "errors.json"), seed=7) as running:
        yield running


def at(value, place):
    """Return what is at a place in a value."""
    for key in place.split("."):
        value = value[int(key) if key.isdigit() else key]
    return value


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("flat", "errorCode"),
        ("envelope", "error.code"),
        ("list", "errors.0.code"),
        ("problem", "code"),
        ("typed", "type"),
        ("described", "slug"),
        ("enumerated", "code"),
        ("undeclared", "error_code"),
    ],
)
def test_a_code(name, place, fault, api):
    """A rule's code is in the member of the error that means it; the rest is as without the rule."""
    fault({"status": 503}, times=1)
    before = api.get(f"/{name}").json()
    fault({"status": 503, "error_code": "brownout"}, times=1)
    error = api.get(f"/{name}")
    assert (error.status_code, at(error.json(), place)) == (503, "brownout")
    assert int(error.headers["Content-Length"]) == len(error.content)
    assert error.json().keys() - before.keys() <= {"error_code"}
    assert ("error_code" in error.json()) == (place == "error_code")
    assert error.json().get("type", "").startswith("about:") == (name in {"problem", "undeclared"})


@pytest.mark.parametrize(
    ("name", "place"), [("flat", "retryAfterSeconds"), ("envelope", "error.retry_after")]
)
def test_when_to_retry(name, place, fault, api):
    """The seconds to wait are in the member that means them, in an object of the error, too."""
    fault({"status": 503, "retry_after_seconds": 7}, times=1)
    error = api.get(f"/{name}")
    assert (error.headers["Retry-After"], at(error.json(), place)) == ("7", 7)


def test_no_error(fault, api):
    """A response that is no error has no code of one."""
    fault({"status": 204, "error_code": "brownout"}, times=1)
    assert api.get("/flat").content == b""
