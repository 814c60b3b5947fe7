"""Count the functions that a request calls, in Python and in C: unlike its time, always the same.

    python bench/calls.py                              the table
    python bench/calls.py --json bench/calls.json      and as JSON; a test holds the counts to this file
    python bench/calls.py --of "own service, GET"      and which functions these are

Each app is called in process, without a server; a request counts once the app has had a few like it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import os
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from frameworks import CALLS, ORDER, Call
from seeding import seed
from servers import AWS, PEERS

from contract_first.mock import contract_mock
from scanner_api.app import create_app
from scanner_api.settings import Settings
from strict_s3.app import create_app as create_s3
from strict_s3.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from starlette.types import ASGIApp

ORDERS = Path(__file__).parent / "orders.yaml"
WARM_UP = 5
OWN = {"GET": "get", "list": "list of 20 x 10", "POST": "create, 30 members"}


@contextmanager
def counting(seen: Counter[str]) -> Iterator[None]:
    """Count the calls of this thread, of Python's functions by where they are defined.

    Comprehensions do not count, which are functions up to Python 3.11.
    """

    def count(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and not frame.f_code.co_name.endswith("comp>"):
            code = frame.f_code
            seen[f"{Path(code.co_filename).name}:{code.co_firstlineno} {code.co_name}"] += 1
        elif event == "c_call":
            seen[argument.__qualname__] += 1

    gc.disable()  # what it frees may have calls of its own
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)
        gc.enable()


async def calls_of(app: ASGIApp, call: Call, *fields: tuple[str, str]) -> Counter[str]:
    """Return the calls of a request to an ASGI app."""
    body = b""
    described = {"content-type": call.media_type, "content-length": str(len(call.body))} if call.body else {}
    headers = {"host": "localhost:8000", "user-agent": "bench", "accept": "*/*", **described, **dict(fields)}
    path, _, query = call.target.partition("?")
    response: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        response.append(message)

    for number in range(1, WARM_UP + 2):
        seen: Counter[str] = Counter()
        body = call.body.replace('"id": 1,', f'"id": {number},').encode()  # what stores it has one of each
        response.clear()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": call.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }
        with counting(seen):
            await app(scope, receive, send)
        if response[0]["status"] not in range(200, 300):
            sys.exit(f"{call.method} {call.target}: {response}")
    return seen


def own_service() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the calls of one's own service."""
    sys.path.append(str(PEERS))
    from orders_ours import app  # noqa: PLC0415 -- a peer, which is no module of a package

    for name, call in OWN.items():
        yield f"own service, {name}", asyncio.run(calls_of(app, CALLS[call]))


def mocks() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the calls of a mock, and of one that stores what it gets."""
    created = Call("POST", "/orders", "application/json", json.dumps(ORDER))
    for name, stateful in {"mock": False, "stateful mock": True}.items():
        with (
            patch("contract_first.mock.server.serving") as serving,
            contract_mock(ORDERS, port=0, stateful=stateful),
        ):
            app = serving.call_args.args[0]
            for method, call in {"POST": created, "GET": Call("GET", "/orders/1")}.items():
                yield f"{name}, {method}", asyncio.run(calls_of(app, call))


def presign() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the calls of a presigned upload of the Scanner API, with its database."""

    async def counted(url: str, key: str, target: str) -> Counter[str]:
        app = create_app(Settings(database_url=url, s3_bucket="uploads"))
        await app.start()
        try:
            return await calls_of(app, Call("GET", target), ("x-api-key", key))
        finally:
            await app.stop()

    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, AWS):
        url, file = f"sqlite+aiosqlite:///{folder}/scanner.db", Path(folder) / "requests"
        seed(url, file, keys=1, sessions=1)
        yield "presigned upload", asyncio.run(counted(url, *file.read_text().split()))


def s3() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the calls of S3."""
    app = create_s3(Options(seed=1))
    keys = {"aws_access_key_id": "ACCESSKEY", "aws_secret_access_key": "secret-key"}
    version_4 = Config(signature_version="s3v4")
    client = boto3.client(
        "s3", region_name="us-east-1", endpoint_url="http://localhost:9000", config=version_4, **keys
    )
    for method, operation in {"PUT": "put_object", "GET": "get_object"}.items():
        parameters = {"Bucket": "uploads", "Key": "photo"}
        url = urlsplit(client.generate_presigned_url(operation, Params=parameters))
        body = b"x" * 1000 if method == "PUT" else b""
        for _ in range(WARM_UP + 1):
            seen: Counter[str] = Counter()
            statuses: list[str] = []

            def start(status: str, _fields: Any, statuses: list[str] = statuses) -> None:
                statuses.append(status)

            environ = {
                "REQUEST_METHOD": method,
                "PATH_INFO": url.path,
                "RAW_URI": f"{url.path}?{url.query}",
                "QUERY_STRING": url.query,
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "9000",
                "HTTP_HOST": "localhost:9000",
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(body),
            }
            with counting(seen):
                content = b"".join(app(environ, start))
            if statuses != ["200 OK"]:
                sys.exit(f"{method} {url.path}: {statuses} {content!r}")
        yield f"S3, {method}", seen


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table here as well")
    parser.add_argument("--of", metavar="NAME", help="print each function that this request calls")
    arguments = parser.parse_args()
    table = {name: seen for part in (own_service, mocks, presign, s3) for name, seen in part()}
    for name, seen in table.items():
        sys.stdout.write(f"{name:24}{seen.total():6}\n")
    for called, times in table.get(arguments.of or "", Counter()).most_common():
        sys.stdout.write(f"{times:6}  {called}\n")
    if arguments.json:
        totals = {name: seen.total() for name, seen in table.items()}
        arguments.json.write_text(json.dumps(totals, indent=2) + "\n")


if __name__ == "__main__":
    main()
