"""``contract show``, ``digest``, ``lint``, ``diff`` and ``types``."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from contract_first.contract import ContractError, load_contract
from contract_first.contract.comparison import RULES, Change, Severity, compare, reports
from contract_first.contract.comparison.rules import Compatibility
from contract_first.contract.document.defects import Defect
from contract_first.contract.document.errors import UnreadableContractError
from contract_first.contract.document.parsing import as_yaml
from contract_first.contract.linting import RULES as LINT_RULES
from contract_first.contract.linting import Ignored, RuleViolation
from contract_first.contract.linting import lint as violations_in
from contract_first.contract.linting.rules import SEVERITIES, Level, LintRule, severities_of
from contract_first.contract.models import Kind, differences, write_models
from contract_first.contract.schemas.violations import holds_more
from contract_first.results import Result, as_sarif
from contract_first.signatures import Flag

from .checking.configuration import Option
from .collections import collections_of
from .commands import CANNOT_RUN, failure, option, takes
from .options import options_of, record_of
from .reading import ContractOptions, File, Load, follows_references, read_contract

COLOURS = {"breaking": "bold red", "risky": "yellow", "safe": "green"}
DETAIL_COLUMN = 12
MOST_IN_YAML = 300_000
"""Values, of about a line each: 258,000 are GitHub's, and of many more lines YAML is not read."""


def _rules(rules: Mapping[str, LintRule | Compatibility]) -> Any:
    """Return the option that prints rules: name, severity, and what each means."""

    def callback(is_set: bool) -> None:  # noqa: FBT001 -- as typer calls it
        if is_set:
            lines = [f"{name:40} {rule.severity:9} {rule.meaning}" for name, rule in rules.items()]
            typer.echo("\n".join(lines))
            raise typer.Exit

    return option(bool, "Print the rules, and exit.", is_eager=True, callback=callback)


def _ignored(texts: Sequence[str]) -> list[Ignored]:
    return [Ignored.of(text) for text in texts]


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
class LintOptions(ContractOptions):
    """The options of ``contract lint``.

    Attributes:
        ignore: house rule to leave out, as RULE or RULE#POINTER, with an optional : REASON.
        severity: error, warning, note or off, for a rule.
        fail_on: least severity that exits with 1.
        json: write the report as JSON.
        sarif: write the findings as SARIF 2.1.0, such as for GitHub's code scanning.
    """

    ignore: Annotated[Sequence[Ignored], Flag("RULE", _ignored)] = ()
    severity: Annotated[Mapping[str, Level], Flag("RULE=LEVEL", severities_of)] = field(default_factory=dict)
    fail_on: Annotated[Literal["error", "warning", "note"], Flag()] = "error"
    json: Annotated[Path | None, Flag()] = None
    sarif: Annotated[Path | None, Flag()] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffOptions(ContractOptions):
    """The options of ``contract diff``.

    Attributes:
        format: format of the report.
        fail_on: least severity that exits with 1.
        ignore: rule to leave out.
    """

    format: Annotated[Literal["text", "json", "markdown", "html", "junit", "github"], Flag()] = "text"
    fail_on: Annotated[Literal["breaking", "risky"], Flag()] = "breaking"
    ignore: Annotated[Sequence[str], Flag("RULE")] = ()


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
@takes(config=Option, rules=_rules(LINT_RULES), **options_of(LintOptions))
def lint(file: File, *, load: Load = load_contract, **arguments: Any) -> None:
    """Check that a contract is valid OpenAPI and follows the house rules.

    Each defect is listed with file, line and pointer, and with what a mock does about it: it is repaired,
    left out or accepted, or the operation is disabled and responds with 501.

    A rule is an error, a warning or a note; --rules prints what each says and expects.

    Exit codes: 0 nothing is wrong, 1 there is a defect or an error (--fail-on: or less), 2 the file cannot be
    read.
    """
    options = record_of(LintOptions, arguments)
    try:
        contract = replace(load(file, options.overlay, lenient=not options.strict), strict=options.strict)
    except ContractError as error:
        raise failure(error, CANNOT_RUN if isinstance(error, UnreadableContractError) else 1) from None
    for warning in contract.overlay_warnings:
        typer.echo(warning, err=True)
    defects, violations = contract.defects, violations_in(contract, options.ignore, options.severity)
    for diagnostic in (*defects, *violations):
        typer.echo(str(diagnostic))
    if options.sarif is not None:
        options.sarif.write_bytes(linted(defects, violations))
    if options.json is not None:
        document = msgspec.json.encode({"defects": defects, "violations": violations})
        options.json.write_bytes(msgspec.json.format(document) + b"\n")
    for entry in options.ignore:
        typer.echo(
            f"Ignored: {entry.rule} {entry.pointer or 'everywhere'}: {entry.reason or 'no reason given'}."
        )
    counts = f"Defects: {len(defects)}, violations of house rules: {len(violations)}"
    typer.echo(
        f"{counts if defects or violations else 'Nothing is wrong'} in {contract.source} "
        f"(operations: {len(contract.operations)})."
    )
    failing = SEVERITIES[: SEVERITIES.index(options.fail_on) + 1]
    raise typer.Exit(1 if defects or any(v.severity in failing for v in violations) else 0)


def linted(defects: Iterable[Defect], violations: Iterable[RuleViolation]) -> bytes:
    """Return what a linter found as SARIF."""
    named = [
        *(("openapi", "error", defect) for defect in defects),
        *((violation.rule, violation.severity, violation) for violation in violations),
    ]
    results = [
        Result(rule, level, diagnostic.reason, diagnostic.source, diagnostic.line, diagnostic.pointer)
        for rule, level, diagnostic in named
    ]
    rules = {name: f"What {rule.says}: {rule.remedy}." for name, rule in LINT_RULES.items()}
    return as_sarif(results, {rule: rules.get(rule, "Valid OpenAPI.") for rule, _, _ in named})


@follows_references
@takes(config=Option, rules=_rules(RULES), **options_of(DiffOptions))
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
        changes = [c for c in compare(read(old), read(new)) if c.difference.rule.name not in options.ignore]
    except ContractError as error:
        raise failure(error) from None
    failing = [Severity.BREAKING, Severity.RISKY][: 1 + (options.fail_on == "risky")]
    if options.format == "text":
        _print(changes)
    else:
        writers: dict[str, Callable[[Sequence[Change]], str]] = {
            "json": reports.as_json,
            "markdown": reports.as_markdown,
            "html": reports.as_html,
            "junit": partial(reports.as_junit, failing=failing),
            "github": reports.as_github,
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


def _print(changes: Sequence[Change]) -> None:
    console = Console(highlight=False)
    width = console.width - DETAIL_COLUMN if console.is_terminal else None
    for operations, group in reports.by_operations(changes):
        title = Text("\n".join(reports.named(operations)), "bold")
        lines = Text("\n").join([title, *(_lines(change, width) for change in group)])
        console.print(lines, soft_wrap=True, end="\n\n")
    console.print(reports.summary(changes), markup=False)


def _lines(change: Change, width: int | None) -> Text:
    """Return the lines of a change: severity and rule, then where and what, at most ``width`` wide."""
    difference, severity = change.difference, change.severity.value
    text = Text.assemble("  ", (f"{severity:8}", COLOURS[severity]), f"  {difference.rule.name}")
    detail = ": ".join(part for part in (difference.where, difference.detail) if part)
    lines = wrap(detail, width) if width else [detail] * bool(detail)
    return text.append("".join(f"\n{'':{DETAIL_COLUMN}}{line}" for line in lines))
