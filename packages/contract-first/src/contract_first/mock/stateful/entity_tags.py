"""Entity tags of items, and requests that depend on them, as far as the contract has responses for these.

RFC 9110, sections 8.8.3 and 13.1.
"""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from contract_first.contract import Operation
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.request import Request


class PreconditionFailed(Problem):
    """The item is not as ``If-Match`` says."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "precondition_failed"


def tag_of(value: Mapping[str, Any]) -> str:
    """Return the entity tag of an item, which changes with the item."""
    return f'"{hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:16]}"'


def is_current(value: Mapping[str, Any], request: Request, operation: Operation) -> bool:
    """Tell whether a request has an item's tag in ``If-None-Match``: the client has it as it is."""
    field = (request.header(b"if-none-match") or "").replace('W/"', '"')  # a weak one is as good here
    return str(int(HTTPStatus.NOT_MODIFIED)) in operation.responses and _has(field, value)


def require_match(value: Mapping[str, Any] | None, request: Request, operation: Operation) -> None:
    """Raise PreconditionFailed if a request has ``If-Match`` without the tag of the item that there is."""
    field = request.header(b"if-match")
    documented = str(int(PreconditionFailed.status)) in operation.responses
    if field is not None and documented and (value is None or not _has(field, value)):
        actual = "There is no item" if value is None else f"The item's entity tag is {tag_of(value)}"
        raise PreconditionFailed(f"{actual}, and If-Match has {field[:100]}.")


def _has(field: str, value: Mapping[str, Any]) -> bool:
    """Tell whether a header has an item's tag."""
    return not {"*", tag_of(value)}.isdisjoint(map(str.strip, field.split(",")))
