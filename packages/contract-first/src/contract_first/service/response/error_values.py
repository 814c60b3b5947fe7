"""Values of errors: what a problem says, in the members that a schema has for it.

A schema is worked out once, into functions that fill in its members; each error costs a call of them.
"""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import msgspec

from contract_first.contract.document.anatomy import ALTERNATIVES
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.vocabulary.errors import OF_ERRORS, spelled
from contract_first.vocabulary.words import plain, singular

from .error_members import MEANINGS, TEXTS, Member, Occurrence, Place, meanings_of

DEEPEST = 8
Fill = Callable[[Occurrence], Any]
"""Returns the value of a part of an error, MISSING for none."""


class Draft:
    """How an error of a schema is written.

    Args:
        example: of the error; MISSING without one.
        branch: the number of the alternative that is taken, wherever there are several.
        is_authored: whether the author of the contract wrote the example, so that its codes are documented.

    Attributes:
        fill: returns the error for a problem; MISSING where the schema has no place for one.
        branches: how many alternatives there are.
    """

    def __init__(
        self, schema: Schema, example: Any = MISSING, *, branch: int = 0, is_authored: bool = True
    ) -> None:
        self._branch, self._is_authored = branch, is_authored
        self.branches = 1
        self.fill: Fill = self._part(Place(self._layers(schema), example=example)) or (lambda _: MISSING)

    def _layers(self, schema: Schema, depth: int = 0) -> list[Schema]:
        layers = [schema]
        choices = [part[key] for part in schema.parts for key in ALTERNATIVES if part.get(key)]
        for nodes in choices if depth < DEEPEST else ():
            self.branches = max(self.branches, len(nodes))
            layers += self._layers(schema.of(nodes[self._branch % len(nodes)]), depth + 1)
        return layers

    def _part(self, place: Place) -> Fill | None:
        """Return what fills in a part of the error, None where it is left out."""
        whole = place.layers[0].whole
        is_named = bool(place.meanings) or spelled(place.name) in OF_ERRORS
        if len(place.above) > DEEPEST or not (place.is_required or (is_named and whole not in place.above)):
            return None
        types = place.types
        place = place._replace(above=(*place.above, whole))
        is_top = not place.name and "object" in types
        if is_top or types == {"object"} or any(layer.properties for layer in place.layers):
            return self._object(place)
        if types == {"array"} and "steps" not in place.meanings:
            return self._list(place)
        facts = [MEANINGS[meaning].candidates for meaning in place.meanings]
        member = Member(place, is_authored=self._is_authored)
        return lambda occurrence: member.first(
            chain.from_iterable(fact(occurrence, member) for fact in facts)
        )

    def _item(self, place: Place, schema: Schema, example: Any = MISSING) -> Fill:
        """Return what fills in an item of a list of errors, or a member of an object of them."""
        name = singular(spelled(place.name)) or "error"
        item = Place(self._layers(schema), name, example, above=place.above)
        meanings = meanings_of(name, item.types)[:1] or item.meanings
        return self._part(item._replace(meanings=meanings)) or (lambda _: MISSING)

    def _list(self, place: Place) -> Fill:
        is_alone = not place.heard or any(place.all("minItems"))
        most = min(place.all("maxItems"), default=None)
        example = next(iter(place.example), MISSING) if isinstance(place.example, list) else MISSING
        fill: Fill = lambda occurrence: occurrence.document  # noqa: E731 -- of items of any kind
        if place.all("items") or example is not MISSING:
            items = next(
                (layer.items for layer in place.layers if layer.items.node is not True), place.layers[0].items
            )
            fill = self._item(place, items, example)

        def filled(occurrence: Occurrence) -> Any:
            items = [fill(each) for each in occurrence.each(is_alone=is_alone)[:most]]
            items = [item for item in items if item is not MISSING]
            return items if items or place.is_required else MISSING

        return filled

    def _free(self, place: Place) -> Fill:
        """Return what fills in an object of any members: problem details, or violations by where they are."""
        others = place.layers[0].others
        if spelled(place.name) not in OF_ERRORS and place.name:
            return lambda _: {} if place.is_required else MISSING
        if others.node is True:
            return lambda occurrence: occurrence.document
        fill = self._item(place, others)
        return lambda occurrence: {
            ".".join(each.violation.steps if each.violation else ()) or "error": fill(each)
            for each in occurrence.each(is_alone=True)
        }

    def _object(self, place: Place) -> Fill:
        example = place.example if isinstance(place.example, dict) else {}
        members = {name: schema for layer in place.layers for name, schema in layer.properties.items()}
        required = dict.fromkeys(chain.from_iterable(place.all("required")))
        if not members:  # it is not described
            required |= dict.fromkeys(example)
        members |= {name: place.layers[0].member(name) for name in required if name not in members}
        if not members:
            return self._free(place)
        places = {
            name: Place(
                self._layers(schema), name, example.get(name, MISSING), name in required, above=place.above
            )
            for name, schema in members.items()
            if not schema.is_marked("writeOnly")
        }
        parts = {name: self._part(inner) for name, inner in meant(places).items()}
        fills = [(name, fill) for name, fill in parts.items() if fill is not None]
        by_name = {plain(name): name for name in members}

        def filled(occurrence: Occurrence) -> Any:
            value = {name: member for name, fill in fills if (member := fill(occurrence)) is not MISSING}
            if not occurrence.problem.violations:
                for extension, member in occurrence.problem.extensions.items():
                    name, plain_member = (
                        by_name.get(plain(extension)),
                        msgspec.to_builtins(member, enc_hook=str),
                    )
                    if name is not None and members[name].conforms(plain_member):
                        value[name] = plain_member
            return value if value or place.is_required else MISSING

        return filled


def meant(places: Mapping[str, Place]) -> dict[str, Place]:
    """Return the members of an object with what each means, given the others."""
    found = {
        name: meanings_of(name, place.types, str(next(iter(place.all("description")), "")))
        for name, place in places.items()
    }
    names = TEXTS.split()
    texts = [name for name in found if "text" in found[name]]
    texts.sort(key=lambda name: names.index(spelled(name)) if spelled(name) in names else len(names))
    if not texts and len(found) == 1:
        texts = [name for name, place in places.items() if place.types == {"string"} and not found[name]]
    others = {meaning for meanings in found.values() for meaning in meanings}
    is_placed = "source" in found or not others.isdisjoint({"field", "pointer", "steps"})
    for name, meanings in found.items():
        formats = map(str, places[name].all("format"))
        if name in texts[:1]:
            found[name] = ("detail" if is_placed else "text",)
        elif (
            "type" in meanings and "title" not in others and not any("uri" in name for name in formats)
        ) or ("status text" in meanings and "status" in others):
            found[name] = ("code",)
        elif name in texts:
            found[name] = meanings[1:] or meanings
    return {name: place._replace(meanings=found[name], heard=bool(texts)) for name, place in places.items()}
