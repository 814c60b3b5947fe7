"""What the proxy reports of the exchanges it passes on, and when."""

import asyncio
import gzip
import json
import os
import socket
import sys
import threading
from importlib import import_module
from types import SimpleNamespace

import brotli
import httpx2
import msgspec
import pytest

from contract_first.check.exchange import Message, MessageViolation, Validation
from contract_first.check.har import har
from contract_first.check.validation import validate_har
from contract_first.masking.tokens import mask
from contract_first.mock.journal.recording import Recording
from contract_first.mock.proxy import application
from contract_first.mock.proxy.application import Proxy, proxying
from contract_first.mock.proxy.recorder import ProxyRecorder, violation_fields
from contract_first.mock.proxy.upstream import Upstream
from contract_first.service.http.turns import Alternation

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def violations_of(response):
    """Return how many violations a response's head tells of, and the first of them."""
    count = response.headers.get("x-contract-violations")
    return count and int(count), response.headers.get_list("x-contract-violation")


def test_what_conforms_to_the_contract_is_not_marked(proxy):
    """A response without violations has no field of ours."""
    response = proxy.ask("GET", "/notes?sort=new")
    assert not [name for name in response.headers if name.startswith("x-contract")]
    (exchange,) = proxy.exchanges
    assert (exchange.operation, exchange.verdict.request, exchange.verdict.response) == ("list_notes", [], [])


@pytest.mark.parametrize("target", ["/notes?sort=new", "/notes?sort=odd"])
def test_an_upstream_cannot_report_violations(target, proxy, upstream):
    """Its own fields of these names do not get through: a client would take them for the proxy's."""
    fields = (
        b"X-Contract-Violations: 7\r\nx-contract-violation: of the upstream\r\nContent-Length: 2\r\n"
        b"X-Contract-Violation-Policy: another\r\n\r\n[]"
    )
    upstream.response = HEAD + fields
    response = proxy.ask("GET", target)
    count, first = violations_of(response)
    assert response.headers["x-contract-violation-policy"] == "another"
    assert (count, "of the upstream" in first) == (1 if target.endswith("odd") else None, False)
    assert proxy.exchanges[0].response.header("x-contract-violations") == "7"


def test_a_target_without_end_is_recorded(proxy, upstream):
    """Its beginning is in the journal, with the 414 that it got; the upstream is not asked."""
    before = len(upstream.asked)
    with proxy.connection() as connection:
        connection.sendall(b"GET /notes?sort=" + b"x" * 66_000)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 414 ")
    proxy.responses = 1
    (exchange,) = proxy.exchanges
    assert (exchange.method, exchange.status, exchange.operation) == ("GET", 414, "")
    assert exchange.url.startswith(f"{upstream.url}/notes?sort=xxx")
    assert len(exchange.url) < 1100
    assert len(upstream.asked) == before


def test_violations_are_reported_in_the_responses_head(proxy, upstream, json_response):
    """Both sides' violations are counted, and the first are reported in words."""
    upstream.response = json_response(["a", 1])
    count, first = violations_of(proxy.ask("GET", "/notes?sort=odd"))
    assert count == 2
    assert first[0].startswith("request query sort: enum;")
    assert first[1].startswith("response body /1: type;")


def test_there_is_an_end_to_what_is_reported(proxy, upstream, json_response):
    """However much is wrong, few violations are reported in words."""
    upstream.response = json_response([1] * 50)
    count, first = violations_of(proxy.ask("GET", "/notes"))
    assert (count, len(first)) == (20, 5)


def test_the_fields_hold_nothing_that_a_field_must_not():
    """Names that a client invented are no field's end, and no longer than a field may be."""
    hostile = MessageViolation(part="body", where="/\r\nSet-Cookie: x\0é" + "y" * 999, rule="type", detail="")
    ((_, count), (_, first)) = violation_fields(Validation(request=[hostile]))
    assert (count, len(first)) == (b"1", 200)
    assert first.startswith(b"request body /??Set-Cookie: x??y")


