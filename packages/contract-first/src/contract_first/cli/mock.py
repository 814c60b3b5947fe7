"""``mock``: a mock server until it is stopped, and ``mock exec``."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import typer

from contract_first.contract import Contract as OpenapiContract
from contract_first.contract import ContractError, load_contract
from contract_first.contract.document.fetching import References
from contract_first.contract.document.sources import is_url
from contract_first.mock.console.page import PATH as CONSOLE
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.request_log import ExchangeLog
from contract_first.mock.options import Log, MockOptions, ServerOptions
from contract_first.service.http.server import CannotListen
from contract_first.signatures import Flag

from .commands import customized, option, require_extra, takes
from .execute import Start, is_alone, run, with_exec
from .mock_file import NAME, SERVICES, configured, init
from .option_file import PROJECT
from .options import TRUSTED_BY, Process, defaults_of, options_of, ports_of
from .reading import ContractOptions

WIDTH = 80
Form = Literal["text", "json"]


class MockOutput(NamedTuple):
    """What of a mock is printed.

    Attributes:
        no_auth: require no credentials; by default any non-empty one is accepted.
        log: format of the request log on standard error: each request, and its violations.
        quiet: switch the request log off.
        verbose: print every URL and credential, and the operations, at start.
    """

    no_auth: Annotated[bool, Flag()] = False
    log: Annotated[Form | None, Flag(default="text; for exec and with --json, none")] = None
    quiet: Annotated[bool, Flag(names=("--quiet", "-q"))] = False
    verbose: Annotated[bool, Flag()] = False


CONTRACT = options_of(ContractOptions)
OPTIONS = {
    "config": option(
        Path | None,
        "TOML file with these options and their rules; they go for what the command line does not say.",
        dir_okay=False,
        is_eager=True,
        callback=configured,
        show_default=f"{NAME}, if there is one, or {PROJECT} where there is no contract",
    ),
    "contract": option(
        list[str],
        "The OpenAPI document to mock; the same as FILE. Several are as many services.",
        default=[],
        metavar="FILE|URL",
        is_eager=True,  # a file of the project is read where there is none
    ),
    "overlays": CONTRACT["overlay"],
    "strict": CONTRACT["strict"],
    **options_of(MockOptions),
    **options_of(Process),
    **options_of(MockOutput),
}


class Mocks:
    """Opens mocks of a contract, and describes them to programs and people.

    Attributes:
        record: declares the options.
        contract: of the mock, once it is opened.
        names: of fields of a mock whose variable says more than their name does.
    """

    record: ClassVar[type[ServerOptions]] = MockOptions
    prefix = "MOCK_"
    contract: OpenapiContract | None = None
    names: ClassVar[Mapping[str, str]] = {"api": "api_url", "control": "control_url"}

    def defaults(self) -> dict[str, Any]:
        """Return the values of options that are not set."""
        return defaults_of(self.record)

    def open(
        self,
        contract: Any,
        *,
        overlays: Sequence[Path] | None = None,
        strict: bool = False,
        no_auth: bool = False,
        loaded: OpenapiContract | None = None,
        **options: Any,
    ) -> AbstractContextManager[Any]:
        """Return the mock, a struct with a method ``line``; `options` are those of the command.

        `loaded` is the contract where it has been loaded before.

        Raises:
            typer.BadParameter: an option is of no use.
        """
        if contract is None:
            raise typer.BadParameter(
                "There is no contract; expected FILE or URL first, or --contract FILE|URL."
            )
        from contract_first.mock import contract_mock  # noqa: PLC0415 -- help and S3's start do without

        if not isinstance(contract, str):
            if overlays:
                raise typer.BadParameter("--overlay is for a single contract.")
            self.contract = None
            return contract_mock(contract, authentication=not no_auth, tell=report, **options)
        references = References(
            options.get("references"), offline=options.get("offline", False), root=options.get("root")
        )
        self.contract = loaded or load_contract(
            contract, overlays or (), lenient=not strict, strict=strict, references=references
        )
        return contract_mock(self.contract, authentication=not no_auth, tell=report, **options)

    def lack(self) -> str:
        """Return which extra is missing, and how to install it; empty if none is."""
        return ""

    def start_errors(self) -> tuple[type[Exception], ...]:
        """Return the errors that keep a mock from starting; each message says what to do."""
        return CannotListen, ContractError, OSError, ValueError

    def announce(self, mock: Any, *, verbose: bool) -> None:
        """Print the URLs of the mock, and a first command."""
        from . import banner  # noqa: PLC0415 -- only people need it, and once the mock responds

        if services := getattr(mock, "services", {}):
            rows = {name: service.url for name, service in services.items()}
            others = banner.reach_rows(mock.lan, mock.ca, mock.control)
            places = {"console": mock.control.removesuffix("/_mock") + CONSOLE, **others}
            banner.show(f"Mock of {len(rows)} services", {"": rows, "Beside": places}, qr=mock.lan)
            return
        places = {
            "API": mock.api,
            "console": f"{mock.api}{CONSOLE}",
            **banner.reach_rows(mock.lan, mock.ca, mock.control),
        }
        sections, notes, command = {"": places}, list[str](), ""
        if self.contract is not None:
            command = banner.trusting(banner.curl_of(self.contract, mock.api), mock.ca)
            if self.contract.defects:
                places["defects"] = f"{mock.api}/_mock/defects"
            if verbose:
                places |= {"explorer": f"{mock.api}/docs", "responses": f"{mock.api}/_mock/responses"}
                sections["Operations"] = banner.operation_rows(self.contract)
        if not mock.operations:
            notes.append("The contract has no operations: every request gets a 404.")
        noun = "operation" if mock.operations == 1 else "operations"
        title = f"Mock of {mock.title} {mock.version}: {mock.operations} {noun}"
        banner.show(title, sections, *notes, command=command, qr=mock.lan)

    def variables(self, mock: Any) -> dict[str, str]:
        """Return a variable for each field of a mock, and for each member of a field that has some.

        With TLS there are those by which Node.js and AWS's clients trust its authority, too.
        """
        facts = mock.facts()
        services = facts.pop("services", {})
        named = [(self.names.get(name, name), value) for name, value in facts.items()]
        return (
            {
                f"{self.prefix}{name}{f'_{member}' if member else ''}".upper(): str(text)
                for name, value in named
                for member, text in (value.items() if isinstance(value, dict) else [("", value)])
            }
            | {f"{name}_URL".upper().replace("-", "_"): service["url"] for name, service in services.items()}
            | ({} if mock.ca is None else dict.fromkeys(TRUSTED_BY, mock.ca))
        )


def report(sentence: str) -> None:
    """Print a sentence for the user of the mock, apart from its own output."""
    typer.echo(sentence, err=True)


def log_form(form: Form | None, *, quiet: bool, default: Form | None) -> Form | None:
    """Return the form of the request log; None for no log."""
    if quiet and form:
        raise typer.BadParameter("--quiet and --log exclude each other.")
    is_closed = sys.stderr is None  # by the parent process
    return None if quiet or is_closed else form or default


def request_log(form: Form) -> "Log":
    """Return a log of a journal's exchanges on standard error, in a form."""

    def log(journal: "Journal") -> "ExchangeLog":
        from contract_first.mock.journal.request_log import ExchangeLog, JsonLines, TextLines  # noqa: PLC0415 -- S3 starts while it is imported

        is_terminal = sys.stderr.isatty()
        text = TextLines(
            colours=is_terminal and not os.environ.get("NO_COLOR"), width=_width if is_terminal else None
        )
        return ExchangeLog(journal, JsonLines() if form == "json" else text, _write_error)

    return log


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH
    except OSError:
        return WIDTH


