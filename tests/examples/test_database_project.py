"""A project of ``contract new --db sqlalchemy``: its commands and tests, and sessions of requests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import contract_first.cli.tree

pytestmark = pytest.mark.programs

CONTRACT = Path(__file__).parents[2] / "examples" / "petstore" / "openapi.yaml"
TABLE = '''

class Row(Base):
    """A pet."""

    __tablename__ = "pets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
'''
HANDLERS = '''"""Pets, in the database."""

from contract_first import Conflict, NotFound
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pet_shop.db import Row
from pet_shop.models import Kind, NewPet, Pet


async def list_pets(kind: Kind | None, limit: int, session: AsyncSession) -> list[Pet]:
    """List the pets; those of one kind are all."""
    rows = await session.scalars(select(Row).limit(limit))
    return [Pet(id_=row.id, name=row.name, kind=kind or "dog") for row in rows]


async def add_pet(body: NewPet, session: AsyncSession) -> Pet:
    """Bring in a pet, or let the database forget it."""
    row = Row(name=body.name)
    session.add(row)
    await session.flush()
    if body.name == "Taken":
        raise Conflict("There is a pet of that name.")
    return Pet(id_=row.id, name=body.name, kind=body.kind)


async def find_pet_by_id(pet_id: int, session: AsyncSession) -> Pet:
    """Look at a pet."""
    if (row := await session.get(Row, pet_id)) is None:
        raise NotFound
    return Pet(id_=row.id, name=row.name, kind="dog")


async def replace_pet(pet_id: int, body: NewPet, session: AsyncSession) -> Pet:
    """Change a pet."""
    if (row := await session.get(Row, pet_id)) is None:
        raise NotFound
    row.name = body.name
    return Pet(id_=row.id, name=row.name, kind=body.kind)


async def give_away(pet_id: int, session: AsyncSession) -> None:
    """Give a pet away."""
    if (row := await session.get(Row, pet_id)) is None:
        raise NotFound
    await session.delete(row)
'''
TESTS = '''"""Pets."""

import asyncio

import httpx2
from sqlalchemy import text

from pet_shop.db import Database
from pet_shop.settings import Settings


def test_the_database_responds(client: httpx2.Client) -> None:
    """The app is ready once it does."""
    assert client.get("/readyz").status_code == 200


def test_what_is_refused_is_not_stored(client: httpx2.Client) -> None:
    """A handler that raises a problem has stored nothing; another one has."""
    statuses = [
        client.post("/pets", json={"name": name, "kind": "dog"}).status_code for name in ("Rex", "Taken")
    ]
    assert statuses == [201, 409]
    names = [pet["name"] for pet in client.get("/pets").json()]
    assert "Rex" in names
    assert "Taken" not in names


def test_who_closes_the_database_closes_what_it_opened(settings: Settings) -> None:
    """The connections of another event loop stay open."""

    async def idle() -> int:
        database = Database(settings.database_url)
        async with database.opened() as opened:
            async with opened["sessions"]() as session:
                await session.execute(text("SELECT 1"))
                pool = session.bind.pool
            async with database.opened():
                pass
            return pool.checkedin()

    assert asyncio.run(idle()) == 1
'''


def test_a_team_keeps_it(tmp_path):
    """With a table, and handlers that use it, it migrates, lints and tests itself."""
    folder, contract = tmp_path / "pet-shop", tmp_path / "openapi.yaml"
    # as large as in a column: for larger ones SQLite's driver raises an error, which is a 500
    identifier = "\n        type: integer\n"
    contract.write_text(CONTRACT.read_text().replace(identifier, f"{identifier}        format: int64\n"))
    options = ["--into", str(folder), "--db", "sqlalchemy", "--models", "msgspec"]
    arguments = ["contract", "new", str(contract), *options]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0

    def run(*command):
        environment = {**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(  # noqa: S603 -- the project's own commands
            [sys.executable, "-m", *map(str, command)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    source = folder / "src/pet_shop"
    database = source / "db.py"
    text = database.read_text().replace(
        "import DeclarativeBase", "import DeclarativeBase, Mapped, mapped_column"
    )
    database.write_text(text + TABLE)
    (source / "operations/pets.py").write_text(HANDLERS)
    (folder / "tests/test_pets.py").write_text(TESTS)
    run("alembic", "revision", "--autogenerate", "-m", "pets")
    run("alembic", "upgrade", "head")
    run("alembic", "check")
    assert [path.name for path in folder.glob("*.db")] == ["pet_shop.db"]
    for tool in (["format", "--check"], ["check"]):
        run("ruff", *tool, "src", "tests")
    assert "10 passed" in run("pytest", "-q")
