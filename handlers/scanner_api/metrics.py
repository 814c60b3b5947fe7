"""What the Scanner shows to Prometheus beside what every service counts; read at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from .access.counters import OpenCounters

if TYPE_CHECKING:
    from prometheus_client import Metric

    from openapi_service.clock import Clock

    from .access.counters import Counters
    from .processing.stores import Stores
    from .storage.database import Database


async def read_process(database: Database, counters: Counters) -> list[Metric]:
    """Return the pool of the database and the state of the rate limits, which are this process's."""
    pool = GaugeMetricFamily(
        "scanner_database_connections", "Connections of the database's pool.", labels=["state"]
    )
    for state, number in database.connections.items():
        pool.add_metric([state], number)
    is_degraded, outages = False, 0
    if isinstance(counters, OpenCounters):
        is_degraded, outages = counters.is_degraded, counters.outages
    return [
        pool,
        GaugeMetricFamily(
            "scanner_rate_limits_degraded",
            "1 while Redis is away and rate limits are counted in memory.",
            is_degraded,
        ),
        CounterMetricFamily("scanner_rate_limit_outages", "How often Redis was away.", outages),
    ]


async def read_queue(stores: Stores, clock: Clock) -> list[Metric]:
    """Return how much work waits that nobody does, and for how long; it is the same in all processes.

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
        age.add_metric([lane], 0 if since is None else (clock.now() - since).total_seconds())
    return [depth, age]
