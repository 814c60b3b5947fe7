"""Requests to mocks, no two alike: what is right, wrong, unknown and not allowed."""

from __future__ import annotations

import json
from collections.abc import Generator
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner_mocks import seeds

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSIONS = "/scanner/api/v1/sessions"
JSON = {"Content-Type": "application/json"}
ADDRESS = {"street": "1 Main St", "city": "Springfield", "zip": "12345", "country": "US"}


class Sent(NamedTuple):
    """A request, and the status that its response is expected to have."""

    status: int
    method: str
    target: str
    fields: Mapping[str, str] = {}
    body: Any = None

    @property
    def content(self) -> bytes | None:
        return None if self.body is None else json.dumps(self.body).encode()

    @property
    def headers(self) -> dict[str, str]:
        return {**self.fields, **({} if self.body is None else JSON)}


Mix = Generator[Any, Any, None]
"""Yields requests without an end, and is sent the JSON of each one's response."""


def scanner(*, creates: bool) -> Mix:
    """Ask the Scanner's mock; with `creates`, one request of ten creates a session, which stays."""
    key = {"X-API-Key": seeds.UNLIMITED_KEY}
    session = f"{SESSIONS}/{seeds.SESSION}"
    for number in count():
        named = {**key, "User-Agent": f"soak/{number}", "X-Request-Id": f"soak-{number:012}"}
        once = {**key, "Idempotency-Key": f"soak-{number}"}
        yield Sent(200, "GET", session, named)
        yield Sent(200, "GET", f"{SESSIONS}?page=1&page_size={number % 100 + 1}&status=ACTIVE", key)
        photo = f"photo_type=front&original_filename=IMG_{number}.HEIC"
        yield Sent(200, "GET", f"{session}/presigned-upload-url?{photo}", key)
        yield Sent(404, "GET", f"/scanner/api/v1/captures/{seeds.id_of(str(number))}", key)
        yield Sent(404, "GET", f"/scanner/{number}?page={number}", key)
        if not number % 8:  # an address has 300 of them a minute, and 10,000 a day
            yield Sent(401, "GET", session, {"X-API-Key": seeds.key_of("csb", f"Soak{number}")})
        yield Sent(422, "GET", f"{SESSIONS}?page=x{number}", key)
        yield Sent(422, "POST", SESSIONS, once, {"capture_mode": f"mode-{number}"})
        url = f"https://example.org/01/09506000134352?serial={number}"
        yield Sent(200, "POST", "/scanner/api/v1/resolve-url", key, {"url": url})
        if creates:
            yield Sent(201, "POST", SESSIONS, once, {"metadata": {"number": str(number)}})


def orders() -> Mix:
    """Ask a mock of `orders.yaml` that remembers: each order is created, read, changed and deleted."""
    for number in count(10**9):  # far from what is there at start
        fields = {"User-Agent": f"soak/{number}", "Idempotency-Key": f"soak-{number}"}
        line = {"sku": f"SKU-{number}", "quantity": 1 + number % 9, "price": number / 100}
        order = {
            "id": number,
            "status": "new",
            "made_at": "2026-01-01T00:00:00Z",
            "customer": f"Customer {number}",
            "billing": ADDRESS,
            "shipping": ADDRESS,
            "lines": [line] * (1 + number % 5),
        }
        made = yield Sent(201, "POST", "/orders", fields, order)
        target = f"/orders/{made['id']}"
        yield Sent(200, "GET", target)
        since, limit = f"2025-01-{number % 28 + 1:02}", number % 100 + 1
        yield Sent(200, "GET", f"/orders?status=new&since={since}&limit={limit}")
        yield Sent(200, "PATCH", target, fields, {"status": "paid"})
        yield Sent(204, "DELETE", target)
        yield Sent(404, "GET", target)
        yield Sent(404, "GET", f"/nothing/{number}?page={number}")
        yield Sent(422, "POST", "/orders", fields, {"id": number, "status": f"status-{number}"})
        yield Sent(422, "GET", f"/orders/x{number}")
        yield Sent(200, "POST", "/payments", fields, {"kind": "card", "number": f"{number:012}"})
        yield Sent(200, "GET", "/version", {"Accept": f"application/json;q=0.{number % 9 + 1}, */*;q=0.01"})
