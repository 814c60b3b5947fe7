"""An author's example as the response to requests: it gives way to the alternative that a request chooses."""

from collections.abc import Callable, Mapping
from typing import Any

from contract_first.bounded import BoundedDict
from contract_first.generation.choices import Alternatives
from contract_first.service.messages.response import Rendered
from contract_first.service.randomness import RandomBytes

from .queries import MOST_REMEMBERED
from .relation import BODY, RelatedResponse, Relation


class ExampleRelation:
    """Relates an author's example to requests.

    Args:
        example: the response's value.
        others: the author's other examples, which come before generated values.
        alternatives: of the response's schema.
        rendered: returns the response with another value.
        relate: returns the relation of a response with a generated value.
    """

    def __init__(
        self,
        example: Any,
        others: list[Any],
        alternatives: Alternatives,
        rendered: Callable[[Any], Rendered],
        relate: Callable[[Rendered, Any], Relation],
    ) -> None:
        self._example, self._others = example, others
        self._alternatives = alternatives
        self._rendered, self._relate = rendered, relate
        self._relations: BoundedDict[int, Relation] = BoundedDict(MOST_REMEMBERED)

    def response(self, arguments: Mapping[tuple[str, str], Any], draw: RandomBytes) -> RelatedResponse | None:
        """Return the response to a request that chooses another alternative; None to any other.

        Args:
            arguments: as of `Relation.response`.
        """
        chosen = self._alternatives.instead_of(self._example, arguments.get(BODY), self._others)
        if chosen is self._example:
            return None
        rendered = self._rendered(chosen)
        if any(chosen is other for other in self._others):
            return RelatedResponse("example", rendered)
        if id(chosen) not in self._relations:
            self._relations[id(chosen)] = self._relate(rendered, chosen)
        return self._relations[id(chosen)].response(arguments, draw)
