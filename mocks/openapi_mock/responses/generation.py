"""Values made from schemas: most likely valid, the same for the same seed, small where a schema recurs."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from openapi_service.accept_filter import JUDGED

from .drawing import ATTEMPTS, LAST_EXAMPLES, Drawing
from .heights import Heights
from .merged import NoValueError
from .merging import Merger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openapi_service.schemas import SchemaCompiler

    from .merged import Merged
    from .merging import Branch


class Generator:
    """Makes values for the schemas of one document.

    Args:
        compiler: of the document's schemas.
        is_30: whether it is written in OpenAPI 3.0's dialect.
        seed: another seed, other values.

    Attributes:
        keeps_write_only_out: whether even a required property is left out of an answer if it is write-only.
    """

    def __init__(self, compiler: SchemaCompiler, *, is_30: bool, seed: str) -> None:
        self.keeps_write_only_out = is_30
        self._compiler = compiler
        self._merger = Merger(compiler, is_30=is_30)
        self._heights = Heights(self._merger)
        self._seed = seed
        self._checks: dict[int, Callable[[Any], bool]] = {}

    def values(self, schema: Any, name: str, *, examples: bool = True) -> Iterator[Any]:
        """Yield values, the best first, of which the first that a judge accepts is to be taken.

        Args:
            schema: of the document.
            name: another name, other values.
            examples: take the examples that stand in the schema.
        """
        for attempt in range(ATTEMPTS):
            random = Random(f"{self._seed}/{name}/{attempt}")  # noqa: S311 -- the same each time is the point
            drawing = Drawing(random, self, attempt, examples=examples and attempt < LAST_EXAMPLES)
            try:
                yield drawing.value([schema])
            except NoValueError:
                continue

    def is_valid(self, schema: Any, value: Any) -> bool:
        """Tell whether a part of a value keeps its schema."""
        if not isinstance(schema, dict):
            return schema is not False
        if id(schema) not in self._checks:
            self._checks[id(schema)] = self._check(schema)
        return self._checks[id(schema)](value)

    def _check(self, schema: dict[str, Any]) -> Callable[[Any], bool]:
        """Return the check of a schema; one that cannot be compiled, such as by its pattern, accepts."""
        try:
            return self._compiler.for_answers.compile(schema, keywords=JUDGED).is_valid
        except (LookupError, ValueError):
            return lambda _: True

    def merged(self, schemas: Iterable[Any], order: Callable[[list[Branch]], Iterable[Branch]]) -> Merged:
        """Merge schemas that hold together."""
        return self._merger.merge(schemas, order)

    def height(self, branch: Branch) -> float:
        """Return how deep the smallest value of an alternative is."""
        return max(map(self._heights.of, branch), default=0)

    def is_write_only(self, schemas: list[Any]) -> bool:
        """Tell whether a property is not for answers."""
        return any(self._merger.is_marked(each, "writeOnly") for each in schemas)

    def beside(self, schema: Any) -> Iterator[dict[str, Any]]:
        """Yield a schema, what it refers to, and what stands in its ``allOf``, in the dialect of 2020-12."""
        return map(self._merger.keywords, self._merger.beside(schema))

    def recurs(self, schemas: list[Any], within: frozenset[int]) -> bool:
        """Tell whether a part has a schema that it is itself a part of."""
        return any(self._merger.leads_into(each, within) for each in schemas)
