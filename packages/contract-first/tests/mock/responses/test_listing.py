"""The page and the document that list how to get each response."""

from __future__ import annotations

import re

from contract_first.contract import Contract
from contract_first.mock.responses.page import PATH, ResponsesPage, document, html

HOSTILE = "<script>alert(1)</script>|`"
PATHS = {
    "/p/{id}": {
        "get": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": {"description": ""},
                "404": {
                    "description": "",
                    "content": {
                        "application/json": {"examples": {HOSTILE: {"value": 1}, "gone": {"value": 2}}}
                    },
                },
            },
        }
    }
}


def contract_of(paths):
    """Return a contract of these paths."""
    return Contract({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}, "test")


def test_the_document_lists_status_and_example():
    """One entry has both; what would break the list is not in it."""
    (entry,) = [line for line in document(contract_of(PATHS)).splitlines() if line.startswith("- `GET")]
    examples = "(`<script>alert(1)</script>??`, `gone`)"
    assert entry == f"- `GET /p/{{id}}`: 200. Others: 404 {examples}."


def test_the_document_begins_with_what_it_is_read_for():
    """First how a response is selected, then those of each operation, then their limits."""
    listing = document(contract_of(PATHS))
    assert listing.index("`Prefer: code=404`") < listing.index("## Operations") < listing.index("## Limits")


def test_the_page_holds_no_markup_of_the_contract():
    """Names are text, and nothing is loaded: an icon would be asked for, and be a 404 in the journal."""
    page = html(contract_of(PATHS))
    assert "<script" not in page
    assert "GET /p/{id}" in page
    links = re.findall(r"(?:src|href)=(\S+?)>", page)
    assert '"data:,"' in links
    assert [link for link in links if not re.match('"(?:data:,|#|/)', link)] == []


def test_the_page_is_that_of_the_current_contract(client):
    """It is made again once the contract is another one."""
    contracts = [contract_of(PATHS)]
    app = client(ResponsesPage(lambda: contracts[-1]))
    first = app.get(PATH)
    assert first.body == app.get(PATH).body
    assert b"/p/{id}" in first.body
    contracts.append(contract_of({"/other": PATHS["/p/{id}"]}))
    assert b"/other" in app.get(PATH).body
