"""A form without fields is no body, of any media type."""

from types import ModuleType

from contract_first import check_app, create_app
from contract_first.check.checks import CHECKS


async def change(body: dict[str, str] | None) -> None:
    """Change nothing."""


def test_a_form_without_fields(minimal, write):
    """An app that accepts no body at all is not wrong to accept an empty one of a strange media type."""
    form = {"type": "object", "properties": {"name": {"type": "string"}}}
    minimal["paths"] = {
        "/pets": {
            "post": {
                "operationId": "change",
                "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": form}}},
                "responses": {"204": {"description": "Changed."}, "default": {"description": "Refused."}},
            }
        }
    }
    handlers = ModuleType("handlers")
    change.__module__, handlers.change = "handlers", change
    checks = tuple(check for check in CHECKS if check.name == "http_semantics")
    report = check_app(create_app(write(minimal), handlers), checks=checks, max_examples=1)
    assert [finding.message for finding in report.findings] == []
