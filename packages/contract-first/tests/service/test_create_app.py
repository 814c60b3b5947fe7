"""The public service package: a contract of somebody else's, served by functions of somebody else's."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import runpy
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from contract_first.contract import ContractError
from contract_first.service import (
    Exposure,
    Limits,
    ProblemProfile,
    RateLimited,
    ResolverError,
    Strictness,
    create_app,
    pages,
)

petstore = runpy.run_path(str(Path(__file__).with_name("petstore.py")))
PETSTORE, HANDLERS = petstore["PETSTORE"], petstore["HANDLERS"]
served, secured, ask = petstore["served"], petstore["secured"], petstore["ask"]


def test_the_documented_example_runs(tmp_path, monkeypatch):
    """What docs/service.md shows serves a petstore, and its table names options that there are."""
    text = (Path(__file__).parents[4] / "docs" / "service.md").read_text()
    get, post = PETSTORE["paths"]["/pets/{petId}"], PETSTORE["paths"]["/pets"]["post"]
    key = {"type": "apiKey", "in": "header", "name": "X-Key"}
    contract = {
        **PETSTORE,
        "paths": {
            "/pets/{petId}": {**get, "get": {**get["get"], "operationId": "find pet by id"}},
            "/pets": {"post": {**post, "operationId": "create_pet", "security": [{"api_key": []}]}},
        },
        "components": {**PETSTORE["components"], "securitySchemes": {"api_key": key}},
    }
    (tmp_path / "petstore.yaml").write_text(json.dumps(contract))
    monkeypatch.chdir(tmp_path)
    module = {}
    exec(text.partition("```python\n")[2].partition("```")[0], module)  # noqa: S102 -- our own documentation
    app = module["app"]
    assert ask(app, "GET", "/pets/1").json() == {"name": "Rex"}
    assert ask(app, "GET", "/pets/2").status_code == 404
    assert ask(app, "POST", "/pets", json={"name": "Tom"}).status_code == 401
    made = ask(app, "POST", "/pets", json={"name": "Tom"}, headers={"X-Key": "secret"})
    assert (made.status_code, ask(app, "GET", "/pets/2").json()["name"]) == (201, "Tom")
    assert set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE)) <= set(
        inspect.signature(create_app).parameters
    )


def test_a_document_is_no_file():
    """The contract is a file, a URL or a Contract; a dict is the wrong type, and no file that is missing."""
    with pytest.raises(TypeError, match="contract is of type dict"):
        create_app({"openapi": "3.1.0"}, {})


def test_operations_are_handled():
    """Coroutine functions and plain ones, named by any rule, handle operations; plain ones run in threads."""
    app = served()
    assert ask(app, "GET", "/pets?maxAge=3").json() == [{"name": "Rex", "age": 3}]
    assert ask(app, "POST", "/pets", json={"name": "Tom"}).json() == {"name": "Tom", "age": 1}
    assert ask(app, "GET", "/pets/5").json()["name"] != threading.main_thread().name


def test_a_contract_may_be_a_file(write):
    """A path is loaded; one that is no contract fails at once."""
    assert ask(create_app(write(PETSTORE), HANDLERS), "GET", "/pets").status_code == 200
    assert ask(create_app(str(write(PETSTORE)), HANDLERS), "GET", "/pets").status_code == 200
    with pytest.raises(ContractError):
        create_app(write({"openapi": "3.1.0"}), HANDLERS)


def test_handlers_may_be_a_module_or_a_package(tmp_path, monkeypatch):
    """Public functions that it defines, plain ones too, handle operations by name."""
    folder = tmp_path / "pet_handlers"
    folder.mkdir()
    (folder / "__init__.py").write_text("def create_pet(body): return body\n")
    (folder / "reading.py").write_text(
        "async def list_pets(max_age): return []\ndef get_pets__petId_(pet_id): return {'name': pet_id}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import pet_handlers  # noqa: PLC0415 -- it has just been written

    contract = {**PETSTORE, "paths": {**PETSTORE["paths"]}}
    contract["paths"]["/pets"] = {
        **contract["paths"]["/pets"],
        "post": {**contract["paths"]["/pets"]["post"], "operationId": "create-pet"},
    }
    app = served(contract, pet_handlers)
    assert ask(app, "GET", "/pets").json() == []
    assert ask(app, "GET", "/pets/x").json() == {"name": "x"}
    assert ask(app, "POST", "/pets", json={"name": "y"}).status_code == 201


def test_problems_are_plain():
    """An API that says nothing else has the members of RFC 9457 alone, and errors of a 422."""
    missing = ask(served(), "GET", "/pets/none")
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "The requested resource was not found.",
        "instance": "/pets/none",
    }
    wrong = ask(served(), "POST", "/pets", json={"age": "x"})
    assert wrong.status_code == 422
    assert {each["pointer"] for each in wrong.json()["errors"]} == {"", "/age"}


def test_problems_in_a_profile():
    """An API of one's own says what types begin with, and what members there are more."""
    profile = ProblemProfile(
        "https://pets.test/", lambda problem, request_id, _now: {"id": request_id, "c": problem.code}
    )
    found = ask(served(profile=profile), "GET", "/nowhere", headers={"X-Request-ID": "r-1"}).json()
    assert (found["type"], found["id"], found["c"]) == ("https://pets.test/not_found", "r-1", "not_found")


