"""What `serve` shows to Prometheus, and the dashboard that reads it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from contract_first.service import listen, url_of
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.observe.metrics import Metrics
from scanner_api.access.counters import open_counters
from scanner_api.access.rate_limits import RateLimiter, quota_of
from scanner_api.app import Application
from scanner_api.metrics import read_limits
from scanner_api.settings import Settings
from scanner_api.storage.database import Database
from scanner_api.worker import Worker

COMMAND = Path(sys.executable).with_name("scanner-api")
DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "scanner-api.json"
RULES = DEPLOY / "prometheus" / "rules.yaml"
NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+(?=[{ /])")
FOREIGN = {
    *("kube_job_failed", "kube_pod_init_container_status_running"),  # kube-state-metrics
    *("kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"),
    "probe_ssl_earliest_cert_expiry",  # the blackbox exporter
}
PATH = "/scanner/api/v1/sessions/x"


class Away:
    """A bucket that is not there."""

    forms = 2
    calls: ClassVar = {("head_object", "ok"): 3}

    async def connect(self):
        """Have credentials."""

    async def ping(self):
        """Fail."""
        raise ServiceUnavailable

    def close(self):
        """Do nothing."""


def samples_of(text):
    """Return all samples, by name and values of labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
async def samples(tmp_path):
    """Return the samples of a service without work, after one request without a credential."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/scanner.db", extractor="none")
    metrics = Metrics()
    app = Application(settings, bucket=Away(), metrics=metrics)
    await app.start()
    try:
        with listen("127.0.0.1", 0) as listening:
            async with (
                metrics.served(listening),
                httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://scanner") as client,
                httpx2.AsyncClient(base_url=url_of(listening), trust_env=False) as scraper,
            ):
                assert (await client.get(PATH)).status_code == 401
                return samples_of((await scraper.get("/metrics")).text)
    finally:
        await app.stop()


async def test_the_scanner_shows_its_queue_pool_and_limits(samples):
    """Where nothing waits the lanes are there all the same, and so are pool and limits."""
    for lane in ("captures", "extractions"):
        assert samples["scanner_queue_depth", lane] == samples["scanner_queue_oldest_seconds", lane] == 0
    assert samples["scanner_database_connections", "used"] >= 0
    assert samples["scanner_rate_limits_degraded",] == samples["scanner_rate_limit_outages_total",] == 0
    assert samples["scanner_queue_degraded",] == 0
    assert samples["openapi_refused_requests_total", "no credential"] == 1
    assert samples["openapi_ready",] == 1


async def test_the_scanner_shows_what_it_has_done(samples):
    """Forms, calls to S3 and background work; what has not happened yet is there as well."""
    assert samples["scanner_upload_forms_total",] == 2
    assert samples["scanner_bucket_calls_total", "head_object", "ok"] == 3
    assert samples["scanner_bucket_calls_total", "put_object", "failed"] == 0
    outcomes = {
        labels for name, *labels in samples if name == "scanner_jobs_total" for labels in [tuple(labels)]
    }
    assert ("captures", "postponed") in outcomes
    assert len(outcomes) == 7


async def test_the_dashboard_reads_metrics_that_there_are(samples):
    """Each metric in its queries is shown; stages are, once a request reaches one."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    read = {name for query in queries for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+(?=\{)", query)}
    shown = {name for name, *_ in samples} | {"openapi_request_stage_seconds_bucket"}
    assert len(read) > 8
    assert read <= shown
    own = {name for name in shown if name.startswith(("openapi_", "scanner_"))}
    parts = {name for name in own if name.endswith(("_created", "_count", "_sum"))}
    assert own - parts <= read


async def test_the_alerts_read_metrics_that_there_are(samples):
    """What alerts and KEDA read is shown, or of Kubernetes or an exporter; each alert has its section."""
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    scaling = yaml.safe_load((DEPLOY / "kubernetes" / "operators" / "keda.yaml").read_text())["spec"]
    queries = [rule["expr"] for rule in rules]
    queries += [
        trigger["metadata"]["query"] for trigger in scaling["triggers"] if trigger["type"] == "prometheus"
    ]
    read = {name for query in queries for name in NAME.findall(query)}
    shown = {name for name, *_ in samples}
    assert read - shown == FOREIGN
    page = (DEPLOY.parent / "docs" / "alerts.md").read_text()
    alerts = [rule for rule in rules if "alert" in rule]
    headings = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert headings == [rule["alert"] for rule in alerts]
    for rule in alerts:
        assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}


