"""Bodies that are made while they are sent: files, texts, and items that are validated one by one."""

import asyncio
import json
import logging
import threading

import httpx2
import msgspec
import pytest

from contract_first import Contract, NotFound, Response, ServerSentEvent, create_app
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import listen, serving
from contract_first.service.messages import streaming

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
LINES = {"application/jsonl": {"itemSchema": ITEM}}
EVENTS = {
    "text/event-stream": {
        "itemSchema": {
            "type": "object",
            "required": ["data"],
            "properties": {
                "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": ITEM},
                "event": {"enum": ["made", "gone"]},
            },
        }
    }
}
BINARY = {"application/octet-stream": {}}


class Item(msgspec.Struct):
    """An item of a sequence."""

    id: int


def responses(content, **members):
    """Return the Responses Object of a success."""
    return {"200": {"description": "", "content": content, **members}}


@pytest.fixture
def streaming_app(serve):
    """Bind ``GET /`` to a handler."""

    def bound(handler, content, method="get", **members):
        operation = {"operationId": "op", "responses": responses(content, **members)}
        return serve({"/": {method: operation}}, {"op": handler}, openapi="3.2.0")

    return bound


async def items():
    """Yield items of several types."""
    yield Item(1)
    yield {"id": 2}


def test_json_lines(streaming_app):
    """An asynchronous generator is a handler; each item is a line."""
    response = streaming_app(items, LINES).get("/")
    assert (response.status, response.body) == (200, b'{"id": 1}\n{"id": 2}\n')
    assert response.headers["content-type"] == "application/jsonl"
    assert "content-length" not in response.headers


def test_events(streaming_app):
    """An item that is no event is the data of one."""

    async def events():
        async def made():
            yield ServerSentEvent({"id": 1}, event="made", id="7", retry=1000)
            yield Item(2)

        return Response(made(), headers={"X-Own": "1"})

    response = streaming_app(events, EVENTS).get("/")
    assert response.body == b'data: {"id": 1}\nevent: made\nid: 7\nretry: 1000\n\ndata: {"id": 2}\n\n'
    assert response.headers["x-own"] == "1"


@pytest.mark.parametrize(
    ("content", "item", "violation"),
    [
        (LINES, {"id": "a"}, "item/id: "),
        (EVENTS, ServerSentEvent({"id": "a"}), "item/data/id: "),
        (EVENTS, ServerSentEvent("no JSON"), "item/data: is no JSON"),
        (EVENTS, ServerSentEvent(Item(1), event="other"), "item/event: "),
    ],
)
def test_the_first_item_violates_the_contract(streaming_app, content, item, violation):
    """The response is a 500 that says how, as it has not started."""

    async def op():
        yield item

    response = streaming_app(op, content).get("/")
    assert response.status == 500
    assert violation in response.json["detail"]


async def test_a_later_item_violates_the_contract(streaming_app, caplog):
    """The response ends where it is wrong, without its end, and the log says how."""

    async def op():
        yield Item(1)
        yield {"id": "a"}
        yield Item(3)

    with caplog.at_level(logging.ERROR):
        sent = await exchange(streaming_app(op, LINES).asgi)
    assert [message.get("body") for message in sent] == [None, b'{"id": 1}\n']
    assert "item/id" in caplog.text


@pytest.mark.parametrize("error", [NotFound("Gone."), LookupError("secret")])
async def test_an_error_behind_the_first_item(serve, error, caplog):
    """Of a declared error nothing is sent behind what was: it ends without its end, and is logged."""

    async def op():
        yield Item(1)
        raise error

    message = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
    declared = {"description": "", "content": {"application/json": {"schema": message}}}
    operation = {"operationId": "op", "responses": {**responses(LINES), "default": declared}}
    sent = await exchange(serve({"/": {"get": operation}}, {"op": op}, openapi="3.2.0").asgi)
    assert [message.get("body") for message in sent] == [None, b'{"id": 1}\n']
    assert [record.levelname for record in caplog.records if str(error) in record.getMessage()] == ["ERROR"]


def test_a_problem_before_the_first_item(streaming_app):
    """What is raised before there is an item is the response."""

    async def op():
        raise NotFound
        yield 1

    assert streaming_app(op, LINES).get("/").status == 404


@pytest.mark.parametrize(("declared", "returned"), [({}, 201), ({"application/pdf": {}}, 200)])
def test_what_is_not_declared(streaming_app, declared, returned):
    """A status or a media type that the contract does not have is a 500, before anything is sent."""

    async def op():
        return Response(items(), status=returned, media_type="application/jsonl")

    assert streaming_app(op, declared or LINES).get("/").status == 500


