"""The memory of a process for bodies and what they decode to."""

from __future__ import annotations

import asyncio
import gc
import weakref

import httpx2
import pytest

from contract_first import create_app
from contract_first.contract import Contract
from contract_first.service import BadRequest, Limits
from contract_first.service.request import budget, decoding
from contract_first.service.request.decoding import read_json

ANY = {"content": {"application/json": {}, "application/octet-stream": {}}}
OPERATION = {"operationId": "take", "requestBody": ANY, "responses": {"204": {"description": "Taken."}}}
CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Bodies", "version": "1"},
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        },
        "paths": {"/": {"post": OPERATION}},
    },
    "bodies",
)
BIG = 100_000


@pytest.fixture
def client(monkeypatch):
    """Return a client of an app that has room for four large bodies, and of a caller for two."""
    monkeypatch.setattr(budget, "LEAST_BYTES", 4 * BIG)

    async def take(body):
        """Take a body."""

    app = create_app(
        CONTRACT, {"take": take}, authenticate={"key": lambda key, _: key}, limits=Limits(body=BIG)
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://bodies")


async def test_bodies_share_the_memory_of_a_process(client):
    """One caller leaves room for the others, all of them for small bodies, each for the next."""
    may_end, sent = asyncio.Event(), 0

    async def withheld():
        nonlocal sent
        yield bytes(BIG - 1)
        sent += 1
        await may_end.wait()
        yield b"0"

    def post(key, content):
        headers = {"X-Key": key, "Content-Type": "application/octet-stream"}
        return asyncio.ensure_future(client.post("/", content=content, headers=headers))

    async with client, asyncio.timeout(30):
        first = [post("first", withheld()) for _ in range(2)]
        await until(lambda: sent == 2)
        refused = await post("first", bytes(BIG))
        others = [post(key, withheld()) for key in ("second", "third")]
        await until(lambda: sent == 4)
        full, small = await post("fourth", bytes(BIG)), await post("fourth", bytes(1000))
        may_end.set()
        ended = await asyncio.gather(*first, *others)
        later = await asyncio.gather(post("first", bytes(BIG)), post("first", bytes(BIG)))
    assert {(response.status_code, response.headers["retry-after"]) for response in (refused, full)} == {
        (503, "1")
    }
    assert {response.status_code for response in (small, *ended, *later)} == {204}


@pytest.mark.parametrize("content", [b"0" + b" " * 90_000 + b"]", b"[" + b"[]," * 30_000 + b"0", b"1" * 2000])
async def test_bodies_that_are_refused_leave_no_garbage(client, content, monkeypatch):
    """They are gone at once: as garbage that waits to be collected they would add up."""
    requests = []

    async def collected(self, chunks, request, collected=budget.BodyBudget.collected):
        requests.append(weakref.ref(request))
        return await collected(self, chunks, request)

    monkeypatch.setattr(budget.BodyBudget, "collected", collected)
    async with client:
        gc.collect()
        gc.disable()
        try:
            headers = {"X-Key": "first", "Content-Type": "application/json"}
            response = await client.post("/", content=content, headers=headers)
            assert (response.status_code, len(requests), requests[0]()) == (400, 1, None)
        finally:
            gc.enable()


async def until(condition):
    """Wait for a condition."""
    while not condition():  # noqa: ASYNC110 -- it is no event
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"[" + b"0," * 100_000 + b"0]", "too many members; the limit is 100000"),
        (b"[" + b"[]," * 50_000 + b"0]", "too many members"),
        (b"{" + b",".join(b'"%d":{}' % number for number in range(60_000)) + b"}", "too many members"),
        (b"[" * 150_000, "too many members"),
        (b"1" * 5000, "too many digits; the limit is 1000"),
        (b"[0, -0." + b"1" * 1001 + b"]", "too many digits"),
        (b'{"a": 1e' + b"1" * 1001 + b"}", "too many digits"),
    ],
)
def test_json_is_bounded_before_it_is_parsed(text, problem, monkeypatch):
    """What would take many times its size, or long, is refused."""
    monkeypatch.setattr(decoding.msgspec.json, "decode", None)
    with pytest.raises(BadRequest, match=problem):
        read_json(text, "body")


@pytest.mark.parametrize("item", [b"0", b"10"])
def test_responses_have_no_such_bounds(item):
    """What a server sends is read as long as it is, to be validated."""
    assert len(read_json(b"[" + b",".join([item] * 100_001) + b"]", "body", is_bounded=False)) == 100_001


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (b"[" + b"0," * 99_998 + b"0]", 99_999),
        (b'["' + b",[{" * 200_000 + b'", 1]', 2),
        (b'["' + b'\\"\\\\,' * 200_000 + b'", 1]', 2),
        (b'["' + b"1" * 10_000 + b'"]', 1),
        (b'["\\"' + b"1" * 10_000 + b'"]', 1),
        (b"[0." + b"1" * 990 + b"]", 1),
        (b"[" + b"1," * 1000 + b"0]", 1001),
    ],
)
def test_strings_may_hold_anything(text, size):
    """The bounds are of members and numbers, whatever is in strings."""
    assert len(read_json(text, "body")) == size