def test_responses_are_validated():
    """A response that violates the contract is a 500 that says nothing, unless it is to be revealed."""

    async def list_pets(max_age):
        return [{"age": max_age}]

    hidden = ask(served(handlers={**HANDLERS, "list_pets": list_pets}), "GET", "/pets")
    assert (hidden.status_code, "name" in hidden.text) == (500, False)
    revealed = ask(
        served(handlers={**HANDLERS, "list_pets": list_pets}, strictness=Strictness(reveal=True)),
        "GET",
        "/pets",
    )
    assert "name" in revealed.json()["detail"]


def test_limits():
    """A body and a target over their limit are refused."""
    app = served(limits=Limits(body=20, target=30))
    assert ask(app, "POST", "/pets", json={"name": "x" * 20}).status_code == 413
    assert ask(app, "GET", "/pets?maxAge=" + "0" * 30).status_code == 414


def test_cross_origin():
    """Pages of the origins that are given may call; without any, none may."""
    asks = {"Origin": "https://page.test", "Access-Control-Request-Method": "POST"}
    allowed = ask(
        served(exposure=Exposure(cors_origins=["https://page.test"])), "OPTIONS", "/pets", headers=asks
    )
    assert allowed.headers["access-control-allow-origin"] == "https://page.test"
    assert "access-control-allow-origin" not in ask(served(), "OPTIONS", "/pets", headers=asks).headers


def test_pages_beside_the_contract():
    """The document, its explorer and health are served; a check may be a plain function."""

    async def fails():
        raise OSError

    app = served(exposure=Exposure(checks={"disk": lambda: None, "database": fails}))
    assert ask(app, "GET", "/openapi.json").json() == PETSTORE
    assert "Pets &amp; more" in ask(app, "GET", "/docs").text
    assert ask(app, "GET", "/healthz").json() == {"status": "alive"}
    ready = ask(app, "GET", "/readyz")
    assert (ready.status_code, ready.json()["disk"], ready.json()["database"]) == (
        503,
        "ready",
        "unreachable",
    )
    assert ask(served(), "GET", "/readyz").status_code == 200
    for page in ("/openapi.json", "/docs", "/docs/start.js", "/healthz", "/readyz"):
        assert ask(app, "GET", page).headers["X-Content-Type-Options"] == "nosniff"
    for page in ("/healthz", "/readyz"):
        assert ask(app, "GET", page).headers["Cache-Control"] == "no-store"


class Closed:
    """An authenticator that refuses everybody, whatever they ask for."""

    def __init__(self):
        self.problem = RateLimited(7)
        self.admitted = 0

    def refusal(self, _request, find):
        """Return the same problem each time, except for one credential."""
        return None if find(_request) == {"key": "good"} else self.problem

    async def admit(self, _request, _credentials, _alternatives):
        """Count who gets this far."""
        self.admitted += 1


