"""``scanner-api proxy``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

import msgspec
import typer

from openapi_contract.cli.commands import CANNOT_RUN

from .end import End

if TYPE_CHECKING:
    from openapi_check import Report
    from openapi_mock.journal import Exchange, Violation
    from openapi_mock.proxy.watch import Watch

PORT = 8010
MOST_BYTES = 1024 * 1024
MOST_LINES = 1000
MOST_TOLD = 3

UpstreamUrl = Annotated[
    str, typer.Option("--upstream", metavar="URL", help="The server that answers.", show_default=False)
]
Host = Annotated[str, typer.Option(help="Address to listen on; beyond loopback others can use the proxy.")]
Port = Annotated[
    int, typer.Option(metavar="PORT", min=0, max=65535, help="Port of the proxy; 0 takes a free one.")
]
Source = Annotated[
    str | None,
    typer.Option(
        "--contract", metavar="FILE", help="JSON or YAML, a file or a URL; the contract in force by default."
    ),
]
Fail = Annotated[
    Literal["request", "response", "any"], typer.Option("--fail-on", help="Whose violations fail the run.")
]
Limit = Annotated[
    int, typer.Option(min=0, metavar="BYTES", help="Longest body that is held back and judged.")
]
Timeout = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="To wait for the upstream.")]
KeepHost = Annotated[
    bool, typer.Option("--keep-host", help="Send the client's Host instead of the upstream's own.")
]
Html = Annotated[
    Path | None, typer.Option(dir_okay=False, help="Write the report as a page that stands alone.")
]
Json = Annotated[Path | None, typer.Option(dir_okay=False, help="Write the report as JSON.")]
Har = Annotated[
    Path | None, typer.Option(dir_okay=False, help="Write the latest 2000 exchanges as HAR, secrets masked.")
]


def proxy(  # noqa: PLR0913 -- an option each
    upstream: UpstreamUrl,
    *,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    contract: Source = None,
    fail_on: Fail = "any",
    limit: Limit = MOST_BYTES,
    timeout: Timeout = 60,
    keep_host: KeepHost = False,
    html: Html = None,
    json: Json = None,
    har: Har = None,
) -> None:
    """Pass everything on to a server, unchanged, and judge what goes by by the contract.

    An answer to an exchange that breaks it has the fields X-Contract-Violations (how many) and
    X-Contract-Violation (the first of them). Ctrl-C or SIGTERM ends it, with a report of what was broken and
    of how much of the contract was exercised.

    Exit codes: 0 the contract was kept, 1 it was broken, 2 could not run, or nothing of that side was judged.
    """
    end = End()
    from openapi_check.terminal import show  # noqa: PLC0415 -- the same
    from openapi_contract.cli.contract import read_contract  # noqa: PLC0415 -- the same
    from openapi_mock.proxy.server import proxying  # noqa: PLC0415 -- the same
    from openapi_mock.proxy.upstream import NotAnUpstream, Upstream  # noqa: PLC0415 -- the same
    from openapi_mock.proxy.watch import Watch  # noqa: PLC0415 -- imported when it is needed
    from openapi_service.collector import resting_collector  # noqa: PLC0415 -- help does without
    from openapi_service.server import CannotListen  # noqa: PLC0415 -- the same
    from scanner_contract import load_contract  # noqa: PLC0415 -- the same

    from .console import report_console  # noqa: PLC0415 -- the same

    try:
        files = Files(html, json, har)
        files.claim()
        target = Upstream(upstream, timeout=timeout, keep_host=keep_host)
        with Lines() as lines:
            with resting_collector(own_process=True):
                watch = Watch(
                    read_contract(contract, load_contract),
                    target.url,
                    lambda exchange: lines.put(line(exchange)),
                )
            with proxying(target, watch, host=host, port=port, most_bytes=limit) as url:
                lines.put(f"{url} passes on to {target.url}; Ctrl-C ends it with a report.")
                end.wait()
        report = watch.tally.report()
        files.write(report, watch)
    except (NotAnUpstream, CannotListen, OSError) as error:
        typer.echo(f"Cannot run: {error}", err=True)
        raise typer.Exit(CANNOT_RUN) from None
    show(report, report_console())
    raise typer.Exit(watch.tally.counts.exit_code(fail_on))


class Files(NamedTuple):
    """Where reports are to be written."""

    html: Path | None
    json: Path | None
    har: Path | None

    def claim(self) -> None:
        """Raise OSError now, and not after hours, where they cannot be written."""
        for path in filter(None, self):
            path.touch()

    def write(self, report: Report, watch: Watch) -> None:
        """Write what is asked for."""
        from openapi_check.har import har  # noqa: PLC0415 -- help does without
        from openapi_check.page import page  # noqa: PLC0415 -- the same

        if self.html:
            self.html.write_text(page(report), "utf-8")
        if self.json:
            self.json.write_bytes(report.json())
        if self.har:
            self.har.write_bytes(msgspec.json.encode(har(watch.journal.find())))


class Lines:
    """Prints lines in a thread of its own, so that a slow terminal holds up no exchange; it may miss some."""

    def __init__(self) -> None:
        self._lines: Queue[str | None] = Queue(MOST_LINES)
        self._thread = Thread(target=self._print, daemon=True)

    def put(self, text: str) -> None:
        """Have a line printed, unless too many wait for it already."""
        with suppress(Full):
            self._lines.put_nowait(text)

    def _print(self) -> None:
        for text in iter(self._lines.get, None):
            with suppress(OSError):  # nobody reads them any more
                typer.echo(text)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.put(None)
        self._thread.join()


def line(exchange: Exchange) -> str:
    """Return an exchange that breaks the contract as one line."""
    from openapi_contract.comparison.findings import printable  # noqa: PLC0415 -- help does without

    verdict = exchange.verdict
    sides = [] if verdict is None else [("request", verdict.request), ("response", verdict.response)]
    told = [f"{side} {_place(each)} {each.rule}" for side, found in sides for each in found]
    more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    head = f"#{exchange.number} {exchange.method} {exchange.url} -> {exchange.status or 'no answer'}"
    return printable(f"{head}: {'; '.join(told[:MOST_TOLD])}{more}")


def _place(violation: Violation) -> str:
    return f"{violation.part} {violation.where}".rstrip()
