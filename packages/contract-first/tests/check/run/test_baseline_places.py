"""A baseline that has one bound which is not enforced does not hide another."""

from datetime import date

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from contract_first.check import check_url
from contract_first.check.checks.boundaries import Boundaries
from contract_first.check.reports.baseline import apply_baseline, read_baseline, write_baseline
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
    write_baseline(file, checked(("limit",), 1), [])
    assert "GET /things query limit maximum" in file.read_text()
    report = checked(lax, 2)
    apply_baseline(report, read_baseline(file), date(2026, 11, 30))
    assert len(report.findings) == new


def test_the_seed_is_fixed_by_default():
    """Two runs that name no seed have the same."""
    assert checked((), None).seed == checked((), None).seed
