"""``contract lint``: what is wrong with a document, in the reports of a check."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from contract_first.check.reports.recorded import OK, VIOLATED
from contract_first.check.reports.report import Finding, Outcomes, Report, ReportSubject, Tested
from contract_first.check.reports.report import Severity as OfAFinding
from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.document.defects import Diagnostic
from contract_first.contract.document.errors import UnreadableContractError
from contract_first.contract.linting import RULES, Ignored, RuleViolation
from contract_first.contract.linting import lint as violations_in
from contract_first.contract.linting.rules import Level, Severity, severities_of
from contract_first.signatures import Flag

from .checking.configuration import Option
from .checking.outputs import Outputs, stated_failures
from .commands import CANNOT_RUN, failure, takes
from .contract import rules_option
from .options import options_of, record_of
from .reading import ContractOptions, File, Load, follows_references

VALIDITY = "openapi"
"""The rule that a defect violates."""
SEVERITIES: dict[Severity, OfAFinding] = {"error": "high", "warning": "medium", "note": "low"}


def _ignored(texts: Sequence[str]) -> list[Ignored]:
    return [Ignored.of(text) for text in texts]


@dataclass(frozen=True, kw_only=True, slots=True)
class LintOptions(ContractOptions):
    """The options of ``contract lint``.

    Attributes:
        ignore: house rule to leave out, as RULE or RULE#POINTER, with an optional : REASON.
        severity: error, warning, note or off, for a rule.
        fail_on: least severity that exits with 1.
    """

    ignore: Annotated[Sequence[Ignored], Flag("RULE", _ignored)] = ()
    severity: Annotated[Mapping[str, Level], Flag("RULE=LEVEL", severities_of)] = field(default_factory=dict)
    fail_on: Annotated[Literal["error", "warning", "note"], Flag()] = "error"


class LintReport(Report, kw_only=True):
    """The report of a linter, which sends no request.

    Attributes:
        declared: operations of the contract.
    """

    declared: int = 0

    @property
    def exit_code(self) -> int:
        """1 if something is wrong that is severe enough, else 0."""
        return VIOLATED if any(map(self.fails, self.findings)) else OK

    def conclusion(self) -> str:
        """Return the number of defects and violations in a sentence."""
        defects = sum(finding.check == VALIDITY for finding in self.findings)
        counts = f"Defects: {defects}, violations of house rules: {len(self.findings) - defects}"
        exceptions = f", known: {len(self.known_findings)}" * bool(self.known_findings)
        outcome = counts if self.findings else "Nothing is wrong"
        return f"{outcome}{exceptions} in {self.subject.source} (operations: {self.declared})."


@follows_references
@takes(config=Option, rules=rules_option(RULES), **options_of(LintOptions), **options_of(Outputs))
def lint(file: File, *, load: Load = load_contract, **arguments: Any) -> None:
    """Check that a contract is valid OpenAPI and follows the house rules.

    Each defect is listed with file, line and pointer, and with what a mock does about it: it is repaired,
    left out or accepted, or the operation is disabled and responds with 501.

    A rule is an error, a warning or a note; --rules prints what each says and expects.

    Exit codes: 0 nothing is wrong, 1 there is a defect or an error (--fail-on: or less), 2 the file cannot be
    read.
    """
    options, outputs = record_of(LintOptions, arguments), record_of(Outputs, arguments)
    try:
        contract = replace(load(file, options.overlay, lenient=not options.strict), strict=options.strict)
    except ContractError as error:
        raise failure(error, CANNOT_RUN if isinstance(error, UnreadableContractError) else 1) from None
    for warning in contract.overlay_warnings:
        typer.echo(warning, err=True)
    with stated_failures():
        report = _report(contract, violations_in(contract, options.ignore, options.severity))
        report.fail_on = SEVERITIES[options.fail_on]
        outputs.concluded(report, contract, outputs.known(), (VALIDITY, *RULES), _show)
    for entry in options.ignore:
        reason = entry.reason or "no reason given"
        typer.echo(f"Ignored: {entry.rule} {entry.pointer or 'everywhere'}: {reason}.")
    typer.echo(report.conclusion())
    raise typer.Exit(report.exit_code)


def _report(contract: Contract, violations: Iterable[RuleViolation]) -> LintReport:
    diagnostics: list[tuple[str, OfAFinding, Diagnostic]] = [
        *((VALIDITY, "critical", defect) for defect in contract.defects),
        *((violation.rule, SEVERITIES[violation.severity], violation) for violation in violations),
    ]
    findings = [
        Finding(
            operation="",
            operations=[f"#{diagnostic.pointer}"],
            check=rule,
            severity=severity,
            title=diagnostic.reason.removesuffix("."),
            message=str(diagnostic),
            where=f"#{diagnostic.pointer}",
            pointer=diagnostic.pointer,
        )
        for rule, severity, diagnostic in diagnostics
    ]
    failed = Counter(finding.check for finding in findings)
    checks = {rule: Outcomes(int(not failed[rule]), failed[rule]) for rule in (VALIDITY, *RULES)}
    return LintReport(
        subject=ReportSubject.of(contract),
        end="complete",
        operations={"": Tested(operation="", checks=checks)},
        findings=findings,
        finished=[("", rule) for rule in checks],
        declared=len(contract.operations),
    )


def _show(report: Report, _: Console) -> None:
    for finding in report.findings:
        typer.echo(finding.message)
