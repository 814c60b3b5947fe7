"""A report as annotations of GitHub Actions: workflow commands on the standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .names import WHOLE_API, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi_check.conformance.report import Report

IN_MESSAGES = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
IN_PROPERTIES = {**IN_MESSAGES, ord(":"): "%3A", ord(","): "%2C"}


def workflow_commands(report: Report) -> Iterator[str]:
    """Yield a line for each finding, and one for the verdict."""
    for finding in report.findings:
        where = finding.operation or WHOLE_API
        text = "\n".join(filter(None, (finding.title, finding.message, finding.curl)))
        yield _command("error", f"{where}: {finding.check}", text)
    for trouble in report.troubles:
        yield _command("error", f"{trouble.operation or WHOLE_API}: {trouble.title}", trouble.message)
    yield _command("notice" if not report.exit_code else "error", "contract check", verdict(report))


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={title.translate(IN_PROPERTIES)}::{message.translate(IN_MESSAGES)}"
