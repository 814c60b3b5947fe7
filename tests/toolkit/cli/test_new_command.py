"""A project of ``contract new`` with a database."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import contract_first.cli.tree

TABLE = """

class Pet(Base):
    __tablename__ = "pet"
    name: Mapped[str] = mapped_column(primary_key=True)
"""
TEST = """
def test_the_database_responds(client):
    assert client.get("/readyz").status_code == 200
"""


@pytest.mark.programs
def test_a_database(write, minimal, tmp_path):
    """Alembic writes and runs the migration of a table, and the app is ready once its database responds."""
    folder = tmp_path / "pet-store"
    arguments = ["contract", "new", str(write(minimal)), "--into", str(folder), "--db", "sqlalchemy"]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    module = folder / "src/pet_store/db.py"
    text = module.read_text().replace(
        "import DeclarativeBase", "import DeclarativeBase, Mapped, mapped_column"
    )
    module.write_text(text + TABLE)
    (folder / "tests/test_database.py").write_text(TEST)
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    for command in (
        ["alembic", "revision", "--autogenerate", "-m", "add pets"],
        ["alembic", "upgrade", "head"],
        ["alembic", "check"],
        ["pytest", "-q", "-p", "no:cacheprovider", "tests/test_database.py", "tests/test_untagged.py"],
    ):
        done = subprocess.run(  # noqa: S603 -- our own
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "pet_store.db").exists()
