"""``contract show``, ``digest``, ``diff`` and ``types``."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from contract_first.contract import ContractError, load_contract
from contract_first.contract.comparison import RULES, Change, Severity, compare, reports
from contract_first.contract.comparison.rules import Compatibility
from contract_first.contract.document.parsing import as_yaml
from contract_first.contract.linting.rules import LintRule
from contract_first.contract.models import Kind, differences, write_models
from contract_first.contract.schemas.violations import holds_more
from contract_first.signatures import Flag

from .checking.configuration import Option
from .collections import collections_of
from .commands import failure, option, takes
from .options import options_of, record_of
from .reading import ContractOptions, File, Load, follows_references, read_contract

MOST_IN_YAML = 300_000
"""Values, of about a line each: 258,000 are GitHub's, and of many more lines YAML is not read."""


def rules_option(rules: Mapping[str, LintRule | Compatibility]) -> Any:
    """Return the option that prints rules: name, severity, and what each means."""

    def callback(is_set: bool) -> None:  # noqa: FBT001 -- as typer calls it
        if is_set:
            lines = [f"{name:40} {rule.severity:9} {rule.meaning}" for name, rule in rules.items()]
            typer.echo("\n".join(lines))
            raise typer.Exit

    return option(bool, "Print the rules, and exit.", is_eager=True, callback=callback)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowOptions(ContractOptions):
    """The options of ``contract show``.

    Attributes:
        format: format of the output.
        collections: print the recognised collections, and why each operation is one of theirs, instead.
    """

    format: Annotated[Literal["json", "yaml"], Flag()] = "json"
    collections: Annotated[bool, Flag()] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffOptions(ContractOptions):
    """The options of ``contract diff``.

    Attributes:
        format: format of the report.
        fail_on: least severity that exits with 1.
        ignore: rule to leave out.
        operations: list the operations that each change reaches, where there are many.
    """

    format: Annotated[Literal["text", "json", "markdown", "html", "junit", "github"], Flag()] = "text"
    fail_on: Annotated[Literal["breaking", "risky"], Flag()] = "breaking"
    ignore: Annotated[Sequence[str], Flag("RULE")] = ()
    operations: Annotated[bool, Flag()] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TypesOptions(ContractOptions):
    """The options of ``contract types``.

    Attributes:
        models: what objects are in Python.
        check: module to compare with the contract: print how they differ.
    """

    models: Annotated[Kind, Flag()] = "typeddict"
    check: Annotated[Path | None, Flag("PY", default="none")] = None


@follows_references
@takes(**options_of(ShowOptions))
def show(file: File, *, load: Load = load_contract, **arguments: Any) -> None:
    """Print a contract with its overlays applied, its defects repaired and its references bundled."""
    options = record_of(ShowOptions, arguments)
    contract = read_contract(file, load, options.overlay, strict=options.strict)
    if options.collections:
        typer.echo("\n".join(collections_of(contract)))
        return
    document = contract.document
    is_json = options.format == "json"
    if not is_json and holds_more(document, MOST_IN_YAML):
        typer.echo(f"More than {MOST_IN_YAML} values are written as JSON, which is YAML, too.", err=True)
        is_json = True
    text = json.dumps(document, indent=2, ensure_ascii=False) if is_json else as_yaml(document)
    typer.echo(text, nl=is_json)


@follows_references
@takes(overlay=options_of(ContractOptions)["overlay"])
def digest(file: File, *, overlay: list[Path], load: Load = load_contract) -> None:
    """Print the SHA-256 of a contract, independent of format and order of members."""
    typer.echo(read_contract(file, load, overlay).digest)


@follows_references
@takes(config=Option, rules=rules_option(RULES), **options_of(DiffOptions))
def diff(
    old: Annotated[str, typer.Argument(help="The contract that clients use: a JSON or YAML file, or a URL.")],
    new: Annotated[str, typer.Argument(help="The new contract; by default that of the configuration.")],
    **arguments: Any,
) -> None:
    """Compare two contracts: which changes break clients, which are risky, which are safe.

    A file of a git revision is written as git does, REVISION:PATH, and may refer to others of it:
    `diff origin/main:openapi.yaml openapi.yaml`.

    Links, tags, descriptions, allowReserved and allowEmptyValue are not compared.

    Exit codes: 0 no change is breaking (with --fail-on risky: or risky), 1 one is, 2 a contract cannot be
    read or compared.
    """
    options = record_of(DiffOptions, arguments)
    if unknown := sorted(set(options.ignore) - RULES.keys()):
        close = get_close_matches(unknown[0], RULES, 3)
        raise failure(
            f"No rule is named {unknown[0]!r}; close to it: {', '.join(close) or 'none'}.", page="diff"
        )
    read = partial(read_contract, overlays=options.overlay, strict=options.strict)
    try:
        before = read(old)
        compared = compare(before, read(new, printed=[*before.warnings]))
        changes = [c for c in compared if c.difference.rule.name not in options.ignore]
    except ContractError as error:
        raise failure(error) from None
    failing = [Severity.BREAKING, Severity.RISKY][: 1 + (options.fail_on == "risky")]
    is_whole = options.operations
    writers: dict[str, Callable[[Sequence[Change]], str]] = {
        "text": partial(reports.as_text, is_whole=is_whole),
        "json": reports.as_json,
        "markdown": partial(reports.as_markdown, is_whole=is_whole),
        "html": partial(reports.as_html, is_whole=is_whole),
        "junit": partial(reports.as_junit, failing=failing, is_whole=is_whole),
        "github": partial(reports.as_github, is_whole=is_whole),
    }
    typer.echo(writers[options.format](changes))
    raise typer.Exit(1 if any(change.severity in failing for change in changes) else 0)


@follows_references
@takes(**options_of(TypesOptions))
def types(file: File, *, load: Load = load_contract, **arguments: Any) -> None:
    """Print the types of a contract: Python TypedDicts or models.

    TypedDicts describe decoded JSON, in which a date-time is a str. Models have dates, UUIDs and aliases as
    handlers of create_app take and return them; --models is msgspec or pydantic.

    Exit codes: 0 printed, or --check finds no difference, 1 it finds one, 2 nothing can be read.
    """
    options = record_of(TypesOptions, arguments)
    check = options.check
    contract = read_contract(file, load, options.overlay, strict=options.strict)
    try:
        text = write_models(contract, options.models)
        if check is None:
            typer.echo(text, nl=False)
            return
        differing = list(differences(text, check.read_text("utf-8")))
    except (ContractError, OSError, UnicodeDecodeError) as error:
        raise failure(error) from None
    except SyntaxError as error:
        raise failure(f"{check} is no Python: {error.msg}, line {error.lineno}.") from None
    for difference in differing:
        typer.echo(f"{check}: {difference}")
    count = f"{len(differing) or 'No'} difference{'s' * (len(differing) != 1)}"
    typer.echo(f"{count} between {check} and {contract.source}.")
    raise typer.Exit(1 if differing else 0)
