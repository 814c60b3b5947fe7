"""Values of errors: what a problem says, in the members that a schema has for it.

A schema is worked out once, into functions that fill in its members; each error costs a call of them.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

from contract_first.contract.document.anatomy import ALTERNATIVES
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.vocabulary.errors import OF_ERRORS, spelled
from contract_first.vocabulary.words import plain, singular

from .error_members import MEANINGS, Occurrence, Part, assign

DEEPEST = 8
Fill = Callable[[Occurrence], Any]
"""Returns the value of a part of an error, MISSING for none."""


class Draft:
    """How an error of a schema is written.

    Args:
        example: of the error; MISSING without one.
        branch: the number of the alternative that is chosen, wherever there are several.
        is_authored: as of a `Part`.

    Attributes:
        fill: returns the error for a problem.
        branches: how many alternatives there are.
    """

    def __init__(
        self, schema: Schema, example: Any = MISSING, branch: int = 0, *, is_authored: bool = True
    ) -> None:
        self._branch, self.branches = branch, 1
        self._part = partial(Part, is_authored=is_authored)
        part = self._part(self._layers(schema), "", example)
        part.meaning = "text"
        self.fill = self._filled(part)

    def _layers(self, schema: Schema, depth: int = 0) -> list[Schema]:
        layers = [schema]
        choices = [part[key] for part in schema.parts for key in ALTERNATIVES if part.get(key)]
        for nodes in choices if depth < DEEPEST else ():
            self.branches = max(self.branches, len(nodes))
            layers += self._layers(schema.of(nodes[self._branch % len(nodes)]), depth + 1)
        return layers

    def _filled(self, part: Part) -> Fill:
        """Return what fills in a part of the error: the problem's member of that name, else what it means."""
        name, conforms, fill = plain(part.name), part.layers[0].conforms, self._fill(part)

        def filled(occurrence: Occurrence) -> Any:
            extension = occurrence.extensions.get(name, MISSING)
            return extension if extension is not MISSING and conforms(extension) else fill(occurrence)

        return filled

    def _fill(self, part: Part) -> Fill:
        whole, row = part.layers[0].whole, MEANINGS.get(part.meaning)
        is_of_errors = (row or spelled(part.name) in OF_ERRORS) and whole not in part.above
        if len(part.above) > DEEPEST or not (part.is_required or is_of_errors):
            return lambda _: MISSING
        part.above = (*part.above, whole)
        if part.types == {"array"} and part.meaning != "steps":
            return self._list(part)
        is_top = not part.name and "object" in part.types
        if is_top or part.types == {"object"} or any(layer.properties for layer in part.layers):
            return self._object(part)
        return lambda occurrence: part.first((row and row.candidates(occurrence, part)) or ())

    def _item(self, part: Part, schema: Schema, example: Any = MISSING) -> Fill:
        """Return what fills in an item of a list of errors, or a member of an object of them."""
        name = singular(spelled(part.name)) or "error"
        item = self._part(self._layers(schema), name, example, above=part.above)
        assign([item])
        item.meaning = item.meaning or "text"
        return self._filled(item)

    def _list(self, part: Part) -> Fill:
        is_alone = "text" not in part.beside or any(part.all("minItems"))
        most = min(part.all("maxItems"), default=None)
        example = next(iter(part.example), MISSING) if isinstance(part.example, list) else MISSING
        items = (layer.items for layer in part.layers if layer.items.node is not True)
        fill = self._item(part, next(items, part.layers[0].items), example)

        def filled(occurrence: Occurrence) -> Any:
            values = [fill(inner) for inner in occurrence.parts(is_alone=is_alone)[:most]]
            values = [value for value in values if value is not MISSING]
            return values if values or part.is_required else MISSING

        return filled

    def _free(self, part: Part) -> Fill:
        """Return what fills in an object of any members: problem details, or violations by where they are."""
        others = part.layers[0].others
        if others.node is True:
            return lambda occurrence: occurrence.document
        fill = self._item(part, others)
        return lambda occurrence: {
            ".".join(inner.violation.steps if inner.violation else ()) or "error": fill(inner)
            for inner in occurrence.parts(is_alone=True)
        }

    def _object(self, part: Part) -> Fill:
        example = part.example if isinstance(part.example, dict) else {}
        schemas = {name: schema for layer in part.layers for name, schema in layer.properties.items()}
        required = {*chain.from_iterable(part.all("required"))} or ({*example} if not schemas else set())
        schemas |= {name: part.layers[0].member(name) for name in sorted(required - schemas.keys())}
        if not schemas:
            return self._free(part)
        parts = [
            self._part(
                self._layers(schema),
                name,
                example.get(name, MISSING),
                is_required=name in required,
                above=part.above,
            )
            for name, schema in schemas.items()
            if not schema.is_marked("writeOnly")
        ]
        assign(parts)
        fills = {member.name: self._filled(member) for member in parts}

        def filled(occurrence: Occurrence) -> Any:
            members = ((name, fill(occurrence)) for name, fill in fills.items())
            value = {name: member for name, member in members if member is not MISSING}
            return value if value or part.is_required else MISSING

        return filled
