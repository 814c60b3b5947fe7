"""What is derived from the contract, the settings and the checks is up to date."""

from __future__ import annotations

import difflib
import runpy
import tomllib
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


KEPT = "# GET /sessions/{id}\ncurl gone \\\n  --json 5\n"


@pytest.mark.parametrize(
    ("line", "rewritten"),
    [
        (KEPT, KEPT),
        ("# GET /gone +\ncurl gone\n", ""),
    ],
)
def test_operations_get_lines(line, rewritten):
    """An operation keeps its curl line, one that is gone loses it, and each new operation gets a draft."""
    page = "".join(f"{line}\n" for line in LEDGER["operation_lines"](line))
    assert page.startswith(rewritten)
    assert '# GET /sessions +\ncurl -H "$AUTH" "$V1/sessions"\n' in page
    assert '# POST /captures/{id}/retry\ncurl -H "$AUTH" "$V1/captures/$CAPTURE/retry" -X POST\n' in page
    assert '"$V1/sessions/$SESSION/photos/$PHOTO" -X PATCH --json' in page
    assert '# GET /freshness-thresholds\ncurl "$V1/freshness-thresholds"\n' in page


def test_what_is_missing():
    """A page without the table or the heading that is to be rewritten is named by what is not there."""
    with pytest.raises(ValueError, match=r"no table with the header \| a \|"):
        LEDGER["table"]("# A page\n", "| a |", [])
    with pytest.raises(ValueError, match="no heading ## A"):
        LEDGER["section"]("# A page\n", "## A", [])


def test_table_in_the_middle_and_at_the_end():
    """Only the rows of the table change, whatever comes before and after."""
    page = "before\n\n| a |\n| - |\n| old |\n"
    expected = "before\n\n| a |\n| - |\n| 1 |\n| 2 |\n"
    assert LEDGER["table"](page, "| a |", ["| 1 |", "| 2 |"]) == expected
    assert LEDGER["table"](f"{page}\nafter\n", "| a |", ["| 1 |", "| 2 |"]) == f"{expected}\nafter\n"


def test_section_in_the_middle_and_at_the_end():
    """Only what stands below the heading changes."""
    page = "before\n\n## A\n\nold\n"
    expected = "before\n\n## A\n\n- 1\n"
    assert LEDGER["section"](page, "## A", ["- 1"]) == expected
    assert LEDGER["section"](f"{page}\n## B\n\nafter\n", "## A", ["- 1"]) == f"{expected}\n## B\n\nafter\n"


def test_entry():
    """A long entry has lines of the width of a page, and code stays together."""
    lines = LEDGER["entry"](f"{'word ' * 23}`--flag VALUE`").splitlines()
    assert lines == [f"- {'word ' * 23}".rstrip(), "  `--flag VALUE`"]


def test_code_lines(tmp_path):
    """Blank lines, comments and docstrings are no code."""
    module = tmp_path / "module.py"
    module.write_text(
        '"""A module.\n\nOf three lines.\n"""\n\n# why\nx = 1  # one\ndef f():\n    """It."""\n    return x\n'
    )
    assert LEDGER["code_lines"](module) == 3


def test_the_source_stays_below_its_ceiling():
    """The ceiling is raised in the same change as the source, and by what the change is worth."""
    most = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ledger"]["most_lines_of_code"]
    assert LEDGER["rooms"]().total() <= most, "`tox -e ledger` prints the lines by room"
