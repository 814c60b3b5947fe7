"""A report as an HTML page that needs nothing else: no script, no font, no other file."""

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from contract_first.check.har import phrase_of

from .recorded import OK, VIOLATED, OperationCoverage, Share, TrafficCounts
from .report import Finding, Report, Tested, short, times
from .terminal import summary
from .words import words_of

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
MOST_PLACES = 100
"""Operations of a finding."""
CLASSES = {OK: "ok", VIOLATED: "broken"}
HEATS = {0: "never", 1: "once", 2: "2 to 9 times", 3: "10 to 99 times", 4: "more often"}


def page(report: Report) -> str:
    subject = report.subject
    kind = "contract check" if report.traffic is None else "traffic and contract"
    title = escape(f"{subject.title} {subject.version}: {kind}")
    style = (files(__package__) / "page.css").read_text("utf-8")
    parts = _run(report) if report.traffic is None else _traffic(report, report.traffic)
    body = "\n".join([f"<h1>{title}</h1>", *parts])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _run(report: Report) -> Iterator[str]:
    """Yield the parts of the page of a run of checks."""
    prefix = report.prefix
    yield _conclusion(report, report.headline())
    yield from _findings(report, prefix)
    for trouble in report.troubles:
        name = escape(short(trouble.operation, prefix))
        title = f"{name} could not be tested: {escape(trouble.title)}"
        yield f"<article><h3>{title}</h3>{_pre(trouble.message)}</article>"
    yield f"<h2>What was checked</h2>{_facts(report)}"
    names = ("requests", "p50", "p95", "max")
    rows = [
        _row(number, short(operation, prefix), _numbers(tested), _marks(tested, report.checks))
        for number, (operation, tested) in enumerate(report.operations.items(), 1)
    ]
    checks = [f'<span class="check">{escape(words_of(check).name)}</span>' for check in report.checks]
    table = _table(names, checks, rows, prefix)
    yield f"<h2>Operations and checks</h2>\n{table}"
    yield "<h2>What was tried</h2>"
    for number, (operation, tested) in enumerate(report.operations.items(), 1):
        yield _tested(short(operation, prefix), number, tested)


def _traffic(report: Report, traffic: TrafficCounts) -> Iterator[str]:
    """Yield the parts of the page of recorded traffic: findings, and the contract as a heat map."""
    lines, prefix = list(summary(report, traffic)), traffic.prefix
    yield _conclusion(report, " ".join(lines[:2]))
    yield "".join(f'<p class="about">{escape(line)}</p>' for line in lines[2:-1])
    yield f'<ul class="shares">{"".join(_tile(name, share) for name, share in traffic.shares.items())}</ul>'
    statuses = sorted({status for operation in traffic.coverage for status in operation.every_status})
    rows = []
    for number, operation in enumerate(traffic.coverage):
        cells = (_heat_cell(operation, status) for status in statuses)
        rows.append(_row(number, short(operation.name, prefix), _counts(operation), cells))
    table = _table(("calls", "parameters", "values"), map(escape, statuses), rows, prefix)
    yield f"<h2>Operations and statuses</h2>{table}{_legend()}"
    yield from _findings(report, "")
    if traffic.more_findings:
        yield f'<p class="about">... and {traffic.more_findings} violations of further kinds.</p>'
    yield "<h2>Parameters and values</h2>"
    for number, operation in enumerate(traffic.coverage):
        yield _exercised(number, operation)


def _conclusion(report: Report, text: str) -> str:
    return f'<p class="outcome {CLASSES.get(report.exit_code, "")}">{escape(text)}</p>'


