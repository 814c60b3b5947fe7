"""How many barcodes background processing does in a second of CPU, on a new database or one that is named."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from contract_first.service.clock import SystemClock
from scanner_api.processing.processing import Processing
from scanner_api.processing.stores import stores_of
from scanner_api.scanning.catalogue.products import shipped_products
from scanner_api.scanning.identifiers import new_id
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.scanning.scans.captures import Capture, CaptureStatus
from scanner_api.scanning.scans.sessions import ScanSession, SessionStatus
from scanner_api.settings import Settings
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import Database

if TYPE_CHECKING:
    from scanner_api.processing.stores import Stores

GOAL = 250
WARM_UP = 50
BARCODES = 900


def session(organization_id: str, clock: SystemClock) -> ScanSession:
    """Return a new session."""
    now = clock.now()
    return ScanSession(
        id=new_id(),
        organization_id=organization_id,
        created_by="key:bench",
        status=SessionStatus.ACTIVE,
        created=now,
        modified=now,
    )


def scan(session_id: str, gtin: str, clock: SystemClock) -> Capture:
    """Return a new capture of a product that is known."""
    return Capture(
        id=new_id(),
        session_id=session_id,
        status=CaptureStatus.PENDING,
        capture_type="BARCODE",
        raw_value=gtin,
        created=clock.now(),
    )


async def processed(processing: Processing, stores: Stores, own: ScanSession, number: int) -> None:
    """Have barcodes processed, and return when all are."""
    products = list(shipped_products())
    scans = [scan(own.id, products[n % len(products)].gtin, SystemClock()) for n in range(number)]
    await stores.captures.add_many(scans)
    for capture in scans:
        await processing.queue.process_capture(capture.id, own.organization_id)
    while await stores.captures.backlog(own.organization_id):  # noqa: ASYNC110 -- what is waited for sets no event
        await asyncio.sleep(0.1)


async def measure(url: str) -> tuple[float, float]:
    """Return barcodes a second of CPU, and a second."""
    clock, settings = SystemClock(), Settings(sweep_seconds=1000)
    database = Database(url)
    await database.migrate()
    try:
        stores = stores_of(database, clock, settings.session_ttl_seconds)
        organization = Organization(id=new_id(), name="bench", created=clock.now())
        await OrganizationStore(database).add_organization(organization)
        await stores.products.upsert_many(shipped_products())
        own = session(organization.id, clock)
        await stores.sessions.create(own)
        # the bucket is not asked: no barcode has an image
        processing = Processing(settings, stores, None, RedirectFollower(Permissions()), clock)  # type: ignore[arg-type]  # the reason above
        await processing.start()
        await processed(processing, stores, own, WARM_UP)
        cpu, began = time.process_time(), time.perf_counter()
        await processed(processing, stores, own, BARCODES)
        figures = BARCODES / (time.process_time() - cpu), BARCODES / (time.perf_counter() - began)
        await processing.stop()
    finally:
        await database.close()
    return figures


def main() -> None:
    """Print the figures; exit with 1 if a second of CPU does fewer barcodes than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", help="empty; a SQLite file by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database_url or f"sqlite+aiosqlite:///{folder}/scanner.db"
        per_cpu_second, per_second = asyncio.run(measure(url))
    sys.stdout.write(f"{per_cpu_second:.0f} barcodes a second of CPU, {per_second:.0f} a second\n")
    sys.exit(int(per_cpu_second < GOAL))


if __name__ == "__main__":
    main()
