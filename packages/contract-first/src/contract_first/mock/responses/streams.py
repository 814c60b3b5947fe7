"""Streams of items, such as events: what ends them, who asks for them, and how fast they come."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence, is_json
from contract_first.service.request.sequences import EVENTS, JSON_SEQUENCES, is_sequence

TERMINATOR: Final = "[DONE]"
"""The data of the last event of some APIs, which is no JSON."""
STREAM: Final = "stream"
"""The member of a body that asks for events in place of JSON."""
LEAST_EVENTS: Final = 3
"""Of a stream whose contract has a schema for a single event, and none for all of them."""
LONGEST_NAP: Final = 0.25
"""Seconds after which what waits looks whether its client is still connected."""
ITEM: Final = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r|\Z)", re.DOTALL)
LINE: Final = re.compile(rb".*?(?:\n|\Z)", re.DOTALL)
RECORD: Final = re.compile(rb"\x1e?[^\x1e]*", re.DOTALL)


def ending_of(operation: Operation, contract: Contract, examples: Mapping[str, Any]) -> bytes:
    """Return the last event of an operation's streams; nothing where the contract has none.

    Args:
        examples: of the media type.
    """
    documents = [operation.definition.get("description", ""), examples, *_asking(operation, contract)]
    has_ending = any(TERMINATOR in json.dumps(document, default=str) for document in documents)
    return f"data: {TERMINATOR}\n\n".encode() if has_ending else b""


def asks_for_events(body: Any, media_types: Mapping[str, Any]) -> bool:
    """Return whether a body asks for events where these are documented beside JSON."""
    if not isinstance(body, dict) or body.get(STREAM) is not True:
        return False
    kinds = {essence(name) for name in media_types}
    return EVENTS in kinds and any(map(is_json, kinds))


def _asking(operation: Operation, contract: Contract) -> Iterator[Any]:
    """Yield the schemas of the member that asks for events."""
    content = (operation.request_body or {}).get("content", {})
    for media_type, holder in content.items():
        if is_json(essence(media_type)):
            member = contract.schemas.for_requests.in_media_type(holder).members.get(STREAM)
            yield from () if member is None else (part for part in member.parts)


class PacedStreams:
    """An ASGI app that sends the items of streams one by one.

    Args:
        seconds: before each item but the first.
        is_over: tells whether nobody waits for a request's response any more.
    """

    def __init__(self, app: ASGIApp, seconds: float, is_over: Callable[[Scope], bool]) -> None:
        self._app = app
        self._seconds = seconds
        self._is_over = is_over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        kind = ""

        async def paced(message: Message) -> None:
            nonlocal kind
            if message["type"] == "http.response.start":
                fields = dict(message.get("headers", ()))
                kind = essence(fields.get(b"content-type", b"").decode("latin-1"))
                if is_sequence(kind) and scope["method"] != "HEAD":
                    headers = [field for field in message["headers"] if field[0] != b"content-length"]
                    message = {**message, "headers": headers}
                await send(message)
            elif is_sequence(kind) and message.get("body"):
                await self._send_items(message, kind, scope, send)
            else:
                await send(message)

        await self._app(scope, receive, paced)

    async def _send_items(self, message: Message, kind: str, scope: Scope, send: Send) -> None:
        pattern = ITEM if kind == EVENTS else RECORD if kind in JSON_SEQUENCES else LINE
        items = [item for item in pattern.findall(message["body"]) if item]
        for number, item in enumerate(items):
            if number:
                await nap(self._seconds, partial(self._is_over, scope))
            if self._is_over(scope):
                return
            more = number + 1 < len(items) or message.get("more_body", False)
            await send({"type": "http.response.body", "body": item, "more_body": more})


async def nap(seconds: float, is_over: Callable[[], bool]) -> None:
    """Wait so many seconds, or until that is over."""
    while seconds > 0 and not is_over():
        await asyncio.sleep(min(seconds, LONGEST_NAP))
        seconds -= LONGEST_NAP
