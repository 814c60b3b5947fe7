"""``contract_client`` validates exchanges with an app; ``contract_mock`` runs a mock for a test."""

import asyncio
import json
import zlib
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contract_first import Credentials, create_app
from contract_first.check.run.checking import served
from contract_first.testing import ContractViolationError

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://pets.test/v1"}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list_pets",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "Pets.",
                        "content": {"application/json": {"schema": {"type": "array", "items": PET}}},
                    },
                    "422": {"description": "Violations.", "content": {"application/problem+json": {}}},
                },
            }
        },
        "/key": {
            "get": {
                "operationId": "get_key",
                "security": [{"key": []}],
                "responses": {"200": {"description": "The key."}, "401": {"description": "No key."}},
            }
        },
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}


@pytest.fixture
def contract(tmp_path):
    """The file of a contract."""
    path = tmp_path / "pets.json"
    path.write_text(json.dumps(CONTRACT))
    return path


async def pets(request):
    """Respond with pets; the last one is wrong if that is asked for, and any limit will do."""
    ages = ["old" if "X-Wrong" in request.headers else 3]
    return JSONResponse([{"name": request.state.name, "age": age} for age in ages])


async def key(request):
    """Respond with 401 where there is no key."""
    return Response(status_code=200 if request.headers.get("x-key") == "right" else 401)


@pytest.fixture
def app():
    """An app of a framework that knows no contract; what its lifespan opens is in its state."""
    events = []

    @asynccontextmanager
    async def lifespan(_app):
        events.append("started")
        yield {"name": "Rex"}
        events.append("stopped")

    routes = [Route("/pets", pets), Route("/v1/pets", pets), Route("/key", key), Route("/status", key)]
    made = Starlette(routes=routes, lifespan=lifespan)
    made.state.events = events
    return made


def test_what_conforms(contract_client, app, contract):
    """A response is as the app sent it; the app is started by its lifespan, and stopped with the client."""
    with contract_client(app, contract) as client:
        assert client.get("/pets").json() == [{"name": "Rex", "age": 3}]
        assert client.get("/v1/pets", params={"limit": 1}).status_code == 200
        assert app.state.events == ["started"]
    assert app.state.events == ["started", "stopped"]


def test_a_response_that_violates_the_contract(contract_client, app, contract):
    """The test fails, with the place in the body and the pointer into the contract."""
    client = contract_client(app, contract)
    with pytest.raises(ContractViolationError) as failure:
        client.get("/pets", headers={"X-Wrong": "yes"})
    head, line = str(failure.value).splitlines()
    assert head == f"GET /pets: 200 violates {contract}"
    assert line.startswith("  response body /0/age: ")
    pointer = "/paths/~1pets/get/responses/200/content/application~1json/schema/items/properties/age/type"
    assert line.endswith(f"(type); see {pointer}")


def test_an_asynchronous_client(async_contract_client, app, contract):
    """It validates the same; the app runs in the event loop of the test until the client is closed."""

    async def requests():
        async with async_contract_client(app, contract, credentials=Credentials(api_key="right")) as client:
            assert app.state.events == ["started"]
            asked = [client.get("/pets"), client.get("/key"), client.get("/status")]
            assert [response.status_code for response in await asyncio.gather(*asked)] == [200, 200, 401]
            with pytest.raises(ContractViolationError, match="/0/age"):
                await client.get("/pets", headers={"X-Wrong": "1"})
        client = async_contract_client(app, contract)
        assert (await client.get("/pets")).json() == [{"name": "Rex", "age": 3}]
        await client.aclose()

    asyncio.run(requests())
    assert app.state.events == ["started", "stopped"] * 2


def test_a_request_that_violates_the_contract(contract_client, app, contract):
    """The test fails where the app accepts it, and not where the app refuses it."""
    with pytest.raises(ContractViolationError, match=r"request query limit: .* and the app accepted it"):
        contract_client(app, contract).get("/pets", params={"limit": "many"})
    handlers = {"list_pets": lambda limit: [limit], "get_key": lambda: None}
    ours = create_app(str(contract), handlers, authenticate={"key": print})
    assert contract_client(ours).get("/pets", params={"limit": "many"}).status_code == 422


