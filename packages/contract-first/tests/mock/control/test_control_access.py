"""Who may control the mock: this machine, and no page of another site; or clients with the token."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.mock import contract_mock
from contract_first.mock.control.app import ControlAccess, _Checked
from contract_first.service.clock import SystemClock
from contract_first.service.edge import Edge
from contract_first.service.messages.problems import Forbidden
from contract_first.service.messages.request import Request

TOKEN = "public-token-not-a-secret"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.8.9.10",
        "[::1]",
        "[::1]:80",
        "LOCALHOST",
    ],
)
def test_this_machine_may(control, host):
    """Whatever a loopback address is called, it may be called by it."""
    assert control.get("/clock", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example#@localhost",
        "user@evil.example",
        "192.0.2.1",
        "0.0.0.0",  # noqa: S104 -- nothing listens there
        "[2001:db8::1]",
        "[::1",
        "[::1].evil.example",
        "",
        "localhost, evil.example",
        "127.1",
        "2130706433",
        "a" * 5000,
    ],
)
def test_a_name_that_was_rebound_may_not(control, host):
    """Another Host than a loopback address is a 403, from wherever it comes."""
    response = control.get("/clock", headers={"Host": host})
    assert response.status_code == 403
    assert "Host is not a loopback address" in response.json()["detail"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_own_pages_may(control, name):
    """The console may call, by whichever name it was opened."""
    place = f"{name}:{control.base_url.port}"
    headers = {"Host": place, "Origin": f"http://{place}", "Sec-Fetch-Site": "same-origin"}
    assert control.post("/clock", json={"freeze": False}, headers=headers).status_code == 200


@pytest.fixture(scope="module")
def listed(pets):
    """Return a client of a control API that pages of one more origin may use."""
    with (
        contract_mock(pets, control_origins=["http://localhost:5173"]) as mock,
        httpx2.Client(base_url=mock.control, trust_env=False) as client,
    ):
        yield client


def test_a_page_of_a_listed_origin_may(listed):
    """A page whose origin is listed may call, and read the response; so may the mock's own."""
    origin = {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "cross-site"}
    response = listed.post("/clock", json={"freeze": False}, headers=origin)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, origin["Origin"])
    asks = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    assert listed.options("/clock", headers=asks).headers["Access-Control-Allow-Origin"] == origin["Origin"]
    own = {"Origin": f"http://127.0.0.1:{listed.base_url.port}"}
    assert listed.post("/clock", json={"freeze": False}, headers=own).status_code == 200
    for other in ("http://localhost:5174", "https://localhost:5173"):
        assert listed.post("/clock", json={}, headers={"Origin": other}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_foreign_page_loads_may_not(control, site):
    """A script or a picture of a page of another origin sends no Origin, and is a 403; a link is followed."""
    fetched = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert control.get("/journal", headers=fetched).status_code == 403
    assert control.get("/journal", headers={**fetched, "Sec-Fetch-Mode": "navigate"}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://evil.example/localhost",
        "http://localhost@evil.example",
        "http://localhost:5173",
        "http://127.0.0.1:3000",
        "https://[::1]:1",
        "null",
        "",
        "file://",
        "chrome-extension://localhost",
        "localhost",
    ],
)
def test_a_page_of_another_site_may_not(control, origin):
    """A foreign Origin is a 403, and nothing is done."""
    response = control.post("/clock", json={"freeze": True}, headers={"Origin": origin})
    assert response.status_code == 403
    assert control.get("/clock").json()["frozen"] is False


def test_pages_and_events_are_behind_it_too(control):
    """Access is checked before everything below /_mock."""
    for path in ("/events", "/openapi.json", "/nothing", ""):
        assert control.get(path, headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "peer", [("192.0.2.7", 5), ("10.0.0.1", 5), ("::ffff:192.0.2.7", 5), ("2001:db8::1", 5), None]
)
def test_another_machine_may_not(peer):
    """A peer that is not loopback is refused, whatever Host it sends; so is one that is not known."""
    with pytest.raises(Forbidden, match="own machine"):
        ControlAccess().check(request_from(peer, (b"host", b"localhost")))