def _write_error(text: str) -> None:
    """Write to standard error without the lock around it, which a write that blocks would hold to the end."""
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(sys.stderr.fileno(), data) :]


@takes(**OPTIONS)
def mock(
    context: typer.Context,
    *,
    json: bool,
    ready_file: Path | None,
    log: Form | None,
    quiet: bool,
    verbose: bool,
    mocks: Mocks,
    **options: Any,
) -> None:
    """Run a mock of any OpenAPI contract: it responds with examples or generated values.

    State is lost at the end unless --data is given; nothing is fetched but URLs that the contract refers to.
    Ctrl-C or SIGTERM stops it.

    Exit codes: 0 stopped, 2 could not start.
    """
    del options["config"]  # which the others have been read from
    alone = is_alone(context, json=json, control_token=options["control_token"])
    defaults = mocks.defaults() | ({} if alone else dict.fromkeys(ports_of(mocks.record), 0))
    options |= {name: value for name, value in defaults.items() if options[name] is None}
    if options["locale"]:
        require_extra("locales")
    sources = options["contract"] if isinstance(options["contract"], list) else [options["contract"]]
    if len(sources) <= 1:
        options["contract"] = sources[0] if sources else context.meta.get(SERVICES) or None
    for source in sources or [None]:
        _require_contract_file(source, watch=options["watch"], no_auth=options["no_auth"])
    if form := log_form(log, quiet=quiet, default="text" if alone and not json else None):
        options["log"] = request_log(form)
    start = Start(
        partial(mocks.open, **options),
        mocks.variables,
        mocks.start_errors,
        options["host"],
        ready_file,
        mocks.lack(),
    )
    run(context, start, partial(mocks.announce, verbose=verbose), json=json)


def _require_contract_file(contract: str | None, *, watch: bool, no_auth: bool) -> None:
    if contract is None and (watch or no_auth):
        raise typer.BadParameter("--watch and --no-auth need a --contract.")
    if contract is not None and watch and is_url(contract):
        raise typer.BadParameter("--watch needs a contract in a file; this one is at a URL.")


def mock_app(
    mocks: Mocks, doc: str | None = None, exec_doc: str | None = None, **parameters: Any
) -> typer.Typer:
    """Return ``mock`` and ``mock exec``.

    Args:
        doc: help of ``mock``, if it is another.
        exec_doc: help of ``mock exec``, if it is another.
        own: parameters of ``mock``, as `customized` takes them.
    """
    typer_app = with_exec(customized(mock, doc, mocks=mocks, **parameters), exec_doc)
    typer_app.command("init")(init)
    return typer_app


app = mock_app(Mocks())
