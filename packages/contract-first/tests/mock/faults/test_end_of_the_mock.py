"""A mock that ends does not wait for what it was asked to hold back, and says so to nobody."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import httpx2

from contract_first.contract import Contract
from contract_first.mock import contract_mock

JSON = {"application/json": {"example": {"text": "x" * 1000}}}
OPERATION = {"operationId": "get_thing", "responses": {"200": {"description": "A thing.", "content": JSON}}}
CONTRACT = Contract(
    {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/thing": {"get": OPERATION}}},
    "things.json",
)


def outcome(url, headers):
    """Return the status of a response and its length, or why there is none."""
    try:
        response = httpx2.get(url, headers=headers, timeout=60, trust_env=False)
    except httpx2.TransportError as error:
        return str(error)
    return response.status_code, len(response.content)


def switch_on(control, name, effect):
    """Switch a fault on for a scope of its name."""
    control.post("/faults", json={"scope": name, "effect": effect}).raise_for_status()


def test_what_is_held_back_ends(caplog):
    """Responses that are held back end with the mock, slow ones are whole, a wait for exchanges says so."""
    with ThreadPoolExecutor(3) as threads, caplog.at_level(logging.WARNING):
        with (
            contract_mock(CONTRACT) as mock,
            httpx2.Client(base_url=mock.control, trust_env=False) as control,
        ):
            url = f"{mock.api}/thing"
            whole = outcome(url, {})
            waiting = threads.submit(outcome, f"{mock.control}/journal?count=9&wait_seconds=60", {})
            switch_on(control, "late", {"latency_ms": 600_000})
            switch_on(control, "slow", {"bytes_per_second": 1})
            late, slow = (threads.submit(outcome, url, {"X-Mock-Scope": name}) for name in ("late", "slow"))
            while not all(fault["struck"] for fault in control.get("/faults").json()["faults"]):
                pass
        assert late.result() == "Server disconnected without sending a response."
        assert slow.result() == whole
        assert waiting.result()[0] == 200
    assert caplog.messages == []