def _facts(report: Report) -> str:
    subject = report.subject
    facts = {
        "URL": subject.url,
        "contract": f"{subject.title} {subject.version}, {subject.source}",
        "digest": subject.digest,
        "started": report.started.isoformat(" ", "seconds"),
        "ended": report.reason or report.end,
        "credentials": "none" if report.anonymous else "",
        "read only": "yes" if report.read_only else "",
        "exercised": report.about_coverage().removeprefix("Exercised: "),
        "time": report.about_phases().removeprefix("Time: "),
        "waited for rate limits": f"{report.waited:.0f} s" if report.waited else "",
        **{
            f"known: {finding.heading}": f"{finding.places(report.prefix, MOST_PLACES)}. {finding.reason}"
            for finding in report.known_findings
        },
        **{f"gone: {gone}": "is to be removed from the baseline" for gone in report.gone},
        **{f"excluded: {operation}": reason for operation, reason in report.excluded.items()},
        **{f"left out: {words_of(check).name}": reason for check, reason in report.left_out.items()},
        **{f"note: {words_of(check).name}": "; ".join(notes) for check, notes in report.notes.items()},
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items() if fact)
    return f"<dl>{rows}</dl>"


def _table(numbers: Iterable[str], columns: Iterable[str], rows: list[str], prefix: str) -> str:
    head = "".join(f'<th class="number">{name}</th>' for name in numbers)
    head += "".join(f"<th>{column}</th>" for column in columns)
    below = f'<p class="about">Paths are below {escape(prefix)}.</p>' if prefix else ""
    body = "\n".join(rows)
    return (
        f'<div class="wide"><table><thead><tr><th>operation</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{below}"
    )


def _row(number: int, name: str, numbers: Iterable[str], cells: Iterable[str]) -> str:
    # a name goes on in another line at a slash, where there is little room
    link = f'<a href="#operation-{number}">{escape(name).replace("/", "<wbr>/")}</a>'
    counts = "".join(f'<td class="number">{count}</td>' for count in numbers)
    return f'<tr><th scope="row">{link}</th>{counts}{"".join(cells)}</tr>'


def _numbers(tested: Tested) -> list[str]:
    return [f"{tested.total:,}", *tested.times.quantiles(0.5, 0.95, 1)]


def _marks(tested: Tested, checks: list[str]) -> Iterator[str]:
    for check in checks:
        outcomes = tested.checks.get(check)
        if outcomes is None:
            yield '<td class="none">·</td>'
        else:
            css, mark = ("failed", "✗") if outcomes.failed else ("passed", "✓")
            title = f"{escape(words_of(check).name)}: {outcomes.passed:,} passed, {outcomes.failed:,} failed"
            yield f'<td class="{css}" title="{title}">{mark}</td>'


def _counts(operation: OperationCoverage) -> list[str]:
    shares = operation.shares
    return [str(operation.calls), *(_fraction(shares[name]) for name in ("parameters", "enum values"))]


def _heat_cell(operation: OperationCoverage, status: str) -> str:
    if status in operation.undocumented:
        return f'<td class="wrong" title="not in the contract">{operation.undocumented[status]}!</td>'
    if status not in operation.statuses:
        return "<td></td>"
    count = operation.statuses[status]
    return f'<td class="h{_heat(count)}">{count or "-"}</td>'


def _legend() -> str:
    entries = "".join(f'<li><i class="h{heat}"></i>{text}</li>' for heat, text in HEATS.items())
    return f'<ul class="legend">{entries}<li><i class="wrong"></i>not in the contract</li></ul>'


def _tile(name: str, share: Share) -> str:
    meter = f'<meter min="0" max="{max(share.total, 1)}" value="{share.exercised}"></meter>'
    return f"<li><b>{share}</b>{escape(name)} exercised{meter}</li>"


def _findings(report: Report, prefix: str) -> Iterator[str]:
    if report.findings or report.troubles:
        yield "<h2>What is wrong</h2>"
    for number, finding in enumerate(report.by_cost(), 1):
        yield _finding(number, finding, prefix)


