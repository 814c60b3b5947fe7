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


@pytest.fixture(params=["dataclass", "msgspec", "pydantic", "typeddict"])
def project(request, tmp_path):
    """A project with models of a kind."""
    source, folder = tmp_path / "pets.yaml", tmp_path / "pet-shop"
    text = CONTRACT.read_text().replace("openapi: 3.1.0", "openapi: 3.2.0")
    source.write_text(text.replace("\npaths:\n", f"\npaths:{EXPORT}", 1))
    arguments = ["contract", "new", str(source), "--into", str(folder), "--models", request.param]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
    assert outcome.exit_code == 0, outcome.output
    settings = {"typeCheckingMode": "strict", "include": ["src", "tests"], "extraPaths": ["src"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    return folder


def test_linted(project):
    """Neither pyright, as strict as it is, nor hadolint finds anything."""
    for command in (["basedpyright", "--pythonpath", sys.executable], ["hadolint", "Dockerfile"]):
        if "TOX_ENV_NAME" not in os.environ and shutil.which(command[0]) is None:
            pytest.skip("only tox installs the group deploy")
        finished = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stdout + finished.stderr
