"""Checks of one's own: the examples of the documentation run, and wrong files are explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from contract_first.check import CannotRunError
from contract_first.check.run.checking import served
from contract_first.check.run.plugins import checks_of
from contract_first.cli.tree import app

pytestmark = pytest.mark.programs

PAGE = Path(__file__).parents[3] / "docs" / "checks.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {"/pets": {"get": {"operationId": "list_pets", "responses": {"200": {"description": "OK"}}}}},
}


def test_examples_of_the_documentation_find_what_they_say(tmp_path):
    """Both examples are checks of a file, and their violations are in the report."""
    assert len(EXAMPLES) == 2
    path = tmp_path / "checks.py"
    path.write_text("\n".join(EXAMPLES), "utf-8")
    routes = [
        Route("/openapi.json", lambda _: JSONResponse(CONTRACT)),
        Route("/pets", lambda _: JSONResponse([])),
    ]
    with served(Starlette(routes=routes)) as url:
        options = ["--checks", str(path), "--phase", "examples", "--seed", "1"]
        result = CliRunner().invoke(app, ["check", url, *options])
    assert result.exit_code == 1
    assert "request id: present" in result.stdout
    assert "stable order: same" not in result.stdout
    assert [check.name for check in checks_of(path)] == ["request_id", "stable_order"]


@pytest.mark.parametrize(("text", "message"), [("1 / 0", "ZeroDivisionError"), ("x = 1", "defines no check")])
def test_a_wrong_file_is_explained(tmp_path, text, message):
    """A file that fails, or that has no check, is an error that names it."""
    path = tmp_path / "wrong.py"
    path.write_text(text, "utf-8")
    with pytest.raises(CannotRunError, match=rf"wrong\.py .*{message}"):
        checks_of(path)
