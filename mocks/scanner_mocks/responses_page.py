"""docs/answers.md: ``python -m scanner_mocks.responses_page > docs/answers.md``."""

from __future__ import annotations

import sys

from openapi_mock.responses.page import document
from scanner_contract import load_contract

if __name__ == "__main__":
    sys.stdout.write(document(load_contract()))
