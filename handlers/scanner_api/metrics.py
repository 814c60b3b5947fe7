"""The Scanner's metrics beside those of every service; read at each scrape."""

import asyncio
from functools import partial
from itertools import product

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from contract_first.service.clock import Clock
from contract_first.service.observe.metrics import Metrics

from .access.counters import CircuitBreaker, Counters
from .processing.processing import Processing
from .processing.stores import Stores, seconds_since
from .storage.database import Database
from .storage.photo_bucket.bucket import PhotoBucket

CALLS = tuple(
    product(
        ("head_bucket", "head_object", "get_object", "put_object", "delete_object", "delete_objects"),
        ("ok", "missing", "failed"),
    )
)
"""Operations and outcomes that are shown before there is any, as Prometheus advises."""
_PROBE_SECONDS = 0.5
OUTCOMES = (
    *product(("captures",), ("completed", "not_found", "failed", "postponed")),
    *product(("extractions",), ("completed", "failed", "postponed")),
)
"""The same of background work; what is postponed is tried again."""


def add_metrics(
    metrics: Metrics,
    database: Database,
    stores: Stores,
    bucket: PhotoBucket,
    processing: Processing,
    clock: Clock,
) -> None:
    """Add the metrics that servers and workers share."""
    metrics.add(partial(read_pool, database))
    metrics.add(partial(read_work, bucket, processing))
    metrics.add(partial(read_queue, stores, clock))
    metrics.add(partial(read_broker, processing))
    metrics.add(partial(read_schema, database))


async def read_pool(database: Database) -> list[Metric]:
    """Return the pool of the database, which is this process's."""
    pool = GaugeMetricFamily(
        "scanner_database_connections", "Connections of the database's pool.", labels=["state"]
    )
    for state, number in database.connections.items():
        pool.add_metric([state], number)
    return [pool]


async def read_limits(counters: Counters) -> list[Metric]:
    """Return the state of the rate limits, which is this process's."""
    is_degraded, outages = False, 0
    if isinstance(counters, CircuitBreaker):
        is_degraded, outages = counters.is_degraded, counters.outages
    return [
        GaugeMetricFamily(
            "scanner_rate_limits_degraded",
            "1 while the Redis of the rate limits is away.",
            is_degraded,
        ),
        CounterMetricFamily("scanner_rate_limit_outages", "How often Redis was away.", outages),
    ]


async def read_work(bucket: PhotoBucket, processing: Processing) -> list[Metric]:
    """Return what this process has done: forms, calls to S3, and background work by its outcome."""
    forms = CounterMetricFamily(
        "scanner_upload_forms", "Presigned upload forms that were issued.", bucket.forms
    )
    calls = CounterMetricFamily("scanner_bucket_calls", "Calls to S3.", labels=["operation", "outcome"])
    for labels, number in {**dict.fromkeys(CALLS, 0), **bucket.calls}.items():
        calls.add_metric(labels, number)
    jobs = CounterMetricFamily("scanner_jobs", "Background work that ended.", labels=["lane", "outcome"])
    for labels, number in {**dict.fromkeys(OUTCOMES, 0), **processing.outcomes}.items():
        jobs.add_metric(labels, number)
    return [forms, calls, jobs]


async def read_queue(stores: Stores, clock: Clock) -> list[Metric]:
    """Return the number of unclaimed jobs, and how long they wait; it is the same in all processes.

    Raises:
        ServiceUnavailable: the database does not respond.
    """
    depth = GaugeMetricFamily("scanner_queue_depth", "Work that waits.", labels=["lane"])
    age = GaugeMetricFamily(
        "scanner_queue_oldest_seconds", "For how long the oldest work waits; 0 if none does.", labels=["lane"]
    )
    for lane, store in (("captures", stores.captures), ("extractions", stores.extractions)):
        depth.add_metric([lane], await store.count_waiting())
        since = await store.waiting_since()
        age.add_metric([lane], 0 if since is None else seconds_since(since, clock))
    return [depth, age]


async def read_broker(processing: Processing) -> list[Metric]:
    """Return whether the queue takes jobs."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await processing.ping()
    except Exception:  # noqa: BLE001 -- brokers raise many errors
        is_degraded = True
    else:
        is_degraded = False
    help_ = "1 while the Redis of the queue takes no jobs, and sweeps find them in the database."
    return [GaugeMetricFamily("scanner_queue_degraded", help_, is_degraded)]


async def read_schema(database: Database) -> list[Metric]:
    """Return whether the schema is of a newer version than this process.

    Raises:
        ServiceUnavailable: the database does not respond.
    """
    help_ = "1 while the schema of the database is of a newer version."
    return [GaugeMetricFamily("scanner_schema_newer", help_, (await database.schema()).is_newer)]
