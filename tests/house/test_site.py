"""The pages are a site: each is in its navigation, and every link and anchor leads somewhere."""

import re
import runpy
import subprocess
import tomllib

import pytest

from .conftest import ROOT

SITE = runpy.run_path(str(ROOT / "tools" / "site.py"))


def pages(navigation):
    """Return the files that a navigation names, at any depth."""
    if isinstance(navigation, str):
        return {navigation}
    parts = navigation.values() if isinstance(navigation, dict) else navigation
    return set().union(*map(pages, parts))


def test_every_page_is_in_the_navigation():
    """A page that nobody finds is not there."""
    named = pages(tomllib.loads((ROOT / "docs" / "zensical.toml").read_text())["project"]["nav"])
    written = {str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")}
    assert sorted(written - named) == []


TOPS = ("bench", "deploy", "docs", "examples", "packages")
MOST_LINES = 200
LONGEST_LINE = 119
ONE_COMMAND = "python3 -m venv .venv && "
"""What begins a command that is pasted whole, however long it is."""


def test_no_page_is_long():
    """A page has a screen or two of text, and lines that an editor shows beside its tree of files.

    What a program prints (a block of ``text``) is as wide as it is.
    """
    pages = [
        *(page for page in ROOT.glob("*.md") if page.name != "CHANGELOG.md"),  # it has an entry a line
        *(page for top in TOPS for page in ROOT.glob(f"{top}/**/*.md")),
    ]
    texts = {
        str(path.relative_to(ROOT)): path.read_text() for path in pages if "node_modules" not in path.parts
    }
    assert {name: count for name, text in texts.items() if (count := text.count("\n")) > MOST_LINES} == {}
    wide = [
        f"{name}: {line}"
        for name, text in texts.items()
        for line in re.sub(r"^```text\n.*?^```", "", text, flags=re.DOTALL | re.MULTILINE).splitlines()
        if len(line) > LONGEST_LINE and not line.startswith(ONE_COMMAND)
    ]
    assert wide == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site."""
    return SITE["build"](tmp_path_factory.mktemp("docs") / "site")


SOURCES = ("packages/*/src", "handlers", "mocks")
PAGE = re.compile(r'\b(?:page|PAGE)(?:: Final)? ?= ?"([a-z/-]+(?:#[a-z0-9-]+)?)"')
"""A page that an error names, or that its class has."""


def test_errors_name_pages_that_are_there(site):
    """Each page and anchor that an error of a command names is one of the site."""
    sources = [path for pattern in SOURCES for top in ROOT.glob(pattern) for path in top.rglob("*.py")]
    named = {page for path in sources for page in PAGE.findall(path.read_text())}
    assert "contracts" in named
    missing = []
    for page in sorted(named):
        name, _, anchor = page.partition("#")
        file = site / "docs" / f"{name}.html"
        if not file.is_file() or (anchor and f'id="{anchor}"' not in file.read_text()):
            missing.append(page)
    assert missing == []


def test_it_is_built(site):
    """It has the pages, and the reference made of commands and docstrings; nothing is fetched by it."""
    html = {path.stem: path.read_text() for path in site.glob("docs/**/*.html")}
    assert "--stateful" in html["contract-first"]
    assert "--bucket" in html["strict-s3"]
    assert "load_contract" in html["contract_first"]
    assert "/_mock/state/reset" in html["control-api"]
    assert "drop_response" in html["faults"]
    assert "stateful" in html["configuration"]
    assert "operation-removed" in html["rules"]
    assert "NotImplemented" in html["s3-operations"]
    assert "NotImplemented" in html["s3-refusals"]
    loading = ('src="http', '<link rel="stylesheet" href="http', "@import")
    assert [name for name, text in html.items() if any(start in text for start in loading)] == []


@pytest.mark.parametrize("link", ["missing.md", "mock.md#missing", "#missing"])
def test_a_dead_link_fails(tmp_path, monkeypatch, link):
    """A page or an anchor that does not exist ends the build."""

    def stage(folder):
        (folder / "docs").mkdir(parents=True)
        (folder / "docs" / "mock.md").write_text(f"# Mock\n\n[there]({link})\n")

    build = SITE["build"]
    monkeypatch.setitem(build.__globals__, "stage", stage)
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path / "site")
