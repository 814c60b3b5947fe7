"""Small documents, written to files as their authors would."""

import json
from copy import deepcopy

import pytest

MINIMAL = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "2.3.4"},
    "paths": {"/pets": {"get": {"operationId": "list_pets", "responses": {"200": {"description": "OK"}}}}},
}


@pytest.fixture
def minimal():
    """A valid document with one operation."""
    return deepcopy(MINIMAL)


@pytest.fixture
def write(tmp_path):
    """Writes a document as JSON (or text as it is) to a file in the test's folder, and returns its path."""

    def write_file(content, name="pets.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file
