"""An app below a path: of a framework's mount, a server's root path, or a proxy that takes it away."""

from __future__ import annotations

import runpy
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from contract_first.service import Cookie, Exposure, NotFound, Response

petstore = runpy.run_path(str(Path(__file__).with_name("petstore.py")))
PETSTORE, HANDLERS = petstore["PETSTORE"], petstore["HANDLERS"]
served, ask = petstore["served"], petstore["ask"]


async def get_pets_pet_id(pet_id, request):
    """Respond with what links begin with, and a cookie."""
    if pet_id == "none":
        raise NotFound
    return Response({"name": f"{request.root_path}/pets/{pet_id}"}, cookies=[Cookie("last", pet_id)])


def pets(**options):
    """Return the petstore, whose pets say where they are."""
    return served(handlers={**HANDLERS, "petId_": get_pets_pet_id}, **options)


def of_starlette(path):
    """Mount the petstore in Starlette."""
    return Starlette(routes=[Mount(path, pets())])


def of_fastapi(path):
    """Mount the petstore in FastAPI."""
    app = pytest.importorskip("fastapi", reason="FastAPI is installed with the bench").FastAPI()
    app.mount(path, pets())
    return app


def of_litestar(path):
    """Mount the petstore in Litestar, as it is asked to."""
    litestar = pytest.importorskip("litestar", reason="Litestar is installed with the bench")
    return litestar.Litestar([litestar.asgi(path, is_mount=True, copy_scope=True)(pets())])


def of_nested_mounts(path):
    """Mount the petstore in what is mounted itself."""
    first, _, rest = path[1:].partition("/")
    return Starlette(routes=[Mount(f"/{first}", Starlette(routes=[Mount(f"/{rest}", pets())]))])


def of_root_path(path):
    """Serve the petstore as uvicorn's --root-path does, which sends whole paths."""
    app = pets()

    async def below(scope, receive, send):
        await app({**scope, "root_path": path}, receive, send)

    return below


@pytest.mark.parametrize("mount", [of_starlette, of_fastapi, of_litestar, of_nested_mounts, of_root_path])
@pytest.mark.parametrize("path", ["/api/v1", "/a b/ü"])
def test_an_app_may_be_mounted(mount, path):
    """Its operations, its pages and its problems are below that path, and its document says so."""
    app = mount(path)
    assert ask(app, "GET", f"{path}/pets?maxAge=3").json() == [{"name": "Rex", "age": 3}]
    pet = ask(app, "GET", f"{path}/pets/a%2Fb")
    assert pet.json() == {"name": f"{path}/pets/a/b"}
    assert f"; Path={quote(path)}; " in pet.headers["set-cookie"]
    missing = ask(app, "GET", f"{path}/pets/none")
    assert (missing.status_code, missing.json()["instance"]) == (404, missing.request.url.raw_path.decode())
    assert ask(app, "GET", f"{path}/nothing").status_code == 404
    assert ask(app, "GET", f"{path}/healthz").json() == {"status": "alive"}
    url = missing.request.url.raw_path.decode().removesuffix("/pets/none")
    assert ask(app, "GET", f"{path}/openapi.json").json()["servers"] == [{"url": url}]
    assert ask(app, "GET", f"{path}/docs").status_code == 200


def test_the_explorer_asks_for_what_is_beside_it():
    """No page of it names the root of the host, which may be another app's."""
    for page in ("/docs", "/docs/start.js"):
        assert '"/' not in ask(served(), "GET", page).text


def test_a_root_path_that_a_proxy_takes_away():
    """A path that does not begin with the root path is below it already."""
    app = pets()

    async def stripped(scope, receive, send):
        await app({**scope, "root_path": "/api"}, receive, send)

    assert ask(stripped, "GET", "/pets/1").json() == {"name": "/api/pets/1"}
    assert ask(stripped, "GET", "/apis").json()["instance"] == "/api/apis"


PREFIX = {"X-Forwarded-Prefix": "/api"}


def test_a_trusted_proxy_names_the_path_that_it_takes_away():
    """``X-Forwarded-Prefix`` counts from the proxies that are trusted, whether they take it away or not."""
    app = pets(exposure=Exposure(trusted_proxies=["127.0.0.0/8"]))
    for path in ("/pets/1", "/api/pets/1"):
        assert ask(app, "GET", path, headers=PREFIX).json() == {"name": "/api/pets/1"}
    assert ask(app, "GET", "/openapi.json", headers=PREFIX).json()["servers"] == [{"url": "/api"}]
    assert ask(app, "GET", "/pets/1").json() == {"name": "/pets/1"}


@pytest.mark.parametrize("proxies", [[], ["10.0.0.1"]])
def test_nobody_else_names_it(proxies):
    """A client cannot say where the app is mounted."""
    assert ask(pets(exposure=Exposure(trusted_proxies=proxies)), "GET", "/pets/1", headers=PREFIX).json() == {
        "name": "/pets/1"
    }


@pytest.mark.parametrize("prefix", ["//evil.example", "api", "/a/../b?", "/" + "a" * 300, "/a\\b", ""])
def test_a_prefix_that_is_no_path_is_none(prefix):
    """What a proxy passes on by mistake is not taken for a path."""
    app = pets(exposure=Exposure(trusted_proxies=["127.0.0.1"]))
    assert ask(app, "GET", "/pets/1", headers={"X-Forwarded-Prefix": prefix}).json() == {"name": "/pets/1"}
