"""The fallback of a mock: responds where there is no handler, and as a client prefers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from contract_first.contract import Operation
from contract_first.generation import Generator
from contract_first.generation.arrays import USUAL_ITEMS
from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.exchange import Step
from contract_first.mock.responses.strictness import STRICT, MockStrictness
from contract_first.mock.shape.links import Links
from contract_first.mock.state.randomness import SeededRandomness
from contract_first.mock.stateful.catalog import Catalog, catalog_of
from contract_first.mock.stateful.memory import Memory
from contract_first.mock.stateful.seeded import SeededItems
from contract_first.mock.stateful.stored_operation import StoredItems, of_name
from contract_first.service.assembly import Assembly
from contract_first.service.bound_operation import BoundOperation, Responder
from contract_first.service.randomness import Randomness

from .pipeline import Pipeline


@dataclass(eq=False)
class ContractResponses:
    """The fallback of a mock.

    Attributes:
        seed: another seed, other generated values.
        randomness: what dynamic responses are drawn from, each operation's for themselves.
        strictness: what is done about requests that violate the contract.
        locale: of generated strings; see `.locales`.
        origin: returns the URL of the API as the client of the current request reaches it.
        memory: stores items; None, and requests have no effect on later responses.
        catalog: the collections of the contract; by default recognised when they are first needed.
        items: how many a generated list has; 0 begins with none.
    """

    request_headers: ClassVar = ("Prefer", "X-Mock-Fault", "X-Mock-Scope")
    response_headers: ClassVar[tuple[str, ...]] = (
        *("Deprecation", "Preference-Applied", "X-Mock-Answer", "X-Mock-Refusal"),
        *("X-Mock-Redirected", "X-Mock-Request-Violation", "X-Mock-Violation", "Link"),
    )

    seed: str = ""
    randomness: Randomness = field(default_factory=lambda: SeededRandomness(0))
    strictness: MockStrictness = STRICT
    locale: str = ""
    origin: Callable[[], str] = lambda: "http://localhost"
    memory: Memory | None = None
    catalog: Catalog | None = None
    items: int = USUAL_ITEMS
    _seeded: SeededItems | None = field(default=None, init=False)

    def responder(self, operation: BoundOperation, assembly: Assembly, /) -> Responder:
        """Return the responder of an operation."""
        return self.pipeline(operation, assembly)

    def pipeline(self, bound: BoundOperation, assembly: Assembly) -> Pipeline:
        """Return the steps of an operation; what a handler stores it stores by itself."""
        return Pipeline(
            bound,
            assembly,
            self.seeded(assembly),
            None if bound.has_handler else self.stored(bound.contract_operation, assembly),
            self.strictness,
            self.randomness,
            self.origin,
        )

    def seeded(self, assembly: Assembly) -> SeededItems:
        """Return the documented responses of the contract, and the items that lists show."""
        if self._seeded is None:
            catalog, contract = self.catalog, assembly.contract
            document = partial(
                DocumentedResponses,
                assembly=assembly,
                generator=self.generator(assembly),
                links=Links(contract.operations),
                reports_examples=self.strictness.reports_examples,
            )
            self._seeded = SeededItems(
                contract,
                document,
                lambda: catalog or catalog_of(contract, self.seed, self.locale),
                self.items,
            )
            if self.memory is not None and self.items:
                self.memory.seeded = self._seeded
        return self._seeded

    def generator(self, assembly: Assembly) -> Generator:
        """Return the generator of the contract's values."""
        schemas = assembly.contract.schemas.view(formats=assembly.strictness.formats).for_responses
        count = self.items or USUAL_ITEMS  # where a mock begins with none, lists are cut
        return Generator(schemas, seed=self.seed, locale=self.locale, items=count)

    def stored(self, operation: Operation, assembly: Assembly) -> Step | None:
        """Return the step that responds from stored items; None for an operation without a collection."""
        if self.memory is None or self.catalog is None:
            return None
        responses = self.seeded(assembly).documented(operation)
        steps = [
            StoredItems(operation, role, self.catalog, self.memory, responses, self.origin)
            for role in self.catalog.roles.get(operation.operation_id, ())
            if role.collection.path in self.catalog.collections
        ]
        return of_name(steps) if steps[1:] else next(iter(steps), None)
