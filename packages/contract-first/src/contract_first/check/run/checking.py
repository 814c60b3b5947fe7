"""A check from beginning to end: one run."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic
from typing import Any

from schemathesis.checks import CHECKS as THEIR_CHECKS
from schemathesis.checks import load_all_checks
from schemathesis.engine import events

from contract_first.check.checks import CHECKS, Check
from contract_first.check.checks.check import CONNECTION
from contract_first.check.credentials import Credentials
from contract_first.check.endless import ending_streams
from contract_first.check.pace import Rate
from contract_first.check.reports.baseline import exclude
from contract_first.check.reports.report import Report
from contract_first.check.target import CannotRunError
from contract_first.contract import Contract, ContractError, Operation, load_contract
from contract_first.contract.document.anatomy import METHODS
from contract_first.contract.document.fetching import FOLLOWED, References
from contract_first.recognition import Corrections, recognize
from contract_first.service.http.server import CannotStart, listen, serving
from contract_first.service.request.sequences import is_sequence
from contract_first.signatures import takes_fields_of

from .archive import RunArchive
from .configuration import Plan
from .options import CheckOptions
from .preflight import base_url, in_budget, named, selected, serves_a_contract, target_at
from .run import Run

STREAM_SECONDS = 0.5
"""After which a stream of items of an app that is checked in process ends."""


class Checking(CheckOptions):
    """A check from its options to its events."""

    @contextmanager
    def started(self) -> Iterator[Run]:
        """Yield a run that is ready to go; `har` has its exchanges afterwards.

        Raises:
            CannotRunError: the run cannot start; the message says why.
        """
        began = monotonic() if self.began is None else self.began
        deadline = None if self.budget is None else began + self.budget
        pace, url = Rate(rate=self.rate), base_url(self.url)
        contract = in_budget(url, deadline, lambda: self.contract_of(url))
        credentials = in_budget("The token's URL", deadline, self._credentials)
        uncalled, unmade, _ = self._uncalled(contract), self._unmade(), self._known(contract)
        with (
            target_at(
                url,
                pace,
                deadline,
                request_seconds=self.request_timeout,
                max_response_time=self.max_response_time,
                contract=contract,
                operations=selected(contract, self.only, without=uncalled, read_only=self.read_only),
                credentials=credentials,
                read_only=self.read_only,
                variables=self.variables,
                upload_hosts=frozenset(host.lower() for host in self.upload_hosts),
                fallback=self.fallback,
                before_links=self.before_links,
                corrections=self._corrections(contract),
            ) as target,
            self._archive(contract, credentials) as archive,
        ):
            checks = [check for check in self._made() if check.name not in unmade]
            run = Run(target, self._plan(), pace, checks=checks, oauth2=self.oauth2)
            run.report.left_out |= unmade
            run.report.excluded = uncalled
            run.report.fail_on, run.report.min_coverage = self.fail_on, self.min_coverage
            if archive:
                run.listen(archive.take, archive.responded, archive.sent)
            yield run

    def _credentials(self) -> Credentials:
        """Return the credentials, a token of `oauth2` where they lack one."""
        if self.oauth2 is None:
            return self.credentials
        try:
            return self.credentials.over(Credentials.of_client(self.oauth2))
        except ValueError as error:
            raise CannotRunError(str(error)) from None

    def _corrections(self, contract: Contract) -> Corrections:
        """Return what a user says of the collections; raises CannotRunError where that is wrong."""
        if self.collections is None:
            return Corrections()
        try:
            corrections = Corrections.read(self.collections)
            recognize(contract, corrections)
        except ContractError as error:
            raise CannotRunError(str(error)) from None
        return corrections

    def _uncalled(self, contract: Contract) -> dict[str, str]:
        """Return why operations are not called, by label."""
        return {
            operation.label: reason for operation in contract.operations if (reason := _unmakeable(operation))
        } | {
            operation.label: exclusion.reason
            for exclusion in self.excluded
            if not exclusion.check
            for name in exclusion.operations
            for operation in named(contract, name)
        }

    def _made(self) -> tuple[type[Check], ...]:
        return CHECKS if self.checks is None else self.checks

    def check_names(self) -> set[str]:
        """Return the names of all checks, ours and Schemathesis's."""
        load_all_checks()
        return {CONNECTION[0], *(check.name for check in self._made()), *THEIR_CHECKS.get_all_names()}

    def _unmade(self) -> dict[str, str]:
        """Return why checks are not made, by name.

        Raises:
            CannotRunError: there is no check of that name.
        """
        names = self.check_names()
        for name in [*(exclusion.check for exclusion in self.excluded if exclusion.check), *self.severities]:
            if name not in names:
                raise CannotRunError(
                    f"There is no check {name!r}; expected one of {', '.join(sorted(names))}."
                )
        return {
            exclusion.check: f"excluded: {exclusion.reason}"
            for exclusion in self.excluded
            if exclusion.check and not exclusion.operations
        }

    def _known(self, contract: Contract) -> dict[str, set[str]]:
        """Return the operations in which a check's findings are known, by check."""
        labels: dict[str, set[str]] = {}
        for exclusion in self.excluded:
            if exclusion.check:
                operations = (named(contract, name) for name in exclusion.operations)
                listed = {operation.label for group in operations for operation in group}
                labels.setdefault(exclusion.check, set()).update(listed)
        return labels

    def contract_of(self, url: str) -> Contract:
        """Return the contract that is given, else that at ``/openapi.json`` of a URL, else the fallback.

        Without a URL nothing is fetched.

        Raises:
            CannotRunError: there is no contract, or the file or the response is no valid one.
        """
        contract = self.contract
        if isinstance(contract, Contract):
            return contract
        is_served = contract is None and url and serves_a_contract(url, self.request_timeout)
        source = f"{url}/openapi.json" if is_served else contract
        try:
            if source is not None:
                references = FOLLOWED.get() or References()
                return load_contract(
                    source, self.overlays, lenient=self.lenient, strict=self.strict, references=references
                )
        except ContractError as error:
            elsewhere = "" if contract else " If the contract is elsewhere, give it with --contract."
            raise CannotRunError(f"The contract cannot be read. {error}{elsewhere}") from None
        if self.fallback is None:
            raise CannotRunError(
                "No contract: give one with --contract, or serve it at /openapi.json of the URL."
            )
        return self.fallback

    def events(self, run: Run) -> Iterator[events.EngineEvent]:
        """Go through a run and yield its events."""
        yield from run.go()
        reasons = {exclusion.check: exclusion.reason for exclusion in self.excluded}
        exclude(run.report, self._known(run.target.contract), reasons)

    @contextmanager
    def _archive(self, contract: Contract, credentials: Credentials) -> Iterator[RunArchive | None]:
        if self.har is None:
            yield None
            return
        with (
            self.har.open("wb") as file,
            closing(RunArchive(file, contract, credentials, bodies=self.har_bodies)) as archive,
        ):
            yield archive

    def _plan(self) -> Plan:
        chosen = {} if self.seed is None else {"seed": self.seed}
        return Plan(
            phases=self.phases,
            max_examples=self.max_examples,
            operations=self.schemathesis,
            budget=self.budget,
            holds_bodies=self.har_bodies,
            excluded=tuple(name for name in self._unmade() if name in THEIR_CHECKS.get_all_names()),
            severities=self.severities,
            **chosen,
        )


