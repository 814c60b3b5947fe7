"""`tox -e audit` tells known vulnerabilities from versions that nobody looked up."""

import runpy
from pathlib import Path

import pytest

AUDIT = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "audit.py"))
FINE = {"name": "fine", "version": "1", "vulns": []}
VULNERABLE = {"name": "old", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "new", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([FINE], 0, "1 of 1 versions were looked up"),
        ([FINE, VULNERABLE], 1, "old 1: PYSEC-1, fixed in 2"),
        ([FINE, SKIPPED], 2, "Not looked up: new"),
        ([SKIPPED], 2, "the database of vulnerabilities cannot be reached"),
        ([], 2, "the database of vulnerabilities cannot be reached"),
    ],
)
def test_what_is_not_looked_up_is_no_success(dependencies, code, said):
    """Only where every version was looked up and none is vulnerable, the exit code is 0."""
    lines, outcome = AUDIT["findings"]({"dependencies": dependencies})
    assert (outcome, said in "\n".join(lines)) == (code, True)
