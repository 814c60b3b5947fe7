"""``contract show``, ``digest``, ``lint``, ``diff`` and ``types``."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from contract_first.check.reports.sarif import Result, as_sarif
from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.comparison import RULES, Change, Severity, compare, reports
from contract_first.contract.document.defects import Defect
from contract_first.contract.document.errors import UnreadableContractError
from contract_first.contract.document.parsing import as_yaml
from contract_first.contract.linting import RULES as LINT_RULES
from contract_first.contract.linting import Ignored, RuleViolation
from contract_first.contract.linting import lint as violations_in
from contract_first.contract.linting.rules import SEVERITIES, severities_of
from contract_first.contract.models import Kind, differences, write_models
from contract_first.contract.schemas.violations import holds_more

from .checking.configuration import Option
from .commands import CANNOT_RUN, Overlays, Sarif, Strict, checked_by, failure
from .reading import File, Load, follows_references, read_contract

COLOURS = {"breaking": "bold red", "risky": "yellow", "safe": "green"}
DETAIL_COLUMN = 12
MOST_IN_YAML = 300_000
"""Values, of about a line each: 258,000 are GitHub's, and of many more lines YAML is not read."""
GENERATOR = ("openapi-typescript@7", "--default-non-nullable=false")
"""With its option, as a default does not say that a property must be sent, or will be there."""


def _lists(rows: Callable[[], Iterable[tuple[str, str, str]]]) -> Callable[[bool], None]:
    """Return the callback of an option that prints rules: name, severity, and what each means."""

    def callback(is_set: bool) -> None:  # noqa: FBT001 -- as typer calls it
        if is_set:
            typer.echo("\n".join(f"{name:40} {severity:9} {meaning}" for name, severity, meaning in rows()))
            raise typer.Exit

    return callback


def lint_rules() -> Iterator[tuple[str, str, str]]:
    """Yield the linter's rules."""
    yield from ((rule.name, rule.severity, rule.reason) for rule in LINT_RULES.values())


def diff_rules() -> Iterator[tuple[str, str, str]]:
    """Yield the rules of a comparison."""
    yield from ((rule.name, rule.severity.value, rule.meaning) for rule in RULES.values())


@follows_references
def show(
    file: File,
    *,
    overlay: Overlays = None,
    strict: Strict = False,
    format_: Annotated[
        Literal["json", "yaml"], typer.Option("--format", help="Format of the output.")
    ] = "json",
    load: Load = load_contract,
) -> None:
    """Print a contract with its overlays applied, its defects repaired and its references bundled."""
    document = read_contract(file, load, overlay, strict=strict).document
    is_json = format_ == "json"
    if not is_json and holds_more(document, MOST_IN_YAML):
        typer.echo(f"More than {MOST_IN_YAML} values are written as JSON, which is YAML, too.", err=True)
        is_json = True
    text = json.dumps(document, indent=2, ensure_ascii=False) if is_json else as_yaml(document)
    typer.echo(text, nl=is_json)


@follows_references
def digest(file: File, *, overlay: Overlays = None, load: Load = load_contract) -> None:
    """Print the SHA-256 of a contract, independent of format and order of members."""
    typer.echo(read_contract(file, load, overlay).digest)


@follows_references
def lint(  # noqa: PLR0913 -- its options
    file: File,
    *,
    config: Option = None,  # noqa: ARG001 -- its values are defaults
    overlay: Overlays = None,
    strict: Strict = False,
    rules: Annotated[  # noqa: ARG001 -- the callback ends the command
        bool,
        typer.Option(
            "--rules", is_eager=True, callback=_lists(lint_rules), help="Print the rules, and exit."
        ),
    ] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            callback=checked_by(lambda texts: [Ignored.of(text) for text in texts]),
            help="House rule to leave out, as RULE or RULE#POINTER, with an optional : REASON; repeatable.",
            show_default=False,
        ),
    ] = None,
    severity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE=LEVEL",
            callback=checked_by(severities_of),
            help="error, warning, note or off, for a rule; repeatable.",
            show_default=False,
        ),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "note"], typer.Option(help="Least severity that exits with 1.")
    ] = "error",
    json_: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="Write the report as JSON.")
    ] = None,
    sarif: Sarif = None,
    load: Load = load_contract,
) -> None:
    """Check that a contract is valid OpenAPI and follows the house rules.

    Each defect is listed with file, line and pointer, and with what a mock does about it: it is repaired,
    left out or accepted, or the operation is disabled and responds with 501.

    A rule is an error, a warning or a note; --rules prints what each says and expects.

    Exit codes: 0 nothing is wrong, 1 there is a defect or an error (--fail-on: or less), 2 the file cannot be
    read.
    """
    ignored, severities = [Ignored.of(text) for text in ignore or ()], severities_of(severity or [])
    try:
        contract = replace(load(file, overlay or (), lenient=not strict), strict=strict)
    except ContractError as error:
        raise failure(error, CANNOT_RUN if isinstance(error, UnreadableContractError) else 1) from None
    for warning in contract.overlay_warnings:
        typer.echo(warning, err=True)
    defects, violations = contract.defects, violations_in(contract, ignored, severities)
    for diagnostic in (*defects, *violations):
        typer.echo(str(diagnostic))
    if sarif is not None:
        sarif.write_bytes(linted(defects, violations))
    if json_ is not None:
        json_.write_bytes(msgspec.json.format(msgspec.json.encode(_records(defects, violations))) + b"\n")
    for entry in ignored:
        typer.echo(
            f"Ignored: {entry.rule} {entry.pointer or 'everywhere'}: {entry.reason or 'no reason given'}."
        )
    counts = f"Defects: {len(defects)}, violations of house rules: {len(violations)}"
    typer.echo(
        f"{counts if defects or violations else 'Nothing is wrong'} in {contract.source} "
        f"(operations: {len(contract.operations)})."
    )
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
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


