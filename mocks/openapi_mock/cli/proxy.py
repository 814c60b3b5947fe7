"""``proxy``: forwards requests to a server, and validates the traffic."""

from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import Annotated, Literal, NamedTuple, Self

import msgspec
import typer

from openapi_check import Report
from openapi_check.cli import Html, Json, report_console
from openapi_check.har import har
from openapi_check.page import page
from openapi_check.terminal import show
from openapi_contract import load_contract
from openapi_contract.cli.commands import Overlays, Strict, failure
from openapi_contract.cli.reading import Load, read_contract
from openapi_contract.errors import explained
from openapi_contract.imports import resting_collector
from openapi_contract.terminal import printable
from openapi_mock.journal import Exchange, Violation
from openapi_mock.proxy.application import proxying
from openapi_mock.proxy.recorder import Recorder
from openapi_mock.proxy.upstream import NAME, NotAnUpstream, Upstream
from openapi_service.server import CannotListen

from .process import End

PORT = 8010
MOST_BYTES = 1024 * 1024
MOST_LINES = 1000
MOST_LISTED = 3

UpstreamUrl = Annotated[
    str,
    typer.Option("--upstream", metavar="URL", help="URL of the server to forward to.", show_default=False),
]
Host = Annotated[str, typer.Option(help="Address to listen on; beyond loopback others can use the proxy.")]
Port = Annotated[
    int, typer.Option(metavar="PORT", min=0, max=65535, help="Port of the proxy; 0 takes a free one.")
]
Source = Annotated[str, typer.Option(metavar="FILE", help="Contract: JSON or YAML, a file or a URL.")]
Fail = Annotated[
    Literal["request", "response", "any"],
    typer.Option("--fail-on", help="Which side's violations fail the run."),
]
Limit = Annotated[
    int, typer.Option(min=0, metavar="BYTES", help="Largest body that is buffered and validated.")
]
Timeout = Annotated[
    float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for the upstream.")
]
KeepHost = Annotated[
    bool, typer.Option("--keep-host", help="Forward the client's Host instead of the upstream's.")
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Host name that clients may use, besides addresses and localhost; repeatable."
    ),
]
Errors = Annotated[
    bool,
    typer.Option(
        "--errors",
        help="Respond to the client with an error where the request (422) or the response (502) violates the "
        "contract; the server is asked all the same.",
    ),
]
Har = Annotated[
    Path | None, typer.Option(dir_okay=False, help="Write the latest 2000 exchanges as HAR, secrets masked.")
]


def proxy(  # noqa: PLR0913 -- an option each
    upstream: UpstreamUrl,
    *,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    contract: Source,
    overlay: Overlays = None,
    strict: Strict = False,
    fail_on: Fail = "any",
    limit: Limit = MOST_BYTES,
    timeout: Timeout = 60,
    keep_host: KeepHost = False,
    allow_host: AllowHost = None,
    errors: Errors = False,
    html: Html = None,
    json: Json = None,
    har: Har = None,
    load: Load = load_contract,
    name: str = NAME,
) -> None:
    """Forward traffic to a server unchanged, and validate it against the contract.

    The response to an exchange that violates the contract has the header fields X-Contract-Violations (their
    number) and X-Contract-Violation (the first). Ctrl-C or SIGTERM stops the proxy, which prints a report of
    the violations and of the operations that were used.

    Exit codes: 0 all traffic conforms, 1 some violates the contract, 2 the proxy could not run, or validated
    nothing of the side that --fail-on names.
    """
    end = End()
    try:
        files = Files(html, json, har)
        files.claim()
        target = Upstream(upstream, timeout=timeout, keep_host=keep_host, name=name)
        with Lines() as lines:
            with resting_collector(own_process=True):
                read = read_contract(contract, load, overlay, strict=strict)
                recorder = Recorder(read, target.url, lambda exchange: lines.put(line(exchange)))
            with proxying(
                target,
                recorder,
                host=host,
                port=port,
                most_bytes=limit,
                names=allow_host or (),
                errors=errors,
            ) as url:
                lines.put(f"{url} passes on to {target.url}; Ctrl-C ends it with a report.")
                end.wait()
        report = recorder.tally.report()
        files.write(report, recorder)
    except (NotAnUpstream, CannotListen, OSError) as error:
        raise failure(f"Cannot run: {explained(error)}") from None
    show(report, report_console())
    raise typer.Exit(recorder.tally.counts.exit_code(fail_on))


class Files(NamedTuple):
    """Where reports are to be written."""

    html: Path | None
    json: Path | None
    har: Path | None

    def claim(self) -> None:
        """Raise OSError now, and not after hours, where they cannot be written."""
        for path in filter(None, self):
            path.touch()

    def write(self, report: Report, recorder: Recorder) -> None:
        """Write what is asked for."""
        if self.html:
            self.html.write_text(page(report), "utf-8")
        if self.json:
            self.json.write_bytes(report.json())
        if self.har:
            self.har.write_bytes(msgspec.json.encode(har(recorder.journal.find())))


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
    """Return an exchange that violates the contract as one line."""
    verdict = exchange.verdict
    sides = [] if verdict is None else [("request", verdict.request), ("response", verdict.response)]
    parts = [f"{side} {_place(each)} {each.rule}" for side, violations in sides for each in violations]
    more = f" and {len(parts) - MOST_LISTED} more" if len(parts) > MOST_LISTED else ""
    head = f"#{exchange.number} {exchange.method} {exchange.url} -> {exchange.status or 'no response'}"
    return printable(f"{head}: {'; '.join(parts[:MOST_LISTED])}{more}")


def _place(violation: Violation) -> str:
    return f"{violation.part} {violation.where}".rstrip()
