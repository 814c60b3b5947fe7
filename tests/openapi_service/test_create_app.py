"""The public service package: a contract of somebody else's, served by functions of somebody else's."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import inspect
import json
import re
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypedDict

import httpx
import msgspec
import pydantic
import pytest

import openapi_service
from openapi_contract import ContractError
from openapi_service import (
    Conflict,
    Limits,
    NotFound,
    ProblemProfile,
    RateLimited,
    ResolverError,
    Response,
    Unauthorized,
    create_app,
    pages,
)

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "default": 1}},
}
JSON_PET = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
PETSTORE = {
    "openapi": "3.1.0",
    "info": {"title": "Pets & more", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list pets",
                "parameters": [{"in": "query", "name": "maxAge", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"type": "array", "items": PET}}},
                    }
                },
            },
            "post": {
                "operationId": "createPet",
                "requestBody": {"required": True, **JSON_PET},
                "responses": {"201": {"description": "", **JSON_PET}, "202": {"description": "", **JSON_PET}},
            },
        },
        "/pets/{petId}": {
            "parameters": [{"in": "path", "name": "petId", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "", **JSON_PET}}},
        },
    },
    "components": {"schemas": {"Pet": PET}},
}


async def list_pets(max_age):
    """Return what was asked."""
    return [{"name": "Rex", "age": max_age or 0}]


async def create_pet(body):
    """Return what was sent, with its default."""
    return body


def get_pets_pet_id(pet_id):
    """Return the name of the thread, from which a plain function is called."""
    if pet_id == "none":
        raise NotFound
    return {"name": threading.current_thread().name}


HANDLERS = {"list_pets": list_pets, "createPet": create_pet, "petId_": get_pets_pet_id}


def served(contract=PETSTORE, handlers=HANDLERS, **options):
    """Return the app of a contract that is given as a document."""
    from openapi_contract import Contract  # noqa: PLC0415 -- beside what is tested

    return create_app(Contract(contract, "pets"), handlers, **options)


def ask(app, method, target, **how):
    """Return the response to one request."""

    async def asked():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pets.test") as client:
            return await client.request(method, target, **how)

    return asyncio.run(asked())


def test_the_documented_example_runs(tmp_path, monkeypatch):
    """What docs/service.md shows serves a petstore, and its table names options that there are."""
    text = (Path(__file__).parents[2] / "docs" / "service.md").read_text()
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


def secured(*requirements, **schemes):
    """Return a contract whose one operation has these security requirements."""
    operation = {
        "operationId": "get_secret",
        "security": list(requirements),
        "responses": {"200": {"description": "", "content": {"application/json": {}}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vault", "version": "1"},
        "paths": {"/": {"get": operation}},
        "components": {"securitySchemes": schemes},
    }


async def get_secret(caller):
    """Return the caller."""
    return caller


def test_what_the_package_lists_is_there():
    """Each name is public, documented and imported when it is asked for."""
    for name in openapi_service.__all__:
        assert getattr(openapi_service, name).__doc__
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = openapi_service.nothing_like_it


def test_public_names():
    """What a user may import changes on purpose, and not by chance."""
    problems = {name for name in openapi_service.__all__ if isinstance(getattr(openapi_service, name), type)}
    problems = {
        name for name in problems if issubclass(getattr(openapi_service, name), openapi_service.Problem)
    }
    assert set(openapi_service.__all__) - problems == {
        *("create_app", "Service", "Limits", "Request", "Response", "ResolverError", "Violation"),
        *("Authenticator", "BasicCredential", "ProblemProfile", "Attempt", "Idempotency"),
        *("CannotListen", "listen", "serve", "url_of"),
    }
    assert len(problems) == 18


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
    revealed = ask(served(handlers={**HANDLERS, "list_pets": list_pets}, reveal=True), "GET", "/pets")
    assert "name" in revealed.json()["detail"]


def test_methods_and_media_types():
    """405 has Allow, HEAD is GET without its body, OPTIONS tells methods, 406 and 415 refuse."""
    app = served()
    wrong = ask(app, "DELETE", "/pets")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    head, whole = ask(app, "HEAD", "/pets"), ask(app, "GET", "/pets")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"] != "0"
    assert ask(app, "OPTIONS", "/pets").headers["allow"] == wrong.headers["allow"]
    assert ask(app, "GET", "/pets", headers={"Accept": "text/csv"}).status_code == 406
    assert ask(app, "POST", "/pets", content=b"x", headers={"Content-Type": "text/csv"}).status_code == 415


def test_limits():
    """A body and a target over their limit are refused."""
    app = served(limits=Limits(body=20, target=30))
    assert ask(app, "POST", "/pets", json={"name": "x" * 20}).status_code == 413
    assert ask(app, "GET", "/pets?maxAge=" + "0" * 30).status_code == 414


def test_cross_origin():
    """Pages of the origins that are given may call; without any, none may."""
    asks = {"Origin": "https://page.test", "Access-Control-Request-Method": "POST"}
    allowed = ask(served(cors_origins=["https://page.test"]), "OPTIONS", "/pets", headers=asks)
    assert allowed.headers["access-control-allow-origin"] == "https://page.test"
    assert "access-control-allow-origin" not in ask(served(), "OPTIONS", "/pets", headers=asks).headers


def test_pages_beside_the_contract():
    """The document, its explorer and health are served; a check may be a plain function."""

    async def fails():
        raise OSError

    app = served(checks={"disk": lambda: None, "database": fails})
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
            "retry_after_seconds": 7,
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

    app = served(checks={"database": slow})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        assert (await client.get("/readyz")).json()["database"] == "ready"
        assert len(asked) == 1
        monkeypatch.setattr(pages, "FRESH_SECONDS", 0)
        app = served(checks={"database": slow})
        for _ in range(2):
            await httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x").get("/readyz")
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
        served(checks={"work": lambda: {"oldest_waiting_seconds": 3}}, soft_checks=soft), "GET", "/readyz"
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
    assert ask(served(checks=None), "GET", "/healthz").status_code == 404


def test_a_path_of_the_contract_comes_before_a_page():
    """An API that has health of its own serves it itself."""
    contract = {**PETSTORE, "paths": {"/healthz": PETSTORE["paths"]["/pets"]}}
    assert ask(served(contract), "GET", "/healthz").json() == [{"name": "Rex", "age": 0}]


@pytest.mark.parametrize(
    ("returned", "status"),
    [
        (({"name": "a"}, 202), 202),
        (Response({"name": "a"}, status=202, headers={"X-Own": "1"}), 202),
        ({"name": "a"}, 201),
    ],
)
def test_what_a_handler_returns(returned, status):
    """A value, a value and its status, or a Response."""

    async def create_pet(body):
        assert body == {"name": "b", "age": 1}
        return returned

    response = ask(
        served(handlers={**HANDLERS, "createPet": create_pet}), "POST", "/pets", json={"name": "b"}
    )
    assert (response.status_code, response.json()) == (status, {"name": "a"})


class StructPet(msgspec.Struct):
    """A pet."""

    name: str
    age: int = 0


@dataclasses.dataclass
class DataclassPet:
    """A pet."""

    name: str
    age: int


class ModelPet(pydantic.BaseModel):
    """A pet, not older than 99."""

    name: str
    age: int = pydantic.Field(lt=100)


class TypedPet(TypedDict):
    """A pet."""

    name: str


@pytest.mark.parametrize("kind", [StructPet, DataclassPet, ModelPet])
def test_a_body_of_the_annotated_type(kind):
    """A handler gets and may return what it is annotated with; what that refuses is a 422 with its place."""

    async def create_pet(body: kind) -> kind:
        assert isinstance(body, kind)
        return body

    create_pet.__annotations__ = {"body": kind}
    app = served(handlers={**HANDLERS, "createPet": create_pet})
    made = ask(app, "POST", "/pets", json={"name": "Rex", "age": 7})
    assert (made.status_code, made.json()) == (201, {"name": "Rex", "age": 7})


@pytest.mark.parametrize("annotation", [TypedPet, dict, "dict[str, Any]", "NotImportedHere", None])
def test_a_body_that_stays_a_json_value(annotation):
    """A TypedDict describes the value as it is; so does what a type checker alone can see."""

    async def create_pet(body):
        assert type(body) is dict
        return body

    create_pet.__annotations__ = {} if annotation is None else {"body": annotation}
    assert ask(
        served(handlers={**HANDLERS, "createPet": create_pet}), "POST", "/pets", json={"name": "a"}
    ).is_success


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [(ModelPet, "/age"), (msgspec.defstruct("Strict", [("name", str), ("age", str)]), "/age")],
)
def test_what_the_type_refuses(kind, pointer):
    """A body that conforms to the contract and not to the handler's type is a 422 that says where."""

    async def create_pet(body):
        return body

    create_pet.__annotations__ = {"body": kind}
    refused = ask(
        served(handlers={**HANDLERS, "createPet": create_pet}),
        "POST",
        "/pets",
        json={"name": "a", "age": 100},
    )
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]


