"""What stands for S3 and for the pages of codes: each object is a picture, each upload succeeds."""

from __future__ import annotations

from typing import Any

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
DATE = b"Tue, 31 Mar 2026 12:00:00 GMT"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Respond to HEAD and GET with the picture, to all else with nothing."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    body = PICTURE if scope["method"] == "GET" else b""
    length = len(PICTURE) if scope["method"] == "HEAD" else len(body)
    headers = [
        (b"content-length", str(length).encode()),
        (b"content-type", b"image/png"),
        (b"etag", b'"0123456789abcdef0123456789abcdef"'),
        (b"last-modified", DATE),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
