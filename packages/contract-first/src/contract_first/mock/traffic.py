"""The traffic of a mock: the journal and the faults of the API and of S3 together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import lru_cache, partial
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from contract_first.check.exchange import Message, MessageViolation, RecordedExchange, Validation
from contract_first.check.validation import ExchangeValidator
from contract_first.contract import Contract
from contract_first.masking import Masking
from contract_first.service.messages.problems import Conflict

from .extension import NO_EXTENSION, Extension
from .journal.events import Events
from .journal.journal import Journal, Service, Validate
from .journal.matching import is_beside_contracts
from .journal.recording import s3_exchange
from .journal.selector import ExchangeSelector
from .rule import Rule, RuleError, RuleFileError
from .rules.files.file import RulesFile
from .rules.reading import RuleReader
from .rules.registry import KINDS, Kind, Rules
from .state.scopes import SCOPE, Clear

if TYPE_CHECKING:
    from strict_s3 import Server
    from strict_s3.local import LocalS3

    from .options import ApiOptions
    from .proxy.forwarding import Forwarding
    from .rules.strictness import StrictOverrides

AT_ONCE = 50
NO_SERVICES: Mapping[str, ApiOptions] = MappingProxyType({})


class Traffic:
    """The recorded traffic with both servers, and the failures simulated in it.

    Attributes:
        s3: the server whose faults they are too.
        s3_scope: returns the scope of what a bucket has; empty for none.
        forwards: respond as the upstream of a service does.
        overrides_file: the file of overrides, if there is one.
    """

    def __init__(
        self,
        seed: int,
        extension: Extension = NO_EXTENSION,
        *,
        strict_overrides: bool = False,
        upstream: str | None = None,
    ) -> None:
        self._seed = seed
        self._strict_overrides = strict_overrides
        self.forwards: dict[Service, Forwarding] = {}
        self.forward_to(upstream)
        self.extension = extension
        self.journal = Journal()
        self.rules = Rules(seed, self._set_s3_faults)
        self.s3: Server | LocalS3 | None = None
        self.s3_scope: Callable[[str], str] = lambda _: ""
        self.overrides_file: RulesFile | None = None
        self._broadcast: Broadcast | None = None
        self._contracts: dict[Service, Contract] = {}

    def forward_to(self, upstream: str | None, service: Service = msgspec.UNSET) -> None:
        """Take a server for the upstream of a service, if there is one."""
        if upstream is not None:
            self.forwards[service] = _forwarding(upstream)

    @property
    def resets(self) -> dict[str, Clear]:
        """What clears them, by name."""
        rules = {f"{kind}s": partial(self.rules.clear, kind=kind) for kind in KINDS}
        return {"journal": self.journal.clear, **rules}

    def use(
        self,
        contract: Contract,
        *,
        service: Service = msgspec.UNSET,
        authentication: bool = True,
        ignores: Callable[[MessageViolation], bool] = lambda _: False,
    ) -> None:
        """Validate and mask exchanges by a contract, and accept faults on its operations.

        Args:
            service: that the contract is of, of a mock with several.
            authentication: whether credentials are required where the contract does.
            ignores: tells violations of requests that are not reported.
        """
        self.journal.masking = self.journal.maskings[service] = Masking(contract)
        self.journal.validate_with(
            lambda: _validator(contract, ignores, authentication=authentication), service
        )
        self.rules.validate = self._check
        self._contracts[service] = contract
        self.rules.services = {
            name: [operation.operation_id for operation in contract.operations]
            for name, contract in self._contracts.items()
        }
        self.rules.operations = {"api": [*chain.from_iterable(self.rules.services.values())]}
        if self.s3 is not None:
            from strict_s3.messages.operations import NAMES  # noqa: PLC0415 -- of an extra

            self.rules.operations["s3"] = NAMES

    def faults_in(self, path: Path) -> list[Rule]:
        """Return the faults in a file; raise RuleFileError if it cannot be read, or is not valid."""
        return RuleReader(self.extension).file(path, self.rules.check)

    def override_by(self, options: ApiOptions, services: Mapping[str, ApiOptions] = NO_SERVICES) -> None:
        """Activate the overrides that options name: of a file, of a recording, to the upstream.

        Raises:
            RuleFileError: a file cannot be read, or is not valid.
            ValueError: an option is of no use without another.
        """
        if options.overrides is not None:
            reader = RuleReader(self.extension)
            self.overrides_file = RulesFile(options.overrides, reader, self.rules, options.tell)
            self.overrides_file.load()
        from .rules.files.standing import standing_rules  # noqa: PLC0415 -- an S3 starts without them

        places = {"recording": str(options.replay), "upstream": "--forward"}
        for source, documents in standing_rules(options, services).items():
            rules = RuleReader(self.extension).rules(documents, places[source], self.rules.check)
            try:
                self.rules.load([*rules], source)
            except Conflict as error:
                raise RuleFileError(f"{places[source]}: {error.detail}") from None

    def _check(self, rule: Rule, kind: Kind) -> None:
        """Raise RuleError for a rule that is refused."""
        if rule.effect.forwards and not self.forwards:
            raise RuleError(
                "/effect/forward", "forward", "needs an upstream: start the mock with --upstream URL"
            )
        if kind == "override" and self._strict_overrides:
            for contract in self._contracts_of(rule):
                self._strictness_of(contract).check(rule)

    def violations(self, rule: Rule) -> list[RuleError]:
        """Return how the responses of an override violate the contract, as far as that is known before."""
        contracts = self._contracts_of(rule)
        return [error for contract in contracts for error in self._strictness_of(contract).violations(rule)]

    def _contracts_of(self, rule: Rule) -> list[Contract]:
        """Return the contracts to whose operations a rule may apply."""
        service = rule.match.service
        return [contract for name, contract in self._contracts.items() if service in {"", name}]

    def save(self, rule_id: str) -> bool:
        """Move an override into the file of overrides; return whether there is one of this id.

        Raises:
            RuleFileError: there is no file, or it cannot be written.
        """
        rule = next((rule for rule in self.rules.active(kind="override") if rule.id == rule_id), None)
        if rule is None:
            return False
        if self.overrides_file is None:
            raise RuleFileError("There is no file to save to; start the mock with --overrides FILE.")
        self.overrides_file.save(rule)
        self.rules.remove(rule_id, "override")
        return True

    @lru_cache(16)  # noqa: B019 -- there is one traffic a mock, and few contracts in force
    def _strictness_of(self, contract: Contract) -> StrictOverrides:
        from .rules.strictness import StrictOverrides  # noqa: PLC0415 -- S3 starts before what it imports

        return StrictOverrides(contract)

    def publish_to(self, events: Events) -> None:
        """Publish exchanges from now on."""
        self._broadcast = Broadcast(self.journal, events)

    def end(self) -> None:
        """End all waiting: for an exchange, or because of a fault."""
        self.journal.end()
        self.rules.end()

    def stop(self) -> None:
        """Publish nothing more; waits for what is being published."""
        if self._broadcast is not None:
            self._broadcast.stop()

    def record_s3(self, report: Mapping[str, Any]) -> None:
        """Record an exchange that S3's process reports."""
        exchange = s3_exchange(report, self.journal.masking)
        if not exchange.scope and (scope := self.s3_scope(report["request"]["bucket"])):
            exchange = msgspec.structs.replace(exchange, scope=scope)
        self.journal.record(exchange)
        if exchange.fault:
            self.rules.struck(exchange.fault)

    def reporting_s3_restart(self, tell: Callable[[str], None]) -> Callable[[str], None]:
        """Return a function that reports a death of S3's process, also as an exchange without a status."""

        def reported(sentence: str) -> None:
            self.journal.record(
                RecordedExchange(
                    server="s3",
                    started=datetime.now(UTC),
                    milliseconds=0,
                    method="RESTART",
                    url=self.s3.url if self.s3 else "",
                    status=0,
                    request=Message(),
                    response=Message(body=sentence.encode(), body_bytes=len(sentence)),
                )
            )
            tell(sentence)

        return reported

    def set_s3_clock(self, now: datetime | None, stopped: bool) -> None:  # noqa: FBT001 -- as clocks call it
        """Have S3's clock follow a mock's, but not that of a scope."""
        if self.s3 is not None and not SCOPE.get():
            self.s3.set_clock(now, stopped=stopped)

    def _set_s3_faults(self, faults: list[Rule]) -> None:
        if self.s3 is not None:
            self.s3.set_faults(faults, seed=self._seed)


