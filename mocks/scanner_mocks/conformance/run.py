"""One run: Schemathesis on a target, with checks of ours among its own."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import schemathesis
from schemathesis.engine import events, from_schema

from .checks import CHECKS
from .configuration import configuration
from .pace import QuotaUsedUp
from .recording import WHOLE_API, Recording
from .registration import registered
from .report import Report, Subject
from .target import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schemathesis import Case, HookContext, Response
    from schemathesis.engine.core import EventStream
    from schemathesis.schemas import BaseSchema

    from .checks import Check
    from .pace import Pace
    from .plan import Plan
    from .target import Target


class Run:
    """A run on a target, to be started once.

    Args:
        target: what is checked.
        plan: how much of it.
        pace: of its requests.
        checks: of ours.
        before: the report of an interrupted run, which this one goes on with.
    """

    def __init__(
        self,
        target: Target,
        plan: Plan,
        pace: Pace,
        *,
        checks: Iterable[type[Check]] = CHECKS,
        before: Report | None = None,
    ) -> None:
        self.target = target
        self.report = before or _blank(target, plan)
        self._plan = plan
        self._pace = pace
        self._possible = [check for check in checks if not self._is_left_out(check)]
        self._stream: EventStream | None = None

    def events(self) -> Iterator[events.EngineEvent]:
        """Run, and yield each event once it is in the report."""
        began, before = self.target.clock(), self.report.seconds
        recording = Recording(self.report, self.target.credentials)
        with registered(self._possible, self.target) as made:
            self._stream = from_schema(self._schema()).execute()
            for event in self._stream:
                recording.take(event)
                self.report.seconds = before + self.target.clock() - began
                self.report.waited = self._pace.waited
                if isinstance(event, events.EngineFinished):
                    self._conclude(made)
                yield event

    def _is_left_out(self, check: type[Check]) -> bool:
        if reason := check.missing(self.target):
            self.report.left_out[check.name] = reason
        return bool(reason)

    def _schema(self) -> BaseSchema:
        config = configuration(self.target, self._plan, self.report.finished)
        schema: BaseSchema = schemathesis.openapi.from_dict(
            deepcopy(self.target.contract.document), config=config
        )
        schema = schema.include(name=[label_of(operation) for operation in self.target.operations])
        schema.hooks.register_hook_with_name(self._after_call, "after_call")
        return schema

    def _after_call(self, _context: HookContext, _case: Case[Any], response: Response) -> None:
        try:
            self._pace.heed({name: values[0] for name, values in response.headers.items()})
        except QuotaUsedUp as end:
            self.report.reason = str(end)
            if self._stream is not None:
                self._stream.stop()

    def _conclude(self, made: list[Check]) -> None:
        if self.report.reason and self.report.end == "interrupted":
            self.report.end = "quota used up"
        failed = {finding.check for finding in self.report.findings}
        for check in made:
            if hasattr(check, "after_run") and check.name not in failed:
                self.report.tested(WHOLE_API).tally(check.name).passed += 1


def _blank(target: Target, plan: Plan) -> Report:
    contract = target.contract
    report = Report(
        subject=Subject(
            url=target.shown_url,
            source=target.credentials.mask(contract.source),
            title=contract.document["info"]["title"],
            version=contract.version,
            digest=contract.digest,
        ),
        seed=plan.seed,
        read_only=target.read_only,
    )
    for operation in target.operations:
        report.tested(label_of(operation)).operation_id = operation.operation_id
    return report
