"""The memory of a process for bodies and what they decode to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref

import httpx2
import pytest

from contract_first import create_app
from contract_first.contract import Contract
from contract_first.service import BadRequest, Limits
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.messages.request import Request
from contract_first.service.request import budget, decoding
from contract_first.service.request.decoding import read_json
from contract_first.service.request.forms import Form
from contract_first.service.request.json_bounds import JsonCount, JsonLimits
from contract_first.service.request.sequences import items_of

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

    async def collected(self, chunks, request, count=None, collected=budget.BodyBudget.collected):
        requests.append(weakref.ref(request))
        return await collected(self, chunks, request, count)

    monkeypatch.setattr(budget.BodyBudget, "collected", collected)
    async with client, asyncio.timeout(30):
        gc.collect()
        gc.disable()
        try:
            headers = {"X-Key": "first", "Content-Type": "application/json"}
            response = await client.post("/", content=content, headers=headers)
            await until(lambda: requests[0]() is None)  # the event loop closes the generator of its chunks
            assert (response.status_code, len(requests)) == (400, 1)
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
        (b"[" * 150_000, "nested too deeply; the limit is 200 levels"),
        (b'["]]", ' + b"[" * 200 + b"]" * 201, "nested too deeply"),
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
    assert len(read_json(b"[" + b",".join([item] * 100_001) + b"]", "body", limits=None)) == 100_001


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (b"[" + b"0," * 99_998 + b"0]", 99_999),
        (b'["' + b",[{" * 200_000 + b'", 1]', 2),
        (b'[0, ["' + b"]" * 9 + b'"], ' + b"[]," * 300 + b"0]", 303),
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


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (rb'["\\", "\",,,,,[[[[", 123, 12]', None),
        (rb'{"a,[": [1, {"b": "\\\""}], "c": "\u005d"}', None),
        (b"[1,2,3,4,5,6,7,8,9]", "members"),
        (rb'["\\", [["\""]], [[[0]]]]', "deeply"),
        (b'["1234", 1234]', "digits"),
    ],
)
def test_json_is_counted_as_it_comes_in(text, problem, size):
    """Wherever its text is cut, the same is counted, and nothing of what is in strings."""
    count = JsonCount(JsonLimits(members=8, levels=3, digits=3), "body")
    pieces = [text[begin : begin + size] for begin in range(0, len(text), size)]
    with pytest.raises(BadRequest, match=problem) if problem else contextlib.nullcontext():
        for piece in pieces:
            count.add(piece)


@pytest.mark.parametrize(
    ("media_type", "item"),
    [
        ("application/jsonl", b"0\n"),
        ("application/json-seq", b"\x1e0"),
        ("text/event-stream", b"data: 0\r\r"),
    ],
)
def test_sequences_are_bounded(media_type, item):
    """Their items count as members do, before they are parsed."""
    assert len(items_of(item * 50_000, media_type)) == 50_000
    with pytest.raises(BadRequest, match="too many members; the limit is 100000 members and items"):
        items_of(item * 100_001, media_type)
    with pytest.raises(BadRequest, match="too many"):
        items_of(b"[" + b"0," * 100_001 + b"0]\n", "application/jsonl")


async def test_limits_of_json_are_the_apps():
    """They are arguments; a body over them is refused before all of it has come in."""
    limits = Limits(json=JsonLimits(members=10, levels=2, digits=3))

    async def take(body):
        """Take a body."""

    async def endless():
        while True:
            yield b"[0,"

    app = create_app(CONTRACT, {"take": take}, authenticate={"key": lambda key, _: key}, limits=limits)
    headers = {"X-Key": "first", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://bodies") as client:
        refused = [
            (await client.post("/", content=content, headers=headers)).json()["detail"]
            for content in (b"[1,2,3,4,5,6,7,8,9,10,11]", b"[[[0]]]", b"1000", endless())
        ]
        accepted = await client.post("/", content=b'[[1, "1000", 999]]', headers=headers)
    assert [detail.split("; ")[-1] for detail in refused] == [
        "the limit is 10 members and items.",
        "the limit is 2 levels.",
        "the limit is 3.",
        "the limit is 2 levels.",
    ]
    assert accepted.status_code == 204
    with pytest.raises(ValueError, match="201 levels cannot be validated"):
        JsonLimits(levels=201)


async def test_forms_share_the_memory_of_a_process(monkeypatch):
    """Texts and files take it; files are on disk that are large, or have no room in it."""
    monkeypatch.setattr(budget, "LEAST_BYTES", 4 * BIG)
    room = budget.BodyBudget(1)
    form = Form(CONTRACT.schemas.for_requests.in_media_type({"schema": {"type": "object"}}), {})

    on_disk = []

    def sent_form():
        fields = [("content-type", "multipart/form-data; boundary=x")]
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "client": ("::1", 1)}
        raw = [(name.encode(), value.encode()) for name, value in fields]
        return Request({**scope, "headers": raw}, None, "id", None)

    async def read(*parts):
        request = sent_form()

        async def stream():
            for part in parts:
                yield b'--x\r\nContent-Disposition: form-data; name="a"%b\r\n\r\n%b\r\n' % part
            yield b"--x--\r\n"

        await form.multipart(stream(), request, [], room)
        size = request.held[1]
        room.release(request)
        on_disk.append([file.file._rolled for file in request.files])
        for file in request.files:
            await file.close()
        return size

    def file(size):
        return b'; filename="f"', bytes(size)

    assert budget.FREE_BYTES < await read(file(30 * BIG)) < budget.FREE_BYTES + 1000
    assert 50_000 < await read(file(50_000)) < 51_000
    other = sent_form()
    room.hold(other, 120_000)
    assert 32_768 < await read(file(50_000), file(50_000), file(9)) < 34_000
    with pytest.raises(ServiceUnavailable, match="Too many large bodies"):
        await read(*[(b"", b"a" * 60_000)] * 4)
    assert on_disk == [[True], [False], [True, True, False]]
