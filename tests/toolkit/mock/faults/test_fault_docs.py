"""The page about faults and the journal tells all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract_first.mock.journal.selector import ExchangeSelector
from scanner_mocks.faults import EXTENSION, ScannerEffect, ScannerMatch

PAGE = Path(__file__).parents[4] / "docs" / "faults-and-journal.md"
SCHEMAS = EXTENSION.control_contract().document["components"]["schemas"]


def names_in(text):
    """Return what is written as code, and what commands ask for."""
    return set(re.findall(r"[a-z0-9_]+", text))


@pytest.mark.parametrize(
    ("schema", "struct"), [(SCHEMAS["Effect"], ScannerEffect), (SCHEMAS["Match"], ScannerMatch)]
)
def test_contract_values_and_page_have_the_same_names(schema, struct):
    """What the control API takes is what a fault has, and the page tells of each."""
    assert set(schema["properties"]) == set(struct.__struct_fields__)
    assert set(schema["properties"]) <= names_in(PAGE.read_text())


def test_every_filter_is_reported():
    """What the journal can be asked for is what the control API takes, and the page tells of each."""
    contract = EXTENSION.control_contract()
    [operation] = [it for it in contract.operations if it.label == "GET /_mock/journal"]
    asked = {parameter["name"] for parameter in operation.parameters} - {"scope"}
    assert set(ExchangeSelector.__struct_fields__) - {"scope"} == asked - {
        "limit",
        "wait_seconds",
        "count",
        "format",
    }
    assert asked <= names_in(PAGE.read_text())
