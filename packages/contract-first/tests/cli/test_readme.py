"""What the READMEs say of servers is so."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from typer.testing import CliRunner

import contract_first.cli.tree

PACKAGE = Path(__file__).parents[2]
README = (PACKAGE / "README.md").read_text()
SERVERS = README.split("\n## Serve your own functions\n")[1]
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets/{number}": {
            "get": {
                "operationId": "getPet",
                "security": [{"ApiKey": []}],
                "parameters": [
                    {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
                ],
                "responses": {
                    "200": {
                        "description": "A pet.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
        },
        "securitySchemes": {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the current folder, which has a contract."""
    (tmp_path / "openapi.yaml").write_text(json.dumps(CONTRACT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
async def test_an_app_of_ones_own_functions():
    """`app` is an ASGI app that validates requests and responses, and reports errors as RFC 9457 problems."""
    assert test_an_app_of_ones_own_functions.__doc__ in " ".join(SERVERS.split())
    operations, my_api = ModuleType("operations"), ModuleType("my_api")
    exec("async def get_pet(number): return {'name': 'Rex' if number == 1 else number}", vars(operations))  # noqa: S102 -- a reader's module
    my_api.operations, my_api.find_caller = operations, lambda key, _request: key if key == "mine" else None
    program = {"my_api": my_api}
    exec(re.search("```python\n(.*?)```", SERVERS, re.DOTALL)[1], program)  # noqa: S102 -- to run the page is the point
    transport = httpx2.ASGITransport(program["app"])
    async with httpx2.AsyncClient(transport=transport, base_url="http://pets.test") as client:
        assert (await client.get("/pets/1", headers={"X-Key": "mine"})).json() == {"name": "Rex"}
        for path, key, status in (("1", "other", 401), ("one", "mine", 422), ("2", "mine", 500)):
            refused = await client.get(f"/pets/{path}", headers={"X-Key": key})
            assert (refused.status_code, refused.json()["status"]) == (status, status)
            assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.programs
def test_a_typed_and_tested_project(folder):
    """The command that both pages have writes one."""
    pytest.importorskip("pydantic_settings")
    command = "contract-first contract new openapi.yaml --into my-api --models msgspec"
    assert command in README
    assert command in (PACKAGE.parents[1] / "README.md").read_text()
    outcome = CliRunner().invoke(contract_first.cli.tree.app, command.split()[1:])
    assert outcome.exit_code == 0, outcome.output
    assert "-> Pet:" in (folder / "my-api/src/my_api/operations/untagged.py").read_text()
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(tests, cwd=folder / "my-api", capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert "3 passed" in done.stdout, done.stdout
