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

PROMISES: Final = {
    "problem_details": ("/info/description", "All errors conform to [RFC 9457 Problem Details]"),
    "rate_limit_headers": ("/info/description", "Rate-limit headers are included on every response"),
    "security_alternatives": ("/info/description", "All endpoints require an API key"),
    "organization_isolation": (
        "/components/responses/not_found/description",
        "The resource does not exist, or is another organization's.",
    ),
    "presigned_upload": (
        "/components/schemas/PresignedUploadResponseSchema/properties/expires_in/description",
        "Seconds until the presigned URL expires.",
    ),
    "retry_after": ("/info/description", "When rate-limited, you receive `429 Too Many Requests`"),
}
"""Where the contract promises what a check holds, as JSON pointer, and its words there."""


PRESET: Final[dict[str, Any]] = {
    "checks": CHECKS,
    "before_links": upload_photo,
    "schemathesis": Path(__file__).parents[1] / "schemathesis.toml",
    "variables": "SCANNER_CHECK",
}
"""What `check_app`, `check_url` and `Checking` are given for the Scanner API."""
