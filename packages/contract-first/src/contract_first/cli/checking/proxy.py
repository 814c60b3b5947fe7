"""``proxy``: forwards requests to a server, and validates the traffic."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

import msgspec
import typer

from contract_first.check import Report
from contract_first.check.exchange import MessageViolation, RecordedExchange
from contract_first.check.har import har
from contract_first.check.reports.page import page
from contract_first.check.reports.terminal import report_console, show
from contract_first.check.validation import Drift
from contract_first.cli.commands import failure, notice, takes
from contract_first.cli.options import options_of, record_of
from contract_first.cli.process import End
from contract_first.cli.reading import ContractOptions, Load, Source, follows_references, read_contract
from contract_first.cli.recordings import MatchOptions
from contract_first.contract import load_contract
from contract_first.imports import resting_collector
from contract_first.mock.journal.journal import EVERYTHING
from contract_first.mock.options import HOST
from contract_first.mock.proxy.application import proxying
from contract_first.mock.proxy.recorder import ProxyRecorder
from contract_first.mock.proxy.upstream import NAME, NotAnUpstream, Upstream
from contract_first.mock.rules.files.recording import Matching, as_file, rules_of
from contract_first.service.http.server import CannotListen
from contract_first.signatures import Flag
from contract_first.terminal import printable

from .configuration import Configuration, Option

MOST_LINES = 1000
MOST_LISTED = 3

UpstreamUrl = Annotated[
    str,
    typer.Option("--upstream", metavar="URL", help="URL of the server to forward to.", show_default=False),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyOptions(ContractOptions):
    """The options of ``proxy``.

    Attributes:
        host: address to listen on; beyond loopback others can use the proxy.
        port: port of the proxy; 0 takes a free one.
        fail_on: which side's violations fail the run.
        most_bytes: largest body that is buffered and validated.
        timeout: how long to wait for the upstream.
        keep_host: forward the client's Host instead of the upstream's.
        names: host name that clients may use, besides addresses and localhost.
        errors: respond to the client with an error where the request (422) or the response (502) violates the
            contract; the server is asked all the same.
    """

    host: Annotated[str, Flag("ADDRESS")] = HOST
    port: Annotated[int, Flag("PORT", minimum=0, maximum=65535)] = 8010
    fail_on: Annotated[Literal["request", "response", "any"], Flag()] = "any"
    most_bytes: Annotated[int, Flag("BYTES", names=("--limit",), minimum=0)] = 1024 * 1024
    timeout: Annotated[float, Flag("SECONDS", minimum=0.1)] = 60
    keep_host: Annotated[bool, Flag()] = False
    names: Annotated[Sequence[str], Flag("NAME", names=("--allow-host",))] = ()
    errors: Annotated[bool, Flag()] = False


class Files(NamedTuple):
    """Where reports are to be written.

    Attributes:
        html: write the report as a self-contained HTML page.
        json: write the report as JSON.
        propose: write what the traffic has and the contract lacks as an OpenAPI Overlay, for you to look
            through.
        har: write the latest 2000 exchanges as HAR, secrets masked.
        record: write them as a recording, secrets masked, that mock --replay responds from.
    """

    html: Annotated[Path | None, Flag()] = None
    json: Annotated[Path | None, Flag()] = None
    propose: Annotated[Path | None, Flag()] = None
    har: Annotated[Path | None, Flag()] = None
    record: Annotated[Path | None, Flag()] = None

    def claim(self) -> None:
        """Raise OSError now, and not after hours, where they cannot be written."""
        for path in filter(None, self):
            path.touch()

    def write(self, report: Report, recorder: ProxyRecorder, matching: Matching, base: str) -> None:
        """Write the requested reports.

        Args:
            matching: what requests have in common with recorded ones.
            base: path of the upstream, which clients of the proxy leave out.
        """
        if self.html:
            self.html.write_text(page(report), "utf-8")
        if self.json:
            self.json.write_bytes(report.json())
        if self.propose and recorder.drift:
            self.propose.write_text(recorder.drift.overlay(), "utf-8")
        exchanges = recorder.journal.find() if self.har or self.record else []
        comment = recorder.journal.omission(EVERYTHING, exchanges, recorder.journal.last)
        if self.har:
            self.har.write_bytes(msgspec.json.encode(har(exchanges, comment=comment)))
        if self.record:
            rules = rules_of(exchanges, matching, base, recorder.journal.masking, notice)
            self.record.write_bytes(as_file(rules))
        if comment and exchanges:
            notice(comment)


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


def line(exchange: RecordedExchange) -> str:
    """Return an exchange that violates the contract as one line."""
    parts = [f"{side} {_place(violation)} {violation.rule}" for side, violation in exchange.violations]
    more = f" and {len(parts) - MOST_LISTED} more" if len(parts) > MOST_LISTED else ""
    head = f"#{exchange.number} {exchange.method} {exchange.url} -> {exchange.status or 'no response'}"
    return printable(f"{head}: {'; '.join(parts[:MOST_LISTED])}{more}")


def _place(violation: MessageViolation) -> str:
    return f"{violation.part} {violation.where}".rstrip()


@follows_references
@takes(config=Option, **options_of(ProxyOptions), **options_of(Files), **options_of(MatchOptions))
def proxy(
    upstream: UpstreamUrl,
    *,
    contract: Source,
    config: Configuration,  # noqa: ARG001 -- its values are defaults
    load: Load = load_contract,
    name: str = NAME,
    **arguments: Any,
) -> None:
    """Forward traffic to a server unchanged, and validate it against the contract.

    The response to an exchange that violates the contract has the header fields X-Contract-Violations (their
    number) and X-Contract-Violation (the first). Ctrl-C or SIGTERM stops the proxy, which prints a report of
    the violations and of the operations that were used.

    Exit codes: 0 all traffic conforms, 1 some violates the contract, 2 the proxy could not run, or validated
    nothing of the side that --fail-on names.
    """
    end, matching = End(), Matching(*record_of(MatchOptions, arguments))
    files, options = record_of(Files, arguments), record_of(ProxyOptions, arguments)
    try:
        files.claim()
        target = Upstream(upstream, timeout=options.timeout, keep_host=options.keep_host, name=name)
        with Lines() as lines:
            with resting_collector(own_process=True):
                read = read_contract(contract, load, options.overlay, strict=options.strict)
                drift = Drift(read, target.url) if files.propose else None
                recorder = ProxyRecorder(read, target.url, lambda exchange: lines.put(line(exchange)), drift)
            if files.record:
                recorder.journal.most_body_bytes = options.most_bytes
            listening = {
                name: getattr(options, name) for name in ("host", "port", "most_bytes", "names", "errors")
            }
            with proxying(target, recorder, **listening) as url:
                lines.put(f"{url} passes on to {target.url}; Ctrl-C ends it with a report.")
                end.wait()
        report = recorder.tally.report()
        files.write(report, recorder, matching, urlsplit(target.url).path)
    except (NotAnUpstream, CannotListen, OSError) as error:
        raise failure(error, what="Cannot run: ") from None
    show(report, report_console())
    raise typer.Exit(recorder.tally.counts.exit_code(options.fail_on))