async def _leaves_out():
    """Take nothing."""


async def _asks(max_age, database):
    """Ask for what is not there."""


def _by_position(max_age, /):
    """Take it by position."""


async def _impossible(max_age, body: StructPet | DataclassPet):
    """Ask for a body where there is none."""


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (5, "not a function; it is of type int"),
        (_leaves_out, "max_age"),
        (_asks, "database"),
        (_by_position, "max_age"),
        (_impossible, "body"),
    ],
)
def test_a_handler_that_does_not_fit_fails_the_start(handler, said):
    """One sentence names the operation and says what is wrong."""
    with pytest.raises(ResolverError, match="'list pets'") as failure:
        served(handlers={**HANDLERS, "list_pets": handler})
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_body_that_cannot_be_made_fails_the_start():
    """A union that msgspec cannot tell apart is found when the handler is bound."""

    async def create_pet(body):
        return body

    create_pet.__annotations__ = {"body": StructPet | DataclassPet}
    with pytest.raises(ResolverError, match="'createPet' cannot take the body"):
        served(handlers={**HANDLERS, "createPet": create_pet})


def test_a_default_need_not_be_given():
    """An argument with a default is for the handler's own use."""

    async def list_pets(max_age, page_size=5, *_ignored):
        return [{"name": str(page_size), "age": max_age or 0}]

    assert ask(served(handlers={**HANDLERS, "list_pets": list_pets}), "GET", "/pets").json()[0]["name"] == "5"


