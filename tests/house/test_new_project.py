"""A project that ``contract new`` writes passes what its team would lint it with."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import contract_first.cli.tree

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "examples" / "petstore" / "openapi.yaml"
EXPORT = """
  /pets/import:
    put:
      operationId: importPets
      tags: [pets]
      requestBody:
        required: true
        content: {application/jsonl: {itemSchema: {$ref: '#/components/schemas/NewPet'}}}
      responses:
        '200':
          description: The first one.
          headers: {X-Count: {required: true, schema: {type: integer}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
"""


PROJECTS = {kind: f"{kind}/pet-shop" for kind in ("msgspec", "pydantic", "typeddict")}
"""The folder of each project, by the kind of its models."""
DATABASE = {"msgspec": ("--db", "sqlalchemy")}


@pytest.fixture
def projects(tmp_path):
    """Return a folder of projects, with models of each kind, that pyright reads as strictly as it can."""
    source = tmp_path / "pets.yaml"
    text = CONTRACT.read_text().replace("openapi: 3.1.0", "openapi: 3.2.0")
    source.write_text(text.replace("\npaths:\n", f"\npaths:{EXPORT}", 1))
    for kind, project in PROJECTS.items():
        arguments = ["contract", "new", str(source), "--into", str(tmp_path / project), "--models", kind]
        arguments += DATABASE.get(kind, ())
        outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
        assert outcome.exit_code == 0, outcome.output
    settings = {
        "typeCheckingMode": "strict",
        "include": [f"{project}/{part}" for project in PROJECTS.values() for part in ("src", "tests")],
        "executionEnvironments": [
            {"root": project, "extraPaths": [f"{project}/src"]} for project in PROJECTS.values()
        ],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    return tmp_path


def test_linted(projects):
    """Neither pyright nor hadolint finds anything."""
    dockerfiles = [f"{project}/Dockerfile" for project in PROJECTS.values()]
    for command in (["basedpyright", "--pythonpath", sys.executable], ["hadolint", *dockerfiles]):
        if "TOX_ENV_NAME" not in os.environ and shutil.which(command[0]) is None:
            pytest.skip("only tox installs the group deploy")
        finished = subprocess.run(command, cwd=projects, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stdout + finished.stderr
