"""Builds the documentation as a site: ``tox -e docs``.

The pages of the repository are taken as they are, so that their links lead to the same places; the
reference of the commands and of the public Python API is made from the source. A link or an anchor that
leads nowhere fails the build.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

import contract_first.cli.tree
import scanner_api.cli
from contract_first.cli.checking.configuration import ELSEWHERE, SHARED, Configuration
from contract_first.cli.commands import LazyGroup
from contract_first.cli.mock_file import ELSEWHERE as OF_NO_MOCK_FILE
from contract_first.cli.option_file import TABLES, options_of
from contract_first.contract import comparison, linting
from contract_first.mock.extension import NO_EXTENSION
from strict_s3.messages.errors import REFUSALS

ROOT = Path(__file__).parents[1]
PROGRAMS_FOLDER = Path(sys.executable).parent
CONFIGURATION = ROOT / "docs" / "zensical.toml"
PAGES = ("*.md", "LICENSE", "bench/*.md", "deploy/**/*", "docs/**/*", "examples/**/*", "packages/*/README.md")
"""What pages link to."""
LEFT_OUT = {"node_modules", "__pycache__"}
PROGRAMS = {
    "contract-first": contract_first.cli.tree.app,
    "scanner-api": scanner_api.cli.app,
}
PACKAGES = ("contract_first", "strict_s3", "scanner_mocks")
REFERENCE = Path("docs", "reference")


def stage(folder: Path) -> None:
    """Copy the pages and what they link to into a folder, and add the reference."""
    for pattern in PAGES:
        for source in sorted(ROOT.glob(pattern)):
            place = source.relative_to(ROOT)
            if source.is_file() and not LEFT_OUT & set(place.parts):
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / place)
    (folder / REFERENCE).mkdir(parents=True)
    for name, app in PROGRAMS.items():
        (folder / REFERENCE / f"{name}.md").write_text(commands(name, app), "utf-8")
    (folder / REFERENCE / "strict-s3.md").write_text(help_of("strict-s3"), "utf-8")
    for name, lines in REFERENCES.items():
        (folder / REFERENCE / f"{name}.md").write_text("\n".join(lines()) + "\n", "utf-8")
    for name in PACKAGES:
        (folder / REFERENCE / f"{name}.md").write_text(names(name), "utf-8")


def commands(name: str, app: typer.Typer) -> str:
    """Return the page of a program: each command, with its arguments and options."""
    command = complete(typer.main.get_command(app))
    page: str = get_docs_for_click(obj=command, ctx=typer.Context(command, info_name=name), name=name)
    return page.replace("```console", "```text")


def help_of(program: str) -> str:
    """Return the page of a program without subcommands."""
    command = [str(PROGRAMS_FOLDER / program), "--help"]
    text = subprocess.run(  # noqa: S603 -- our own program
        command, env={"COLUMNS": "100"}, check=True, capture_output=True, text=True
    ).stdout
    return f"# `{program}`\n\n```text\n{text}```\n"


def complete(command: Any) -> Any:
    """Return a command whose subcommands are loaded."""
    if isinstance(command, LazyGroup):
        command.commands = {name: complete(lazy.command(name)) for name, lazy in command.lazy.items()}
        for name, subcommand in command.commands.items():
            subcommand.short_help = command.lazy[name].help  # else the list cuts it
    return command


def names(package: str) -> str:
    """Return the page of a package: each public name, which mkdocstrings describes."""
    public = sorted(import_module(package).__all__, key=str.lower)
    return "\n\n".join([f"# {package}", *(f"::: {package}.{name}" for name in public)])


def control_api() -> Iterator[str]:
    """Yield the page of the control API: each operation with its parameters, then each schema."""
    document = NO_EXTENSION.control_contract().document
    yield "# Control API of a mock"
    yield "\nEvery mock serves it, with this document as `/_mock/openapi.json`. "
    yield "[Faults, state, clock and journal](../faults-and-journal.md) shows it in use."
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method in {"get", "post", "put", "delete"}:
                yield f"\n## {method.upper()} {path}\n\n{operation['summary']}."
                yield f"{operation.get('description', '')}\n"
                for parameter in [*shared, *operation.get("parameters", [])]:
                    named = parameter if "name" in parameter else resolved(document, parameter["$ref"])
                    yield entry(named["name"], named["in"], named.get("description", ""))
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema:
            yield f"\n## {name}\n\n{schema.get('description', '')}\n"
            yield from members(schema)


def faults() -> Iterator[str]:
    """Yield the page of faults and overrides: the members of a rule and of its effect."""
    schemas = NO_EXTENSION.control_contract().document["components"]["schemas"]
    yield "# Members of faults and overrides"
    yield "\n[Faults](../faults-and-journal.md#faults) and [overrides](../overrides.md) are rules."
    for title, schema in (
        ("A rule", schemas["Fault"]),
        ("match", schemas["Match"]),
        ("effect", schemas["Effect"]),
        ("effect.respond", schemas["Respond"]),
        ("effect.patch", schemas["Patch"]),
    ):
        yield f"\n## {title}\n"
        yield from members(schema)


def members(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield an entry for each property of a schema: its type, and what it is."""
    for name, member in schema["properties"].items():
        kinds = member.get("type", "")
        kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
        choice = ", ".join(f"`{value}`" for value in member.get("enum", ()))
        detail = " ".join(filter(None, [member.get("description"), choice and f"One of {choice}."]))
        yield entry(name, kind, detail)


