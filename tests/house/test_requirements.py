"""What the packages import is what their distributions say they require."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import ROOT

HOST = {"pytest"}
"""What loads a plugin of ours, which is of no use without it."""
LATER = {"compression"}
"""Of the standard library from Python 3.14 on."""
OURS = {
    "contract_first": "contract-first",
    "strict_s3": "strict-s3",
    **dict.fromkeys(("scanner_contract", "scanner_api", "scanner_mocks"), "scanner-api"),
}
TOOLKIT, S3, SCANNER = "packages/contract-first", "packages/strict-s3", "."
SOURCES = {
    S3: ["packages/strict-s3/src"],
    TOOLKIT: ["packages/contract-first/src"],
    SCANNER: ["spec", "handlers", "mocks"],
}
OF_USERS = {"pydantic"}
"""What a user's handlers may bring, and is imported where they do."""
LOADED_BY_OTHERS = {
    "aiosqlite": "SQLAlchemy, for a database URL",
    "asyncpg": "the same",
    "onnxruntime": "rapidocr, as its engine",
    "openapi-spec-validator": "nobody: the schemas of OpenAPI's versions are files of it",
    "opentelemetry-api": "the SDK's own, by a name that both share",
    "opentelemetry-exporter-otlp-proto-http": "OpenTelemetry, by its variables",
    "opentelemetry-sdk": "by a name that it shares with the API",
}
"""What is required and imported by none of our modules: who loads it."""


@cache
def imported_below(folder):
    """Return what the modules below a folder of the repository import."""
    return frozenset().union(*(imported(path.read_text()) for path in (ROOT / folder).rglob("*.py")))


installed_packages = cache(packages_distributions)


def imported(source):
    """Return the top-level packages that a module imports and that come from elsewhere."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - LATER - HOST - {"_typeshed"}


def requirements(folder, extras=None):
    """Return the names of what a distribution requires, with these extras, by default with all."""
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    by_extra = project.get("optional-dependencies", {})
    lines = [
        *project["dependencies"],
        *(line for extra in (by_extra if extras is None else extras) for line in by_extra[extra]),
    ]
    return {canonicalize_name(Requirement(line).name) for line in lines} | {project["name"]}


def distributions_of(*folders):
    """Return for each package that the sources in folders import the distributions that may bring it."""
    installed = installed_packages()
    names = set().union(*map(imported_below, folders))
    return {
        name: {OURS[name]} if name in OURS else set(map(canonicalize_name, installed.get(name, [name])))
        for name in names
    }


@pytest.mark.parametrize(
    ("package", "project", "extras"),
    [
        (f"{S3}/src/strict_s3", S3, []),
        (f"{TOOLKIT}/src/contract_first/contract", TOOLKIT, []),
        (f"{TOOLKIT}/src/contract_first/service", TOOLKIT, ["otel"]),
        (f"{TOOLKIT}/src/contract_first/check", TOOLKIT, ["check"]),
        (f"{TOOLKIT}/src/contract_first/mock", TOOLKIT, ["locales", "s3"]),
        (f"{TOOLKIT}/src/contract_first/cli", TOOLKIT, ["check", "s3"]),
        ("spec/scanner_contract", SCANNER, []),
        ("handlers/scanner_api", SCANNER, ["otel", "postgresql", "redis", "vision"]),
        ("mocks/scanner_mocks", SCANNER, ["mock", "vision", "check"]),
    ],
)
def test_imports_are_required(package, project, extras):
    """A package imports only what its requirements, or the extras that it may need, bring by name."""
    required = requirements(project, extras) | (OF_USERS if project == TOOLKIT else set())
    assert {name for name, bring in distributions_of(package).items() if not required & bring} == set()


@pytest.mark.parametrize("project", SOURCES)
def test_requirements_are_imported(project):
    """A distribution requires only what it imports, or what another library loads for it."""
    used = set().union(*distributions_of(*SOURCES[project]).values())
    own = {tomllib.loads((ROOT / project / "pyproject.toml").read_text())["project"]["name"]}
    assert requirements(project) - used - own - set(LOADED_BY_OTHERS) == set()


@pytest.mark.parametrize(
    ("project", "packages"), [(S3, {"strict_s3"}), (TOOLKIT, {"contract_first", "strict_s3"})]
)
def test_tests_run_without_the_application(project, packages):
    """The tests of a package import of this repository only what is installed where they run."""
    assert set(distributions_of(f"{project}/tests")) & set(OURS) == packages


def test_an_import_is_seen_wherever_it_stands():
    """An import inside a function counts like any other."""
    assert imported("def f():\n    import numpy.linalg\n    from redis.asyncio import Redis") == {
        "numpy",
        "redis",
    }


def test_readme_names_every_extra():
    """The READMEs say what each extra is for."""
    for project in (SCANNER, TOOLKIT):
        readme = (ROOT / project / "README.md").read_text()
        extras = tomllib.loads((ROOT / project / "pyproject.toml").read_text())["project"][
            "optional-dependencies"
        ]
        assert [extra for extra in extras if not re.search(rf"\| `{extra}` \|", readme)] == []
