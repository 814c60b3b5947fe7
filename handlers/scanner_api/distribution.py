"""How ``scanner-api`` is installed, and what its extras bring."""

from typing import Final

from contract_first.distribution import Distribution

SCANNER_API: Final = Distribution(
    "scanner-api",
    ".",
    {"mock": ("strict_s3", "PIL")},
    s3_extra="mock",
)
