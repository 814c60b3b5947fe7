"""Collections whose items have one path, by their names in full, as Google's APIs have it."""

from typing import Final

from contract_first.contract import Operation

from .collection import Collection, PathShape, shape_of
from .draft import BY_METHOD, Draft, Methods

NAME: Final = "name"
"""The parameter and the member that have the name of an item in full, as Google's APIs have it."""


class NamedItems:
    """Adds such collections to a draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def add(self, segments: tuple[str, ...]) -> bool:
        """Add collections whose items have one path, by their names in full; return whether there are any.

        What is at that path is every collection's, whose items it shows as far as its schema has them.
        """
        shape = shape_of(next(iter(self._draft.at[segments].values())).path)
        if shape.names[-1] != NAME:
            return False
        before = len(self._draft.collections)
        here = [
            operation
            for operation in self._draft.contract.operations
            if shape_of(operation.path).segments == segments
            and operation.method in BY_METHOD
            and self._draft.is_here(operation)
        ]
        for path, methods in self._draft.at.items():
            # ``:pause`` is no resource
            is_above = path[:-1] in {segments, segments[:-1]} and ":" not in path[-1]
            if is_above and (*path, "{}") not in self._draft.at:
                self._add_at(path, methods, here, shape)
        return len(self._draft.collections) > before

    def _add_at(
        self, path: tuple[str, ...], methods: Methods, here: list[Operation], shape: PathShape
    ) -> None:
        """Add the collection of a path, whose items have the path of the operations that are here.

        A POST at the path creates them, or else a PUT that is here.
        """
        listed = self._draft.listed(methods)
        component = listed.component if listed else ""
        puts = ((put, self._draft.success(put)) for put in here if put.method == "put" and component)
        creators = (put for put, success in puts if success and component in success.components)
        creating = methods.get("post") or next(creators, None)
        if creating is None or not self._draft.is_here(creating):
            return
        created = self._draft.success(creating)
        alike = [created, *self._draft.schemas.bodies(creating)] if listed else map(self._draft.success, here)
        item = listed or created
        components = {schema.component for schema in alike if schema}
        if item and NAME in item.members and item.component in components:
            above = methods.get("post") or methods["get"]
            named = Collection(above.path, shape, here[0].path, path[-1], NAME, item, is_named=True)
            self._draft.collections[above.path] = named
            if creating is above:
                self._draft.assign(named, creating, "create", None)
            if listed:
                self._draft.assign(named, methods["get"], "list", None)
            for operation in here:
                self._draft.assign(
                    named, operation, BY_METHOD[operation.method], shape_of(operation.path).names[-1]
                )
