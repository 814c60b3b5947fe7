"""The repository uses the field's own words: a list of those that it avoids, and where."""

import ast
import io
import re
import tokenize
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import typer

from contract_first.cli.commands import LazyGroup
from contract_first.cli.tree import app as contract_first
from scanner_api.cli import app as scanner_api

from .conftest import PACKAGES, ROOT

THIS = Path(__file__)
TESTS = [
    *(path for path in sorted((ROOT / "tests").glob("[!_.]*")) if path.is_dir()),
    *sorted((ROOT / "packages").glob("*/tests")),
    ROOT / "bench",
]
PAGES = sorted(
    [
        *(page for top in ("docs", "examples", "bench", "packages") for page in (ROOT / top).glob("**/*.md")),
        *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "ARCHITECTURE")),
    ]
)

DIALECT = re.compile(
    r"""\b(?:
      answer(?:s|ed|ing)?                               # response; respond, handle
    | judg(?:es?|ed|ing|e?ment) | court | verdicts?     # validate, validator, validation result
    | (?:keeps?|breaks?|broke)[ ]the[ ]contract         # conforms to it, violates it
    | told | whoever | is[ ]meant
    | begun | anew | begin(?:s|ning)?[ ]again | (?:had|have)[ ]again | set[ ]back   # reset, restored
    | wanted                                            # expected X, got Y
    | doors? | gates?                                   # command, option; authenticator
    | stand-in | made[- ]up | makes?[ ]up               # fallback, generated value
    | strikes? | struck                                 # a fault applies
    | h[au]ngs?[ ]up | come[ ]back[ ]later              # connection closed, retry after
    | can[ ]be[ ]had | does[ ]without | goes[ ]by | throws[ ]a[ ]die
    | lets?[ ]be[ ]let[ ]in | what[ ]leads[ ]to         # is allowed; the cause
    | is[ ]there[ ]to | asked[ ]of | may[ ]begin        # is for; requests to; is allowed
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
OWN = re.compile(
    r"``[^`\n]+``|`[^`\n]+`|\$\{[^}]*\}"  # code
    r"|X-Mock-Answer|\banswers\.md\b|/_mock/\w+|#/components/\S+|required: \[.*\]"  # public identifiers
    r'|\b(?:class|for|href|id|name)="[^"]*"|"#[^"]*"'
    r"|known are [\w, ]+"  # members of JSON
    r"|^answers of $"  # names a source of chance: another name, other values for a seed
    r"|^ +\w+:",  # a name in a list of arguments or attributes, a key
    re.MULTILINE,
)
MEMBERS = {"answer", "struck", "unjudged", "verdict"}
"""Names of members of JSON that users read: of findings, faults and recorded exchanges."""
VAGUE = frozenset(
    ("each", "found", "given", "had", "known", "made", "one", "own", "said", "sent", "shown", "told", "took")
)
"""Names that do not say what they hold."""
VENDORED = "swagger_ui"
"""A folder of what others wrote."""
SCRIPT = re.compile(r"""/\*[\s\S]*?\*/|//[^\n]*|"[^"\n]*"|`[^`]*`""")
"""The field's own uses: identifiers, wherever they are written."""


def dialect(text):
    """Return each part of a text that is dialect, with what is around it."""
    plain = OWN.sub(" ", text)
    return [plain[max(0, found.start() - 40) : found.end() + 40] for found in DIALECT.finditer(plain)]


def names_and_comments(source):
    """Return a Python module's identifiers, as words, and its comments without codes."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    names = {token.string for token in tokens if token.type == tokenize.NAME} - MEMBERS
    spelled = [re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", name) for name in names]
    return spelled + [token.string for token in tokens if token.type == tokenize.COMMENT]


def strings(source):
    """Return the texts of a Python module: docstrings, and strings that have words."""
    return [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    ]


def commands(group, name):
    """Yield the commands of a group, those below it too, each with what one types."""
    yield name, group
    for below, listed in group.commands.items():
        command = group.lazy[below].command(below) if isinstance(group, LazyGroup) else listed
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {below}")
        else:
            yield f"{name} {below}", command


def test_dialect_is_found_in_names_and_comments():
    """A word of the list is found in an identifier, in any case, and in a comment; a member may stay."""
    found = [
        text
        for text in names_and_comments("may_strike = ToldTwice  # no gate\nstruck = 1\n")
        if dialect(text)
    ]
    assert sorted(found) == ["# no gate", "Told Twice", "may strike"]


@pytest.mark.parametrize("text", ["It answers.", "No verdict.", "a list is wanted", "the gate"])
def test_dialect_is_found(text):
    """A word of the list is found in a sentence."""
    assert dialect(text)


@pytest.mark.parametrize(
    "text", ["See X-Mock-Answer.", "`/_mock/answers`", "    answered: whether it was", "## [a](responses.md)"]
)
def test_identifiers_are_no_dialect(text):
    """An identifier may be what it is."""
    assert not dialect(text)


@pytest.mark.parametrize("package", PACKAGES + TESTS, ids=lambda path: f"{path.relative_to(ROOT)}")
def test_package(package):
    """Names, comments, docstrings and messages of a package are free of dialect, and its pages too."""
    sources = {path: path.read_text() for path in package.rglob("*.py") if path != THIS}
    texts = {path: strings(source) + names_and_comments(source) for path, source in sources.items()}
    for pattern in ("*.html", "*.yaml", "*.template"):
        texts |= {path: [path.read_text()] for path in package.rglob(pattern)}
    for path in package.rglob("*.js"):
        if path.parent.name == VENDORED:
            continue
        texts[path] = [text for text in SCRIPT.findall(path.read_text()) if " " in text]
    found = [
        (path.name, words)
        for path, all_of in texts.items()
        for text in all_of
        for words in dialect(text.strip("`"))
    ]
    assert found == []


def assigned(source):
    """Yield the names of a module's variables, arguments and loops, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def test_vague_name_is_found():
    """An argument and the variable of a comprehension are found."""
    names = assigned("def f(own):\n    return [each for each in own]\n")
    assert sorted(names) == [("each", 2), ("own", 1)]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_names(package):
    """A variable's name says what it holds."""
    vague = [
        (path.name, line, name)
        for path in package.rglob("*.py")
        for name, line in assigned(path.read_text())
        if name.strip("_") in VAGUE
    ]
    assert vague == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.relative_to(ROOT)}")
def test_page(page):
    """The pages for readers are free of dialect."""
    assert dialect(page.read_text()) == []


def test_changelog():
    """So is what is new in the changelog."""
    unreleased = (ROOT / "CHANGELOG.md").read_text().split("\n## [")[1]
    assert dialect(unreleased) == []


@pytest.mark.parametrize("app", [scanner_api, contract_first], ids=["scanner-api", "contract-first"])
def test_help(app):
    """The help of every command is free of dialect, and prints no markup as it is."""
    for name, command in commands(typer.main.get_command(app), app.info.name):
        shown = io.StringIO()
        with pytest.raises(SystemExit), redirect_stdout(shown):
            command.main(["--help"], prog_name=name)
        assert (name, dialect(shown.getvalue()), "[bold]" in shown.getvalue()) == (name, [], False)
