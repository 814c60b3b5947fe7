"""Findings that are known: no reason to fail, for as long as they are."""

import json
from datetime import date

import pytest

from contract_first.check.reports.baseline import Baseline, apply_baseline, read_baseline, write_baseline
from contract_first.check.reports.ci import sarif
from contract_first.check.reports.markdown import markdown
from contract_first.check.reports.page import page
from contract_first.check.reports.report import Place
from contract_first.contract import Contract

TODAY = date(2026, 11, 30)


@pytest.fixture
def baseline(wrong, tmp_path):
    """Return the file of all findings of the wrong report, which could be tested to its end."""
    wrong.troubles = []
    wrong.findings[0].title = "Server error"
    wrong.findings[0].operations = ["GET /v1/things"]
    file = tmp_path / "known.toml"
    write_baseline(file, wrong, Baseline())
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
    """The same in another operation is new, with what came there, and so is what expired."""
    there, other = Place(operation="GET /v1/things", where="500", rule="Server error"), "PUT /v1/things"
    wrong.findings[0].violated = [there, Place(operation=other, where="500", rule="x", curl="curl there")]
    apply_baseline(wrong, read_baseline(baseline), TODAY)
    assert [(finding.operations, finding.curl) for finding in wrong.findings] == [([other], "curl there")]
    assert [finding.operations for finding in wrong.known_findings] == [["GET /v1/things"]]
    assert wrong.exit_code == 1
    wrong.findings, wrong.known_findings = [wrong.known_findings[0]], []
    baseline.write_text(baseline.read_text() + "expires = 2026-11-29\n")
    apply_baseline(wrong, read_baseline(baseline), TODAY)
    assert (len(wrong.findings), wrong.exit_code) == (1, 1)
    assert "it was known until 2026-11-29" in wrong.findings[0].sentences()["Note"]


def test_what_is_gone_is_named(wrong, baseline):
    """An entry that the run did not find is named, and reasons outlive writing the baseline again."""
    known = read_baseline(baseline)
    known.findings[0].reason, known.findings[0].expires = "until the move", date(2027, 1, 1)
    for name in ("known.toml", "known.json"):
        write_baseline(baseline.with_name(name), wrong, known)
        assert read_baseline(baseline.with_name(name)) == known
    assert json.loads(baseline.with_name("known.json").read_text())["contract"] == "Shelf"
    wrong.findings = []
    apply_baseline(wrong, known, TODAY)
    assert wrong.gone == []
    assert wrong.notes["baseline"] == ["1 known not reached: their operation, check or phase did not run"]
    wrong.finished = [("fuzzing", "GET /v1/things")]
    apply_baseline(wrong, known, TODAY)
    assert wrong.gone == ["not_a_server_error: GET /v1/things 500 Server error"]
    write_baseline(baseline, wrong, known, new=False)
    assert read_baseline(baseline).findings == []


def test_what_a_baseline_has_beside_findings(wrong, baseline):
    """Another contract and a check that there is no more are a sentence each, and hide nothing."""
    baseline.write_text(baseline.read_text().replace('"Shelf"', '"Shop"').replace("a_server", "a_sever"))
    apply_baseline(wrong, read_baseline(baseline), TODAY, {"not_a_server_error"})
    assert (len(wrong.findings), wrong.exit_code) == (1, 1)
    assert wrong.notes["baseline"] == [
        "1 known not reached: their operation, check or phase did not run",
        "it is of the contract Shop, not of Shelf",
        "there is no check not_a_sever_error any more: remove its findings",
    ]


def test_an_empty_file_knows_nothing(tmp_path):
    """A project can start with one: it hides no finding."""
    file = tmp_path / "known.toml"
    file.touch()
    assert read_baseline(file).findings == []


@pytest.mark.parametrize(
    "content", ["findings = 1", "[[findings]]\ncheck = 1", "=", "\xff", "contract = 'Shelf'", "version = 3"]
)
def test_what_is_no_baseline_is_refused(tmp_path, content):
    """A file that is none is named, with what writes one."""
    file = tmp_path / "known.toml"
    file.write_text(content, "latin-1")
    with pytest.raises(ValueError, match=r"known\.toml is no baseline: .* --write-baseline writes one"):
        read_baseline(file)
    with pytest.raises(ValueError, match="cannot be read"):
        read_baseline(tmp_path / "none.toml")
