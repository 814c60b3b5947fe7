"""Each kind of fault of an API happens, to whom it is for, as often as it is to, and ends."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest


def statuses(get, count, **headers):
    """Return the statuses of so many requests, one after the other."""
    return [get(**headers).status_code for _ in range(count)]


def test_a_path_is_met_decoded(fault, api):
    """What stands in `match.path` is the path as people read it, however a client encodes it."""
    fault({"status": 503}, match={"path": "*/things/a b"}, times=2)
    responses = [api.get(f"/things/{sent}") for sent in ("a%20b", "%61%20b", "a%2520b")]
    assert [response.status_code == 503 for response in responses] == [True, True, False]


@pytest.mark.parametrize(("status", "title"), [(502, "Bad Gateway"), (520, "Status 520")])
def test_a_status_that_the_contract_does_not_have(status, title, fault, get):
    """What stands between a client and the API has statuses too."""
    fault({"status": status}, times=1)
    problem = get().json()
    assert (problem["status"], problem["title"], problem["type"]) == (status, title, "about:blank")


@pytest.mark.parametrize("status", [204, 302, 304])
def test_a_status_that_is_no_error(status, fault, get):
    """Statuses below 400 that the contract does not have come without a body."""
    fault({"status": status}, times=1)
    response = get()
    assert (response.status_code, response.content) == (status, b"")
    assert get().status_code == 200


def test_retry_after_without_a_status(fault, get):
    """Any response may say when to come back."""
    fault({"retry_after_seconds": 3}, times=1)
    response = get()
    assert (response.status_code, response.headers["Retry-After"]) == (200, "3")
    assert "Retry-After" not in get().headers


def test_a_dropped_connection(fault, get):
    """The connection ends without a byte of a response, and the next one is handled."""
    fault({"drop": True}, times=1)
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        get()
    assert get().status_code == 200


def test_latency(fault, get):
    """The response is held back for that long."""
    fault({"latency_ms": 250}, times=1)
    start = time.monotonic()
    assert get().status_code == 200
    assert time.monotonic() - start >= 0.25


@pytest.mark.parametrize(
    "latency",
    [
        {"distribution": "uniform", "lower": 50, "upper": 60},
        {"distribution": "normal", "mean": 60, "standard_deviation": 1},
        {"distribution": "lognormal", "median": 60, "sigma": 0.01},
    ],
)
def test_distributed_latency(latency, fault, get):
    """A latency may be drawn from a distribution."""
    fault({"latency_ms": latency}, times=1)
    start = time.monotonic()
    assert get().status_code == 200
    assert time.monotonic() - start >= 0.045


def test_latency_before_an_error(fault, get):
    """Effects come together: held back, then refused."""
    fault({"latency_ms": 100, "status": 500, "retry_after_seconds": 1}, times=1)
    start = time.monotonic()
    response = get()
    assert (response.status_code, response.headers["Retry-After"]) == (500, "1")
    assert time.monotonic() - start >= 0.1


def test_a_slow_body(fault, api):
    """The body comes bit by bit, and is whole."""
    fault({"bytes_per_second": 1000}, times=1)
    start = time.monotonic()
    with api.stream("GET", "/things/a") as response:
        pieces = list(response.iter_raw())
    assert len(pieces) > 1
    assert len(b"".join(pieces)) == int(response.headers["Content-Length"])
    assert time.monotonic() - start >= 0.1


def test_a_slow_body_that_nobody_waits_for(fault, api, get):
    """A client that goes away in the midst of it leaves nothing behind that keeps others waiting."""
    fault({"bytes_per_second": 1}, times=1)
    with api.stream("GET", "/things/a") as response:
        assert response.status_code == 200
    assert get().status_code == 200


def test_a_scope(fault, get):
    """A fault of a test run applies to that run's requests alone."""
    fault({"status": 500}, scope="run-1", times=1)
    assert get().status_code == 200
    assert get(**{"X-Mock-Scope": "run-2"}).status_code == 200
    assert statuses(get, 2, **{"X-Mock-Scope": "run-1"}) == [500, 200]


def test_skip_and_times(fault, get, control):
    """The first are let through, the next are affected, and what was affected is counted."""
    standing = fault({"status": 500}, skip=2, times=2)
    assert statuses(get, 6) == [200, 200, 500, 500, 200, 200]
    assert [(each["id"], each["struck"]) for each in control.get("/faults").json()["faults"]] == [
        (standing["id"], 2)
    ]


def test_probability(fault, get, control):
    """Chance applies to the same requests whenever the same fault is switched on."""
    runs = []
    for _ in range(2):
        standing = fault({"status": 500}, probability=0.5)
        runs.append(statuses(get, 16))
        assert control.delete(f"/faults/{standing['id']}").status_code == 204
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_the_first_whose_turn_it_is(fault, get):
    """Faults are tried in order, and where one does not apply another may."""
    fault({"status": 500}, times=1)
    fault({"status": 503}, times=1)
    assert statuses(get, 3) == [500, 503, 200]


def test_head(fault, api):
    """The response to HEAD has the status and no body."""
    fault({"status": 503, "error_code": "x"}, times=1)
    response = api.head("/things/a")
    assert (response.status_code, response.content) == (503, b"")


def test_many_at_once(fault, api):
    """Of many requests at once, exactly so many are affected as are to be."""
    fault({"status": 500}, skip=5, times=7)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: api.get("/things/a").status_code, range(40)))
    assert (found.count(500), found.count(200)) == (7, 33)
