"""Lists that an override makes longer or shorter: counts and facts of pages around them agree."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

PAGE = {
    "type": "object",
    "properties": {
        "results": {"type": "array", "items": {"type": "integer"}},
        "total": {"type": "integer"},
        "page": {"type": "integer"},
        "page_size": {"type": "integer"},
        "has_next": {"type": "boolean"},
        "has_previous": {"type": "boolean"},
        "links": {"type": "object", "properties": {"next": {"type": ["string", "null"]}}},
    },
}
EXAMPLE = {
    "results": [1, 2],
    "total": 9,
    "page": 2,
    "page_size": 2,
    "has_next": True,
    "has_previous": True,
    "links": {"next": "http://a.test/things?page=3"},
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {
            "get": {
                "responses": {
                    "200": {
                        "description": "A page.",
                        "content": {"application/json": {"schema": PAGE, "example": EXAMPLE}},
                    }
                }
            }
        },
    },
}


@pytest.fixture(scope="module")
def things():
    """Run the mock of pages of things."""
    with contract_mock(Contract(DOCUMENT, "things.json"), authentication=False) as mock:
        yield mock


@pytest.fixture
def client(things):
    """Return a client of the mock, whose overrides go at the end."""
    with httpx2.Client(base_url=things.api, trust_env=False) as client:
        yield client
        client.delete("/_mock/overrides").raise_for_status()


@pytest.mark.parametrize(
    ("patch", "differs"),
    [
        ({"body": {"results": []}}, {"results": [], "total": 0}),
        ({"members": {"/results": [7], "/results/-": 8, "/results/2": 9}}, None),
        ({"members": {"/results/-": 9}}, {"results": [1, 2, 9], "total": 3}),
        (
            {"body": {"results": [], "total": 5, "has_next": True}},
            {"results": [], "total": 5, "has_next": True},
        ),
    ],
)
def test_a_patched_list_is_whole(things, client, patch, differs):
    """It is page 1 of 1 with a total that counts it; what the patch names stays as the patch has it."""
    things.override(patch=patch)
    response = client.get("/things")
    if differs is None:
        assert (response.status_code, "/results/2" in response.json()["detail"]) == (500, True)
        return
    facts = {"page": 1, "page_size": 2, "has_next": False, "has_previous": False, "links": {"next": None}}
    assert response.json() == facts | differs


@pytest.mark.parametrize("patch", [{"body": {"results": [3, 4]}}, {"members": {"/results/0": 7}}])
def test_other_patches_change_nothing_else(things, client, patch):
    """A list of the same length is the same page."""
    things.override(patch=patch)
    response = client.get("/things").json()
    assert {**response, "results": [1, 2]} == EXAMPLE
