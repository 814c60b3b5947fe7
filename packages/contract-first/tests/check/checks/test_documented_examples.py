"""Examples of requests are sent by their names, those in files too, and get the response of their name."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from contract_first.check.run.checking import served
from contract_first.cli.tree import app

pytestmark = pytest.mark.programs

SIZE = {
    "name": "size",
    "in": "query",
    "schema": {"type": "integer"},
    "examples": {"small": {"value": 1}, "large": {"$ref": "#/components/examples/large"}},
}
BODY = {
    "application/json": {
        "schema": {"type": "object", "required": ["name"]},
        "examples": {
            "Rex": {"value": {"name": "Rex"}},
            "nobody": {"value": {"name": ""}},
            "Tom": {"externalValue": "examples/tom.json"},
            "outside": {"externalValue": "../tom.json"},
        },
    }
}
REFUSED = {"description": "no", "content": {"application/json": {"examples": {"nobody": {"value": {}}}}}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list_pets",
                "parameters": [SIZE],
                "responses": {"200": {"description": "OK"}, "422": {"description": "no"}},
            },
            "post": {
                "operationId": "add_pet",
                "requestBody": {"required": True, "content": BODY},
                "responses": {"201": {"description": "OK"}, "422": REFUSED},
            },
        }
    },
    "components": {"examples": {"large": {"value": 9}}},
}


@pytest.fixture
def report(tmp_path):
    """Return what a run says of an API that knows these names and sizes, as JSON."""

    def run(*names, largest=9):
        async def pets(request):
            if request.method == "GET":
                return JSONResponse([], 200 if int(request.query_params["size"]) <= largest else 422)
            return JSONResponse({}, 201 if (await request.json())["name"] in names else 422)

        (tmp_path / "examples").mkdir(exist_ok=True)
        (tmp_path / "examples" / "tom.json").write_text('{"name": "Tom"}', "utf-8")
        (tmp_path / "pets.json").write_text(json.dumps(CONTRACT), "utf-8")
        files = ["--contract", tmp_path / "pets.json", "--json", tmp_path / "report.json"]
        with served(Starlette(routes=[Route("/pets", pets, methods=["GET", "POST"])])) as url:
            options = map(str, [*files, "--examples-only"])
            result = CliRunner().invoke(app, ["check", url, *options], catch_exceptions=False)
        return result.exit_code, json.loads((tmp_path / "report.json").read_bytes())

    return run


def test_right_examples_pass(report):
    """Each name is sent once, and a name that an error has as well gets that error."""
    code, document = report("Rex", "Tom")
    assert code == 0
    notes = document["notes"]["documented_examples"]
    assert any("outside: untried" in note and "contract's folder" in note for note in notes)
    sent = ", ".join(  # noqa: FLY002 -- one a line
        ["GET /pets small", "GET /pets large", "POST /pets Rex", "POST /pets nobody", "POST /pets Tom"]
    )
    assert f"sent: {sent}" in notes


def test_wrong_examples_are_named(report):
    """What gets another response is a finding with the name of the example."""
    code, document = report("Rex", "", largest=5)
    assert code == 1
    messages = {
        finding["message"] for finding in document["findings"] if finding["check"] == "documented_examples"
    }
    assert messages == {
        "the example large gets 422, expected a success",
        "the example nobody gets 201, expected 422",
        "the example Tom gets 422, expected a success",
    }
