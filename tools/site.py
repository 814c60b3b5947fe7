"""Builds the documentation as a site: ``tox -e docs``.

The pages of the repository are taken as they are, so that their links lead to the same places; the
reference of the commands and of the public Python API is made from the source. A link or an anchor that
leads nowhere fails the build.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

import contract_first.cli.tree
import scanner_api.cli
from contract_first.cli.commands import LazyGroup

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
