"""An exchange as a journal wants it: request and answer, what is secret masked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from .operation import operation_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .answer import Answer
    from .request import Request

MASK = "***"
_SECRET = frozenset(
    {
        "authorization",
        "cookie",
        "signature",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-server-side-encryption-customer-key",
    }
)
_TOKEN = re.compile(r"(x-amz-security-token[:=]|<CanonicalRequestBytes>)[^&<\n]+", re.IGNORECASE)
"""Where S3's refusal of a signature repeats the session token."""


def described(
    request: Request, answer: Answer, headers: Iterable[tuple[str, str]], started: float, seconds: float
) -> dict[str, Any]:
    """Return an exchange as JSON: what was asked and answered, when, and how long it took.

    Args:
        request: what was asked.
        answer: what was answered.
        headers: the header fields that were sent with it.
        started: the machine's time when the request's head was there, in seconds since 1970.
        seconds: from the request's head to the answer's.
    """
    query = urlencode([(name, value) for name, value in _masked(request.query)], quote_via=quote)
    host = request.headers.get("host", "localhost")
    return {
        "started": started,
        "seconds": round(seconds, 6),
        "operation": operation_of(request),
        "fault": request.struck[0] if request.struck else "",
        "request": {
            "method": request.method,
            "url": f"{request.scheme}://{host}{quote(request.path)}{'?' if query else ''}{query}",
            "headers": _masked(request.headers.items()),
            "bucket": request.bucket,
            "key": request.key,
            "fields": _masked(request.fields.items()),
            "body_bytes": request.body_length or 0,
        },
        "answer": {
            "status": int(answer.status),
            "headers": [list(pair) for pair in headers],
            "code": answer.code,
            "message": answer.message,
            "body_bytes": answer.length,
            "body": _TOKEN.sub(rf"\1{MASK}", b"".join(answer.body).decode()) if answer.code else "",
        },
    }


def _masked(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[name, MASK if name.lower() in _SECRET else value] for name, value in pairs]
