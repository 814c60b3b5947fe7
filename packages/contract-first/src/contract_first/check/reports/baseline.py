"""Findings that are known: listed apart, with a reason, and no reason to fail until they expire."""

import json
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from .report import Finding, Place, Report

VERSION = 2
"""Of the format. The first had no identities, so that one known finding hid others."""


class KnownFinding(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A known finding, in one place.

    Attributes:
        check: that fails.
        operation: such as ``GET /path``; empty for the API as a whole.
        where: status, and header, parameter or member.
        rule: that is violated there, with its value.
        phase: in which it was found; where that does not run, it cannot be.
        reason: why it may stay.
        expires: the last day on which it is known; None for no end.
    """

    check: str
    operation: str
    where: str
    rule: str
    phase: str = ""
    reason: str = ""
    expires: date | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """What the same finding has in every run."""
        return self.check, self.operation, self.where, self.rule

    def was_tried(self, report: Report) -> bool:
        """Whether a run made the check of the operation in the phase, and so would have found it."""
        if self.operation and self.operation not in report.operations:
            return False
        # a check with requests of its own is a step itself, a check of responses is made in all of them
        steps = {(self.phase, self.operation), (self.phase, self.check)} & {*report.finished}
        checks = report.operations[self.operation].checks if self.operation in report.operations else {}
        return bool(steps) or (self.phase == "own checks" and self.check in checks)

    def __str__(self) -> str:
        place = Place(operation=self.operation, where=self.where, rule=self.rule)
        return f"{self.check}: {place}"


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not to fail a run, or not to be tried at all.

    Attributes:
        check: that is not made; with operations, its findings in these are known. Empty for every check.
        operations: as `Checking.only` takes them; without a check they are not called.
    """

    reason: str
    check: str = ""
    operations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where it excludes nothing, or says no reason."""
        if not self.reason.strip() or not (self.check or self.operations):
            raise ValueError("an exclusion has a reason, and a check, operations or both")


class Baseline(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a file of known findings has: TOML, or JSON where its name ends so. An empty file has none."""

    version: int = VERSION
    contract: str = ""
    findings: list[KnownFinding] = []


def read_baseline(path: Path) -> Baseline:
    """Return the known findings of a file.

    Raises:
        ValueError: it cannot be read, or is no baseline.
    """
    try:
        return _parsed(path.read_text("utf-8"), json.loads if path.suffix == ".json" else tomllib.loads)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # of both formats, and of what they hold
        raise ValueError(f"{path} is no baseline: {error}. --write-baseline writes one.") from None


def _parsed(content: str, parse: Callable[[str], Any]) -> Baseline:
    document = parse(content)
    version = document.get("version", 1) if isinstance(document, dict) and document else VERSION
    if version != VERSION:
        raise ValueError(f"its version is {version!r}, expected {VERSION}, so nothing in it is known")
    return msgspec.convert(document, Baseline)


def apply_baseline(
    report: Report, baseline: Baseline, today: date, checks: Collection[str] | None = None
) -> None:
    """Move what is known out of a report's findings, and name what is gone.

    Args:
        checks: names of all there are; None where that is not known.
    """
    entries = {entry.identity: entry for entry in baseline.findings}
    seen = {_identity(finding.check, place) for finding in report.findings for place in finding.all_violated}
    expired = {entry.identity for entry in entries.values() if entry.expires and entry.expires < today}
    _move(report, {identity: entry.reason for identity, entry in entries.items() if identity not in expired})
    for finding in report.findings:
        for identity in expired.intersection(
            _identity(finding.check, place) for place in finding.all_violated
        ):
            finding.reason = f"it was known until {entries[identity].expires}"
    missing = [entry for identity, entry in entries.items() if identity not in seen]
    gone = [entry for entry in missing if entry.was_tried(report)]
    report.gone = list(map(str, gone))
    notes = []
    if unreached := len(missing) - len(gone):
        notes.append(f"{unreached} known not reached: their operation, check or phase did not run")
    if baseline.contract not in ("", report.subject.title):
        notes.append(f"it is of the contract {baseline.contract}, not of {report.subject.title}")
    if checks and (unmade := {entry.check for entry in missing} - {*checks}):
        notes.append(f"there is no check {', '.join(sorted(unmade))} any more: remove its findings")
    if notes:
        report.notes["baseline"] = notes


def exclude(report: Report, labels: Mapping[str, Collection[str]], reasons: Mapping[str, str]) -> None:
    """Move the findings of checks in operations where these are excluded to those that are known.

    Args:
        labels: of the operations, by check.
        reasons: by check.
    """
    places = ((finding.check, place) for finding in report.findings for place in finding.all_violated)
    entries = {
        _identity(check, place): reasons[check]
        for check, place in places
        if place.operation in labels.get(check, ())
    }
    _move(report, entries)


def _move(report: Report, reasons: Mapping[tuple[str, ...], str]) -> None:
    """Move places of findings to those that are known, by the reasons of their identities."""
    new: list[Finding] = []
    for finding in report.findings:
        groups: dict[str | None, list[Place]] = {}
        for place in finding.all_violated:
            groups.setdefault(reasons.get(_identity(finding.check, place)), []).append(place)
        for reason, places in groups.items():
            group = new if reason is None else report.known_findings
            group.append(finding.only(places, reason or ""))
    report.findings = new


def _identity(check: str, place: Place) -> tuple[str, ...]:
    return check, place.operation, place.where, place.rule


def write_baseline(path: Path, report: Report, baseline: Baseline, *, new: bool = True) -> None:
    """Write what is known and not gone, with its reasons, and what else a report has found if it is to."""
    entries = {entry.identity: entry for entry in baseline.findings if str(entry) not in report.gone}
    for finding in [*report.known_findings, *report.findings] if new else ():
        for place in finding.all_violated:
            entry = KnownFinding(
                check=finding.check,
                operation=place.operation,
                where=place.where,
                rule=place.rule,
                phase=place.phase,
                reason=finding.reason if finding in report.known_findings else "",
            )
            entries.setdefault(entry.identity, entry)
    written = Baseline(
        contract=report.subject.title, findings=sorted(entries.values(), key=lambda entry: entry.identity)
    )
    if path.suffix == ".json":
        path.write_bytes(msgspec.json.format(msgspec.json.encode(written)) + b"\n")
    else:
        path.write_text("\n".join(_toml(written)), "utf-8")


def _toml(baseline: Baseline) -> Iterator[str]:
    yield "# Known findings of `check`; give each a reason, and a day after which it counts again, such as"
    yield "# expires = 2030-12-31"
    yield f"version = {baseline.version}"
    yield f"contract = {json.dumps(baseline.contract, ensure_ascii=False)}"
    for entry in baseline.findings:
        yield "\n[[findings]]"
        for name, value in msgspec.to_builtins(entry, builtin_types=(date,)).items():
            if value is not None:
                text = str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
                yield f"{name} = {text}"
    yield ""
