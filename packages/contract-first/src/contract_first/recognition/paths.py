"""The operations of a contract by their paths, and what is said of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from contract_first.contract import Contract, Operation
from contract_first.contract.document import pointers
from contract_first.contract.schemas.schema import Schema

from .collection import shape_of
from .marks import Corrections, marks_of
from .schemas import OperationSchemas
from .ways import lists

BY_METHOD: Final = {"get": "read", "patch": "update", "put": "replace", "post": "update", "delete": "delete"}
"""What an operation does at the path of an item."""
BODY_MEMBER: Final = re.compile(r"\$response\.body#(/.+)")
"""The expression of a Link Object for a member of the response."""
CONTENT: Final = frozenset({"content", "contents", "download", "file", "media", "raw"})
"""Segments below the path of an item at which its file is."""
CREATING: Final = ("create", "add", "content")
"""Segments below the path of a collection at which POST creates an item."""
Segments = tuple[str, ...]
Methods = Mapping[str, Operation]


class Paths:
    """The paths of one contract.

    Attributes:
        success: returns the schema of an operation's success.
        marks: what the document or a user says of an operation, by operationId; none of what is left out.
        operations: those that are not left out.
        at: the operations of each shape of a path, by their methods; the first of several.
        of_shape: all operations of each shape of a path.
        below: the shapes of the paths that are one segment longer.
        linked: which member a Link Object takes for a parameter, by operationId and the parameter's name.
    """

    def __init__(self, contract: Contract, corrections: Corrections) -> None:
        self.contract = contract
        self.schemas = OperationSchemas(contract)
        self.success = self.schemas.success
        self.marks = marks_of(contract, corrections)
        self.operations = [
            operation for operation in contract.operations if operation.operation_id in self.marks
        ]
        self.at: dict[Segments, dict[str, Operation]] = {}
        self.of_shape: dict[Segments, list[Operation]] = {}
        self.below: dict[Segments, list[Segments]] = {}
        for operation in self.operations:
            segments = shape_of(operation.path).segments
            self.of_shape.setdefault(segments, []).append(operation)
            if segments not in self.at:
                self.below.setdefault(segments[:-1], []).append(segments)
            self.at.setdefault(segments, {}).setdefault(operation.method, operation)
        self.linked = dict(_linked(contract))

    def is_free(self, operation: Operation) -> bool:
        """Tell whether no mark says what an operation does."""
        return "role" not in self.marks[operation.operation_id].value

    def marked_key(self, operation: Operation) -> str:
        """Return the member that a mark says is the key of an item; empty if none does."""
        return str(self.marks[operation.operation_id].value.get("key", ""))

    def listed(self, methods: Methods) -> Schema | None:
        """Return the schema of the items that a path lists; None where it lists nothing."""
        success = self.success(methods["get"]) if "get" in methods else None
        return next((element for _, element in lists(success)), None) if success else None

    def above(self, segments: Segments) -> Methods:
        """Return what a path does, where one such as ``/create`` below it may be its POST.

        That shows an object; ``/content`` takes a file.
        """
        above = self.at.get(segments, {})
        below = (self.at.get((*segments, name), {}).get("post") for name in CREATING)
        posts = (post for post in below if post is not None and self.success(post) is not None)
        post = next(posts, None)
        return {**above, "post": post} if post and "post" not in above else above

    def items(self) -> Iterator[tuple[Segments, Methods]]:
        """Yield the paths of items, those with two parameters at their end last."""
        ends = [pair for pair in self.at.items() if len(pair[0]) > 1 and pair[0][-1] == "{}"]
        yield from (pair for pair in ends if pair[0][-2] != "{}")
        yield from (pair for pair in ends if pair[0][-2] == "{}" and pair[0][:-2])


def _linked(contract: Contract) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield which member of a response is which parameter of another operation, by Link Objects."""
    for operation in contract.operations:
        for response in operation.responses.values():
            for node in response.get("links", {}).values():
                link: Mapping[str, Any] = contract.resolve(node)
                for parameter, expression in link.get("parameters", {}).items():
                    match = BODY_MEMBER.fullmatch(str(expression))
                    if match and "operationId" in link:
                        name = parameter.removeprefix("path.")
                        yield (str(link["operationId"]), name), pointers.split(match[1])[-1]