def test_callables_of_every_kind():
    """A method, an object that is called and what a plain function returns to await."""

    class Pets:
        async def list_pets(self, max_age):
            return [{"name": "method", "age": max_age or 0}]

        async def __call__(self, body):
            return body

    async def later(name):
        return {"name": name}

    def awaited_later(pet_id):
        return later(pet_id)

    handlers = {
        **HANDLERS,
        "list_pets": Pets().list_pets,
        "createPet": Pets(),
        "petId_": awaited_later,
    }

    app = served(handlers=handlers)
    assert ask(app, "GET", "/pets").json()[0]["name"] == "method"
    assert ask(app, "POST", "/pets", json={"name": "a"}).status_code == 201
    assert ask(app, "GET", "/pets/b").json() == {"name": "b"}


def test_collaborators_and_the_request():
    """A handler is given what it names: collaborators, and the request."""

    async def list_pets(max_age, request, shelter):
        return [{"name": shelter + request.header(b"x-name"), "age": max_age or 0}]

    app = served(handlers={**HANDLERS, "list_pets": list_pets}, collaborators={"shelter": "of "})
    assert ask(app, "GET", "/pets", headers={"X-Name": "b"}).json()[0]["name"] == "of b"


def lifespan(app, use=lambda: None):
    """Start and stop an app as a server does, and return what it sent."""

    async def run():
        events: asyncio.Queue = asyncio.Queue()
        responses: asyncio.Queue = asyncio.Queue()
        running = asyncio.create_task(app({"type": "lifespan"}, events.get, responses.put))
        await events.put({"type": "lifespan.startup"})
        sent = [await responses.get()]
        await asyncio.to_thread(use)
        await events.put({"type": "lifespan.shutdown"})
        await asyncio.wait([running])
        running.exception()  # what a failed start raises is the server's to log
        return sent if responses.empty() else [*sent, await responses.get()]

    return asyncio.run(run())


