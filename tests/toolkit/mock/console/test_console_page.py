"""The views that the Scanner's mock adds to the console."""

from __future__ import annotations

import asyncio
import re

import pytest

from contract_first.mock.console.page import PATH, ConsolePage
from scanner_mocks.faults import EXTENSION

VIEWS = EXTENSION.console
SCRIPTS = sorted(VIEWS.glob("*.js"))
FILES = sorted(file for file in VIEWS.iterdir() if file.suffix in {".js", ".html", ".css"})
ELSEWHERE = re.compile(r"https?://|(?<![:/])//[a-z]")
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage"
)


def test_views_of_an_application_are_in_their_places():
    """The page of a mock has its application's views, and that of any other contract has none."""

    async def page(console):
        sent = []

        async def send(message):
            sent.append(message)

        await console({"type": "http", "method": "GET", "path": PATH, "headers": []}, None, send)
        return sent[-1]["body"].decode()

    plain, extended = (asyncio.run(page(ConsolePage(None, views))) for views in (None, VIEWS))
    assert "scanner" not in plain
    for file in VIEWS.glob("*.html"):
        assert file.read_text() in extended
    assert "<!--" not in plain + extended


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.name)
def test_the_files_name_no_other_host(file):
    """No file refers to another host."""
    assert (
        ELSEWHERE.findall(re.sub(r"^ *(//|/?\*).*|replace\(/.*", "", file.read_text(), flags=re.MULTILINE))
        == []
    )


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda each: each.name)
def test_text_never_becomes_markup(file):
    """No script makes elements from text, runs text, or keeps anything beyond the tab."""
    assert MARKUP.findall(file.read_text()) == []