def test_ipv4_in_ipv6_is_this_machine():
    """A loopback address is one however it is written."""
    access = ControlAccess()
    access.check(request_from(("::ffff:127.0.0.1", 5), (b"host", b"localhost")))
    with pytest.raises(Forbidden):
        access.check(request_from(("::ffff:128.0.0.1", 5), (b"host", b"localhost")))


def test_what_is_no_origin_is_refused():
    """Origins are those of RFC 6454, as browsers send them, also where the API is Python's."""
    assert ControlAccess(origins=["HTTP://localhost:80"]).origins == ("http://localhost",)
    with pytest.raises(ValueError, match="localhost:5173/ is not an origin"):
        ControlAccess(origins=["http://localhost:5173/"])


def request_from(peer, *headers):
    """Return a request of a peer."""
    scope = {"method": "GET", "path": "/_mock/clock", "headers": headers, "client": peer, "query_string": b""}
    return Request(scope, None, "id", SystemClock())


async def page(_scope, _receive, send):
    """Respond to a page without a secret."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


@pytest.fixture(scope="module")
def guarded(pets):
    """Return a client of a control API that asks for a token."""
    with (
        contract_mock(pets, control_token=TOKEN) as mock,
        httpx2.Client(base_url=mock.control, trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "credential",
    [
        {"headers": {"Authorization": f"Bearer {TOKEN}"}},
        {"headers": {"Authorization": f"bearer {TOKEN}"}},
        {"params": {"token": TOKEN}},
        {
            "headers": {
                "Authorization": f"Bearer {TOKEN}",
                "Host": "mock.example",
                "Origin": "https://a.example",
            }
        },
    ],
)
def test_a_client_with_the_token_may(guarded, credential):
    """With the token it is open to everyone, from anywhere."""
    assert guarded.get("/seeds", **credential).json()["title"] == "Pets"


def test_a_page_reads_with_the_token_but_not_with_credentials(guarded):
    """A browser's own credentials never open it: of any page that asks, none may include them."""
    response = guarded.get("/seeds", params={"token": TOKEN}, headers={"Origin": "https://a.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_the_token_may_stand_behind_other_parameters(guarded):
    """Wherever it is in the query, it opens."""
    assert guarded.get("/journal", params={"limit": 0, "token": TOKEN}).status_code == 200


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"headers": {"Authorization": "Bearer"}},
        {"headers": {"Authorization": "Bearer wrong"}},
        {"headers": {"Authorization": f"Bearer {TOKEN}x"}},
        {"headers": {"Authorization": f"Basic {TOKEN}"}},
        {"headers": {"Authorization": "Bearer \u00fc".encode()}},
        {"headers": {"Authorization": "Bearer wrong"}, "params": {"token": TOKEN}},
        {"params": {"token": ""}},
        {"params": [("token", "wrong"), ("token", TOKEN)]},
        {"params": {"tokens": TOKEN}},
    ],
)
def test_a_client_without_the_token_may_not(guarded, credential):
    """Without the very token this machine may not either: a 401 that says how, and repeats nothing."""
    response = guarded.get("/seeds", **credential)
    assert (response.status_code, response.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
    assert TOKEN not in response.text


def test_too_many_parameters_are_no_way_in(guarded):
    """A query of more parts than anyone reads is refused as well."""
    assert guarded.get("/seeds", params=[("token", "x")] * 500).status_code == 401


@pytest.mark.parametrize(("path", "status"), [("/console", 200), ("/console/a.css", 200), ("/consoles", 401)])
async def test_a_public_page_asks_for_no_token(path, status):
    """A page without a secret is there without the token, and so is what is below it; the rest is not."""
    checked = _Checked(page, {"/_mock/console": page}, ControlAccess(TOKEN), {"/_mock/console"})
    edge = Edge(checked, clock=SystemClock(), pages={}, most_target_bytes=8192)
    transport = httpx2.ASGITransport(edge)
    async with httpx2.AsyncClient(transport=transport, base_url="http://mock.example/_mock") as client:
        result = (await client.get(path)).status_code
    assert result == status