def _unmakeable(operation: Operation) -> str:
    """Return why Schemathesis cannot make the requests of an operation; empty if it can."""
    if operation.method not in METHODS:
        return "Schemathesis does not call what is in additionalOperations"
    content = (operation.request_body or {}).get("content", {})
    if content and all(map(is_sequence, content)):
        return f"Schemathesis does not make bodies of {' or '.join(content)}"
    return ""


@takes_fields_of(Checking)
def check_url(checking: Checking) -> Report:
    """Send requests to the API at a URL, and report where its responses violate the contract.

    Only ``url`` may be given by position:

        report = check_url("https://staging.example", contract=load_contract("api.yaml"), budget=60)

    Raises:
        CannotRunError: the URL does not respond, or the contract cannot be read; the message says which.
    """
    with checking.started() as run:
        for _ in checking.events(run):
            pass
    return run.report


def check_app(app: Any, **options: Any) -> Report:
    """Check an ASGI app as `check_url` does, over real HTTP on a free port of loopback.

    It blocks: from a coroutine, call it in another thread.

    Args:
        app: the app; its lifespan runs for as long as the check. A stream of items is read for half a second.
        options: the keyword arguments of `check_url`, such as ``contract``, ``credentials`` or ``budget``.

    Raises:
        CannotRunError: the app does not start, or cannot be checked.
        TypeError: `check_url` has no such argument.
    """
    with served(ending_streams(app, STREAM_SECONDS)) as url:
        return check_url(url, **options)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an ASGI app, lifespan and all, in a thread; yield its URL, or raise CannotRunError."""
    try:
        with listen("127.0.0.1", 0) as listening, serving(app, listening) as url:
            yield url
    except CannotStart as error:
        raise CannotRunError(str(error)) from None
