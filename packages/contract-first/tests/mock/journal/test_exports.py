"""Exports of a mock's journal say what they leave out, and how to ask for it."""

from __future__ import annotations

import json
import re

import httpx2
import pytest

from contract_first.mock import contract_mock

NOTE = {"type": "object", "properties": {"text": {"type": "string"}}}
CONTENT = {"content": {"application/json": {"schema": NOTE}}}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Notes", "version": "1"},
    "paths": {
        "/notes": {
            "post": {
                "operationId": "create_note",
                "requestBody": CONTENT,
                "responses": {"201": {"description": "", **CONTENT}},
            }
        }
    },
}
FOLLOWS = re.compile(r"(\d+) later exchanges are left out, .* they follow number (\d+)\.")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Return a client of a mock that has responded to 120 requests with what they sent, 60 KiB each."""
    file = tmp_path_factory.mktemp("notes") / "notes.json"
    file.write_text(json.dumps(DOCUMENT))
    with contract_mock(str(file)) as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        for _ in range(120):
            assert client.post("/notes", json={"text": "x" * 60_000}).status_code == 201
        yield client


@pytest.mark.parametrize(("format_", "most"), [("har", 40), ("json", 5)])
def test_an_export_says_what_follows_it(client, format_, most):
    """A reader that follows what each part says gets everything, and the last part leaves nothing out."""
    after, numbers = 0, []
    while True:
        part = client.get(f"/_mock/journal?format={format_}&limit=1000&after={after}").json()
        entries = part["log"]["entries"] if format_ == "har" else part["exchanges"]
        numbers += [entry["_number" if format_ == "har" else "number"] for entry in entries]
        assert len(entries) <= most
        comment = part.get("log", part).get("comment", "")
        if not comment:
            break
        count, after = map(int, FOLLOWS.fullmatch(comment).groups())
        assert (count, after) == (120 - len(numbers), numbers[-1])
    assert numbers == [*range(1, 121)]
