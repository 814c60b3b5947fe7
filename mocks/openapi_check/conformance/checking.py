"""A check from its beginning to its end: what it is given, and one run of it."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .arrival import CannotRunError, base_url, contract_of, target_at
from .checks import CHECKS, Check
from .credentials import Credentials
from .pace import Pace
from .plan import PHASES, Phase, Plan
from .resumption import Resumption
from .run import Run
from .traffic import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemathesis.engine import events

    from openapi_contract import Contract

__all__ = ["CannotRunError", "Checking"]


@dataclass(frozen=True, kw_only=True)
class Checking:
    """What is checked, and how.

    Attributes:
        url: where the contract's paths begin.
        contract: or a file of JSON or YAML; None takes what the URL serves, else `fallback`.
        credentials: whom to call as.
        read_only: whether only safe methods are allowed.
        budget: seconds; None for one round of everything.
        max_examples: requests that Hypothesis makes up for an operation, at most.
        seed: of what is made up; None for a new one.
        only: operations, by operationId, its end or ``METHOD /path``; all if empty.
        phases: of Schemathesis.
        checks: of ours.
        resume: file that a run is kept in while it goes on.
        har: file that is written, as HAR, with what goes over the wire.
        fallback: contract for a URL that serves none; its links complete a contract without any.
    """

    url: str
    contract: Contract | Path | None = None
    credentials: Credentials = field(default_factory=Credentials)
    read_only: bool = False
    budget: float | None = None
    max_examples: int = 100
    seed: int | None = None
    only: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = PHASES
    checks: tuple[type[Check], ...] = CHECKS
    resume: Path | None = None
    har: Path | None = None
    fallback: Contract | None = None

    @contextmanager
    def started(self) -> Iterator[Run]:
        """Yield a run that can be made; what went over the wire is in `har` afterwards.

        Raises:
            CannotRunError: it cannot; the message says why.
        """
        pace, url = Pace(), base_url(self.url)
        contract = contract_of(url, self.contract, self.fallback)
        with (
            target_at(
                url,
                contract,
                self.credentials,
                pace,
                read_only=self.read_only,
                only=self.only,
                seconds=self.budget,
                fallback=self.fallback,
            ) as target,
            self._archive(contract) as archive,
        ):
            before = Resumption(self.resume).read(target)
            plan = self._plan(before.seed if before else None)
            run = Run(target, plan, pace, checks=self.checks, before=before)
            if archive:
                run.listen(archive.take, archive.answered)
            yield run

    def events(self, run: Run) -> Iterator[events.EngineEvent]:
        """Make a run, and yield its events; what it has done is kept after each."""
        resumption = Resumption(self.resume)
        for event in run.go():
            resumption.keep(run.report)
            yield event
        resumption.end(run.report)

    @contextmanager
    def _archive(self, contract: Contract) -> Iterator[Archive | None]:
        if self.har is None:
            yield None
            return
        with self.har.open("wb") as file, closing(Archive(file, contract, self.credentials)) as archive:
            yield archive

    def _plan(self, seed_before: int | None) -> Plan:
        seed = self.seed if self.seed is not None else seed_before
        chosen = {} if seed is None else {"seed": seed}
        return Plan(phases=self.phases, max_examples=self.max_examples, budget=self.budget, **chosen)
