"""The collections of a contract, what makes the values of their items, and what operations do with them."""

from collections.abc import Container, Mapping
from typing import NamedTuple

from contract_first.contract import Contract
from contract_first.generation import Generator
from contract_first.recognition import Collection, Corrections, Role, recognize

from .values import Values


class Catalog(NamedTuple):
    """The collections of a contract.

    Attributes:
        collections: those that requests fill or change, by path.
        values: what makes the values of a collection's items, by its path.
        roles: what operations do, by operationId, with any collection; with several of one path of items.
    """

    collections: Mapping[str, Collection]
    values: Mapping[str, Values]
    roles: Mapping[str, list[Role]]

    def above(self, prefixes: Container[str]) -> list[Collection]:
        """Return the collections whose items a path is below, the topmost first.

        Args:
            prefixes: shapes of the path up to each of its parameters.
        """
        above = (
            collection
            for collection in self.collections.values()
            if not collection.is_named and "/".join(collection.item.segments) in prefixes
        )
        return sorted(above, key=lambda collection: len(collection.item.segments))


def catalog_of(
    contract: Contract, seed: str = "", locale: str = "", corrections: Corrections | None = None
) -> Catalog:
    """Return the collections of a contract; another seed, other identifiers; the locale is of other strings.

    Raises:
        ContractError: an ``x-mock-collection`` or a correction is not valid, or names what is not there.
    """
    recognition = recognize(contract, corrections)
    generator = Generator(contract.schemas.for_responses, seed=seed, locale=locale)
    values = {
        path: Values(collection, generator, seed) for path, collection in recognition.collections.items()
    }
    return Catalog(recognition.stored, values, recognition.roles)