def test_what_is_refused_anyway_is_not_routed():
    """It has the problem of an authenticator that knows already, with what the request has of its own."""
    authenticator = Closed()
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    profile = ProblemProfile("https://pets.test/", lambda _problem, request_id, _now: {"id": request_id})
    app = served(
        secured({"key": []}, key=scheme), {"get_secret": list}, authenticate=authenticator, profile=profile
    )
    for target, instance in (
        ("/", "/"),
        ("/none/%7Bid%7D%22?a=1", "/none/%7Bid%7D%22"),
        ("/100%25/%s", "/100%25/%s"),
    ):
        response = ask(app, "GET", target, headers={"X-Request-ID": "mine"})
        assert response.status_code == 429
        assert response.headers["retry-after"] == "7"
        assert response.headers["x-request-id"] == "mine"
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json() == {
            "type": "https://pets.test/rate_limited",
            "title": "Too Many Requests",
            "status": 429,
            "detail": "The rate limit is used up; retry in 7 seconds.",
            "instance": instance,
            "id": "mine",
        }
    assert ask(app, "HEAD", "/").content == b""
    assert ask(app, "GET", "/healthz").status_code == 200
    assert authenticator.admitted == 0
    assert ask(app, "GET", "/", headers={"X-Key": "good"}).status_code == 200
    assert authenticator.admitted == 1


async def test_readiness_asks_once_a_second(monkeypatch):
    """However many want to know at once, and within a second, each part is asked once."""
    asked = []

    async def slow():
        asked.append(1)
        await asyncio.sleep(0)

    app = served(exposure=Exposure(checks={"database": slow}))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        assert (await client.get("/readyz")).json()["database"] == "ready"
        assert len(asked) == 1
        monkeypatch.setattr(pages, "FRESH_SECONDS", 0)
        app = served(exposure=Exposure(checks={"database": slow}))
        for _ in range(2):
            await httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://x").get("/readyz")
        assert len(asked) == 3


def test_what_the_app_can_do_without_is_degraded(monkeypatch):
    """Where a soft check fails, or does not come back, the app is ready and says what is degraded."""
    monkeypatch.setattr(pages, "FIRST_PROBE_SECONDS", 0.01)

    async def fails():
        raise OSError

    async def hangs():
        await asyncio.Event().wait()

    async def responds():
        pass

    soft = {"bucket": fails, "limits": hangs, "queue": responds}
    ready = ask(
        served(exposure=Exposure(checks={"work": lambda: {"oldest_waiting_seconds": 3}}, soft_checks=soft)),
        "GET",
        "/readyz",
    )
    assert (ready.status_code, ready.json()) == (
        200,
        {
            "status": "ready",
            "work": {"oldest_waiting_seconds": 3},
            "bucket": "degraded",
            "limits": "degraded",
            "queue": "ready",
        },
    )


def test_an_app_without_health():
    """No checks at all, no health."""
    assert ask(served(exposure=Exposure(checks=None)), "GET", "/healthz").status_code == 404


def test_a_path_of_the_contract_comes_before_a_page():
    """An API that has health of its own serves it itself."""
    contract = {**PETSTORE, "paths": {"/healthz": PETSTORE["paths"]["/pets"]}}
    assert ask(served(contract), "GET", "/healthz").json() == [{"name": "Rex", "age": 0}]


def test_collaborators_and_the_request():
    """A handler is given what it names: collaborators, and the request."""

    async def list_pets(max_age, request, shelter):
        return [{"name": shelter + request.header(b"x-name"), "age": max_age or 0}]

    app = served(handlers={**HANDLERS, "list_pets": list_pets}, collaborators={"shelter": "of "})
    assert ask(app, "GET", "/pets", headers={"X-Name": "b"}).json()[0]["name"] == "of b"


async def unused():
    """Use no app."""


