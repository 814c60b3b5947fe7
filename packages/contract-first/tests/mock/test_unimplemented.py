"""Where a handler raises `NotImplementedYet`, the contract responds in its place, for development alone."""

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx2
import pytest

from contract_first import Contract, Forbidden, NotImplementedYet, create_app
from contract_first.check import check_app
from contract_first.service import ResolverError
from contract_first.testing import mock_unimplemented

PET = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
BODY = {"content": {"application/json": {"schema": PET}}}
PROBLEM = {"description": "A problem.", "content": {"application/problem+json": {}}}
DOCUMENT = {
    "openapi": "3.2.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "get": {"operationId": "list_pets", "responses": {"200": {"description": "Pets.", **BODY}}},
            "post": {
                "operationId": "add_pet",
                "requestBody": {"required": True, **BODY},
                "responses": {"201": {"description": "A pet.", **BODY}, "default": PROBLEM},
            },
        },
        "/events": {
            "get": {
                "operationId": "watch",
                "responses": {
                    "200": {"description": "Pets.", "content": {"application/jsonl": {"itemSchema": PET}}}
                },
            }
        },
    },
}
CONTRACT = Contract(DOCUMENT, "unwritten.json")


async def list_pets():
    """Return what is written already."""
    return {"name": "Rex"}


async def add_pet(body):
    """Refuse one name, and leave the rest to be written."""
    if body["name"] == "Max":
        raise Forbidden("No.")
    raise NotImplementedYet


async def watch():
    """Never end."""
    while True:
        yield {"name": "Rex"}
        await asyncio.sleep(0.01)


HANDLERS = {"list_pets": list_pets, "add_pet": add_pet, "watch": watch}


def app():
    """Return the app, of which an operation is yet to be written."""
    return create_app(CONTRACT, HANDLERS)


def test_that_operation_alone(contract_client):
    """Its response is of the contract, and marked; others are of their handlers, whatever they respond."""
    client = contract_client(mock_unimplemented(app()))
    response = client.post("/pets", json={"name": "Tom"}, headers={"Prefer": "code=404"})
    assert (response.status_code, response.headers["X-Mock-Answer"]) == (201, "generated")
    assert response.json()["name"] == "Tom"
    assert client.post("/pets", json={"name": "Max"}).status_code == 403
    assert client.post("/pets", json={}).status_code == 422
    response = client.get("/pets", headers={"Prefer": "code=404"})
    assert (response.json(), "X-Mock-Answer" in response.headers) == ({"name": "Rex"}, False)


def test_in_production(contract_client):
    """It is a 501."""
    response = contract_client(app()).post("/pets", json={"name": "Tom"})
    assert (response.status_code, response.json()["title"]) == (501, "Not Implemented")


def test_a_handler_that_is_missing():
    """The start fails as it does in production."""

    @asynccontextmanager
    async def collaborators():
        yield {}

    functions = {"list_pets": list_pets, "add_pet": add_pet}
    service = mock_unimplemented(create_app(CONTRACT, functions, collaborators=collaborators))
    with pytest.raises(ResolverError, match="expected a function called 'watch'"):
        asyncio.run(service.start())


def test_an_endless_stream_ends(contract_client):
    """A client reads some of its items, and a check of the app ends."""
    response = contract_client(app()).get("/events")
    items = response.text.splitlines()
    assert len(items) > 1
    assert {*items} == {'{"name": "Rex"}'}
    report = check_app(app(), checks=(), max_examples=1, only=("GET /events",))
    assert (report.findings, report.end) == ([], "complete")


MODULE = """
from contract_first import NotImplementedYet


async def list_pets():
    raise NotImplementedYet


async def add_pet(body):
    raise NotImplementedYet


async def watch():
    raise NotImplementedYet
"""


@pytest.mark.programs
@pytest.mark.parametrize(("options", "status"), [(("--reload",), 200), ((), 501)])
def test_serve(write, tmp_path, options, status):
    """``serve`` has the contract respond with ``--reload``, and not without."""
    (tmp_path / "pets_unwritten.py").write_text(MODULE)
    command = [sys.executable, "-m", "contract_first", "serve", "--contract", write(DOCUMENT), "--port", "0"]
    command += ["--handlers", "pets_unwritten", *options]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own
        try:
            url = process.stdout.readline().split(" on ")[1].split()[0]
            response = httpx2.get(f"{url}/pets", trust_env=False)
        finally:
            process.terminate()
    assert response.status_code == status, response.text
    assert ("X-Mock-Answer" in response.headers) is (status == 200)
