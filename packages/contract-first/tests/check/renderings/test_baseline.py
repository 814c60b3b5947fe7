"""Findings that are known: no reason to fail, for as long as they are."""

import json
from datetime import date

import pytest

from contract_first.check.reports.baseline import apply_baseline, read_baseline, write_baseline
from contract_first.check.reports.ci import sarif
from contract_first.check.reports.markdown import markdown
from contract_first.check.reports.page import page
from contract_first.contract import Contract

TODAY = date(2026, 11, 30)


@pytest.fixture
def baseline(wrong, tmp_path):
    """Return the file of all findings of the wrong report, which could be tested to its end."""
    wrong.troubles = []
    wrong.findings[0].title = "Server error"
    wrong.findings[0].operations = ["GET /v1/things"]
    file = tmp_path / "known.toml"
    write_baseline(file, wrong, [])
    return file


def test_what_is_known_is_no_reason_to_fail(wrong, baseline):
    """A finding of the baseline is listed apart with its reason, and the exit code is 0."""
    baseline.write_text(baseline.read_text().replace('reason = ""', 'reason = "until the move"'))
    apply_baseline(wrong, read_baseline(baseline), TODAY)
    assert (wrong.findings, wrong.exit_code) == ([], 0)
    assert [(finding.title, finding.reason) for finding in wrong.known_findings] == [
        ("Server error", "until the move")
    ]
    assert wrong.conclusion().startswith("Conforms to the contract but for 1 known: ")
    assert all("until the move" in rendering for rendering in (page(wrong), markdown(wrong)))


def test_what_is_known_is_suppressed_in_sarif(wrong, baseline):
    """Code scanning gets what is known as suppressed, with its reason, and all else without."""
    contract = Contract({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}, "t.json")
    [result] = json.loads(sarif(wrong, contract))["runs"][0]["results"]
    assert result["suppressions"] == []
    baseline.write_text(baseline.read_text().replace('reason = ""', 'reason = "until the move"'))
    apply_baseline(wrong, read_baseline(baseline), TODAY)
    [result] = json.loads(sarif(wrong, contract))["runs"][0]["results"]
    [suppression] = result["suppressions"]
    assert suppression == {"kind": "external", "status": "accepted", "justification": "until the move"}


def test_what_is_new_fails(wrong, baseline):
    """The same in another operation is new, and so is what expired."""
    wrong.findings[0].operations.append("PUT /v1/things")
    apply_baseline(wrong, read_baseline(baseline), TODAY)
    assert (len(wrong.findings), wrong.exit_code) == (1, 1)
    wrong.findings[0].operations.pop()
    baseline.write_text(baseline.read_text() + "expires = 2026-11-29\n")
    apply_baseline(wrong, read_baseline(baseline), TODAY)
    assert (len(wrong.findings), wrong.exit_code) == (1, 1)
    assert "it was known until 2026-11-29" in wrong.findings[0].sentences()["Note"]


def test_a_known_cause_is_known_in_every_operation(wrong, tmp_path):
    """What has one cause is one finding: which operations show it in a run is chance."""
    wrong.troubles = []
    wrong.findings[0].cause = "0123456789ab"
    write_baseline(tmp_path / "known.toml", wrong, [])
    wrong.findings[0].operations.append("PUT /v1/things")
    apply_baseline(wrong, read_baseline(tmp_path / "known.toml"), TODAY)
    assert (wrong.findings, wrong.exit_code) == ([], 0)


def test_what_is_gone_is_named(wrong, baseline):
    """An entry that the run did not find is named, and reasons outlive writing the baseline again."""
    entries = read_baseline(baseline)
    entries[0].reason, entries[0].expires = "until the move", date(2027, 1, 1)
    write_baseline(baseline, wrong, entries)
    assert read_baseline(baseline) == entries
    wrong.findings = []
    apply_baseline(wrong, entries, TODAY)
    assert wrong.gone == ["Server error: GET /v1/things"]


@pytest.mark.parametrize("content", ["findings = 1", "[[findings]]\ncheck = 1", "=", "\xff"])
def test_what_is_no_baseline_is_refused(tmp_path, content):
    """A file that is none is named, with what writes one."""
    file = tmp_path / "known.toml"
    file.write_text(content, "latin-1")
    with pytest.raises(ValueError, match=r"known\.toml is no baseline: .* --write-baseline writes one"):
        read_baseline(file)
    with pytest.raises(ValueError, match="cannot be read"):
        read_baseline(tmp_path / "none.toml")
