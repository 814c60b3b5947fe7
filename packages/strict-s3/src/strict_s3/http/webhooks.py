"""Delivery of documents to URLs: each webhook in the order of its documents, repeated while it fails."""

import http.client
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import urlsplit

MOST_WAITING: Final = 10_000
"""How many documents may wait for one webhook; a further one is lost."""
PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds before each repetition of a failed delivery; after the last one the document is lost."""
TIMEOUT_SECONDS: Final = 5
_LAST_SECONDS = 2
"""How long the end waits for what is still to be delivered."""
_MOST_RESPONSE_BYTES = 4096
_HEADERS = {"Content-Type": "application/json", "User-Agent": "strict-s3"}
_log = logging.getLogger(__name__)


class Webhook:
    """Posts JSON documents to a URL, one after the other, in a thread that starts with the first one.

    Only a status of 2xx is a success; redirects are not followed, and no proxy is used.

    Args:
        name: what the log calls it; its URL may have a secret.
        url: of http or https.
        report: called with each attempt, as `app.described` describes an exchange.
    """

    def __init__(self, name: str, url: str, report: Callable[[dict[str, Any]], None] | None = None) -> None:
        self._name = name
        self._url = url
        self._report = report
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._deliver_all, name=f"webhook {name}", daemon=True)

    def send(self, document: Mapping[str, Any]) -> None:
        """Let a document be delivered, after those before; it returns at once."""
        if self._waiting.qsize() >= MOST_WAITING:
            _log.warning("Webhook %s: an event is lost, since %d others wait.", self._name, MOST_WAITING)
            return
        self._waiting.put(json.dumps(document).encode())
        if self._thread.ident is None:
            self._thread.start()

    def clear(self) -> None:
        """Drop all documents that wait."""
        try:
            while True:
                self._waiting.get_nowait()
        except Empty:
            return

    def close(self) -> None:
        """Deliver what waits, without repetition, for 2 seconds at most."""
        self._ending.set()
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join(_LAST_SECONDS)

    def _deliver_all(self) -> None:
        while (document := self._waiting.get()) is not None:
            for pause in (*PAUSES, 0):
                outcome = self._attempt(document)
                if not outcome or not pause or self._ending.wait(pause):
                    break
            if outcome:
                _log.warning("Webhook %s: an event is lost: %s", self._name, outcome)

    def _attempt(self, document: bytes) -> str:
        """Post a document; return what went wrong, empty for nothing."""
        started, beginning = time.time(), time.monotonic()
        status, fields, body = 0, list[tuple[str, str]](), b""
        try:
            status, fields, body = _post(self._url, document)
            outcome = "" if status // 100 == 2 else f"expected a status of 2xx, got {status}"  # noqa: PLR2004 -- a success of HTTP
        except (OSError, http.client.HTTPException, ValueError) as error:
            outcome = f"{type(error).__name__}: {error}"
        if self._report is not None:
            request = {"headers": [[*field] for field in _HEADERS.items()], "body": document.decode()}
            empty = {"bucket": "", "key": "", "fields": [], "body_bytes": len(document)}
            response = {"headers": [[*field] for field in fields], "body": body.decode(errors="replace")}
            self._report({
                "started": started,
                "seconds": round(time.monotonic() - beginning, 6),
                "operation": "EventNotification",
                "fault": "",
                "request": {"method": "POST", "url": self._url, **request, **empty},
                "response": {"status": status, **response, "code": "", "message": outcome,
                             "body_bytes": len(body)},
            })  # fmt: skip
        return outcome


def _post(url: str, document: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, header fields and the beginning of the body of the response to a document."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", parts.path or "/", document, _HEADERS)
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read(_MOST_RESPONSE_BYTES)
    finally:
        connection.close()
