"""openapi-typescript writes the types of the contract, openapi-fetch calls by them, and the story runs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from scanner_mocks.cli.mock import ScannerMocks
from scanner_mocks.drawings.pictures import GTIN

pytestmark = pytest.mark.programs

PROJECT = Path(__file__).with_name("typescript")
SECONDS = 240


def run(folder, *command, **environment):
    """Run a command to its end; return its exit code and what it prints."""
    finished = subprocess.run(  # noqa: S603 -- tools of the project's lock file
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return finished.returncode, finished.stdout


@pytest.fixture(scope="module")
def client(npm_project, document):
    """Return the folder of the story, with the types that are written from the contract."""
    folder = npm_project(PROJECT)
    command = ["openapi-typescript", str(document), "-o", "scanner.ts", "--default-non-nullable=false"]
    code, output = run(folder, "npx", *command)
    assert code == 0, output
    return folder


def test_the_story(client, scanner_mock, label):
    """The story keeps the types, strictly, and ends as it should."""
    code, output = run(client, "npx", "tsc")
    assert (code, output) == (0, "")
    variables = {**ScannerMocks().variables(scanner_mock), "SCANNER_GTIN": GTIN, "SCANNER_PHOTO": str(label)}
    code, output = run(client, "node", "out/story.js", **variables)
    assert code == 0, output
    assert json.loads(output) == {
        "product": "Chopped Tomatoes 400 g",
        "posted": 201,
        "photo_type": "ingredients",
        "session": "COMPLETED",
        "review": "ACCEPTED",
        "applied": ["ingredients"],
        "refusal": "validation_error",
    }