def _finding(number: int, finding: Finding, prefix: str) -> str:
    if finding.examples:
        return _recorded(number, finding, prefix)
    seen = f", seen {times(finding.seen)}" if finding.seen > 1 else ""
    severity = f'<b class="{finding.severity}">{finding.severity}</b> ' if finding.severity else ""
    places = escape(finding.places(prefix, MOST_PLACES))
    rows = "".join(f"<dt>{label}</dt><dd>{escape(text)}</dd>" for label, text in finding.sentences().items())
    curl = f'<pre class="curl">{escape(finding.curl)}</pre>' if finding.curl else ""
    return (
        f"<article><h3>{number}. {escape(finding.heading)}</h3>"
        f'<p class="about">{severity}{escape(finding.phase)}{seen}</p>'
        f"<p>{places}</p><dl>{rows}</dl>{_pre(finding.response)}{curl}</article>"
    )


def _recorded(number: int, finding: Finding, prefix: str) -> str:
    where = escape(short(finding.operation, prefix))
    pointer = f" <code>{escape(finding.pointer)}</code>" if finding.pointer else ""
    seen = f", seen {times(finding.seen)}" if finding.seen > 1 else ""
    examples = "".join(f"<li><code>{escape(str(example))}</code></li>" for example in finding.examples)
    return (
        f"<article><h3>{number}. {where}: {escape(finding.title)}</h3>"
        f'<p class="about">{escape(finding.check)}, {escape(finding.phase)}{seen}{pointer}</p>'
        f"{_pre(finding.message)}<ul>{examples}</ul></article>"
    )


def _tested(name: str, number: int, tested: Tested) -> str:
    failed = sum(outcomes.failed for outcomes in tested.checks.values())
    count = f'<small class="failed">{failed:,} failed</small>' if failed else ""
    chips = _chips("Requests by phase", (f"{phase}: {count:,}" for phase, count in tested.requests.items()))
    statuses = sorted(tested.statuses.items())
    chips += _chips("Responses", (f"{_status(status)}: {seen:,}" for status, seen in statuses))
    chips += _chips(
        "Checks passed", (f"{words_of(check).name}: {outcomes}" for check, outcomes in tested.checks.items())
    )
    summary = f"<summary>{escape(name)}<small>{tested.total:,} requests</small>{count}</summary>"
    about = f'<p class="about">{escape(tested.operation_id)}</p>'
    return f'<details id="operation-{number}"{" open" * bool(failed)}>{summary}{about}{chips}</details>'


def _exercised(number: int, operation: OperationCoverage) -> str:
    """Return the coverage of an operation, with its anchor inside ``details``, which a link to it opens."""
    shares = operation.shares
    counted = {"parameters": shares["parameters"], "values": shares["enum values"]}
    about = ", ".join(f"{_fraction(share)} {name}" for name, share in counted.items() if share.total)
    places = {"Parameters": operation.parameters, **operation.values}
    chips = "".join(
        _chips(place, (f"{text}: {count}" for text, count in counts.items()), map(_heat, counts.values()))
        for place, counts in places.items()
    )
    return (
        f"<details><summary>{escape(operation.name)}<small>{about}</small></summary>"
        f'<p class="about" id="operation-{number}">{escape(operation.operation)}</p>{chips}</details>'
    )


def _chips(title: str, texts: Iterable[str], heats: Iterable[int] | None = None) -> str:
    classes = None if heats is None else (f' class="h{heat}"' for heat in heats)
    chips = "".join(f"<li{next(classes) if classes else ''}>{escape(text)}</li>" for text in texts)
    return f'<h3>{escape(title)}</h3><ul class="chips">{chips}</ul>' if chips else ""


def _fraction(share: Share) -> str:
    return f"{share.exercised}/{share.total}" if share.total else ""


def _heat(count: int) -> int:
    return sum(count >= least for least in (1, 2, 10, 100))


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if text else ""


def _status(status: int) -> str:
    return f"{status} {phrase_of(status)}".strip()
