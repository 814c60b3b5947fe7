"""Every command and script on a page of the documentation works, and prints what the page shows."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path
from shutil import which

import pytest

from .page import NOT_RUN, Block, Reader, blocks

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "mocks" / "scanner_mocks" / "checks" / "photo.jpg"
PAGES = [
    path
    for pattern in ("README.md", "docs/**/*.md", "packages/*/README.md", "examples/**/README.md")
    for path in sorted(ROOT.glob(pattern))
    if not {"node_modules", "petstore"} & {*path.parts}  # what `contract new` writes is run by tests/examples
    and any(not block.reason for block in blocks(path.read_text()))
]


@pytest.fixture
def reader(tmp_path):
    """Return a reader in a folder with a contract, a photo and our examples.

    Only one reads at a time: the ports are those of the pages.
    """
    for name in ("folder", "home"):
        (tmp_path / name).mkdir()
    shutil.copytree(
        ROOT / "examples", tmp_path / "folder" / "examples", ignore=shutil.ignore_patterns("node_modules")
    )
    shutil.copy(ROOT / "examples" / "petstore" / "openapi.yaml", tmp_path / "folder")
    shutil.copy(PHOTO, tmp_path / "folder" / "can.jpg")
    with (Path(tempfile.gettempdir()) / "documentation-pages.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with Reader(tmp_path / "folder", tmp_path / "home") as reader:
            yield reader


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_page(reader, page):
    """Its blocks work one after the other."""
    text = page.read_text()
    lacking = [program for program in ("curl", "jq") if f"{program} " in text and which(program) is None]
    if lacking:
        pytest.skip(f"{' and '.join(lacking)} not installed")
    for block in blocks(text):
        reader.follow(block)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (Block(1, "sh", "false\n", ""), "line 1: exit status 1"),
        (Block(2, "sh", "curl http://127.0.0.1:9\n", ""), "line 2: exit status 7"),
        (Block(3, "sh", "echo other\n", "", "text\n"), "line 3: expected\ntext"),
        (Block(4, "python", "raise ValueError(5)\n", ""), "ValueError: 5"),
        (Block(5, "sh", "echo no address\n", "in the background"), "line 5: it does not serve\nno address"),
    ],
)
def test_a_page_that_is_wrong_fails(reader, block, message):
    """What fails, prints something else or ends too early is named by its line."""
    with pytest.raises(AssertionError, match=message):
        reader.follow(block)


def test_blocks_of_a_page():
    """Blocks have their language, mark, file and output; what is neither run nor saved is none."""
    page = (
        "```sh\necho $((1 + 1))\n```\n\n```text\n2\n```\n\n```yaml\na: 1\n```\n"
        f"<!-- {NOT_RUN}it costs money -->\n```sh\npay\n```\n```python\n# app.py\n```\n"
    )
    first, second, third = blocks(page)
    assert (first.line, first.text, first.output) == (1, "echo $((1 + 1))\n", "2\n")
    assert (second.reason, second.output) == ("it costs money", None)
    assert third.file == "app.py"


def test_a_reader_remembers(reader):
    """Variables, the folder and files of earlier blocks are there in later ones."""
    for text in (
        "mkdir shop; cd shop; NAME=Rex\n",
        "echo $NAME > pet\n",
        'test "$(cat ../shop/pet)" = Rex\n',
    ):
        reader.follow(Block(1, "sh", text, ""))