@pytest.fixture
def promtool(tmp_path):
    """Return what runs promtool on files, which are made of what is given."""
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool, which is not on this machine")

    def run(*arguments, **files):
        for name, content in files.items():
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
        command = ["promtool", *arguments, *(f"{name}.yaml" for name in files)]
        finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 -- Prometheus's
        assert finished.returncode == 0, finished.stdout + finished.stderr

    run.folder = tmp_path
    return run


def test_the_rules_are_linted(promtool):
    """Promtool finds nothing in the rules."""
    promtool("check", "rules", "--lint=all", "--lint-fatal", rules=yaml.safe_load(RULES.read_text()))


def test_the_queries_of_the_dashboard_are_linted(promtool):
    """Promtool can parse each of them, once Grafana has put in its variables."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m").replace("$job", ".*")}
        for number, query in enumerate(queries)
    ]
    promtool("check", "rules", rules={"groups": [{"name": "dashboard", "rules": rules}]})


async def test_an_outage_of_redis_is_shown(stopped_clock):
    """While Redis is away rate limits are degraded, and each outage is counted."""
    clock = stopped_clock(datetime(2026, 3, 31, 12, tzinfo=UTC))
    counters = open_counters("redis://127.0.0.1:1/0", clock, on_outage="open")
    try:
        await RateLimiter(counters).take("key:a", quota_of(5, 100))
        shown = await read_limits(counters)
    finally:
        await counters.close()
    values = [family.samples[0].value for family in shown if family.samples]
    assert values == [1, 1]


async def test_a_worker_shows_what_it_has_done(tmp_path):
    """It has the metrics of its pool, of S3 and of its jobs, and no requests."""
    pytest.importorskip("taskiq_redis")
    url = f"sqlite+aiosqlite:///{tmp_path}/scanner.db"
    settings = Settings(database_url=url, queue_url="redis://127.0.0.1:1/0", extractor="none")
    metrics = Metrics()
    database = Database(url)
    worker = Worker(settings, database=database, bucket=Away(), metrics=metrics)
    with listen("127.0.0.1", 0) as listening:
        async with (
            metrics.served(listening),
            httpx2.AsyncClient(base_url=url_of(listening), trust_env=False) as scraper,
        ):
            samples = samples_of((await scraper.get("/metrics")).text)
    await worker.stop()
    await database.close()
    assert samples["scanner_jobs_total", "captures", "completed"] == 0
    assert samples["scanner_bucket_calls_total", "head_object", "ok"] == 3
    assert ("scanner_database_connections", "used") in samples
    assert not any(name == "scanner_rate_limits_degraded" for name, *_ in samples)


@pytest.mark.programs
def test_each_process_has_a_port_of_its_own(tmp_path):
    """Two processes print two ports, and one has counted the request that it served."""
    own = {
        "AWS_ACCESS_KEY_ID": "AKIDTEST",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "SCANNER_PORT": "0",
        "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/scanner.db",
        "SCANNER_WORKERS": "2",
        "SCANNER_METRICS_PORT": "0",
        "SCANNER_LAME_DUCK_SECONDS": "0",
    }
    with subprocess.Popen(  # noqa: S603 -- our own command
        [COMMAND, "serve"],
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            url, *scraped = re.findall(r"http://[0-9.:]+", process.stdout.readline())
            assert httpx2.get(f"{url}{PATH}").status_code == 401
            shown = [samples_of(httpx2.get(f"{each}/metrics", timeout=30).text) for each in scraped]
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=30)
        finally:
            process.kill()
    counted = [each.get(("openapi_refused_requests_total", "no credential"), 0) for each in shown]
    assert sorted(counted) == [0, 1]
    assert (process.returncode, "Traceback" in logged) == (0, False), logged


@pytest.mark.parametrize("library", ["prometheus_client", "opentelemetry"])
def test_nobody_else_loads_the_library(library):
    """Without the setting, the library is not imported."""
    modules = "scanner_api.cli, scanner_api.cli.serve, scanner_api.app"
    code = f"import sys, {modules}; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 -- ours