def lifespan(app, use=unused):
    """Start and stop an app as a server does, and return what it sent."""

    async def run():
        events: asyncio.Queue = asyncio.Queue()
        responses: asyncio.Queue = asyncio.Queue()
        running = asyncio.create_task(app({"type": "lifespan"}, events.get, responses.put))
        await events.put({"type": "lifespan.startup"})
        sent = [await responses.get()]
        await use()
        await events.put({"type": "lifespan.shutdown"})
        await asyncio.wait([running])
        running.exception()  # what a failed start raises is the server's to log
        return sent if responses.empty() else [*sent, await responses.get()]

    return asyncio.run(run())


def sheltering():
    """Return an app whose handler asks for what is opened, and the events of opening and closing it."""
    events = []

    @asynccontextmanager
    async def opened():
        task = asyncio.current_task()
        events.append("opened")
        await asyncio.sleep(0)
        yield {"shelter": "a shelter"}
        await asyncio.sleep(0)
        events.append("closed" if asyncio.current_task() is task else "closed elsewhere")

    async def list_pets(max_age, shelter):
        return [{"name": shelter, "age": max_age or 0}]

    return served(handlers={**HANDLERS, "list_pets": list_pets}, collaborators=opened), events


def test_collaborators_are_opened_and_closed_with_the_app():
    """What opens them is entered at the start and left at the end."""
    app, events = sheltering()

    async def use():
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://pets.test"
        ) as client:
            events.append((await client.get("/pets")).json()[0]["name"])

    sent = lifespan(app, use)
    assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert events == ["opened", "a shelter", "closed"]


def test_each_event_loop_has_collaborators_of_its_own():
    """One that ends closes what it has opened, and nothing of another that the app runs in."""
    app, events = sheltering()

    async def use():
        events.append((await asyncio.to_thread(ask, app, "GET", "/pets")).json()[0]["name"])

    lifespan(app, use)
    assert events == ["opened", "opened", "closed", "a shelter", "closed"]


def test_collaborators_are_opened_at_the_first_request_without_a_lifespan():
    """Once, however many requests come at once, and closed with the event loop; another opens them again."""
    app, events = sheltering()

    async def ask_thrice():
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://pets.test"
        ) as client:
            return await asyncio.gather(*(client.get("/pets") for _ in range(3)))

    for times in (1, 2):
        assert {response.json()[0]["name"] for response in asyncio.run(ask_thrice())} == {"a shelter"}
        assert events == ["opened", "closed"] * times


def test_an_app_that_the_first_request_started_may_be_stopped():
    """``stop()`` closes the collaborators before the event loop ends."""
    app, events = sheltering()

    async def ask_and_stop():
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://pets.test"
        ) as client:
            await client.get("/pets")
        await app.stop()
        return [*events]

    assert asyncio.run(ask_and_stop()) == ["opened", "closed"]


def test_collaborators_that_cannot_be_opened_are_tried_again(caplog):
    """A database that is not there yet fails the requests that wait for it, once, and not those after it."""
    attempts = []

    @asynccontextmanager
    async def opened():
        attempts.append(1)
        await asyncio.sleep(0)
        if len(attempts) == 1:
            raise OSError("no database")
        yield {"shelter": "a shelter"}

    async def list_pets(max_age, shelter):
        return [{"name": shelter, "age": max_age or 0}]

    app = served(handlers={**HANDLERS, "list_pets": list_pets}, collaborators=opened)

    async def ask_twice():
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://pets.test"
        ) as client:
            failed = await asyncio.gather(*(client.get(path) for path in ("/pets", "/pets", "/readyz")))
            assert (await client.get("/pets")).status_code == 200
            return failed

    for response in asyncio.run(ask_twice()):
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert response.json()["detail"] == "What the service needs could not be opened; try again."
    assert len(attempts) == 2
    assert [record.exc_info[1].args for record in caplog.records if record.exc_info] == [("no database",)]
    assert "OSError: no database" in caplog.text