def test_collaborators_are_opened_and_closed_with_the_app():
    """What opens them is entered at the start and left at the end; before, nothing is handled."""
    events = []

    @asynccontextmanager
    async def opened():
        events.append("opened")
        yield {"shelter": "a shelter"}
        events.append("closed")

    async def list_pets(max_age, shelter):
        return [{"name": shelter, "age": max_age or 0}]

    app = served(handlers={**HANDLERS, "list_pets": list_pets}, collaborators=opened)
    with pytest.raises(RuntimeError, match="lifespan"):
        ask(app, "GET", "/pets")
    sent = lifespan(app, lambda: events.append(ask(app, "GET", "/pets").json()[0]["name"]))
    assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert events == ["opened", "a shelter", "closed"]


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


BASIC = base64.b64encode("ann:säcret:1".encode()).decode()
SCHEMES = {
    "header": ({"type": "apiKey", "in": "header", "name": "X-Key"}, {"headers": {"X-Key": "k"}}, "k"),
    "query": ({"type": "apiKey", "in": "query", "name": "key"}, {"params": {"key": "k"}}, "k"),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "key"}, {"headers": {"Cookie": "key=k"}}, "k"),
    "bearer": ({"type": "http", "scheme": "bearer"}, {"headers": {"Authorization": "Bearer t"}}, "t"),
    "basic": (
        {"type": "http", "scheme": "basic"},
        {"headers": {"Authorization": f"Basic {BASIC}"}},
        ("ann", "säcret:1"),
    ),
    "oauth2": ({"type": "oauth2", "flows": {}}, {"headers": {"Authorization": "bearer t"}}, "t"),
    "openid": (
        {"type": "openIdConnect", "openIdConnectUrl": "https://x.test"},
        {"headers": {"Authorization": "Bearer t"}},
        "t",
    ),
    "certificate": ({"type": "mutualTLS"}, {}, ""),
}


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("name", SCHEMES)
def test_every_kind_of_security_scheme(name, is_async):
    """The hook is given the credential as it stands in a request, and says who calls."""
    scheme, how, credential = SCHEMES[name]

    def hook(given, request):
        assert request.method == "GET"
        return {"caller": name} if given == credential else None

    async def async_hook(given, request):
        return hook(given, request)

    hooks = {name: async_hook if is_async else hook}
    app = served(secured({name: []}, **{name: scheme}), {"get_secret": get_secret}, authenticate=hooks)
    assert ask(app, "GET", "/", **how).json() == {"caller": name}
    if how:
        refused = ask(app, "GET", "/")
        assert refused.status_code == 401
        assert 'realm="Vault"' in refused.headers["www-authenticate"]


KEY, BEARER = SCHEMES["header"][0], SCHEMES["bearer"][0]


def only(expected):
    """Return a hook that knows one credential."""
    return lambda credential, _request: credential if credential == expected else None


