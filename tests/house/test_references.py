"""What a docstring refers to is there."""

import ast
import importlib
import re
from functools import reduce
from importlib.metadata import entry_points

import pytest

from .conftest import PACKAGES

ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc|obj):`[~!]?([^`]+)`")
DOTTED = re.compile(rf"``((?:{'|'.join(package.name for package in PACKAGES)})(?:\.\w+)+)``")
"""A name of ours in full, in literal text."""
MODULES = sorted(
    (
        package.name,
        ".".join(file.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__"),
        file,
    )
    for package in PACKAGES
    for file in package.rglob("*.py")
    if "migrations" not in file.parts and file.name != "__main__.py"
)


def references(tree, scope=()):
    """Yield each name that a text refers to, with the names of the classes around it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = str(node.value.value)
            yield from ((scope, name) for name in [*ROLE.findall(text), *DOTTED.findall(text)])
        else:
            yield from references(node, (*scope, node.name) if isinstance(node, ast.ClassDef) else scope)


def is_there(path, *starts):
    """Tell whether a dotted path leads from one of these objects, or from a module, to an object."""
    for start in starts:
        try:
            return bool(reduce(getattr, path, start)) or True
        except AttributeError:
            continue
    for length in range(len(path), 0, -1):
        try:
            module = importlib.import_module(".".join(path[:length]))
        except ImportError:
            continue
        return not path[length:] or is_there(path[length:], module)
    return False


def lost(name, tree):
    """Return what the texts of a module refer to that is nowhere."""
    module = importlib.import_module(name)
    package = f"{module.__package__}."
    return [
        name
        for scope, name in references(tree)
        if name not in entry_points().groups
        and not is_there(re.sub(r"^\.", package, name).split("."), *classes(module, scope), module)
    ]


def classes(module, scope):
    """Return the class that a text is in, if its module still has it by that name."""
    found = reduce(lambda owner, name: getattr(owner, name, None), scope, module)
    return [found] if scope and found is not None else []


@pytest.mark.parametrize("package", sorted({name for name, *_ in MODULES}))
def test_references_lead_somewhere(package):
    """A reader who follows a name of a docstring finds an object."""
    texts = [(module, ast.parse(file.read_text())) for owner, module, file in MODULES if owner == package]
    assert {module: names for module, tree in texts if (names := lost(module, tree))} == {}


def test_a_lost_reference_is_found():
    """Names of the standard library, of the module and in full are there; others are not."""
    text = '''"""See :class:`Path`, :func:`json.dumps`, :func:`gone` and ``contract_first.gone.Thing``."""'''
    assert lost("tests.house.conftest", ast.parse(text)) == ["gone", "contract_first.gone.Thing"]
