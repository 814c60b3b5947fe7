"""``scanner-api check``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .extras import CANNOT_RUN, need

if TYPE_CHECKING:
    from rich.console import Console

    from scanner_mocks.conformance import Credentials, Report
    from scanner_mocks.conformance.checking import Checking

WIDE = 120
"""Columns of what nobody looks at in a terminal, such as the log of a CI."""
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}

URL = Annotated[
    str, typer.Argument(help="Where the API's paths begin; not needed with --from-har.", show_default=False)
]
Contract = Annotated[
    Path | None,
    typer.Option("--contract", help="JSON or YAML; by default URL/openapi.json, else the packaged one."),
]
ApiKey = Annotated[
    str, typer.Option("--api-key", help="API key. $SCANNER_CHECK_API_KEY.", show_default=False)
]
OtherApiKey = Annotated[
    str,
    typer.Option(
        "--other-api-key",
        help="API key of another organization. $SCANNER_CHECK_OTHER_API_KEY.",
        show_default=False,
    ),
]
Bearer = Annotated[
    str, typer.Option("--bearer", help="Bearer token. $SCANNER_CHECK_BEARER.", show_default=False)
]
Cookie = Annotated[
    str,
    typer.Option("--cookie", help="Cookie, value or name=value. $SCANNER_CHECK_COOKIE.", show_default=False),
]
Header = Annotated[
    list[str] | None,
    typer.Option(
        "--header", help="'Name: value' in every request; repeatable. $SCANNER_CHECK_HEADERS, one a line."
    ),
]
CredentialsFile = Annotated[
    Path | None,
    typer.Option("--credentials", help="TOML: api_key, other_api_key, bearer, cookie and the table headers."),
]
FromHar = Annotated[
    Path | None,
    typer.Option("--from-har", help="Judge recorded traffic instead, whoever recorded it, and send nothing."),
]
ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Call only what is safe: no writes and no uploads.")
]
Budget = Annotated[
    str, typer.Option("--budget", help="Go on for so long, such as 60s or 5m.", show_default=False)
]
MaxExamples = Annotated[int, typer.Option("--max-examples", min=1, help="Made-up requests an operation.")]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="Try what the run with this seed tried.", show_default=False),
]
OnlyOperation = Annotated[
    list[str] | None,
    typer.Option("--operation", help="Only this one: operationId, its end, or 'METHOD /path'; repeatable."),
]
Resume = Annotated[
    Path | None,
    typer.Option("--resume", help="Keep what is done in this file, and go on from it where it is there."),
]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write the report as JUnit XML.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report as a page that stands alone.")]
Har = Annotated[Path | None, typer.Option("--har", help="Write what went over the wire, secrets masked.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
Github = Annotated[
    bool, typer.Option("--github", help="Annotate for GitHub Actions.", envvar="GITHUB_ACTIONS")
]


def check(  # noqa: PLR0913 -- an option each
    url: URL = "",
    *,
    contract: Contract = None,
    from_har: FromHar = None,
    api_key: ApiKey = "",
    other_api_key: OtherApiKey = "",
    bearer: Bearer = "",
    cookie: Cookie = "",
    header: Header = None,
    credentials: CredentialsFile = None,
    read_only: ReadOnly = False,
    budget: Budget = "",
    max_examples: MaxExamples = 100,
    seed: Seed = None,
    operation: OnlyOperation = None,
    resume: Resume = None,
    junit: Junit = None,
    html: Html = None,
    har: Har = None,
    json: Json = None,
    github: Github = False,
) -> None:
    """Find out whether a deployment keeps the contract, whoever runs it.

    Schemathesis tries each operation (examples, limits, made-up data, whole stories), and our own checks try
    what no schema says. Credentials are in no output; other users of this machine see those that are given as
    options, but not those in the environment or a file.

    Exit codes: 0 the contract is kept, 1 a promise is broken, 2 it could not run: wrong options, no
    answer, or the extra `check` is missing.
    """
    if not url and from_har is None:
        raise typer.BadParameter("is missing; --from-har does without", param_hint="'URL'")
    need("check")
    from rich.console import Console  # noqa: PLC0415 -- help does without

    from scanner_mocks.conformance import Credentials  # noqa: PLC0415 -- the same
    from scanner_mocks.conformance.checking import CannotRunError, Checking  # noqa: PLC0415 -- the same
    from scanner_mocks.conformance.credentials import header_fields  # noqa: PLC0415 -- the same

    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    try:
        flags = Credentials(
            api_key=api_key,
            other_api_key=other_api_key,
            bearer=bearer,
            cookie=cookie,
            headers=header_fields(header or ()),
        )
        checking = Checking(
            url=url,
            contract=contract,
            credentials=_credentials(flags, credentials),
            read_only=read_only,
            budget=_seconds(budget),
            max_examples=max_examples,
            seed=seed,
            only=tuple(operation or ()),
            resume=resume,
            har=har,
        )
        _require_folders(junit, html, har, json, resume)
        if from_har is not None:
            report = _judge(from_har, checking, console, html, json)
            _write(report, junit, None, None)
        else:
            report = _run(checking, console)
            _write(report, junit, html, json)
    except (CannotRunError, ValueError, OSError) as error:
        _give_up(str(error))
    if github:
        _annotate(report)
    raise typer.Exit(report.exit_code)


def _credentials(flags: Credentials, file: Path | None) -> Credentials:
    from scanner_mocks.conformance.credentials import from_environment, from_file  # noqa: PLC0415 -- as above

    given = flags.over(from_environment(os.environ))
    return given.over(from_file(file)) if file else given


def _require_folders(*paths: Path | None) -> None:
    """Find out before a long run, not after it, that a report could not be written."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise ValueError(f"{path} cannot be written: {path.parent} is no folder.")


