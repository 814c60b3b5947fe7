"""What a write asks of what it would replace, and a copy of its source: moto asks only some of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from .backend import Order
from .errors import S3Error, invalid_argument, refusal

if TYPE_CHECKING:
    from .backend import Backend

_SOURCE = "x-amz-copy-source"
_NOT_MET = (HTTPStatus.NOT_MODIFIED, HTTPStatus.PRECONDITION_FAILED)


def check_replaced(backend: Backend, order: Order) -> None:
    """Raise NoSuchKey or PreconditionFailed unless the order may write its object."""
    key = backend.key(order.bucket, order.key)
    if_match, if_none_match = (order.headers.get(name) for name in ("if-match", "if-none-match"))
    if if_match is not None and key is None:
        raise refusal("NoSuchKey", Key=order.key)
    if if_match is not None and if_match.strip('"') != key.etag.strip('"'):
        raise _failed("If-Match")
    if if_none_match == "*" and key is not None:
        raise _failed("If-None-Match")


def check_source(backend: Backend, order: Order) -> None:
    """Raise `S3Error` unless the order names an object to copy that is as it wants it, if it is there."""
    bucket, key, query = _source(order.headers[_SOURCE])
    prefix = f"{_SOURCE}-if-"
    asked = {name: value for name, value in order.headers.items() if name.startswith(prefix)}
    conditions = {name.removeprefix(f"{_SOURCE}-"): value for name, value in asked.items()}
    if not conditions or backend.bucket(bucket) is None:
        return
    head = Order("HEAD", bucket, key, tuple(parse_qsl(query)), conditions)
    if backend.carry_out(head).status in _NOT_MET:
        raise _failed(", ".join(asked))


def _source(text: str) -> tuple[str, str, str]:
    """Return bucket, key and query of ``/BUCKET/KEY?versionId=ID``, or raise InvalidArgument."""
    try:
        parts = urlsplit(text)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    except ValueError:
        bucket = key = ""
    if not bucket or not key:
        message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise invalid_argument(message, _SOURCE, text)
    return bucket, key, parts.query


def _failed(condition: str) -> S3Error:
    return refusal("PreconditionFailed", Condition=condition)
