"""The issuer's key set: what is taken from it, and how often it is asked for."""

from __future__ import annotations

import asyncio
import json
import runpy
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.messages.traces import CURRENT, Trace
from scanner_api.access import jwks, jwks_sources
from scanner_api.access.jwks import KeySet, usable_keys
from scanner_api.access.jwks_sources import MOST_BYTES, KeySetError, fetched, reader_of

http_server = runpy.run_path(str(Path(__file__).parents[2] / "services" / "http_server.py"))["http_server"]

RSA = RSAKey.generate_key(2048).as_dict(private=False)
short = generate_private_key(65537, 1024)  # noqa: S505 -- to be refused
SHORT_RSA = RSAKey(short, short).as_dict(private=False)
EC = ECKey.generate_key("P-256").as_dict(private=False)
ED25519 = OKPKey.generate_key("Ed25519").as_dict(private=False)


def document(*keys):
    """Return a JWK Set document."""
    return json.dumps({"keys": keys}).encode()


class Issuer:
    """Responds with a status, headers and a body that can be changed, and counts how often."""

    def __init__(self, url):
        self.url = url
        self.asked = 0
        self.traces = []
        self.status = 200
        self.headers = {}
        self.body = document(RSA | {"kid": "one"})


@contextmanager
def serving():
    """Run an issuer on loopback."""

    def respond(request):
        issuer.asked += 1
        issuer.traces.append(request.headers["traceparent"])
        request.send_response(issuer.status)
        for name, value in issuer.headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(issuer.body)

    with http_server(respond) as url:
        issuer = Issuer(f"{url}/jwks.json")
        yield issuer


@pytest.fixture
def issuer():
    """Return an issuer that responds with one RSA key called ``one``."""
    with serving() as running:
        yield running


class Ticks:
    """Seconds that pass when they are asked to."""

    now = 100.0

    def read(self):
        """Return the seconds so far."""
        return self.now


def test_keys_are_found_by_id_and_algorithm():
    """Each key is there for the algorithm of its type; the only one for an algorithm also without id."""
    keys = usable_keys(document(RSA | {"kid": "a"}, RSA | {"kid": "b"}, EC | {"kid": "a"}, ED25519))
    assert set(keys) == {
        ("a", "RS256"),
        ("b", "RS256"),
        ("a", "ES256"),
        (None, "ES256"),
        (None, "EdDSA"),
        (None, "Ed25519"),
    }


