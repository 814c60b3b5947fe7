import asyncio
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from scanner_api.distribution import SCANNER_API
from scanner_api.processing import extraction
from scanner_api.processing.bedrock import BedrockExtractor
from scanner_api.processing.processing import Processing
from scanner_api.scanning.extraction.local import LocalExtractor
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.settings import Settings

POSTGRESQL = runpy.run_path(str(Path(__file__).parents[2] / "services" / "postgresql.py"))
postgresql, execute, set_read_only = (POSTGRESQL[name] for name in ("postgresql", "execute", "set_read_only"))


def background(shop=None, bucket=None, *, is_worker=False, **settings):
    """Return the background of a process with some settings."""
    return Processing(
        Settings(**{"sweep_seconds": 0.01, **settings}),
        shop and shop.stores,
        bucket,
        RedirectFollower(Permissions()),
        shop and shop.clock,
        is_worker=is_worker,
    )


def test_what_is_handed_over_is_processed(in_shop, milk):
    """With a queue in memory a process does what is handed over to it."""

    async def scenario(shop):
        processing = background(shop, sweep_seconds=1000)
        await processing.start()
        capture_id = await shop.scan()
        await processing.queue.process_capture(capture_id)
        [ended] = await shop.ended()
        await processing.stop()
        return ended

    assert in_shop(scenario).product_name == milk.name


def test_what_nobody_handed_over_is_found(in_shop):
    """Captures and a submitted session that were left behind are done without being handed over."""

    async def scenario(shop):
        for _ in range(20):
            await shop.scan()
        await shop.stores.sessions.close(shop.session_id, submit=True)
        processing = background(shop, extractor="none")
        await processing.start()
        captures = await shop.ended()
        async with asyncio.timeout(60):
            while (await shop.session()).extraction_status == "processing":  # noqa: ASYNC110 -- no event
                await asyncio.sleep(0.01)
        await processing.stop()
        return captures, await shop.session()

    captures, session = in_shop(scenario)
    assert {capture.status for capture in captures} == {"COMPLETED"}
    assert session.extraction_status == "ready"


def test_stopping_leaves_nothing_claimed(in_shop, until, monkeypatch):
    """What is cut off by a stop is free at once for the next start."""
    monkeypatch.setattr("scanner_api.processing.memory_broker.GRACE_SECONDS", 0.01)

    class Slow:
        """A bucket that never responds."""

        def __init__(self):
            self.asked = []

        async def get(self, key, _most_bytes):
            """Never return."""
            self.asked.append(key)
            await asyncio.Event().wait()

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        bucket = Slow()
        processing = background(shop, bucket)
        await processing.start()
        await until(lambda: bucket.asked)
        await processing.stop()
        return [capture_id], [each.id for each in await shop.stores.captures.unfinished(10)]

    left, free = in_shop(scenario)
    assert left == free


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"queue_url": "amqp://:secret@host"}, "queue_url must be memory://"),
        ({"queue_url": "redis://"}, "queue_url must be memory://"),
        ({"queue_url": "memory://", "is_worker": True}, "A worker needs a queue in Redis"),
        ({"extractor": "bedrock"}, r"\(bedrock_model\)"),
    ],
)
def test_settings_that_cannot_work_are_reported(settings, message):
    """Wrong settings are errors before anything is started; they name the setting, and no password."""
    with pytest.raises(ValueError, match=message) as error:
        background(**settings)
    assert "secret" not in str(error.value)


def test_a_redis_without_its_extra_is_reported(monkeypatch):
    """A queue in Redis needs an extra, which the error names."""
    monkeypatch.setattr("scanner_api.processing.processing.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=re.escape(SCANNER_API.how_to_install("redis"))):
        background(queue_url="redis://127.0.0.1")


def test_nothing_slow_is_imported_before_the_first_job():
    """A server that has nothing to do in the background imports neither taskiq nor what reads photos."""
    program = "import sys, scanner_api.processing.processing as _; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 -- our own
    assert "scanner_api.processing.queue" in run.stdout.split()
    assert {"taskiq", "redis", "biip", "httpx2", "PIL", "numpy"}.isdisjoint(run.stdout.split())


def test_the_extractor_is_the_one_that_is_set():
    """Each value of the setting has its extractor, and none has none."""
    assert extraction.open_extractor(Settings(extractor="none")) is None
    assert isinstance(extraction.open_extractor(Settings()), LocalExtractor)
    bedrock = Settings(extractor="bedrock", bedrock_model="model")
    assert isinstance(extraction.open_extractor(bedrock), BedrockExtractor)


def test_without_vision_photos_are_not_read(monkeypatch, caplog):
    """The default extractor without its extra is none, and the log says what to install."""
    monkeypatch.setattr(extraction, "find_spec", lambda _: None)
    assert extraction.open_extractor(Settings()) is None
    assert SCANNER_API.how_to_install("vision") in caplog.text


class SlowProducts:
    """Looks products up once it may."""

    def __init__(self, products):
        self._products = products
        self.waiting = 0
        self.opened = asyncio.Event()

    async def by_gtin(self, gtin):
        """Return the product."""
        self.waiting += 1
        await self.opened.wait()
        return await self._products.by_gtin(gtin)


@pytest.mark.parametrize("are_claimed", [False, True])
async def test_a_worker_outlives_a_read_only_database(
    postgresql, open_shop, clock, until, caplog, are_claimed
):
    """Captures wait while PostgreSQL is read-only, also those that are claimed, and are processed after it.

    No lease runs out, as the clock stands still: who has claimed them goes on.
    """
    name = f"processing_{os.getpid()}_{are_claimed}".lower()
    await execute(postgresql, f"CREATE DATABASE {name}")
    url = make_url(postgresql).set(database=name).render_as_string(hide_password=False)
    async with open_shop(url, clock, Settings()) as shop:
        slow = SlowProducts(shop.stores.products)
        shop.stores = shop.stores._replace(products=slow)
        for _ in range(10):
            await shop.scan()
        processing = background(shop, sweep_seconds=0.2)
        if are_claimed:
            await processing.start()
            await until(lambda: slow.waiting == 10)
        await set_read_only(url, "on")
        if not are_claimed:
            await processing.start()
        slow.opened.set()
        await until(lambda: caplog.text.count("Waiting for at most 20 s") >= 10)
        await set_read_only(url, "off", ends=False)
        captures = await shop.ended(5)
        await processing.stop()
    await execute(postgresql, f"DROP DATABASE {name} WITH (FORCE)")
    assert {(capture.status, capture.attempts) for capture in captures} == {("COMPLETED", 1)}