def _forwarding(upstream: str) -> Forwarding:
    from .proxy.forwarding import Forwarding  # noqa: PLC0415 -- few mocks have an upstream
    from .proxy.upstream import Upstream  # noqa: PLC0415 -- the same

    return Forwarding(Upstream(upstream))


class Broadcast:
    """Publishes a journal's exchanges, validated, in a thread of its own; without listeners it does nothing.

    A listener that cannot keep up loses what the journal has removed by then.
    """

    def __init__(self, journal: Journal, events: Events) -> None:
        self._journal = journal
        self._events = events
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._published = 0
        self._busy = False
        self._listening = ExitStack()
        self._listening.enter_context(journal.listening(self._hear))

    def stop(self) -> None:
        """Publish nothing more; waits for what is being published."""
        self._listening.close()
        self._thread.shutdown(cancel_futures=True)

    def _hear(self, number: int) -> None:
        if not self._events.has_listeners:
            self._published = number
        elif not self._busy:
            self._busy = True
            self._thread.submit(self._publish)

    def _publish(self) -> None:
        self._busy = False  # what comes from now on may be missed here, and makes another round
        while exchanges := self._journal.find(ExchangeSelector(after=self._published), AT_ONCE):
            for exchange in exchanges:
                self._published = exchange.number
                self._events.publish_exchange(exchange)


def _validator(
    contract: Contract, ignores: Callable[[MessageViolation], bool], *, authentication: bool
) -> Validate:
    """Return the validator of exchanges with operations; S3, the explorer and pages have none."""
    validator = ExchangeValidator(contract, authentication=authentication)

    def validate(exchange: RecordedExchange) -> Validation:
        if exchange.verdict is not None:
            return exchange.verdict
        status = exchange.status
        succeeded = 0 < status < HTTPStatus.BAD_REQUEST
        is_beside = succeeded or is_beside_contracts(urlsplit(exchange.url).path)
        if exchange.server == "s3" or (is_beside and not exchange.operation):
            return Validation(unjudged="it is for none of the contract's operations")
        validation = validator.verdict(exchange)
        reported = [violation for violation in validation.request if not ignores(violation)]
        is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        is_own = exchange.response.header("x-mock-refusal") is not None
        # the mock's own, of what it should not have been sent: no second violation
        is_known = (reported or is_own) and is_refusal and not exchange.fault
        is_behind = exchange.response.header("x-mock-redirected") is not None
        response = [] if is_known or is_behind else validation.response
        return msgspec.structs.replace(validation, request=reported, response=response)

    return validate
