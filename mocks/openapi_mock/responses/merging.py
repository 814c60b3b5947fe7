"""Merges the schemas of a document: references followed, of alternatives one taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .merged import Merged, NoValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openapi_contract.schemas import Schemas

Branch = list[Any]
"""Schemas that hold together if this alternative is taken."""
MOST_SCHEMAS = 2_000


class Merger:
    """Merges the schemas of one document.

    Args:
        schemas: of the document.
    """

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._made: dict[tuple[str, str | None], dict[str, Any]] = {}

    def keywords(self, schema: Any) -> dict[str, Any]:
        """Return a schema as JSON Schema 2020-12 spells it; NoValueError for one that nothing keeps."""
        if schema is False:
            raise NoValueError("it allows nothing")
        return self._schemas.keywords(schema)

    def target(self, schema: Any) -> Any:
        """Return what the schema's reference leads to, None without one."""
        return next((target for target, _ in self._schemas.targets(schema)), None)

    def is_marked(self, schema: Any, keyword: str) -> bool:
        """Tell whether a schema, or what it refers to, says ``keyword: true``."""
        return any(each.get(keyword) is True for each in self.beside(schema))

    def leads_into(self, schema: Any, targets: frozenset[int]) -> bool:
        """Tell whether each value of a schema keeps one of these schemas too."""
        return any(self._leads_into(each, targets) for each in self.beside(schema))

    def _leads_into(self, schema: dict[str, Any], targets: frozenset[int]) -> bool:
        if id(self.target(schema)) in targets:
            return True
        branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        ways = [each for each in branches if not (isinstance(each, dict) and each.get("type") == "null")]
        return bool(ways) and all(
            isinstance(each, dict) and id(self.target(each)) in targets for each in ways
        )

    def beside(self, schema: Any) -> list[dict[str, Any]]:
        """Return the schema, what it refers to, and what stands in ``allOf``."""
        return self._schemas.parts(schema)

    def merge(self, schemas: Iterable[Any], order: Callable[[list[Branch]], Iterable[Branch]]) -> Merged:
        """Merge schemas; of each alternative, the first in this order that contradicts nothing.

        Raises:
            NoValueError: they contradict each other.
        """
        merged, groups = Merged(), list[list[Branch]]()
        self._take_in(merged, schemas, groups)
        while groups:
            merged, groups = self._choose(merged, groups, order)
        return merged

    def _choose(
        self,
        merged: Merged,
        groups: list[list[Branch]],
        order: Callable[[list[Branch]], Iterable[Branch]],
    ) -> tuple[Merged, list[list[Branch]]]:
        first, *others = groups
        for branch in order(first):
            trial, inner = merged.copy(), list[list[Branch]]()
            try:
                self._take_in(trial, branch, inner)
            except NoValueError:
                continue
            return trial, [*others, *inner]
        raise NoValueError("none of its alternatives fits the rest")

    def _take_in(self, merged: Merged, schemas: Iterable[Any], groups: list[list[Branch]]) -> None:
        pending, seen = list(schemas), set[int]()
        while pending:
            node = pending.pop(0)
            if isinstance(node, dict) and id(node) in seen:
                continue
            seen.add(id(node))
            if len(seen) > MOST_SCHEMAS:
                raise NoValueError("it refers to too many schemas")
            schema = self.keywords(node)
            target = self.target(node)
            if target is not None:
                merged.targets |= {id(target)}
            pending = [*([] if target is None else [target]), *schema.get("allOf", ()), *pending]
            merged.add(schema)
            groups += self._groups(schema)

    def _groups(self, schema: dict[str, Any]) -> Iterator[list[Branch]]:
        for keyword in ("oneOf", "anyOf"):
            if schema.get(keyword):
                yield [self._discriminated(schema, each) for each in schema[keyword]]
        if "if" in schema:
            yield [[schema["if"], schema.get("then", True)], [schema.get("else", True)]]
        for name, each in schema.get("dependentSchemas", {}).items():
            yield [[self._with(name), each], [self._without(name)]]
        refused = schema.get("not")
        if isinstance(refused, dict) and refused.get("required"):
            yield [[self._without(name)] for name in reversed(refused["required"])]

    # Schemas are told apart by their identity, so one that is made here is made once.

    def _with(self, name: str, value: str = "") -> dict[str, Any]:
        """Return the schema of an object with a property, and this value of it if there is one."""
        properties = {"properties": {name: {"const": value}}} if value else {}
        return self._made.setdefault((name, value), {**properties, "required": [name]})

    def _without(self, name: str) -> dict[str, Any]:
        return self._made.setdefault((name, None), {"properties": {name: False}})

    def _discriminated(self, schema: dict[str, Any], branch: Any) -> Branch:
        """Return an alternative with the value of the property that says which it is."""
        discriminator = schema.get("discriminator")
        reference = branch.get("$ref") if isinstance(branch, dict) else None
        if not isinstance(discriminator, dict) or not isinstance(reference, str):
            return [branch]
        component = reference.rpartition("/")[2]
        named = (key for key, each in discriminator.get("mapping", {}).items() if each == reference)
        return [branch, self._with(discriminator["propertyName"], next(named, component))]