async def test_a_read_is_part_of_the_trace_of_the_request_that_waits_for_it(issuer):
    """The issuer sees which request made it respond."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    CURRENT.set(Trace(trace, "01", ""))
    assert await KeySet(issuer.url).key("one", "RS256")
    (sent,) = issuer.traces
    assert sent.startswith(f"00-{trace}-")


def test_key_for_one_algorithm_is_used_for_no_other():
    """A key that names its algorithm is there for it alone."""
    assert set(usable_keys(document(RSA, ED25519 | {"alg": "EdDSA"}))) == {(None, "RS256"), (None, "EdDSA")}


@pytest.mark.parametrize(
    "unusable",
    [
        OctKey.generate_key(256).as_dict() | {"kid": "x"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "x"},
        ECKey.generate_key("P-384").as_dict(private=False),
        OKPKey.generate_key("Ed448").as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
        RSA | {"use": "enc"},
        RSA | {"key_ops": ["encrypt"]},
        RSA | {"alg": "PS256"},
        RSA | {"alg": None},
        RSA | {"kid": ["x"]},
        RSA | {"crv": ["P-256"]},
        RSA | {"kty": "EC"},
        RSA | {"kty": ["RSA"]},
        SHORT_RSA,
        RSA | {"n": "!"},
        RSA | {"n": 7},
        {"kty": "RSA"},
        {},
        "key",
        None,
        [RSA],
    ],
)
def test_key_that_cannot_be_used_is_left_out(unusable):
    """A key of another kind, malformed, too short or not for signatures spoils nothing, and is not used."""
    assert set(usable_keys(document(unusable, EC | {"kid": "x"}))) == {("x", "ES256"), (None, "ES256")}
    with pytest.raises(KeySetError, match="no key for RS256, ES256 or EdDSA"):
        usable_keys(document(unusable))


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff", b"[]", b"null", b"{}", b"[" * 100_000, b'{"keys": 1}', b'{"keys": {"kty": 1}}']
)
def test_document_that_is_no_key_set(garbage):
    """What is no JWK Set is an error, whatever it is."""
    with pytest.raises(KeySetError):
        usable_keys(garbage)


async def test_many_at_once_ask_the_issuer_once(issuer):
    """However many requests need the keys at first, and later, the issuer is asked one time."""
    keys = KeySet(issuer.url)
    found = await asyncio.gather(*(keys.key("one", "RS256") for _ in range(50)))
    assert None not in found
    assert await keys.key("one", "RS256") is found[0]
    assert issuer.asked == 1


async def test_unknown_id_asks_again_once_a_minute(issuer):
    """A key that the issuer has added is found; guessed ids cost the issuer one question a minute."""
    ticks = Ticks()
    keys = KeySet(issuer.url, ticks=ticks.read)
    await keys.key("one", "RS256")
    issuer.body = document(RSA | {"kid": "one"}, RSA | {"kid": "two"})
    ticks.now += 59
    assert await asyncio.gather(*(keys.key("two", "RS256") for _ in range(20))) == [None] * 20
    assert issuer.asked == 1
    ticks.now += 1
    assert None not in await asyncio.gather(*(keys.key("two", "RS256") for _ in range(20)))
    assert [await keys.key(f"guess-{number}", "RS256") for number in range(20)] == [None] * 20
    assert issuer.asked == 2


async def test_keys_are_read_again_after_ten_minutes(issuer):
    """Known keys are used for ten minutes; then a key that the issuer has withdrawn is gone."""
    ticks = Ticks()
    keys = KeySet(issuer.url, ticks=ticks.read)
    await keys.key("one", "RS256")
    issuer.body = document(RSA | {"kid": "two"})
    ticks.now += 599
    assert await keys.key("one", "RS256")
    ticks.now += 1
    assert await keys.key("one", "RS256") is None
    assert issuer.asked == 2


@pytest.mark.parametrize(
    ("status", "headers", "body", "logged"),
    [
        (500, {}, b"", "responded with 500"),
        (302, {"Location": "/elsewhere"}, b"", "responded with 302"),
        (204, {}, b"", "responded with 204"),
        (200, {}, b"<html>", "not a JSON object"),
        (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08", "not a JSON object"),
        (200, {}, document() + b" " * MOST_BYTES, f"more than {MOST_BYTES} bytes"),
        (200, {"Content-Length": "9999"}, document(RSA), "RemoteProtocolError"),
    ],
)
async def test_response_that_is_no_key_set(issuer, caplog, status, headers, body, logged):
    """An issuer that fails, redirects, or sends too much or nonsense is a 503, and the log says why."""
    issuer.status, issuer.headers, issuer.body = status, headers, body
    with pytest.raises(ServiceUnavailable):
        (await KeySet(issuer.url).key("one", "RS256"))
    assert logged in caplog.text
    assert issuer.asked == 1


@contextmanager
def dripping(beginning, piece):
    """Serve a response that has a beginning and then piece after piece, without end; yield its URL."""
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(beginning)
                while not ended.wait(0.01):
                    connection.sendall(piece)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/jwks.json"
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    ],
    ids=["nothing", "head", "body"],
)
def test_one_deadline_for_the_whole_fetch(monkeypatch, beginning, piece):
    """However often a slow issuer sends something, the thread of its key set is free again."""
    monkeypatch.setattr(jwks_sources, "TIMEOUT_SECONDS", 0.3)
    with dripping(beginning, piece) as url, pytest.raises(KeySetError, match=r"within 0\.3 seconds"):
        fetched(url)


async def test_a_read_that_hangs_takes_no_threads_of_others(monkeypatch, caplog):
    """However often a key set is asked for that hangs, it has one thread, none of the event loop's."""
    monkeypatch.setattr(jwks, "TIMEOUT_SECONDS", 0.05)
    ticks, go_on = Ticks(), Event()
    keys = KeySet("/nowhere", ticks=ticks.read)
    keys._read = lambda: go_on.wait(30) and b""
    try:
        for _ in range(40):
            ticks.now += 60
            with pytest.raises(ServiceUnavailable):
                await keys.key("one", "RS256")
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 10) == "free"
        assert [thread.name for thread in enumerate_threads()].count("key-set") == 1
    finally:
        go_on.set()
    assert "has not ended" in caplog.text


async def test_issuer_that_fails_is_asked_again_soon(issuer):
    """While there are no keys the issuer is asked every five seconds, and no more often."""
    ticks = Ticks()
    issuer.status = 500
    keys = KeySet(issuer.url, ticks=ticks.read)
    for _ in range(10):
        with pytest.raises(ServiceUnavailable):
            await keys.key("one", "RS256")
    assert issuer.asked == 1
    issuer.status = 200
    ticks.now += 5
    assert await keys.key("one", "RS256")
    assert issuer.asked == 2


async def test_known_keys_outlive_the_issuer():
    """When the issuer is gone the keys it had go on being used; an unknown one is a 503, not a 401."""
    ticks = Ticks()
    with serving() as issuer:
        keys = KeySet(issuer.url, ticks=ticks.read)
        await keys.key("one", "RS256")
    ticks.now += 3600
    assert await keys.key("one", "RS256")
    with pytest.raises(ServiceUnavailable):
        await keys.key("two", "RS256")


async def test_who_has_a_key_does_not_wait_for_the_issuer(issuer):
    """While one request reads the keys again, the others go on with those that are known."""
    ticks = Ticks()
    keys = KeySet(issuer.url, ticks=ticks.read)
    await keys.key("one", "RS256")
    ticks.now += 600
    async with keys._reading, asyncio.timeout(10):
        assert await keys.key("one", "RS256")
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "location",
    ["http://login.example/jwks", "http://127.0.0.1.evil.example", "ftp://login.example", "http:"],
)
def test_keys_come_from_a_safe_place_only(location):
    """A URL where somebody in between could exchange the keys is refused at start."""
    with pytest.raises(ValueError, match="oauth_jwks"):
        reader_of(location)


@pytest.mark.parametrize(
    "location", ["https://login.example/", "http://localhost:8080/", "http://[::1]/", "file:///x"]
)
def test_safe_places(location):
    """https, a file, and http on this very machine are fine."""
    assert reader_of(location)


def test_url_that_cannot_be_asked():
    """A URL that passes the first look and cannot be used after all is an error of the key set."""
    with pytest.raises(KeySetError, match="URL"):
        reader_of("https://:99999999/")()
