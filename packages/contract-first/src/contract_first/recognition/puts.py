"""What a PUT on an item does where there is none, and with members that it does not send."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema

from .collection import only

UPSERT: Final = re.compile(
    r"\b(add|create|insert)s? ?or ?(replace|update)|(replace|update)s? ?or ?(add|create|insert)|upsert",
    re.IGNORECASE,
)
"""What the name, summary or description of an operation says that creates what is not there."""
CREATION: Final = re.compile(r"create|add", re.IGNORECASE)
"""How the name of a PUT on a collection begins that creates an item, beside a POST that changes them."""


def creates(put: Operation, *, is_created_otherwise: bool) -> bool:
    """Tell whether a PUT creates an item that is not there: nothing else does, or it says so."""
    return not is_created_otherwise or str(HTTPStatus.CREATED.value) in put.responses or upserts(put)


def upserts(operation: Operation) -> bool:
    """Tell whether an operation says that it creates what is not there, and changes what is."""
    texts = (str(operation.definition.get(name, "")) for name in ("operationId", "summary", "description"))
    return any(map(UPSERT.search, texts))


def is_part(put: Operation, bodies: Iterable[Schema], *, is_created_otherwise: bool) -> bool:
    """Tell whether a PUT changes an existing item by the members that it sends, of which none is required."""
    has_to_be = is_created_otherwise or str(HTTPStatus.NOT_FOUND.value) in put.responses
    is_whole = any(
        body.is_open or any(part.get("required") for part in body.parts) for body in map(only, bodies)
    )
    return put.method == "put" and not (is_whole or creates(put, is_created_otherwise=has_to_be))
