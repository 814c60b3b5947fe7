"""A baseline that has one bound which is not enforced does not hide another."""

from datetime import date

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from contract_first.check import check_url
from contract_first.check.checks.boundaries import Boundaries
from contract_first.check.reports.baseline import Baseline, apply_baseline, read_baseline, write_baseline
from contract_first.check.run.checking import served
from contract_first.contract import Contract

pytestmark = pytest.mark.programs

BOUNDS = {"limit": 50, "offset": 100_000}
PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": most}}
    for name, most in BOUNDS.items()
]
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "List", "version": "1"},
    "paths": {
        "/things": {
            "get": {
                "operationId": "list",
                "parameters": PARAMETERS,
                "responses": {"200": {"description": "OK"}, "422": {"description": "No"}},
            }
        }
    },
}


def checked(lax, seed):
    """Return the report on a server that takes too large values of some parameters."""

    async def respond(request):
        for name, text in request.query_params.items():
            is_number = text.isascii() and text.removeprefix("-").isdigit()
            if not is_number or int(text) < 0 or (name not in lax and int(text) > BOUNDS.get(name, 0)):
                return JSONResponse({}, 422)
        return JSONResponse({})

    with served(Starlette(routes=[Route("/things", respond)])) as url:
        contract = Contract(DOCUMENT, "list.json")
        return check_url(url, contract=contract, checks=(Boundaries,), phases=(), seed=seed)


@pytest.mark.parametrize(("lax", "new"), [(("limit",), 0), (("limit", "offset"), 1)])
def test_one_known_bound_hides_no_other(lax, new, tmp_path):
    """With limit=51 known, offset=100001 is new; the same bound in a run of another seed is not."""
    file = tmp_path / "known.toml"
    write_baseline(file, checked(("limit",), 1), Baseline())
    assert 'where = "query limit maximum 51"' in file.read_text()
    report = checked(lax, 2)
    apply_baseline(report, read_baseline(file), date(2026, 11, 30))
    assert len(report.findings) == new
    assert [finding.violated[0].where for finding in report.findings] == ["query offset maximum 100001"][:new]
    mended = checked((), 1)
    apply_baseline(mended, read_baseline(file), date(2026, 11, 30))
    assert mended.gone == ["boundaries: GET /things query limit maximum 51 refused"]


BODY = {
    "type": "object",
    "required": ["id", "tags"],
    "properties": {
        "id": {"type": "integer", "maximum": 9},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}},
    },
}
WRONG = {
    "openapi": "3.1.0",
    "info": {"title": "Wrong", "version": "1"},
    "paths": {
        "/things/{id}": {
            "post": {
                "operationId": "change",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "sort", "in": "query", "schema": {"enum": ["up", "down"]}},
                ],
                "requestBody": {"content": {"application/json": {"schema": BODY}}},
                "responses": {
                    "200": {
                        "description": "OK",
                        "headers": {"X-Left": {"schema": {"type": "integer"}}, "X-Id": {"required": True}},
                        "content": {"application/json": {"schema": BODY}},
                    },
                    "422": {"description": "No"},
                },
            }
        }
    },
}


def identities(seed, most):
    """Return what identifies the findings on a server that is wrong in all that it does."""

    async def respond(request):
        content = await request.body()
        if b"null" in content:
            return JSONResponse({}, 500)
        if b"[" not in content:
            return JSONResponse({}, 418)
        tags = ["much too long"] * (1 + len(content) % 3)
        return JSONResponse({"id": 10 + len(content), "tags": tags}, headers={"X-Left": f"x{len(content)}"})

    routes = [Route("/things/{id:path}", respond, methods=["POST"])]
    with served(Starlette(routes=routes)) as url:
        contract = Contract(WRONG, "wrong.json")
        report = check_url(url, contract=contract, checks=(Boundaries,), max_examples=most, seed=seed)
    return {(finding.check, str(place)) for finding in report.findings for place in finding.violated}


def test_identities_are_those_of_every_run(monkeypatch):
    """Two runs of other seeds and lengths identify alike what is wrong, each cause once."""
    # no search for smaller requests, which takes as long as it may and changes no identity
    monkeypatch.setattr("contract_first.check.run.run.LEAST_MINIMISING_SECONDS", 0)
    monkeypatch.setattr("contract_first.check.run.run.MINIMISED", 0)
    first, second = identities(1, 20), identities(7, 60)
    where = "POST /things/{id} 200"
    assert {
        ("response_schema_conformance", f"{where} /id maximum 9"),
        ("response_schema_conformance", f"{where} /tags/* maxLength 3"),
        ("response_headers_conformance", f"{where} header X-Left type integer"),
        ("response_headers_conformance", f"{where} header X-Id required"),
        ("not_a_server_error", "POST /things/{id} 500 ST101 500"),
        ("status_code_conformance", "POST /things/{id} 418 ST103 418"),
    } <= first & second
    assert not {
        name for check, name in first | second if check == "status_code_conformance" and "500" in name
    }
    assert {place for place in first if place[0] != "negative_data_rejection"} <= second


def test_the_seed_is_fixed_by_default():
    """Two runs that name no seed have the same."""
    assert checked((), None).seed == checked((), None).seed
