"""Findings that are known: listed apart, with a reason, and no reason to fail until they expire."""

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

import msgspec

from .report import Finding, Report


class KnownFinding(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A known finding.

    Attributes:
        check: that fails.
        title: of the finding.
        status: of the response; 0 where there is none.
        cause: a digest that tells findings of the same title apart.
        violated: the places in which it is known; seen in another, it is new.
        operations: in which it is known; seen in another, it is new, unless its cause is the same.
        reason: why it may stay.
        expires: the last day on which it is known; None for no end.
    """

    check: str
    title: str
    status: int = 0
    cause: str = ""
    violated: list[str] = []
    operations: list[str]
    reason: str = ""
    expires: date | None = None

    @classmethod
    def of(cls, finding: Finding) -> "KnownFinding":
        """Return the entry of a finding."""
        operations = sorted(finding.operations or [finding.operation])
        return cls(
            check=finding.check,
            title=finding.title,
            status=finding.status,
            cause=finding.cause,
            violated=sorted(finding.violated),
            operations=operations,
        )

    def covers(self, finding: Finding) -> bool:
        """Whether it is this finding: of the same cause, or else in no other operation."""
        other = KnownFinding.of(finding)
        mine = self.check, self.title, self.status, self.cause
        is_same = mine == (other.check, other.title, other.status, other.cause)
        is_same = is_same and {*other.violated} <= {*self.violated}
        return is_same and bool(self.cause or {*other.operations} <= {*self.operations})

    def __str__(self) -> str:
        return f"{self.title}: {', '.join(self.operations)}"


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


class _File(msgspec.Struct, forbid_unknown_fields=True):
    findings: list[KnownFinding] = []


def read_baseline(path: Path) -> list[KnownFinding]:
    """Return the entries of a file.

    Raises:
        ValueError: it cannot be read, or is no baseline.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File).findings
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{path} is no baseline: {error}. --write-baseline writes one.") from None


def apply_baseline(report: Report, entries: list[KnownFinding], today: date) -> None:
    """Move the findings that are known out of a report's findings, and name entries that are gone."""
    seen: set[int] = set()
    new: list[Finding] = []
    for finding in report.findings:
        number = next((at for at, entry in enumerate(entries) if entry.covers(finding)), None)
        if number is None:
            new.append(finding)
            continue
        seen.add(number)
        entry = entries[number]
        if entry.expires is not None and entry.expires < today:
            finding.reason = f"it was known until {entry.expires}"
            new.append(finding)
        else:
            finding.reason = entry.reason
            report.known_findings.append(finding)
    report.findings = new
    if report.ended:
        report.gone = [
            str(entry) for at, entry in enumerate(entries) if at not in seen and _is_made(entry, report)
        ]


def exclude(report: Report, labels: Mapping[str, Collection[str]], reasons: Mapping[str, str]) -> None:
    """Move the findings of checks in operations where these are excluded to those that are known.

    Args:
        labels: of the operations, by check.
        reasons: by check.
    """
    for finding in list(report.findings):
        if {*finding.operations, finding.operation} <= {*labels.get(finding.check, ())}:
            finding.reason = reasons[finding.check]
            report.findings.remove(finding)
            report.known_findings.append(finding)


def _is_made(entry: KnownFinding, report: Report) -> bool:
    """Whether the entry's check was made of all its operations."""
    operations = report.operations
    return all(name in operations and entry.check in operations[name].checks for name in entry.operations)


def write_baseline(path: Path, report: Report, entries: list[KnownFinding]) -> None:
    """Write all findings of a report; those that are in the entries keep their reason and expiry."""
    lines = [
        "# Known findings of `check`; give each a reason, and a day after which it counts again, such as"
    ]
    lines += ["# expires = 2030-12-31", ""]
    for finding in [*report.known_findings, *report.findings]:
        former = next((entry for entry in entries if entry.covers(finding)), None)
        lines += [*_table(KnownFinding.of(finding), former), ""]
    path.write_text("\n".join(lines), "utf-8")


def _table(entry: KnownFinding, former: KnownFinding | None) -> Iterator[str]:
    yield "[[findings]]"
    for name in ("check", "title", "status", "cause", "violated", "operations"):
        yield f"{name} = {json.dumps(getattr(entry, name), ensure_ascii=False)}"
    yield f"reason = {json.dumps(former.reason if former else '', ensure_ascii=False)}"
    if former is not None and former.expires is not None:
        yield f"expires = {former.expires}"
