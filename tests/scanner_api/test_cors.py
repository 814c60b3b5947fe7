"""Cross-origin rules, over the smallest contract that has something to say of them."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.service.access.cors import MOST_REQUESTED_BYTES, open_to_pages, with_cors

CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Thing-Key"},
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
            }
        },
        "paths": {
            "/things": {
                "patch": {
                    "operationId": "change_things",
                    "parameters": [{"in": "header", "name": "X-Trace", "schema": {"type": "string"}}],
                    "responses": {"204": {"description": "", "headers": {"RateLimit-Limit": {"schema": {}}}}},
                }
            }
        },
    },
    "things.json",
)
PAGE = "https://shop.example"


async def response(_scope, _receive, send):
    """Respond 204 to whatever reaches the app."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def ask(origins, method, app=response, **headers):
    """Send one request to an app with these origins; None opens it to all pages."""
    app = open_to_pages(app, CONTRACT) if origins is None else with_cors(app, CONTRACT, origins)

    async def exchange():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://api") as client:
            return await client.request(method, "/things", headers=headers)

    return asyncio.run(exchange())


def preflight(origins, *, origin=PAGE, method="PATCH", asked="x-thing-key"):
    """Ask what a browser asks before a request that is not simple."""
    return ask(
        origins,
        "OPTIONS",
        Origin=origin,
        **{"Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked},
    )


def test_a_preflight_allows_what_the_contract_needs_sent():
    """Credentials in headers, preferences, bodies and header parameters pass a preflight."""
    allowance = preflight(["*"])
    allowed = {name.strip().lower() for name in allowance.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowance.status_code == 200
    assert allowed >= {"x-thing-key", "authorization", "content-type", "prefer", "x-trace"}
    assert "PATCH" in allowance.headers["Access-Control-Allow-Methods"]


def test_a_preflight_refuses_another_method_header_or_origin():
    """What the contract does not have, and whom the settings do not name, is refused."""
    assert preflight(["*"], method="DELETE").status_code == 400
    assert preflight(["*"], asked="x-other").status_code == 400
    assert preflight([PAGE], origin="https://evil.example").status_code == 400


def test_a_response_exposes_the_contracts_response_headers():
    """A page may read the rate limits that the contract declares, and the request id."""
    exposed = ask(["*"], "PATCH", Origin=PAGE).headers["Access-Control-Expose-Headers"]
    assert {"RateLimit-Limit", "Retry-After", "X-Request-ID", "Location"} <= set(exposed.split(", "))


def test_only_a_named_origin_may_send_the_cookie():
    """``*`` never comes with credentials; a named origin is echoed with them."""
    anyone = ask(["*"], "PATCH", Origin=PAGE)
    named = ask([PAGE], "PATCH", Origin=PAGE)
    assert anyone.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in anyone.headers
    assert named.headers["Access-Control-Allow-Origin"] == PAGE
    assert named.headers["Access-Control-Allow-Credentials"] == "true"


def test_without_origins_nothing_is_said():
    """By default no page of another origin may read a response."""
    assert "Access-Control-Allow-Origin" not in ask([], "PATCH", Origin=PAGE).headers


def test_a_response_to_no_page_varies_by_origin_too():
    """A cache must not give it to a page; what else the response varies by stays (RFC 9110, 12.5.5)."""

    async def negotiated(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": [(b"vary", b"Accept")]})
        await send({"type": "http.response.body"})

    assert ask([PAGE], "GET").headers["Vary"] == "Origin"
    assert ask([PAGE], "GET", app=negotiated).headers["Vary"] == "Accept, Origin"


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:5173", "null"])
def test_a_mock_allows_what_libraries_add_and_credentials(origin):
    """Headers that the contract does not have pass the preflight, and the origin is said, not ``*``."""
    asked = "authorization,baggage, sentry-trace ,x-csrf-token"
    for allowance in (preflight(None, origin=origin, asked=asked), ask(None, "PATCH", Origin=origin)):
        assert allowance.is_success
        assert allowance.headers["Access-Control-Allow-Origin"] == origin
        assert allowance.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Origin" in allowance.headers["Vary"]
    assert preflight(None, asked=asked).headers["Access-Control-Allow-Headers"] == asked
    assert preflight(None, method="DELETE").status_code == 400


@pytest.mark.parametrize(
    "asked", ["x y", "x:y", ",", "x,,y", "x\x00", "(x)", "\u00fc", "x" * (MOST_REQUESTED_BYTES + 1)]
)
def test_a_mock_repeats_names_of_headers_only(asked):
    """What is no list of header names, or is too long, is refused and not repeated."""
    refusal = preflight(None, asked=asked.encode("latin-1"))
    assert refusal.status_code == 400
    assert "Access-Control-Allow-Headers" not in refusal.headers
