"""Problems that handlers raise: the classes, any other status, and what the documentation shows."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

import contract_first
from contract_first import Problem
from contract_first.service import Conflict, ProblemProfile, Violation

petstore = runpy.run_path(str(Path(__file__).with_name("petstore.py")))
HANDLERS, served, ask = (petstore[name] for name in ("HANDLERS", "served", "ask"))
PAGE = (Path(__file__).parents[4] / "docs" / "problems.md").read_text()
EXAMPLES = re.findall(r"^- `(\w+\(.*\))`,\s+(\d+):", PAGE, re.MULTILINE)


def response_to(problem, **options):
    """Return the response of a handler that raises."""

    async def list_pets(max_age):  # noqa: ARG001 -- a parameter of the operation
        raise problem

    return ask(served(handlers={**HANDLERS, "list_pets": list_pets}, **options), "GET", "/pets")


def names():
    """Return what an example may name."""
    return {name: getattr(contract_first, name) for name in contract_first.__all__} | {"Violation": Violation}


@pytest.mark.parametrize(("example", "status"), EXAMPLES)
def test_the_documented_examples_are_responses(example, status):
    """Each line of the page is a problem of its status, whose document says what it was made of."""
    response = response_to(eval(example, names()))  # noqa: S307 -- our own documentation
    assert (response.status_code, response.json()["status"]) == (int(status), int(status))
    for text in re.findall(r'\("([^"]+)"|="(https:[^"]+)"', example):
        assert json.dumps("".join(text)) in json.dumps(response.json())


def test_the_page_names_every_class():
    """What can be raised is on one page."""
    classes = {
        name for name, value in names().items() if isinstance(value, type) and issubclass(value, Problem)
    }
    assert {example.partition("(")[0] for example, _ in EXAMPLES} == classes


def test_a_problem_of_any_status():
    """It has the status's phrase and code, like the class of that status, or what it says itself."""
    profile = ProblemProfile("https://pets.test/")
    assert response_to(Problem(409, "Sold.", pet=5), profile=profile).json() == {
        "type": "https://pets.test/conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "Sold.",
        "instance": "/pets",
        "pet": 5,
    }
    short = response_to(Problem(418), profile=profile).json()
    assert (short["type"], short["title"]) == ("https://pets.test/i_m_a_teapot", "I'm a Teapot")
    unregistered = response_to(Problem(499, type="https://x.test/gone", title="Client gone")).json()
    assert (unregistered["type"], unregistered["title"]) == ("https://x.test/gone", "Client gone")
    assert response_to(Problem(599)).json()["detail"] == "Server Error."


@pytest.mark.parametrize("status", [200, 302, 0, 600])
def test_a_status_that_is_no_error(status):
    """A problem is an error; the message says what is expected."""
    with pytest.raises(ValueError, match="expected 400 to 599"):
        Problem(status)


def test_a_class_of_problems():
    """A class of one's own says type, title and detail once."""

    class Sold(Conflict):
        type = "https://shop.example/problems/sold"
        title = "Already sold"
        default_detail = "The pet has an owner already."

    document = response_to(Sold(), profile=ProblemProfile("https://pets.test/")).json()
    assert document["type"] == Sold.type
    assert (document["title"], document["detail"]) == (Sold.title, Sold.default_detail)
