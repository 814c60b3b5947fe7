"""What a schema means is known in one package; the others ask its `Contract`."""

import re

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


def test_no_other_module_reads_references_or_combinators():
    """Who writes one of these keywords walks schemas for themselves."""
    lines = [
        f"{module.relative_to(ROOT)}: {line}"
        for module in MODULES
        for line in module.read_text().splitlines()
        if KEYWORD.search(line)
    ]
    assert lines == []
