"""A database with a session in it, and what the background works on there."""

from __future__ import annotations

import asyncio
import io
import runpy
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from scanner_api.processing.captures import CaptureProcessor
from scanner_api.processing.stores import Resources, stores_of
from scanner_api.scanning.catalogue.products import Product
from scanner_api.scanning.identifiers import new_id
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.captures import FINAL, Capture, CaptureStatus
from scanner_api.scanning.scans.sessions import ScanSession, SessionStatus
from scanner_api.settings import Settings
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import Database

redis_url = runpy.run_path(str(Path(__file__).parents[2] / "services" / "valkey.py"))["redis_url"]

START = datetime(2026, 3, 31, 12, tzinfo=UTC)
MILK = Product(gtin="09521234000013", name="Whole Milk", brand_name="Alder Farm", ingredients="Whole milk.")


class Shop:
    """An organization's database with one ACTIVE session and one product, and what else is put into it."""

    def __init__(self, database, clock, settings):
        self.database = database
        self.clock = clock
        self.settings = settings
        self.stores = stores_of(database, clock, settings.session_ttl_seconds)
        self.session_id = new_id()

    async def open(self):
        """Store the organization, the product and the session."""
        now = self.clock.now()
        await OrganizationStore(self.database).add_organization(
            Organization(id="grocer", name="Grocer", created=now)
        )
        await self.stores.products.upsert_many([MILK])
        await self.stores.sessions.create(
            ScanSession(
                id=self.session_id,
                organization_id="grocer",
                created_by="key:2b3c",
                status=SessionStatus.ACTIVE,
                created=now,
                modified=now,
            )
        )

    async def scan(self, raw_value=MILK.gtin, **fields):
        """Store a capture and return its id."""
        capture = Capture(
            **{
                "id": new_id(),
                "session_id": self.session_id,
                "status": CaptureStatus.PENDING,
                "capture_type": "BARCODE",
                "raw_value": raw_value,
                "created": self.clock.now(),
                **fields,
            }
        )
        await self.stores.captures.add(capture)
        return capture.id

    async def photograph(self, s3_key="front.png", photo_type="front", capture_id=None):
        """Store a photo and return its id."""
        photo = Photo(
            id=new_id(),
            session_id=self.session_id,
            photo_type=photo_type,
            s3_key=s3_key,
            original_filename=s3_key,
            file_size=1,
            media_type="image/png",
            sort_order=0,
            metadata={},
            created=self.clock.now(),
            capture_id=capture_id,
        )
        await self.stores.photos.add(photo)
        return photo.id

    async def capture(self, capture_id):
        """Return a capture as it is stored."""
        return (await self.stores.captures.get(capture_id)).capture

    async def session(self):
        """Return the session as it is stored."""
        return await self.stores.sessions.get(self.session_id)

    async def ended(self, seconds=60):
        """Wait until all captures of the session have ended, and return them."""
        async with asyncio.timeout(seconds):
            while True:
                captures = await self.stores.captures.of_session(self.session_id)
                if all(capture.status in FINAL for capture in captures):
                    return captures
                await asyncio.sleep(0.02)


class Shelf:
    """A bucket in memory; what is an exception in it is raised."""

    def __init__(self, **objects):
        self.objects = objects
        self.asked = []

    async def get(self, key, most_bytes):
        """Return an object."""
        self.asked.append((key, most_bytes))
        found = self.objects.get(key.partition(".")[0])
        if isinstance(found, Exception):
            raise found
        return found


def processing(shop, bucket=None, **replaced):
    """Return a processor of a shop's captures, with some of its stores replaced."""
    permissions = Permissions(allowed=shop.settings.redirect_allowed)
    stores = shop.stores._replace(**replaced)
    follower = RedirectFollower(permissions)
    return CaptureProcessor(Resources(stores, bucket, shop.clock, shop.settings), follower)


async def processed(shop, capture_id, bucket=None):
    """Process a capture once, and return it as it is stored."""
    processor = processing(shop, bucket)
    await processor.process(capture_id)
    processor.close()
    return await shop.capture(capture_id)


def picture(text="9521234000013"):
    """Return an image file with an EAN-13."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.EAN13)
    file = io.BytesIO()
    Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=5)).save(file, "PNG")
    return file.getvalue()


@asynccontextmanager
async def _opened(url, clock, settings):
    database = Database(url)
    try:
        await database.migrate()
        shop = Shop(database, clock, settings)
        await shop.open()
        yield shop
    finally:
        await database.close()


@pytest.fixture
def clock(stopped_clock):
    """Return a clock that stands at noon."""
    return stopped_clock(START)


@pytest.fixture
def settings():
    """Return settings with a short lease, and the way to loopback open."""
    return Settings(lease_seconds=20, redirect_allowed=("127.0.0.0/8",))


@pytest.fixture
def in_shop(clock, settings):
    """Run a coroutine function in a shop whose database is in memory."""

    def run(scenario):
        async def opened():
            async with _opened("sqlite+aiosqlite://", clock, settings) as shop:
                return await scenario(shop)

        return asyncio.run(opened())

    return run


@pytest.fixture(scope="session")
def open_shop():
    """Return the context manager of a shop at a database URL."""
    return _opened


async def _until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 -- what is waited for sets no event
            await asyncio.sleep(0.001)


@pytest.fixture(scope="session")
def until():
    """Return what lets others run until a condition holds."""
    return _until


@pytest.fixture(scope="session")
def shelf():
    """Return the maker of buckets in memory, whose objects are named by what is before the dot of a key."""
    return Shelf


@pytest.fixture(scope="session")
def milk():
    """Return the product that is known."""
    return MILK