def entry(name: str, kind: str, detail: str) -> str:
    """Return an entry of a list: a name, what kind it is of, and a sentence, where there are such."""
    return f"- `{name}`{f' ({kind})' if kind else ''}{f': {detail}' if detail else ''}"


def resolved(document: Any, reference: str) -> Any:
    """Return what a reference within a document leads to."""
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def configuration() -> Iterator[str]:
    """Yield the page of the two files of options: what each table may have."""
    root = complete(typer.main.get_command(contract_first.cli.tree.app))
    yield "# Files of options"
    yield "\nNames are those of the options of commands."
    yield "[`mock.toml`](../mock.md#one-file-mocktoml) is for mocks,"
    yield "[`contract-first.toml`](../checks.md#in-a-ci-that-leaves-it-switched-on) for what a CI runs."
    yield "\n## mock.toml\n"
    yield from entries(root.commands["mock"], OF_NO_MOCK_FILE)
    yield "\n## contract-first.toml\n"
    yield from (f"- `{name}`: for all commands" for name in dict.fromkeys(SHARED.values()))
    yield from (f"- `{name}`" for name in Configuration.__struct_fields__)
    commands = {**root.commands, **root.commands["contract"].commands}
    for name in TABLES:
        yield f"\n## contract-first.toml, table {name}\n"
        yield from entries(commands[name], ELSEWHERE)


def entries(command: Any, elsewhere: Mapping[str, str]) -> Iterator[str]:
    """Yield an entry for each option of a command that a file may have."""
    for name, parameter in options_of(command).items():
        if name not in elsewhere:
            yield entry(name, "", getattr(parameter, "help", "") or "")


def rules() -> Iterator[str]:
    """Yield the page of the rules of ``contract diff`` and ``contract lint``."""
    yield "# Rules of diff and lint"
    yield "\n## contract diff\n\n[Compare contracts](../diff.md) says what the severities mean.\n"
    for change in comparison.RULES.values():
        yield f"- `{change.name}` ({change.severity.value}): {change.meaning}"
    yield "\n## contract lint\n\n[Lint a contract](../lint.md) says how to leave some out.\n"
    for rule in linting.RULES.values():
        yield f"- `{rule.name}` ({rule.severity}): {rule.meaning}"


def s3_refusals() -> Iterator[str]:
    """Yield the page of the errors by which S3 refuses requests."""
    yield "# Refusals of the S3"
    yield "\nWhere a message differs from request to request, S3's own is composed.\n"
    yield from (f"- `{code}`, {status}: {message}" for code, (status, message) in REFUSALS.items())


REFERENCES = {
    "control-api": control_api,
    "faults": faults,
    "configuration": configuration,
    "rules": rules,
    "s3-refusals": s3_refusals,
}
"""Pages that are made of the source."""


def build(folder: Path) -> Path:
    """Build the site in a folder, and return where its pages are.

    Raises:
        subprocess.CalledProcessError: a link or an anchor leads nowhere.
    """
    shutil.rmtree(folder, ignore_errors=True)
    stage(folder / "pages")
    shutil.copy(CONFIGURATION, folder)
    command = [str(PROGRAMS_FOLDER / "zensical"), "build", "--strict"]
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603 -- of the group docs
    return folder / "site"


if __name__ == "__main__":
    site = build(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "docs")
    sys.stdout.write(f"The site is {site}.\n")
