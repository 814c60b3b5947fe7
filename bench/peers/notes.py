"""An upstream for the proxy: 1 KiB, the same to everything, as its contract `notes.json` wants it."""

from __future__ import annotations

import json
from typing import Any

NOTES = [{"id": number, "text": "a note of some words"} for number in range(22)]
BODY = json.dumps(NOTES).encode().ljust(1024)
HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(BODY)).encode()),
    (b"x-limit", b"100"),
    (b"x-left", b"99"),
]


async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Respond with the notes."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})
