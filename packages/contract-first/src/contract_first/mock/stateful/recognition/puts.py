"""What a PUT on an item does where there is none, and with members that it does not send."""

import re
from collections.abc import Iterable
from typing import Final

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.relations.relation import CREATED
from contract_first.service.messages.problems import NotFound

from .collection import only

UPSERT: Final = re.compile(
    r"\b(add|create|insert)s? or (replace|update)|(replace|update)s? or (add|create|insert)|upsert",
    re.IGNORECASE,
)
"""What the summary or description of a PUT says that creates what is not there."""


def creates(put: Operation, *, is_created_otherwise: bool) -> bool:
    """Tell whether a PUT creates an item that is not there: nothing else does, or it says so."""
    texts = (str(put.definition.get(name, "")) for name in ("summary", "description"))
    return not is_created_otherwise or str(CREATED) in put.responses or any(map(UPSERT.search, texts))


def is_part(put: Operation, bodies: Iterable[Schema], *, is_created_otherwise: bool) -> bool:
    """Tell whether a PUT changes an existing item by the members that it sends, of which none is required."""
    has_to_be = is_created_otherwise or str(NotFound.status.value) in put.responses
    is_whole = any(
        body.is_open or any(part.get("required") for part in body.parts) for body in map(only, bodies)
    )
    return put.method == "put" and not (is_whole or creates(put, is_created_otherwise=has_to_be))
