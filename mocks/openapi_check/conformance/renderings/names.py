"""How the parts of a report are called wherever people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_check.conformance.report import COULD_NOT_RUN, OK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openapi_check.conformance.report import Report

WHOLE_API = "the API as a whole"


def prefix_of(operations: Iterable[str]) -> str:
    """Return the path that all operations begin with, such as ``/api/v1``."""
    paths = [operation.partition(" ")[2].split("/")[1:-1] for operation in operations if operation]
    prefix = []
    for segments in zip(*paths, strict=False):
        if len(set(segments)) > 1 or "{" in segments[0]:
            break
        prefix.append(segments[0])
    return "".join(f"/{segment}" for segment in prefix)


def short(operation: str, prefix: str) -> str:
    """Return an operation's name without the prefix that all have."""
    method, _, path = operation.partition(" ")
    return f"{method} {path.removeprefix(prefix)}" if operation else WHOLE_API


def milliseconds(value: float) -> str:
    """Return a response time as people write it."""
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"  # noqa: PLR2004 -- two digits are enough


def verdict(report: Report) -> str:
    """Return what came out, in a sentence."""
    effort = f"{report.requests:,} requests"
    if report.seconds:
        effort += f" in {report.seconds:.1f} s, seed {report.seed}"
    if report.exit_code == OK:
        return f"The contract is kept{_as_far_as(report)}: {effort}."
    troubles = len({trouble.operation for trouble in report.troubles})
    untested = [f"{troubles} operation{'s' * (troubles != 1)} could not be tested"] * bool(troubles)
    unfinished = [*untested, *([why] if (why := _why(report)) else [])]
    if report.exit_code == COULD_NOT_RUN:
        return f"Not finished ({', '.join(unfinished)}): {effort}; nothing was wrong so far."
    findings = len(report.findings)
    broken = f"{findings} promise{'s' * (findings != 1)} broken"
    return f"{', '.join([broken, *unfinished])}: {effort}."


def _as_far_as(report: Report) -> str:
    untried, operations = len(report.untried), len([name for name in report.operations if name])
    limits = ["it shows without a credential"] * report.anonymous
    limits += [f"there was time (none for {untried} of {operations} operations)"] * bool(untried)
    return f", as far as {' and '.join(limits)}" if limits else ""


def _why(report: Report) -> str:
    """Return why a run is not finished; empty if it is."""
    if report.end not in {"complete", "budget spent"}:
        return report.reason or report.end
    if report.cut_short and not report.troubles:  # which are the reason then
        return f"too little time for {', '.join(report.cut_short)}"
    return "" if report.requests else "no request was sent"
