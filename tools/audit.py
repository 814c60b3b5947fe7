"""Looks the pinned versions up among known vulnerabilities: ``tox -e audit``.

Exit codes: 0 none is known, 1 some are, 2 not all versions could be looked up, or none: it says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "constraints-hashed.txt"
# no packages are resolved or downloaded for it: the lock has them all
COMMAND = ["pip-audit", "--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]


def findings(report: dict[str, Any]) -> tuple[list[str], int]:
    """Return what a report of pip-audit says, in lines, and the exit code."""
    dependencies = report["dependencies"]
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    vulnerable = [
        f"{each['name']} {each['version']}: {found['id']}, fixed in {', '.join(found['fix_versions'])}."
        for each in dependencies
        for found in each.get("vulns", ())
    ]
    audited = len(dependencies) - len(skipped)
    lines = [*vulnerable, f"{audited} of {len(dependencies)} versions were looked up."]
    if not audited:
        lines.append("Not audited: the database of vulnerabilities cannot be reached from here.")
    elif skipped:
        lines.append(f"Not looked up: {', '.join(skipped)}.")
    return lines, 1 if vulnerable else 2 if skipped or not audited else 0


def main() -> int:
    """Run pip-audit, print what it found, and return the exit code."""
    finished = subprocess.run(  # noqa: S603 -- no argument comes from elsewhere
        [*COMMAND, "--requirement", str(LOCK)], stdout=subprocess.PIPE, text=True, check=False
    )
    try:
        lines, code = findings(json.loads(finished.stdout))
    except json.JSONDecodeError:
        lines, code = ["Not audited: pip-audit ended without a report; what it said is above."], 2
    print("\n".join(lines))  # noqa: T201 -- a command of the developer's
    return code


if __name__ == "__main__":
    sys.exit(main())
