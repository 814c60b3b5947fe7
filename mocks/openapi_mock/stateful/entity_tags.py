"""Entity tags of items, and requests that depend on them, as far as the contract has responses for these.

RFC 9110, sections 8.8.3 and 13.1.
"""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from openapi_contract import Operation
from openapi_service.problems import Problem
from openapi_service.request import Request


class PreconditionFailed(Problem):
    """The item is not as ``If-Match`` says."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "precondition_failed"


def tag_of(value: Mapping[str, Any]) -> str:
    """Return the entity tag of an item: another, once the item is changed."""
    return f'"{hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:16]}"'


def is_known(value: Mapping[str, Any], request: Request, operation: Operation) -> bool:
    """Tell whether a request is for an item only if it is another than the client has."""
    sent = (request.header(b"if-none-match") or "").replace('W/"', '"')  # a weak one is as good here
    return str(int(HTTPStatus.NOT_MODIFIED)) in operation.responses and _has(sent, value)


def require_match(value: Mapping[str, Any] | None, request: Request, operation: Operation) -> None:
    """Raise PreconditionFailed if a request is to change an item only as another than it is, if it is."""
    sent = request.header(b"if-match")
    documented = str(int(PreconditionFailed.status)) in operation.responses
    if sent is not None and documented and (value is None or not _has(sent, value)):
        found = "There is no item" if value is None else f"The item's entity tag is {tag_of(value)}"
        raise PreconditionFailed(f"{found}, and If-Match has {sent[:100]}.")


def _has(sent: str, value: Mapping[str, Any]) -> bool:
    """Tell whether a header has an item's tag."""
    return not {"*", tag_of(value)}.isdisjoint(map(str.strip, sent.split(",")))