def test_a_header_of_a_stream_is_validated(streaming_app):
    """A required header that is missing is a 500."""
    declared = {"X-Count": {"required": True, "schema": {"type": "integer"}}}

    async def op():
        return items()

    async def counted():
        return Response(items(), headers={"X-Count": "2"})

    assert streaming_app(op, LINES, headers=declared).get("/").status == 500
    assert streaming_app(counted, LINES, headers=declared).get("/").status == 200


def test_files(streaming_app, tmp_path):
    """A path is sent as its content, with its length and its media type."""
    path = tmp_path / "pet.png"
    path.write_bytes(b"x" * 200_000)

    async def op():
        return path

    response = streaming_app(op, {"image/*": {}, **BINARY}).get("/")
    assert (response.status, response.body) == (200, path.read_bytes())
    assert response.headers["content-length"] == "200000"
    assert response.headers["content-type"] == "image/png"
    assert streaming_app(op, BINARY).get("/").headers["content-type"] == "application/octet-stream"
    path.unlink()
    assert streaming_app(op, BINARY).get("/").status == 500


def test_bytes_and_texts(streaming_app):
    """A stream of another media type is one of bytes or texts, and nothing else."""

    async def op():
        yield "a"
        yield b"b"

    async def numbers():
        yield 1

    assert streaming_app(op, {"text/csv": {}}).get("/").body == b"ab"
    assert streaming_app(numbers, {"text/csv": {}}).get("/").status == 500


def test_head(streaming_app):
    """The body of a response to HEAD is not made."""
    made = []

    async def op():
        made.append(1)
        yield Item(1)

    response = streaming_app(op, LINES)("HEAD", "/")
    assert (response.status, response.body, made) == (200, b"", [])


async def exchange(asgi, *, until=None):
    """Return what an app sends; the client goes once ``until`` is set."""
    sent = []
    body = asyncio.Queue()
    body.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        if body.empty():
            await (until.wait() if until else asyncio.get_running_loop().create_future())
            return {"type": "http.disconnect"}
        return body.get_nowait()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    await asgi(scope, receive, send)
    return sent


async def test_the_client_goes(streaming_app):
    """The generator is cancelled where it waits, and cleans up, once nobody waits for it."""
    gone, events = asyncio.Event(), []

    async def op():
        try:
            yield Item(1)
            gone.set()
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            events.append("cancelled")
            raise
        finally:
            events.append("closed")

    sent = await exchange(streaming_app(op, LINES).asgi, until=gone)
    assert events == ["cancelled", "closed"]
    assert [message.get("body") for message in sent] == [None, b'{"id": 1}\n']


async def test_heartbeats(streaming_app, monkeypatch):
    """While there is nothing to send, events have comments, and the response begins without an item."""
    monkeypatch.setattr(streaming, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(streaming, "IDLE_SECONDS", 0.01)
    gone = asyncio.Event()

    async def op():
        await gone.wait()
        yield Item(1)

    sent = []

    async def send(message):
        sent.append(message)
        if message.get("body") == b":\n\n":
            gone.set()

    async def receive():
        return await asyncio.get_running_loop().create_future()

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    await streaming_app(op, EVENTS).asgi(scope, receive, send)
    bodies = [message["body"] for message in sent if message["type"] == "http.response.body"]
    assert bodies[0] == b":\n\n"
    assert bodies[-2:] == [b'data: {"id": 1}\n\n', b""]
    assert json.loads(bodies[-2][6:]) == {"id": 1}


@pytest.mark.parametrize("options", [{"http": HttpProtocol}, {}])
def test_a_server_streams(options):
    """Events come one by one over a connection; once that is closed, the generator is closed too."""
    asked, closed = threading.Event(), threading.Event()

    async def op():
        try:
            yield ServerSentEvent({"id": 1})
            await asyncio.to_thread(asked.wait)
            yield ServerSentEvent({"id": 2})
            await asyncio.get_running_loop().create_future()
        finally:
            closed.set()

    operation = {"operationId": "op", "responses": responses(EVENTS)}
    document = {
        "openapi": "3.2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"get": operation}},
    }
    app = create_app(Contract(document, "t"), {"op": op})
    with listen("127.0.0.1", 0) as listening, serving(app, listening, log_level="critical", **options) as url:
        with httpx2.stream("GET", url) as response:
            lines = response.iter_lines()
            assert next(lines) == 'data: {"id": 1}'
            asked.set()
            assert [next(lines), next(lines)] == ["", 'data: {"id": 2}']
        assert closed.wait(30)