def test_what_the_contract_does_not_have(contract_client, app, contract):
    """Pages beside the contract are not validated."""
    assert contract_client(app, contract).get("/status").status_code == 401


def test_credentials(contract_client, app, contract):
    """They are sent where the contract requires them, unless the request has its own."""
    client = contract_client(app, contract, credentials=Credentials(api_key="right"))
    assert client.get("/key").status_code == 200
    assert client.get("/key", headers={"X-Key": "wrong"}).status_code == 401
    assert client.get("/status").status_code == 401
    assert contract_client(app, contract).get("/key").status_code == 401


def test_an_app_without_lifespan(contract_client, contract):
    """It raises an error for scopes that it does not know, as Django does, and is called all the same."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        await JSONResponse([])(scope, receive, send)

    assert contract_client(app, contract).get("/pets").json() == []


def test_an_app_that_does_not_start(contract_client, contract):
    """The reason is the app's."""

    @asynccontextmanager
    async def lifespan(_app):
        raise OSError("no database")
        yield

    with pytest.raises(RuntimeError, match=r"(?s)The startup of the app failed: .*no database"):
        contract_client(Starlette(lifespan=lifespan), contract)


def test_without_a_contract(contract_client, app):
    """The message says where to name one."""
    with pytest.raises(pytest.UsageError, match="No contract: pass one, or set `contract"):
        contract_client(app)


def test_a_mock(contract_mock, contract):
    """It runs until the test ends."""
    assert httpx2.get(f"{contract_mock(contract).api}/pets", trust_env=False).status_code == 200


def test_what_was_exercised(contract_client, contract_coverage, app, contract):
    """Operations, statuses and parameters count, of exchanges so far."""
    contract_client(app, contract).get("/pets", params={"limit": 1})
    pets_, key_ = contract_coverage().operations(str(contract))
    assert (pets_.calls, pets_.statuses, pets_.parameters) == (1, {"200": 1, "422": 0}, {"query limit": 1})
    assert key_.calls == 0


def test_a_contract_at_two_urls_counts_once(contract_client, contract_coverage, app, contract):
    """Calls add up, however often one asks for them."""
    for prefix in ("http://testserver", "http://other"):
        contract_client(app, contract, base_url=prefix).get("/pets")
    assert {contract_coverage().operations(str(contract))[0].calls for _ in range(3)} == {2}


def test_a_contract_by_two_spellings(contract_client, contract_coverage, app, contract, monkeypatch):
    """A path from here and one from the root are of one contract."""
    monkeypatch.chdir(contract.parent)
    for spelling in (contract, contract.name):
        contract_client(app, spelling).get("/pets")
    (listed, *_) = contract_coverage().operations(contract.name)
    assert listed.calls == 2
    assert contract_coverage().operations(str(contract)) == []


def test_another_event_loop_than_asyncios(async_contract_client, app, contract):
    """The message says what is expected, and where anyio's plugin has it."""
    with pytest.raises(RuntimeError, match=r"expected asyncio's event loop; .* anyio_backend"):
        async_contract_client(app, contract).__aenter__().send(None)


async def endless(scope, _receive, send):
    """Send events for ever."""
    assert scope["type"] == "http"
    fields = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    while True:
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await asyncio.sleep(0)


def test_an_endless_coded_stream_ends(contract_client, contract, monkeypatch):
    """No item is found in it, so that it ends by its size or its time, and is not validated."""
    monkeypatch.setattr("contract_first.check.bounded_bodies.MOST_BYTES", 100_000)
    compressor = zlib.compressobj(0, wbits=31)

    async def coded(scope, _receive, send):
        assert scope["type"] == "http"
        fields = [(b"content-type", b"text/event-stream"), (b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        while True:
            part = compressor.compress(b"data: 1\n\n" * 1000)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)

    with served(coded) as url, contract_client(url, contract, base_url=url) as client:
        assert client.get("/events").text.startswith("data: 1\n\n")


def test_an_endless_stream_ends_after_a_few_items(contract_client, contract):
    """Of an app in process as of a server, where the client reads no more."""
    event = "data: 1\n\n"
    with contract_client(endless, contract, base_url="http://testserver/v1") as client:
        assert client.get("/events").text == event * 20
    with served(endless) as url, contract_client(url, contract, base_url=url) as client:
        assert client.get("/events").text == event * 20
