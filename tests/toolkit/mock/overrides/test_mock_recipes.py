"""The pages of recipes are true: each comes out as it says, in a file, over HTTP, and in pytest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
import yaml

from contract_first.mock import contract_mock
from contract_first.mock.extension import NO_EXTENSION
from contract_first.mock.rule import Rule
from contract_first.mock.rules.reading import RuleReader

ROOT = Path(__file__).parents[4]
CONTRACT = str(ROOT / "examples" / "petstore" / "openapi.yaml")
PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs" / "recipes").glob("*.md"))}
INDEX = (ROOT / "docs" / "mock-recipes.md").read_text()
RECIPE = re.compile(r"^## (.+?)\n\n```yaml\n(.*?)```\n```\n(.*?)```", re.DOTALL | re.MULTILINE)
EXCHANGE = re.compile(
    r"(?P<method>\w+) (?P<target>\S+)(?: (?P<sent>\{.*?\}))?(?: \((?P<field>[\w-]+): (?P<value>.+?)\))?"
    r" → (?P<status>\d+|nothing)(?: length (?P<length>\d+))?(?: (?P<body>[\[{\"].*?))?"
    r"(?: \((?P<name>[\w-]+): (?P<expected>.+)\))?"
)
LEAST = 40


class Recipe(NamedTuple):
    """A wish, the overrides for it, and what comes of them."""

    wish: str
    overrides: str
    exchanges: str


RECIPES = [Recipe(*match) for page in PAGES.values() for match in RECIPE.findall(page)]


def has(actual: Any, expected: Any) -> bool:
    """Return whether a value has all that is expected: of objects these members, of lists these items."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            has(actual.get(key), value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(map(has, actual, expected))
    return bool(actual == expected)


def run(recipe, client):
    """Send the requests of a recipe, and compare the responses."""
    for line in recipe.exchanges.splitlines():
        part = EXCHANGE.fullmatch(line)
        assert part, f"cannot be read: {line}"
        headers = {part["field"]: part["value"]} if part["field"] else {}
        body = {"json": json.loads(part["sent"])} if part["sent"] else {}
        try:
            response = client.request(part["method"], part["target"], headers=headers, **body)
        except httpx2.RemoteProtocolError:
            assert part["status"] == "nothing", line
            continue
        assert str(response.status_code) == part["status"], f"{line}: {response.text}"
        if part["length"]:
            assert len(response.json()) == int(part["length"])
        if part["body"]:
            expected = json.loads(part["body"])
            actual = response.text if isinstance(expected, str) else response.json()
            assert has(actual, expected), f"{line}: {actual}"
        if part["name"]:
            assert response.headers[part["name"]] == part["expected"], line


def by_http(mock, entries):
    """Add overrides by control call."""
    for entry in reversed(entries):
        httpx2.post(f"{mock.control}/overrides", json=entry, trust_env=False).raise_for_status()


def by_python(mock, entries):
    """Add overrides as a test does."""
    for entry in reversed(entries):
        rest = {name: value for name, value in entry.items() if name not in {"match", "effect"}}
        fields = {**entry.get("match", {}), **entry["effect"], **rest}
        assert Rule.document(fields) == {"match": {}, **entry}
        mock.override(**fields)


@pytest.fixture(scope="module")
def mock():
    """Run the mock of the Petstore."""
    with contract_mock(CONTRACT, authentication=False) as mock:
        yield mock


@pytest.fixture
def client(mock):
    """Return a client of the mock, whose overrides go at the end."""
    with httpx2.Client(base_url=mock.api, trust_env=False, timeout=30) as client:
        yield client
        client.delete("/_mock/overrides").raise_for_status()


@pytest.mark.parametrize("add", [by_http, by_python])
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.wish)
def test_a_recipe(recipe, add, mock, client):
    """A wish comes true over HTTP, and in a test."""
    add(mock, yaml.safe_load(recipe.overrides))
    run(recipe, client)


def test_recipes_in_files(tmp_path):
    """A file has the same rules as the calls; the longest recipe comes true by one."""
    reader, file = RuleReader(NO_EXTENSION), tmp_path / "overrides.yaml"
    for recipe in RECIPES:
        file.write_text(recipe.overrides)
        assert reader.file(file) == [reader.rule(entry) for entry in yaml.safe_load(recipe.overrides)]
    longest = max(RECIPES, key=lambda recipe: len(recipe.overrides))
    file.write_text(longest.overrides)
    with (
        contract_mock(CONTRACT, authentication=False, overrides=file) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False, timeout=30) as client,
    ):
        run(longest, client)


def test_there_are_forty():
    """The pages have as many recipes as headings, at least forty, and the index names each."""
    assert len(RECIPES) == sum(page.count("\n## ") for page in PAGES.values()) >= LEAST
    assert re.findall(r"^- \[(.+)\]\(recipes/(.+)#", INDEX, re.MULTILINE) == [
        (heading, name)
        for name in dict.fromkeys(re.findall(r"\(recipes/([\w.]+)\)", INDEX))
        for heading in re.findall(r"^## (.+)$", PAGES[name], re.MULTILINE)
    ]
