"""The checks of the Scanner API that go beyond its contract."""

from pathlib import Path
from typing import Any, Final

from contract_first.check import checks
from contract_first.check.checks import Check
from contract_first.check.checks.organization_isolation import OrganizationIsolation
from contract_first.check.checks.problem_details import ProblemDetails

from .presigned_upload import PresignedUpload
from .scanner_problems import ScannerProblems
from .upload_forms import upload_photo

REPLACEMENTS: Final[dict[type[Check], tuple[type[Check], ...]]] = {
    ProblemDetails: (ScannerProblems,),
    OrganizationIsolation: (OrganizationIsolation, PresignedUpload),
}
"""What is made in the place of a check of any contract."""
CHECKS: Final = tuple(kind for check in checks.CHECKS for kind in REPLACEMENTS.get(check, (check,)))
"""The checks of any contract, and the Scanner's own, in the order in which they are made."""

PRESET: Final[dict[str, Any]] = {
    "checks": CHECKS,
    "before_links": upload_photo,
    "schemathesis": Path(__file__).parents[1] / "schemathesis.toml",
    "variables": "SCANNER_CHECK",
}
"""What `check_app`, `check_url` and `Checking` are given for the Scanner API."""
