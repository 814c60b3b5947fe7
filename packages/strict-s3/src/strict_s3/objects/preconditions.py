"""Preconditions: of reads, of the source of copies, and of the object that a write replaces."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from strict_s3.messages.clock import http_date
from strict_s3.messages.errors import S3Error, invalid_argument, invalid_request, refusal
from strict_s3.messages.orders import Order
from strict_s3.messages.request import COPY_SOURCE
from strict_s3.messages.response import Response
from strict_s3.messages.version_ids import NULL
from strict_s3.store.backend import Backend
from strict_s3.store.customer_keys import SOURCE as SOURCE_ENCRYPTION
from strict_s3.store.customer_keys import check_key
from strict_s3.store.records import file_name

_CHANGING = ("x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-server-side-encryption")
_RANGE = f"{COPY_SOURCE}-range"
_BYTES = re.compile(r"bytes=(\d{1,18})-(\d{1,18})", re.ASCII)


def unmet(conditions: Mapping[str, str], response: Response) -> str:
    """Return the name of the precondition that an object fails; empty if it meets all.

    ETags may lack their quotes; nothing is modified since a time to come. Source: RFC 9110, section 13.2.2.
    """
    etag, modified = response.header("ETag") or "", http_date(response.header("Last-Modified") or "")
    match, other = conditions.get("if-match"), conditions.get("if-none-match")
    until, since = (http_date(conditions.get(f"if-{name}-since", "")) for name in ("unmodified", "modified"))
    if match is not None:
        if not _lists(match, etag):
            return "If-Match"
    elif until is not None and modified is not None and modified > until:
        return "If-Unmodified-Since"
    if other is not None:
        if _lists(other, etag):
            return "If-None-Match"
    elif since is not None and modified is not None and modified <= since <= datetime.now(UTC):
        return "If-Modified-Since"
    return ""


def _lists(etags: str, etag: str) -> bool:
    listed = {member.strip().removeprefix("W/").strip('"') for member in etags.split(",")}
    return "*" in listed or etag.strip('"') in listed


def check_replaced(backend: Backend, order: Order, upload: Any = None) -> None:
    """Raise `S3Error` unless the order may write its object.

    Args:
        backend: moto's S3.
        order: with If-Match and an ETag, or with If-None-Match and ``*``, if it has a condition.
        upload: of the object, if it is uploaded in parts: the object that existed when the upload began must
            still be there as well.
    """
    conditions = [name for name in ("If-Match", "If-None-Match") if name.lower() in order.headers]
    if not conditions:
        return
    if len(conditions) > 1:
        message = "Multiple conditional request headers present in the request"
        raise refusal("NotImplemented", Header=",".join(conditions), additionalMessage=message)
    (condition,) = conditions
    value = order.headers[condition.lower()]
    if (value == "*") is not (condition == "If-None-Match"):
        message = f"We don't accept the provided value of {condition} header for this API"
        raise refusal("NotImplemented", Header=condition, additionalMessage=message)
    key = backend.key(order.bucket, order.key)
    if condition == "If-Match" and key is None:
        raise refusal("NoSuchKey", Key=order.key)
    if key is not None and (value == "*" or value.strip('"') != key.etag.strip('"')):
        raise _failed(condition)
    if upload is not None and file_name(key) != upload.replaced:
        raise refusal("ConditionalRequestConflict", Condition=condition, Key=order.key)


def check_deleted(backend: Backend, bucket: str, name: str, etag: str) -> None:
    """Raise `S3Error` unless there is an object with the ETag that a deletion expects, ``*`` for any."""
    key = backend.key(bucket, name)
    if key is None:
        raise refusal("NoSuchKey", Key=name)
    if etag != "*" and etag.strip('"') != key.etag.strip('"'):
        raise _failed("If-Match")


def changes_nothing(headers: Mapping[str, str], bucket: str, key: str) -> bool:
    """Return whether a copy of an object to itself would change nothing."""
    changes = any(name.startswith(_CHANGING) for name in headers)
    replaces = headers.get("x-amz-metadata-directive", "").upper() == "REPLACE"
    return not changes and not replaces and copy_source(headers[COPY_SOURCE]) == (bucket, key, "")


def check_source(backend: Backend, order: Order) -> None:
    """Raise `S3Error` unless the order names an object to copy that meets its conditions, if it exists."""
    bucket, key, version_id = copy_source(order.headers[COPY_SOURCE])
    prefix = f"{COPY_SOURCE}-if-"
    conditions = {
        name.removeprefix(f"{COPY_SOURCE}-"): value
        for name, value in order.headers.items()
        if name.startswith(prefix)
    }
    if backend.bucket(bucket) is None:
        return
    query = (("versionId", version_id),) if version_id else ()
    source = backend.carry_out(Order("HEAD", bucket, key, query))
    if source.status != HTTPStatus.OK:
        return
    check_key(order.headers, backend.key(bucket, key, version_id), SOURCE_ENCRYPTION)
    if condition := unmet(conditions, source):
        raise _failed(f"{COPY_SOURCE}-{condition}")
    if _RANGE in order.headers and order.has("partNumber"):
        _check_range(order.headers[_RANGE], source.length)


def source_version(backend: Backend, order: Order) -> list[tuple[str, str]]:
    """Return the header field that names the version that an order copies; none in a bucket without."""
    source = backend.key(*copy_source(order.headers[COPY_SOURCE]))
    is_version = source is not None and source.version_id != NULL
    return [(f"{COPY_SOURCE}-version-id", str(source.version_id))] if is_version else []


def _check_range(text: str, size: int) -> None:
    match = _BYTES.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        message = (
            f"The {_RANGE} value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy"
        )
        raise invalid_argument(message, _RANGE, text)
    if int(match[1]) >= size:
        raise invalid_request("The specified copy range is invalid for the source object size")
    if int(match[2]) >= size:
        message = f"Range specified is not valid for source object of size: {size}"
        raise invalid_argument(message, _RANGE, text)


def copy_source(text: str) -> tuple[str, str, str]:
    """Return bucket, key and version of ``/BUCKET/KEY?versionId=ID``, or raise InvalidArgument."""
    try:
        parts = urlsplit(text)
        bucket, _, key = unquote_plus(parts.path).lstrip("/").partition("/")
    except ValueError:
        bucket = key = ""
    if not bucket or not key:
        message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise invalid_argument(message, COPY_SOURCE, text)
    return bucket, key, dict(parse_qsl(parts.query)).get("versionId", "")


def _failed(condition: str) -> S3Error:
    return refusal("PreconditionFailed", Condition=condition)
