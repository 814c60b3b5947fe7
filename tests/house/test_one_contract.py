"""What a schema means is known in one package; the others ask its `Contract`."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for folder in ("spec", "handlers", "mocks")
    for path in (ROOT / folder).rglob("*.py")
    if "contract_first.contract" not in path.parts
)
KEYWORD = re.compile(r"""(["'])(\$ref|\$dynamicRef|\$anchor|allOf|anyOf|oneOf)\1""")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_reads_references_or_combinators(module):
    """Who writes one of these keywords walks schemas for themselves."""
    lines = module.read_text().splitlines()
    assert [line for line in lines if KEYWORD.search(line)] == []