@pytest.mark.parametrize(
    ("requirements", "headers", "status", "caller"),
    [
        ([{"key": []}, {"token": []}], {"X-Key": "k"}, 200, "k"),
        ([{"key": []}, {"token": []}], {"Authorization": "Bearer t"}, 200, "t"),
        ([{"key": []}, {"token": []}], {"X-Key": "wrong", "Authorization": "Bearer t"}, 200, "t"),
        ([{"key": []}, {"token": []}], {"X-Key": "wrong"}, 401, None),
        ([{"key": [], "token": []}], {"X-Key": "k"}, 401, None),
        (
            [{"key": [], "token": []}],
            {"X-Key": "k", "Authorization": "Bearer t"},
            200,
            {"key": "k", "token": "t"},
        ),
        ([{"key": []}, {}], {}, 200, None),
        ([{"key": []}, {}], {"X-Key": "k"}, 200, "k"),
        ([{"key": []}, {}], {"X-Key": "wrong"}, 401, None),
        ([], {"X-Key": "wrong"}, 200, None),
    ],
)
def test_security_requirements(requirements, headers, status, caller):
    """Each alternative suffices, all schemes of one must hold; a wrong credential is no anonymous call."""
    hooks = {"key": only("k"), "token": only("t")}
    contract = secured(*requirements, key=KEY, token=BEARER)
    response = ask(
        served(contract, {"get_secret": get_secret}, authenticate=hooks), "GET", "/", headers=headers
    )
    assert response.status_code == status
    if status == 200:
        assert response.json() == caller


@pytest.mark.parametrize(
    "credential", ["!", base64.b64encode(b"\xff:x").decode(), base64.b64encode(b"ann").decode()]
)
def test_a_basic_credential_that_cannot_be_read(credential):
    """It is refused without asking the hook."""
    hooks = {"basic": lambda _credential, _request: "anybody"}
    app = served(
        secured({"basic": []}, basic=SCHEMES["basic"][0]), {"get_secret": get_secret}, authenticate=hooks
    )
    assert ask(app, "GET", "/", headers={"Authorization": f"Basic {credential}"}).status_code == 401


def test_a_hook_may_raise():
    """Unauthorized is reported with a challenge that calls the token invalid, any other problem as it is."""

    async def hook(credential, _request):
        raise Unauthorized("It has expired.") if credential == "old" else Conflict("It is being used.")

    app = served(
        secured({"token": []}, token=BEARER), {"get_secret": get_secret}, authenticate={"token": hook}
    )
    refused = ask(app, "GET", "/", headers={"Authorization": "Bearer old"})
    assert (refused.status_code, refused.json()["detail"]) == (401, "It has expired.")
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert ask(app, "GET", "/", headers={"Authorization": "Bearer new"}).status_code == 409


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        (None, "'key', which 'get_secret' requires"),
        ({"token": only("t")}, "'key', which 'get_secret' requires"),
        ({"key": only("k"), "kye": only("k")}, "'kye'"),
        ({"key": "k"}, "'key' is not a function; it is str"),
    ],
)
def test_hooks_that_do_not_fit_fail_the_start(hooks, said):
    """A scheme that an operation requires has a hook, and a hook its scheme."""
    contract = secured({"key": []}, key=KEY, token=BEARER)
    with pytest.raises(ResolverError, match=said):
        served(contract, {"get_secret": get_secret}, authenticate=hooks)


def test_a_scheme_that_no_operation_requires_needs_no_hook():
    """The contract may list more than it uses."""
    contract = secured({"key": []}, key=KEY, token=BEARER)
    app = served(contract, {"get_secret": get_secret}, authenticate={"key": only("k")})
    assert ask(app, "GET", "/", headers={"X-Key": "k"}).json() == "k"


def test_base_paths_of_servers():
    """Operations respond below the path of a server too, unless that is unwanted."""
    contract = {**PETSTORE, "servers": [{"url": "https://pets.test/v1"}]}
    assert ask(served(contract), "GET", "/v1/pets").status_code == 200
    assert ask(served(contract), "GET", "/pets").status_code == 200
    assert ask(served(contract, base_paths=False), "GET", "/v1/pets").status_code == 404
