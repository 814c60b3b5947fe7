"""The floor: an ASGI application that responds with the same bytes to everything."""

from __future__ import annotations

import json
from typing import Any

POLICY = "e" * 700  # as long as a real one in base64
RESPONSE = {
    "upload_url": "https://scanner-photos.s3.us-west-2.amazonaws.com/",
    "upload_fields": {
        "key": "scanner/photos/2026/04/front/vytxeTZskVKR7C7WgdSP3d/5Y4S3U5RpjCbSCCXSRfYSM.heic",
        "Content-Type": "image/heic",
        "policy": POLICY,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "AKIDBENCH/20260401/us-west-2/s3/aws4_request",
        "x-amz-date": "20260401T120000Z",
        "x-amz-signature": "0" * 64,
    },
    "s3_key": "scanner/photos/2026/04/front/vytxeTZskVKR7C7WgdSP3d/5Y4S3U5RpjCbSCCXSRfYSM.heic",
    "expires_in": 3600,
}
BODY = json.dumps(RESPONSE).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Respond with the fixed document."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})
