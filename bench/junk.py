"""What a junk credential costs at an address that is over its limit, beside a request that is let in.

    python bench/junk.py                 starts PostgreSQL of its own (group `tests`)
    python bench/junk.py --rounds 9      more rounds of each; the median counts

It times the app alone, by the CPU time of this process and without a socket: what HTTP takes is the same for
all. The request that is let in is the presigned upload. Ends with 1 if junk costs more than a tenth of it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import runpy
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from zlib import crc32

from compare import machine
from rich import box
from rich.console import Console
from rich.table import Table
from seeding import seed
from servers import AWS

from scanner_api.app import Application
from scanner_api.settings import Settings
from scanner_mocks.seeds import AUDIENCE, ISSUER, KEY_SET

if TYPE_CHECKING:
    from collections.abc import Callable

    Field = tuple[bytes, bytes]
    Costs = tuple[float, float, float]

HERE = Path(__file__).parent
TOKENS = HERE.parent / "tests" / "services" / "tokens.py"
bearer_token = runpy.run_path(str(TOKENS))["bearer_token"]
GOAL = 0.1
COLUMNS = (
    "credential",
    "let in, us",
    "junk, verified, us",
    "junk, refused, us",
    "of one let in",
    "of one verified",
)
LIMIT = 300
"""Requests that an address has in a minute, the default; unknown credentials have as many again."""
WARM, MEASURED = 50, 2000
HEAD = [
    (b"host", b"localhost"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip"),
    (b"user-agent", b"bench"),
]


def main() -> None:
    """Print the costs and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each measurement (default 5)")
    rounds = parser.parse_args().rounds
    os.environ |= AWS
    table, ratios = Table(*COLUMNS, box=box.MARKDOWN), []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        services = HERE.parent / "tests" / "services" / "postgresql.py"
        postgresql = stack.enter_context(runpy.run_path(str(services))["postgresql_server"]())
        sqlite = f"sqlite+aiosqlite:///{folder}/scanner.db"
        requests = {url: seeded(url, Path(folder) / "requests") for url in (sqlite, postgresql)}
        for name, url, junk in (
            ("key, SQLite", sqlite, junk_key),
            ("key, PostgreSQL", postgresql, junk_key),
            ("bearer token", sqlite, junk_token),
        ):
            seen = [asyncio.run(costs(url, requests[url], junk)) for _ in range(rounds)]
            let_in, verified, refused = (median(each) for each in zip(*seen, strict=True))
            ratios.append(refused / let_in)
            figures = (f"{let_in:.0f}", f"{verified:.0f}", f"{refused:.1f}")
            table.add_row(name, *figures, f"{refused / let_in:.3f}", f"{refused / verified:.3f}")
    Console(width=120, highlight=False).print(machine(), table)
    sys.exit(int(max(ratios) > GOAL))


def seeded(url: str, file: Path) -> list[tuple[Field, str]]:
    """Fill a database; return the credential and target of each presigned upload."""
    seed(url, file)
    lines = (line.split() for line in file.read_text().splitlines())
    return [((b"x-api-key", key.encode()), target) for key, target in lines]


def junk_key() -> Field:
    """Return a key of the right shape that nobody has."""
    body = secrets.token_hex(16)
    return b"x-api-key", f"csb_{body}_{crc32(body.encode()):08x}".encode()


def junk_token(signed: str = bearer_token("acme").rpartition(".")[0]) -> Field:
    """Return a token whose signature is wrong."""
    return b"authorization", f"Bearer {signed}.{secrets.token_urlsafe(64)}".encode()


async def costs(url: str, requests: list[tuple[Field, str]], junk: Callable[[], Field]) -> Costs:
    """Return the microseconds of a request that is let in, of junk that is verified, and of refused junk."""
    issuer = {"oauth_issuer": ISSUER, "oauth_audience": AUDIENCE, "oauth_jwks": str(KEY_SET)}
    app = Application(Settings(database_url=url, **issuer))
    await app.start()
    try:
        target = requests[0][1]
        await cost(app, requests[:WARM], HTTPStatus.OK)
        await cost(app, [(junk(), target) for _ in range(WARM)], HTTPStatus.UNAUTHORIZED)
        let_in = await cost(app, requests[:MEASURED], HTTPStatus.OK)
        verified = await cost(app, [(junk(), target) for _ in range(LIMIT - WARM)], HTTPStatus.UNAUTHORIZED)
        await cost(app, [(junk(), target) for _ in range(LIMIT + 1)], HTTPStatus.TOO_MANY_REQUESTS)
        refused = await cost(app, [(junk(), target) for _ in range(MEASURED)], HTTPStatus.TOO_MANY_REQUESTS)
    finally:
        await app.stop()
    return let_in, verified, refused


async def cost(app: Application, requests: list[tuple[Field, str]], expected: HTTPStatus) -> float:
    """Return the microseconds of CPU that each of some requests takes."""
    seen = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scopes = [scope_of(*each) for each in requests]
    began = time.process_time()
    for scope in scopes:
        await app(scope, receive, send)
    spent = time.process_time() - began
    if set(seen) != {expected}:
        sys.exit(f"expected {expected}, got {sorted(set(seen))}")
    return spent / len(scopes) * 1e6


def scope_of(credential: Field, target: str) -> dict[str, Any]:
    """Return a request as a server hands it to the app."""
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [*HEAD, credential],
        "client": ("192.0.2.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


if __name__ == "__main__":
    main()
