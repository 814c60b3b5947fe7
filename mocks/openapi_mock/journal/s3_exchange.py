"""An exchange with S3, from what S3's process tells of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from openapi_check.exchange import Exchange, Message

from .recorded import LONGEST_SCOPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openapi_check.masking import Masking


def s3_exchange(told: Mapping[str, Any], masking: Masking) -> Exchange:
    """Return an exchange with S3; `told` is as `presigned_s3.exchanges.described` returns it."""
    request, answer = told["request"], told["answer"]
    headers = _headers(request["headers"], masking)
    response = Message(
        headers=_headers(answer["headers"], masking),
        body=masking.body(answer["body"].encode()),
        body_bytes=answer["body_bytes"],
    )
    return Exchange(
        server="s3",
        request_id=response.header("x-amz-request-id") or "",
        started=datetime.fromtimestamp(told["started"], UTC),
        milliseconds=round(told["seconds"] * 1000, 3),
        method=request["method"],
        url=masking.url(request["url"]),
        status=answer["status"],
        request=Message(
            headers=headers,
            body_bytes=request["body_bytes"],
            fields=masking.fields(request["fields"]),
        ),
        response=response,
        operation=told["operation"],
        scope=next((value for name, value in headers if name == "x-mock-scope"), "")[:LONGEST_SCOPE],
        fault=told["fault"],
    )


def _headers(pairs: list[list[str]], masking: Masking) -> list[tuple[str, str]]:
    raw = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in pairs]
    return masking.headers(raw)
