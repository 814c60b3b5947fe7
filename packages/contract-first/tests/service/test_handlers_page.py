"""The pages on handlers are one program, and it does what they say."""

import re
import shutil
import sys
import types
from pathlib import Path

import httpx2
import pytest

DOCS = Path(__file__).parents[4] / "docs"
PAGES = ("handlers.md", "handlers/streams.md", "handlers/hooks.md")


@pytest.fixture
def kennel(tmp_path, monkeypatch):
    """Import the program of the pages."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(DOCS / "handlers" / "kennel.yaml", tmp_path)
    module = types.ModuleType("kennel")
    monkeypatch.setitem(sys.modules, "kennel", module)
    text = "".join((DOCS / page).read_text() for page in PAGES)
    source = "\n".join(re.findall("```python\n(.*?)```", text, re.DOTALL))
    exec(compile(source, "kennel.py", "exec"), vars(module))  # noqa: S102 -- to run the page is the point
    return module


@pytest.fixture
async def client(kennel):
    """Call its app in this process."""
    transport = httpx2.ASGITransport(kennel.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://kennel.test") as client:
        yield client


async def test_models(client):
    """Models of a union come in by body and query, and go out."""
    cat = {"kind": "cat", "name": "Tom", "born": "2026-01-31"}
    made = await client.post("/pets", json=cat)
    assert (made.status_code, made.json()) == (201, cat)
    assert (await client.post("/pets", json={"kind": "dog", "name": "Rex"})).json() == {
        "kind": "dog",
        "name": "Rex",
    }
    assert (await client.get("/pets?bornSince=2026-01-01")).json() == [cat]
    assert len((await client.get("/pets")).json()) == 2


async def test_headers_cookies_and_work_after_the_response(client, kennel):
    """A Response has them; the work is done once it is sent."""
    made = await client.post("/pets", json={"kind": "dog", "name": "Rex"})
    assert made.headers["location"] == "/pets/Rex"
    assert made.headers["set-cookie"] == "last=Rex; HttpOnly; Path=/; SameSite=lax; Secure"
    assert kennel.LOG == ["createPet: 201", "Rex was made"]


async def test_collaborators(client, kennel):
    """Those of a test replace the app's; a problem rolls back."""
    pets = kennel.Pets()
    with kennel.app.override(pets=pets):
        assert (await client.post("/pets", json={"kind": "dog", "name": "Rex"})).status_code == 201
        assert (await client.post("/pets", json={"kind": "dog", "name": "Rex"})).status_code == 409
    assert list(pets.stored) == ["Rex"]
    assert (await client.get("/pets")).json() == []


async def test_files_and_streams(client):
    """A file is stored and sent; events are items."""
    content = b"\x89PNG" * 1000
    form = {"photo": ("a/b.png", content, "image/png")}
    assert (await client.put("/pets/Rex/photo", files=form, data={"taken": "2026-01-31"})).status_code == 204
    photo = await client.get("/pets/Rex/photo")
    assert (photo.content, photo.headers["content-type"]) == (content, "image/png")
    await client.post("/pets", json={"kind": "dog", "name": "Rex"})
    assert (
        await client.get("/events")
    ).text == 'data: {"kind": "dog", "name": "Rex"}\nevent: made\nid: Rex\n\n'


async def test_hooks_middleware_and_errors(client, kennel):
    """Each runs where it says; errors are as the profile writes them."""
    listed = await client.get("/pets")
    assert (listed.headers["x-kennel"], listed.headers["server"]) == ("1", "kennel")
    closed = await client.post("/pets", json={"kind": "dog", "name": "Rex"}, headers={"X-Kennel": "closed"})
    assert (closed.status_code, closed.json()) == (409, {"error": "The kennel is closed.", "places": []})
    wrong = await client.post("/pets", json={"kind": "dog", "name": 5})
    assert (wrong.status_code, wrong.headers["content-type"]) == (400, "application/json")
    assert wrong.json()["places"] == ["/name"]
    assert wrong.headers["server"] == "kennel"
    assert kennel.LOG == ["listPets: 200"]