def _records(defects: Iterable[Defect], violations: Iterable[RuleViolation]) -> dict[str, list[Any]]:
    """Return the content of a linter's report in JSON."""
    return {"defects": list(defects), "violations": list(violations)}


@follows_references
def diff(
    old: Annotated[str, typer.Argument(help="The contract that clients use: a JSON or YAML file, or a URL.")],
    new: Annotated[str, typer.Argument(help="The new contract; by default that of the configuration.")],
    *,
    config: Option = None,  # noqa: ARG001 -- its values are defaults
    overlay: Overlays = None,
    strict: Strict = False,
    format_: Annotated[
        Literal["text", "json", "markdown", "html", "junit", "github"],
        typer.Option("--format", help="Format of the report."),
    ] = "text",
    rules: Annotated[  # noqa: ARG001 -- the callback ends the command
        bool,
        typer.Option(
            "--rules", is_eager=True, callback=_lists(diff_rules), help="Print the rules, and exit."
        ),
    ] = False,
    fail_on: Annotated[
        Literal["breaking", "risky"], typer.Option(help="Least severity that exits with 1.")
    ] = "breaking",
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Rule to leave out; repeatable.", show_default=False),
    ] = None,
) -> None:
    """Compare two contracts: which changes break clients, which are risky, which are safe.

    A file of a git revision is written as git does, REVISION:PATH, and may refer to others of it:
    `diff origin/main:openapi.yaml openapi.yaml`.

    Links, tags, descriptions, allowReserved and allowEmptyValue are not compared.

    Exit codes: 0 no change is breaking (with --fail-on risky: or risky), 1 one is, 2 a contract cannot be
    read or compared.
    """
    if unknown := sorted(set(ignore or ()) - RULES.keys()):
        close = get_close_matches(unknown[0], RULES, 3)
        raise failure(
            f"No rule is named {unknown[0]!r}; close to it: {', '.join(close) or 'none'}.", page="diff"
        )
    read = partial(read_contract, overlays=overlay, strict=strict)
    try:
        changes = [c for c in compare(read(old), read(new)) if c.difference.rule.name not in (ignore or ())]
    except ContractError as error:
        raise failure(error) from None
    failing = [Severity.BREAKING, Severity.RISKY][: 1 + (fail_on == "risky")]
    match format_:
        case "text":
            _print(changes)
        case "junit":
            typer.echo(reports.as_junit(changes, failing))
        case _:
            written = {"json": reports.as_json, "html": reports.as_html, "github": reports.as_github}
            typer.echo(written.get(format_, reports.as_markdown)(changes))
    raise typer.Exit(1 if any(change.severity in failing for change in changes) else 0)


@follows_references
def types(
    file: File,
    *,
    overlay: Overlays = None,
    strict: Strict = False,
    lang: Annotated[Literal["python", "typescript"], typer.Option(help="Language of the types.")] = "python",
    models: Annotated[Kind, typer.Option(help="What objects are in Python.")] = "typeddict",
    check: Annotated[
        Path | None,
        typer.Option(
            metavar="PY",
            help="Module to compare with the contract: print how they differ.",
            show_default="none",
        ),
    ] = None,
    load: Load = load_contract,
) -> None:
    """Print the types of a contract: Python TypedDicts or models, or TypeScript by openapi-typescript.

    TypedDicts describe decoded JSON, in which a date-time is a str. Models have dates, UUIDs and aliases as
    handlers of create_app take and return them; --models is msgspec, dataclass or pydantic.

    TypeScript needs npx, which downloads the generator; exits with 2 without npx.

    Exit codes: 0 printed, or --check finds no difference, 1 it finds one, 2 nothing can be read.
    """
    contract = read_contract(file, load, overlay, strict=strict)
    if lang == "typescript" and (check or models != "typeddict"):
        raise failure("--models and --check are of Python; leave --lang out.")
    try:
        text = write_models(contract, models) if lang == "python" else _typescript(contract)
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


def _typescript(contract: Contract) -> str:
    npx = shutil.which("npx")
    if npx is None:
        raise failure("TypeScript types are made by openapi-typescript: install Node.js, which brings npx.")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(contract.document))
        command = [npx, "--yes", *GENERATOR, str(path)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- npx, by its path
    if result.returncode != 0:
        raise failure(f"openapi-typescript failed: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout
