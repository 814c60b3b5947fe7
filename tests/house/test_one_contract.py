"""What a schema means is known in one package; the others ask its `Contract`."""

import re

import pytest

from .conftest import PACKAGES, ROOT

WRITERS = {"override.py", "rule.py", "rule_schemas.py", "new.py"}
"""They write the schemas of rules, and the overlay of a project, and read none of a contract."""
MODULES = sorted(
    path
    for package in PACKAGES
    for path in package.rglob("*.py")
    if "contract_first/contract/" not in path.as_posix() and path.name not in WRITERS
)
KEYWORD = re.compile(r"""(["'])(\$ref|\$dynamicRef|\$anchor|allOf|anyOf|oneOf)\1""")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_reads_references_or_combinators(module):
    """Who writes one of these keywords walks schemas for themselves."""
    lines = module.read_text().splitlines()
    assert [line for line in lines if KEYWORD.search(line)] == []