@pytest.mark.parametrize("is_stopped", [True, False])
def test_an_opening_that_is_cancelled_fails_the_requests_that_wait(is_stopped):
    """By what is opened, or since the app stops meanwhile: they get a response all the same."""
    opening = asyncio.Event()

    @asynccontextmanager
    async def opened():
        opening.set()
        await asyncio.sleep(0)
        if not is_stopped:
            raise asyncio.CancelledError
        await asyncio.Event().wait()
        yield {}

    async def ask_and_stop():
        app = served(collaborators=opened)
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://pets.test") as client:
            requests = asyncio.gather(*(client.get("/pets") for _ in range(2)))
            await opening.wait()
            await app.stop()
            return await requests

    assert [response.status_code for response in asyncio.run(ask_and_stop())] == [503, 503]


def test_a_handler_that_lacks_is_no_failure_to_open():
    """Another try would not help."""

    @asynccontextmanager
    async def opened():
        yield {}

    with pytest.raises(ResolverError, match="No handler for operationId"):
        ask(served(handlers={}, collaborators=opened), "GET", "/pets")


def test_collaborators_of_a_plain_generator():
    """One that yields them is opened, though nobody decorated it."""

    async def opened():
        yield {"shelter": "a shelter"}

    async def list_pets(max_age, shelter):
        return [{"name": shelter, "age": max_age or 0}]

    app = served(handlers={**HANDLERS, "list_pets": list_pets}, collaborators=opened)
    assert ask(app, "GET", "/pets").json()[0]["name"] == "a shelter"


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("handlers", "petstore", "str; expected a module"),
        ("authenticate", len, "builtin_function_or_method; expected a mapping"),
        ("collaborators", [1], "list of int; expected a mapping"),
        ("exposure", {"checks": None}, "dict of NoneType; expected Exposure"),
        ("strictness", "on", "str; expected Strictness"),
        ("limits", 5, "int; expected Limits"),
        ("profile", {}, "dict; expected a ProblemProfile"),
        ("hooks", [len], "list of builtin_function_or_method; expected a list of hooks"),
        ("middleware", len, "builtin_function_or_method; expected a list of functions"),
    ],
)
def test_an_option_of_a_wrong_kind_is_named(option, value, kind):
    """The start fails with what the option is, and what it may be; a text is no list."""
    with pytest.raises(TypeError, match=re.escape(f"{option} is of type {kind}")):
        served(**{option: value})


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("checks", {"store": 1}, "dict of int; expected a mapping of functions"),
        ("cors_origins", "https://a.example", "str; expected a list of origins"),
        ("trusted_proxies", "10.0.0.1", "str; expected a list of addresses"),
    ],
)
def test_an_exposure_of_a_wrong_kind_is_named(option, value, kind):
    """So it is where the option stands in a group."""
    with pytest.raises(TypeError, match=re.escape(f"{option} is of type {kind}")):
        Exposure(**{option: value})


def test_what_opens_collaborators_takes_nothing():
    """A lifespan of another framework takes the app: the start says so, and not the first request."""

    @asynccontextmanager
    async def lifespan(app):
        yield {"app": app}

    with pytest.raises(ResolverError, match="What opens the collaborators takes app; expected a function"):
        served(collaborators=lifespan)


def test_a_start_that_fails_closes_what_was_opened():
    """The server logs a sentence, and nothing stays open."""
    events = []

    @asynccontextmanager
    async def opened():
        try:
            yield {}
        finally:
            events.append("closed")

    async def list_pets(max_age, shelter):
        return [shelter, max_age]

    (failed,) = lifespan(served(handlers={**HANDLERS, "list_pets": list_pets}, collaborators=opened))
    assert failed["type"] == "lifespan.startup.failed"
    assert "'list pets'" in failed["message"]
    assert events == ["closed"]


def test_base_paths_of_servers():
    """Operations respond below the path of a server too, unless that is unwanted."""
    contract = {**PETSTORE, "servers": [{"url": "https://pets.test/v1"}]}
    assert ask(served(contract), "GET", "/v1/pets").status_code == 200
    assert ask(served(contract), "GET", "/pets").status_code == 200
    assert ask(served(contract, exposure=Exposure(base_paths=False)), "GET", "/v1/pets").status_code == 404
