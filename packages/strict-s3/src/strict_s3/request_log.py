"""The request log of the command: a line for each exchange, on standard error."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

FORMS = ("text", "json")
"""Lines for people, and one JSON object each for programs."""
_TEXT = "{at:%H:%M:%S} {server:3} {method:6} {status} {milliseconds:4.0f} ms {target} {operation} {code}"


def request_log(form: str) -> Callable[[Mapping[str, Any]], None]:
    """Return what logs exchanges, as `app.described` has them, in a form."""

    def log(exchange: Mapping[str, Any]) -> None:
        url, started = urlsplit(exchange["request"]["url"]), exchange["started"]
        entry = {
            "time": datetime.fromtimestamp(started, UTC).isoformat(),
            "server": "s3",
            "method": exchange["request"]["method"],
            "path": url.path,
            "query": url.query,
            "operation": exchange["operation"],
            "status": exchange["response"]["status"],
            "milliseconds": round(exchange["seconds"] * 1000, 3),
            "code": exchange["response"]["code"],
        }
        target = url._replace(scheme="", netloc="").geturl()
        text = _TEXT.format(at=datetime.fromtimestamp(started), target=target, **entry).rstrip()  # noqa: DTZ006 -- the reader's time
        with suppress(OSError):  # nobody reads it any more
            sys.stderr.write(f"{json.dumps(entry) if form == 'json' else text}\n")

    return log
