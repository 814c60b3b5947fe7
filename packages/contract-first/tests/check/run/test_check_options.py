"""Options of a check: the same values are read and refused in Python as on the command line."""

import inspect
from pathlib import Path

import pytest

from contract_first.check import check_url
from contract_first.check.run.options import CheckOptions
from contract_first.signatures import fields_of


def test_texts_of_the_command_line():
    """A time, a rate, a path and one of several are read from text; numbers stay."""
    options = CheckOptions("http://a.test", budget="5m", rate="120/m", only="list_things", overlays="a.yaml")
    assert (options.budget, options.rate, options.only) == (300, 2, ("list_things",))
    assert options.overlays == (Path("a.yaml"),)
    options = CheckOptions("http://a.test", budget=0.5, rate=3)
    assert (options.budget, options.rate) == (0.5, 3)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"budget": "soon"}, "budget: expected a time such as 60s, 5m or 1h, got 'soon'"),
        ({"rate": "0/s"}, "rate: expected a number of requests such as 5/s, 100/m or 1000/h, got '0/s'"),
        ({"phases": ("fuzz",)}, "phases: There is no phase 'fuzz'; expected one of examples"),
        ({"fail_on": "worst"}, "fail_on: expected one of critical, high, medium, low, got 'worst'"),
        ({"min_coverage": 101}, "min_coverage: expected 0 to 100, got 101"),
        ({"max_examples": 0}, "max_examples: expected 1 or more, got 0"),
    ],
)
def test_what_the_command_refuses(option, message):
    """It is refused before anything is sent, and named."""
    with pytest.raises(ValueError, match=message):
        check_url("http://127.0.0.1:1", **option)


def test_every_option_is_described():
    """The record says what each is for, and the function repeats it."""
    assert [name for name, field in fields_of(CheckOptions).items() if not field.help] == []
    assert "\n    min_coverage: fail if less of the contract's operations" in inspect.getdoc(check_url)