def test_a_response_up_to_the_limit_is_validated_whole(proxy, upstream, json_response):
    """A body of as many bytes as the limit is held back, and its validation is in the head."""
    upstream.response = json_response(["x" * 4089, 1])
    body = json.dumps(["x" * 4089, 1])
    assert len(body) == 4096
    assert violations_of(proxy.ask("GET", "/notes"))[0] == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_response_beyond_the_limit_streams_unvalidated_and_is_counted(proxy, upstream, chunked):
    """It is not held back, its body is not validated, its head is, and the report counts it."""
    body = b'["' + b"x" * 5000 + b'"]'
    if chunked:
        upstream.response = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
            len(body),
            body,
        )
    else:
        upstream.response = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    before = sum(proxy.recorder.tally.report().traffic.unvalidated.values())
    response = proxy.ask("GET", "/notes?sort=odd")
    assert response.content == body
    assert violations_of(response)[0] == 1
    (exchange,) = proxy.exchanges
    assert "response's body was not recorded whole" in exchange.verdict.unjudged
    assert exchange.response.body_bytes == len(body)
    assert sum(proxy.recorder.tally.report().traffic.unvalidated.values()) == before + 1


def test_a_request_beyond_the_limit_streams_unvalidated(proxy, upstream):
    """A large upload goes on as it comes, and its body is not validated."""
    proxy.ask("POST", "/notes", content=b"x" * 100_000, headers={"Content-Type": "application/json"})
    assert len(upstream.last.body) == 100_000
    (exchange,) = proxy.exchanges
    assert "request's body was not recorded whole" in exchange.verdict.unjudged
    assert not exchange.verdict.request


def test_a_response_that_trickles_is_not_held_back(proxy, upstream):
    """What is long in coming goes on after a moment, and is validated once it is whole."""
    read = threading.Event()

    def trickle(connection, _):
        connection.sendall(HEAD + b"\r\n[1,")
        assert read.wait(10)
        connection.sendall(b"2]")

    upstream.response = trickle
    with proxy.client.stream("GET", "/notes") as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"[1,"
        read.set()
        assert b"".join(chunks) == b"2]"
    assert violations_of(response)[0] is None
    (exchange,) = proxy.exchanges
    assert [each.where for each in exchange.verdict.response] == ["/0", "/1"]