def _run(checking: Checking, console: Console) -> Report:
    from scanner_mocks.conformance.interruption import stopped_by_signals  # noqa: PLC0415 -- as above
    from scanner_mocks.conformance.progress import Watch  # noqa: PLC0415 -- as above
    from scanner_mocks.conformance.renderings import terminal  # noqa: PLC0415 -- as above

    with checking.started() as run, stopped_by_signals(run), Watch(console, run.report) as watch:
        run.on_own_check = watch.own_check
        for event in checking.events(run):
            watch.take(event)
    terminal.show(run.report, console)
    return run.report


def _judge(
    from_har: Path, checking: Checking, console: Console, html: Path | None, json: Path | None
) -> Report:
    """Judge recorded traffic; what it exercised is in files of its own kind."""
    from scanner_mocks.conformance.arrival import contract_of  # noqa: PLC0415 -- as above
    from scanner_mocks.conformance.consumer import as_checked  # noqa: PLC0415 -- as above
    from scanner_mocks.judging import judge_har  # noqa: PLC0415 -- as above
    from scanner_mocks.judging.page import page  # noqa: PLC0415 -- as above
    from scanner_mocks.judging.terminal import show  # noqa: PLC0415 -- as above

    contract = contract_of("", checking.contract)
    judged = judge_har(from_har, contract, checking.url or None)
    show(judged, console)
    if html is not None:
        html.write_text(page(judged), "utf-8")
    if json is not None:
        json.write_bytes(judged.json())
    return as_checked(judged, contract, str(from_har))


def _write(report: Report, junit: Path | None, html: Path | None, json: Path | None) -> None:
    from scanner_mocks.conformance.renderings import files  # noqa: PLC0415 -- as above

    for path, write in ((junit, files.write_junit), (html, files.write_page), (json, files.write_json)):
        if path is not None:
            write(report, path)


def _annotate(report: Report) -> None:
    from scanner_mocks.conformance.renderings.github import workflow_commands  # noqa: PLC0415 -- as above

    for command in workflow_commands(report):
        typer.echo(command)


def _seconds(budget: str) -> float | None:
    if not budget:
        return None
    found = re.fullmatch(r"([0-9]{1,6})(s|m|h|)", budget)
    if found is None or not int(found[1]):
        raise ValueError(f"--budget is {budget!r}; wanted a time such as 60s, 5m or 1h.")
    return float(int(found[1]) * SECONDS[found[2]])


def _give_up(reason: str) -> NoReturn:
    typer.echo(f"Cannot run: {reason}", err=True)
    raise typer.Exit(CANNOT_RUN)
