"""Imports that are put off."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contract_first.imports import deferred


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A module that takes more from another one than it needs."""
    (tmp_path / "heavy_part.py").write_text(
        "class Base(list):\n    kind = 'base'\ndef half(n): return n / 2\nsizes = {'a': 1}\n"
        "class Refused(Exception): pass\ndef refuse(): raise Refused\n"
    )
    (tmp_path / "light_part.py").write_text(
        "import heavy_part\nfrom heavy_part import Base, half, sizes\n"
        "def attempt():\n    try:\n        heavy_part.refuse()\n"
        "    except heavy_part.Refused:\n        return 'refused'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("heavy_part", "light_part"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("library")
def test_an_import_is_put_off_until_it_is_used():
    """What is called, looked into, subclassed or tested against is the real thing, imported then."""
    with deferred("heavy_part"):
        import light_part  # noqa: PLC0415 -- the property
    assert "heavy_part" not in sys.modules
    assert light_part.half(4) == 2
    import heavy_part  # noqa: PLC0415 -- the property

    assert (len(light_part.sizes), list(light_part.sizes), "a" in light_part.sizes) == (1, ["a"], True)
    light_part.sizes["b"] = 2
    assert heavy_part.sizes == {"a": 1, "b": 2}
    light_part.sizes.clear()
    assert not light_part.sizes
    assert light_part.Base.kind == light_part.heavy_part.Base.kind == "base"
    assert isinstance(light_part.Base(), heavy_part.Base)
    assert isinstance(heavy_part.Base(), light_part.Base)
    assert light_part.Base[int] == heavy_part.Base[int]
    assert issubclass(heavy_part.Base, light_part.Base)
    assert type("Derived", (heavy_part.Base,), {}).__mro__[1] is heavy_part.Base

    class Derived(light_part.Base):
        pass

    assert Derived.__mro__[1] is heavy_part.Base


@pytest.mark.usefixtures("library")
def test_an_exception_of_what_was_put_off_is_caught():
    """What is taken from a module once it is imported is the thing itself, as an except clause needs it."""
    with deferred("heavy_part"):
        import light_part  # noqa: PLC0415 -- the property
    assert light_part.attempt() == "refused"


@pytest.mark.usefixtures("library")
def test_what_is_there_is_left_alone():
    """A module that is imported already is the one that is used."""
    import heavy_part  # noqa: PLC0415 -- the property

    with deferred("heavy_part"):
        import light_part  # noqa: PLC0415 -- the property
    assert light_part.Base is heavy_part.Base


SERVED = """
import asyncio, sys
from contract_first import Contract, create_app

async def respond(scope):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        assert message.get("status", 200) == 200
    await create_app(Contract(document, "orders.yaml"), {"find_order": find_order})(scope, receive, send)

async def find_order():
    return {"id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "by": "ann@shop.example", "from": "192.0.2.1"}

formats = {"id": "uuid", "by": "email", "from": "ipv4"}
schema = {"properties": {name: {"type": "string", "format": value} for name, value in formats.items()}}
response = {"description": "An order.", "content": {"application/json": {"schema": schema}}}
paths = {"/order": {"get": {"operationId": "find_order", "responses": {"200": response}}}}
document = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": paths}
asyncio.run(respond({"type": "http", "method": "GET", "path": "/order", "query_string": b"", "headers": []}))
print(*sys.modules)
"""
SELDOM_NEEDED = {"openapi_core", "openapi_spec_validator", "openapi_schema_validator", "pydantic", "requests"}


def test_what_is_seldom_needed_is_not_imported():
    """A contract is validated and served, formats too, without what takes a second and 45 MB to import."""
    ran = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, check=True, text=True)  # noqa: S603 -- the code is above
    assert SELDOM_NEEDED.isdisjoint(ran.stdout.split())


def test_a_pattern_is_no_matter_of_the_terminal(tmp_path):
    """That `[[:alpha:]]` may mean something else to a later Python is not said to who starts a program."""
    (tmp_path / "patterned.py").write_text("import re\ndef app(): re.compile('[[:alpha:]]')\n")
    code = "from contract_first.imports import run_command_line as run; run('patterned')"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True)  # noqa: S603 -- the code is above
    assert not ran.stderr
