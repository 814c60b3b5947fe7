"""What is derived from the contract, the settings and the checks is up to date."""

from __future__ import annotations

import difflib
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEDGER = runpy.run_path(str(ROOT / "tools" / "ledger.py"))


@pytest.mark.parametrize("name", LEDGER["DERIVED"])
def test_file_is_up_to_date(name):
    """Each file has the text that is derived for it; a failure shows the difference."""
    text = (ROOT / name).read_text("utf-8")
    expected = LEDGER["DERIVED"][name](text)
    difference = "".join(
        difflib.unified_diff(text.splitlines(keepends=True), expected.splitlines(keepends=True), n=0)
    )
    assert text == expected, f"{name} is out of date; run `tox -e ledger`:\n{difference}"


@pytest.mark.parametrize(
    ("row", "rewritten"),
    [
        ("| `GET /sessions/{id}` | `curl gone` |\n", "| `GET /sessions/{id}` | `curl gone` |\n"),
        ("| `GET /gone` + | `curl gone` |\n", ""),
    ],
)
def test_operations_get_rows(row, rewritten):
    """A row keeps its curl line, one without an operation goes, and each new operation gets a draft."""
    header = "| operation | with curl |\n| --- | --- |\n"
    table = header + "".join(f"{line}\n" for line in LEDGER["operation_rows"](row))
    assert table.startswith(header + rewritten)
    assert '| `GET /sessions` + | `curl -H "$AUTH" "$V1/sessions"` |\n' in table
    assert (
        '| `POST /captures/{id}/retry` | `curl -H "$AUTH" "$V1/captures/$CAPTURE/retry" -X POST` |\n' in table
    )
    assert '"$V1/sessions/$SESSION/photos/$PHOTO" -X PATCH --json' in table
    assert '| `GET /freshness-thresholds` | `curl "$V1/freshness-thresholds"` |\n' in table


def test_table_that_is_missing():
    """A page without the table that is to be rewritten is named by what is not there."""
    with pytest.raises(ValueError, match=r"no table with the header \| a \|"):
        LEDGER["table"]("# A page\n", "| a |", [])


def test_table_in_the_middle_and_at_the_end():
    """Only the rows of the table change, whatever comes before and after."""
    page = "before\n\n| a |\n| - |\n| old |\n"
    expected = "before\n\n| a |\n| - |\n| 1 |\n| 2 |\n"
    assert LEDGER["table"](page, "| a |", ["| 1 |", "| 2 |"]) == expected
    assert LEDGER["table"](f"{page}\nafter\n", "| a |", ["| 1 |", "| 2 |"]) == f"{expected}\nafter\n"
