"""A right app of a framework passes, whatever the framework decides."""

from typing import Annotated

import pytest
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel

from contract_first.check import check_app
from contract_first.contract import Contract

pytestmark = pytest.mark.programs


class Thing(BaseModel):
    """What is stored."""

    name: str
    sold: bool = False


def app(*, most=50):
    """Return a stock FastAPI app, whose limit has this maximum."""
    api, things = FastAPI(), []

    @api.get("/things")
    def read_things(limit: Annotated[int, Query(ge=1, le=most)] = 10) -> list[Thing]:
        return things[:limit]

    @api.post("/things", status_code=201)
    def add_thing(thing: Thing) -> Thing:
        things.append(thing)
        return thing

    @api.get("/things/{number}", responses={404: {"description": "None"}})
    def read_thing(number: int) -> Thing:
        if not 0 <= number < len(things):
            raise HTTPException(404)
        return things[number]

    return api


CONTRACT = Contract(app().openapi(), "things.json")
QUICK = {"contract": CONTRACT, "max_examples": 10}


def test_a_stock_app_passes():
    """What FastAPI decides is low: HEAD, Allow, a 400 for an unreadable body, and 0 for a boolean."""
    report = check_app(app(), **QUICK)
    places = {str(place) for finding in report.findings for place in finding.violated}
    assert "POST /things body /sold type" in places
    assert "POST /things 400 ST103 400" in places
    assert {finding.severity for finding in report.findings} == {"low"}
    assert (report.exit_code, report.fail_on) == (0, "medium")
    assert f"but for {len(report.findings)} below medium" in report.headline()


def test_a_wrong_one_fails():
    """A bound that the app does not have fails it."""
    report = check_app(app(most=99), **QUICK)
    assert report.headline().startswith("Failed")
    assert report.by_cost()[0].violated[0].where == "query limit maximum 51"
