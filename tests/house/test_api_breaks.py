"""The public API has what it had in the baseline, which `python tests/house/test_api_breaks.py` renews.

That is for a release, or for a break that the changelog names. Arguments are packages that have none so far.
"""

import sys
from pathlib import Path

import griffe
import pytest

FOLDER = Path(__file__).with_name("public_api")
PACKAGES = [path.stem for path in sorted(FOLDER.glob("*.txt"))]
PUBLIC = ("__init__", "__call__")


def read(packages):
    """Return the packages by name, as they are installed; nothing of them is imported."""
    loader = griffe.GriffeLoader()
    for package in packages:
        loader.load(package)
    loader.resolve_aliases(implicit=False, external=False)
    return {package: loader.modules_collection[package] for package in packages}


def outline(package):
    """Return the source of a module with a package's public names and their members, without any code."""
    members = [line for name in sorted(package.exports) for line in declared(name, package[name])]
    return "\n".join([f"__all__ = {sorted(package.exports)}", *members, ""])


def declared(name, member, indent=""):
    """Yield the lines that declare a function, a class with its members, or an attribute."""
    target = member.final_target if member.is_alias else member
    if target.is_function:
        yield from (f"{indent}@{kind}" for kind in ("classmethod", "staticmethod") if kind in target.labels)
        signature = target.signature(name=name)
        if indent and "staticmethod" not in target.labels:  # griffe leaves the first parameter out
            signature = signature.replace("(", f"({target.parameters[0].name}, ", 1)
        yield f"{indent}{'async ' * ('async' in target.labels)}def {signature}: ..."
    elif target.is_class:
        yield f"{indent}class {name}({', '.join(map(str, target.bases))}):"
        yield f"{indent}    pass"
        for below, inner in target.members.items():
            if inner.is_public or below in PUBLIC:
                yield from declared(below, inner, f"{indent}    ")
    elif target.is_attribute:
        yield f"{indent}{name}: {target.annotation or 'Any'}"


def breaks(baseline, package):
    """Return what a caller of the baseline would miss in a package."""
    old = griffe.visit(package.name, Path(f"{package.name}.pyi"), baseline)
    return [
        found.explain(griffe.ExplanationStyle.ONE_LINE)
        for found in griffe.find_breaking_changes(old, package)
    ]


@pytest.fixture(scope="module")
def installed():
    """Return the packages that have a baseline."""
    return read(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_missing(installed, package):
    """No public name, member or parameter of the baseline has gone or become required."""
    assert breaks((FOLDER / f"{package}.txt").read_text(), installed[package]) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("def f(a, b=1): ...", "def f(a): ...", "removed"),
        ("def f(a=1): ...", "def f(a): ...", "required"),
        ("def f(a): ...", "def f(a, b): ...", "required"),
        ("def f(a): ...", "def g(a): ...", "removed"),
        ("class C:\n    def f(self): ...", "class C:\n    ...", "removed"),
        ("class C:\n    def f(self, a): ...", "class C:\n    def f(self): ...", "removed"),
        ("class C:\n    a: int", "class C:\n    ...", "removed"),
    ],
)
def test_a_break_is_found(old, new, reason):
    """A parameter, a default, a name or a member that is missing is named."""
    before, after = (griffe.visit("package", Path("package.py"), source) for source in (old, new))
    for module in (before, after):
        module.exports = sorted({"f", "g", "C"} & set(module.members))
    (found,) = breaks(outline(before), after)
    assert reason in found
    assert breaks(outline(after), after) == []


if __name__ == "__main__":
    for name, package in read([*PACKAGES, *sys.argv[1:]]).items():
        (FOLDER / f"{name}.txt").write_text(outline(package))