def test_events_are_passed_on_at_once(proxy, upstream):
    """An event stream is never held back."""
    read = threading.Event()

    def events(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        assert read.wait(10)

    upstream.response = events
    with proxy.client.stream("GET", "/notes") as response:
        assert next(response.iter_raw()) == b"data: 1\n\n"
        assert violations_of(response)[1][0].startswith("response media type")
        read.set()


def test_a_slow_response_is_waited_for(proxy, upstream, json_response):
    """The time that an upstream takes until its head is there holds nothing back and lets nothing go."""
    waited = threading.Event()

    def slow(connection, _):
        waited.wait(0.4)
        connection.sendall(json_response([1]))

    upstream.response = slow
    assert violations_of(proxy.ask("GET", "/notes"))[0] == 1


def test_secrets_are_masked_in_what_is_kept(proxy, upstream, json_response):
    """The upstream gets them, the journal and the report do not."""
    upstream.response = json_response([], "200 OK", "Set-Cookie: sid=hunter2")
    secrets = {"X-Api-Key": "hunter2", "Authorization": "Bearer hunter2", "Cookie": "sid=hunter2"}
    proxy.ask("GET", "/notes?token=hunter2&sort=odd", headers=secrets)
    assert upstream.last["x-api-key"] == "hunter2"
    assert "hunter2" not in repr(proxy.exchanges)
    assert b"hunter2" not in proxy.recorder.tally.report().json()
    opaque = "opaque-credential-of-a-user"
    proxy.ask("GET", f"/notes/{opaque}?sort={opaque}", headers={"Authorization": f"Bearer {opaque}"})
    assert opaque not in repr(proxy.exchanges)


zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
CODED = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("coding", CODED)
def test_compressed_bodies_are_kept_as_what_they_stand_for(proxy, upstream, contract, tmp_path, coding):
    """Secrets in them are masked too, and a validation of the HAR finds what the proxy found."""
    body = CODED[coding](b'[1, {"token": "hunter2"}]')
    head = HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    upstream.response = head % (coding.encode(), len(body)) + body
    fields = {"Content-Encoding": coding, "Content-Type": "application/json"}
    proxy.ask("GET", "/notes")
    proxy.ask("POST", "/notes", content=CODED[coding](b'{"token": "hunter2"}'), headers=fields)
    listed, added = proxy.exchanges
    assert listed.response.body == b'[1, {"token": "%b"}]' % mask(b"hunter2")
    assert added.request.body == b'{"token": "%b"}' % mask(b"hunter2")
    archive = tmp_path / "notes.har"
    archive.write_bytes(msgspec.json.encode(har([listed, added])))
    found = {(each.check, each.where, each.rule) for each in validate_har(archive, contract).findings}
    assert found >= {("response", "/*", "type"), ("request", "", "type")}
    assert not [rule for _, _, rule in found if rule == "encoding"]


@pytest.fixture
def threads(proxy, monkeypatch):
    """Return the names of the threads that validate."""
    names = []

    def validate(exchange, validate=proxy.recorder.validate):
        names.append(threading.current_thread().name)
        return validate(exchange)

    monkeypatch.setattr(proxy.recorder, "validate", validate)
    return names


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_a_few_compressed_bytes_do_not_hold_up_other_exchanges(proxy, upstream, threads, coding):
    """What a few bytes stand for is validated in another thread than the one that passes on."""
    body = gzip.compress(b"[]") if coding else b"[]"
    field = b"Content-Encoding: gzip\r\n" if coding else b""
    upstream.response = HEAD + field + b"Content-Length: %d\r\n\r\n" % len(body) + body
    assert proxy.ask("GET", "/notes").json() == []
    assert [name == "proxy" for name in threads] == [coding is None]


def test_a_body_of_a_client_that_goes_away_holds_up_no_other_exchanges(proxy, threads, monkeypatch):
    """What there is of it is validated in the other thread as well."""
    arrived = threading.Event()

    def ask(recording, block, *, more, ask=Recording.ask):
        ask(recording, block, more=more)
        arrived.set()

    monkeypatch.setattr(Recording, "ask", ask)
    head = b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"
    with proxy.connection() as connection:
        connection.sendall(head + b"abc")
        assert arrived.wait(10)
    proxy.responses = 1
    assert len(proxy.exchanges) == 1
    assert [name for name in threads if name == "proxy"] == []
    assert threads


def test_a_slow_response_to_a_large_request_holds_up_no_other_exchanges(proxy, upstream, threads):
    """Its head goes out with what was validated in the other thread."""
    upstream.response = lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    sent = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    proxy.ask("POST", "/notes", content=gzip.compress(b"1"), headers=sent)
    assert len(proxy.exchanges) == 1
    assert "proxy" not in threads


async def test_large_exchanges_are_validated_by_turns_of_clients():
    """One after the other; one of a client waits for one of another who sent many, and not for all."""
    order = []
    proxy = Proxy(None, SimpleNamespace(validate=order.append), most_bytes=1, names=(), errors=False)
    large = SimpleNamespace(is_light=lambda _: False)
    many = [proxy.validate(large, number, "many") for number in range(20)]
    await asyncio.gather(*many, proxy.validate(large, "first", "one"))
    assert order.index("first") == 2
    assert [number for number in order if number != "first"] == [*range(20)]


async def test_a_client_that_goes_away_gives_its_turn_to_the_next():
    """Whether it has the turn, is about to have it, or waits."""
    turns, order = Alternation(), []

    async def work(name):
        async with turns.turn(name):
            order.append(name)
            await asyncio.sleep(0)

    working = [asyncio.create_task(work(number)) for number in range(6)]
    await asyncio.sleep(0)
    for gone in (0, 3):
        working[gone].cancel()
    await asyncio.sleep(0)
    working[1].cancel()
    await asyncio.gather(*working, return_exceptions=True)
    assert order[0] == 0
    assert order[-3:] == [2, 4, 5]


def test_what_is_recorded_of_exchanges_under_way_is_bounded(running, upstream, contract, monkeypatch):
    """Beyond it bodies pass unvalidated; there is room again once they have passed."""
    monkeypatch.setattr(application, "MOST_RECORDED_BYTES", 160_000)
    json_type = {"Content-Type": "application/json"}
    with running(upstream.url, contract, most_bytes=1_000_000) as proxy:
        for size in (120_000, 60_000, 60_000):
            proxy.ask("POST", "/notes", content=b'"%b"' % (b"a" * size), headers=json_type)
        refused, *passed = proxy.exchanges
    assert "request's body was not recorded whole" in refused.verdict.unjudged
    assert [exchange.verdict.unjudged for exchange in passed] == ["", ""]
    assert len(upstream.asked[-3].body) == 120_002


def test_a_compressed_body_that_nobody_can_read_is_not_kept(proxy, upstream):
    """What might hold a secret that is not seen is in no journal."""
    upstream.response = HEAD + b"Content-Encoding: own\r\nContent-Length: 2\r\n\r\n[]"
    assert proxy.ask("GET", "/notes").content == b"[]"
    (exchange,) = proxy.exchanges
    assert (exchange.response.body, exchange.response.body_bytes) == (b"", 2)
    assert "'own' is not known" in exchange.verdict.unjudged


def test_the_report_tells_what_was_exercised(running, upstream, contract, json_response):
    """Operations, statuses, parameters and values are counted, those outside of the contract too."""
    upstream.response = json_response([], "418 Teapot")
    with running(upstream.url, contract) as proxy:
        proxy.ask("GET", "/notes?sort=new")
        proxy.ask("GET", "/elsewhere")
        report = proxy.recorder.tally.report()
    traffic = report.traffic
    (listed, added) = traffic.coverage
    assert (listed.calls, added.calls) == (1, 0)
    assert (listed.statuses, listed.undocumented) == ({"200": 0, "304": 0}, {"418": 1})
    assert listed.parameters == {"query sort": 1, "query token": 0}
    assert listed.values == {"query sort": {'"old"': 0, '"new"': 1}}
    assert [str(share) for share in traffic.shares.values()] == [
        "1 of 2",
        "0 of 3",
        "1 of 2",
        "1 of 2",
    ]
    assert (traffic.violating_requests, traffic.violating_responses) == (1, 1)
    assert (traffic.exit_code("request"), traffic.exit_code("response"), report.exit_code) == (
        1,
        1,
        1,
    )


def test_what_is_reported_of_an_exchange_has_no_bodies(contract, upstream, json_response):
    """To find secrets in them takes longer than all else that is done for one."""
    reported = []
    recorder = ProxyRecorder(contract, upstream.url, reported.append)
    upstream.response = json_response([1])
    with proxying(Upstream(upstream.url), recorder) as url:
        secrets = {"Authorization": "Bearer is-a-secret-of-the-client"}
        httpx2.get(f"{url}/notes?token=is-a-secret-of-the-client", headers=secrets, trust_env=False)
    (exchange,) = reported
    assert (exchange.number, exchange.status, exchange.operation) == (1, 200, "list_notes")
    assert [(side, violation.where) for side, violation in exchange.violations] == [("response", "/0")]
    assert "/notes?token=***" in exchange.url
    assert (exchange.request, exchange.response) == (Message(), Message())


@pytest.fixture
def strict_proxy(contract, upstream):
    """Return a client of a proxy that responds with errors."""
    recorder = ProxyRecorder(contract, upstream.url)
    with (
        proxying(Upstream(upstream.url), recorder, errors=True) as url,
        httpx2.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("sort", "value", "status", "said"),
    [
        ("new", ["a"], 200, None),
        ("odd", ["a"], 422, "request query sort: enum"),
        ("new", [1], 502, "response body /0: type"),
        ("odd", [1], 422, "request query sort: enum"),
    ],
)
def test_a_violation_can_be_an_error(strict_proxy, upstream, json_response, sort, value, status, said):
    """With errors, the client gets 422 for its own violation and 502 for the server's, in its place."""
    upstream.response = json_response(value)
    response = strict_proxy.get("/notes", params={"sort": sort})
    assert response.status_code == status
    if said is not None:
        assert response.headers["content-type"] == "application/problem+json"
        assert said in response.json()["detail"]
        assert response.headers["x-contract-violations"]


def test_an_endless_coded_stream_is_recorded(proxy, upstream, monkeypatch):
    """It is in the journal before it ends, not validated as it is not whole; the client gets all of it."""
    monkeypatch.setattr("contract_first.check.bounded_bodies.MOST_BYTES", 1000)
    recorded = threading.Event()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n"

    def events(connection, _):
        connection.sendall(head + gzip.compress(os.urandom(2000))[:-100])
        recorded.wait(10)
        connection.shutdown(socket.SHUT_WR)

    upstream.response = events
    with proxy.client.stream("GET", "/notes") as response:
        proxy.responses += 1
        [exchange] = proxy.exchanges
        recorded.set()
        body = b"".join(response.iter_raw())
    assert body.startswith(exchange.response.body)
    assert "body is not validated" in exchange.verdict.unjudged


def test_an_endless_stream_is_recorded_after_a_few_items(proxy, upstream):
    """The client gets all of it, while the first items are validated and in the journal."""
    event, recorded = b"data: 1\n\n", threading.Event()

    def events(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + event * 25)
        recorded.wait(10)
        connection.sendall(event * 5)
        connection.shutdown(socket.SHUT_WR)

    upstream.response = events
    with proxy.client.stream("GET", "/notes") as response:
        proxy.responses += 1
        [exchange] = proxy.exchanges
        recorded.set()
        body = response.read()
    assert exchange.response.body == event * 20
    assert body == event * 30
    assert proxy.exchanges == [exchange]
