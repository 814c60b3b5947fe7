"""How a mock is reached: over TLS, by the host that a request came to, and by URLs that are set."""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2
import pytest
import typer

from contract_first.cli.banner import reach_rows, trusting
from contract_first.cli.commands import checked_by
from contract_first.cli.mock import Mocks
from contract_first.mock import contract_mock, reach
from contract_first.mock.options import base_url
from contract_first.mock.reach import Reach, certified_names, is_loopback_host, lan_url
from contract_first.service.http import server

API, S3 = "http://127.0.0.1:8000", "http://127.0.0.1:9000"
LAN = "192.0.2.7"


@pytest.fixture
def network(monkeypatch):
    """Be in a network at this address; return what puts this machine elsewhere."""

    def be_at(address):
        monkeypatch.setattr(reach, "lan_address", lambda: address)

    be_at(LAN)
    return be_at


def request(host, **headers):
    """Return the scope of a request."""
    fields = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {"scheme": "http", "headers": [(name.encode(), text.encode()) for name, text in fields.items()]}


@pytest.mark.parametrize(
    ("host", "accepted", "loopback"),
    [
        ("127.0.0.1:8000", True, True),
        ("[::1]:8000", True, True),
        ("localhost", True, True),
        ("10.0.2.2:8000", True, False),
        ("host.docker.internal:8000", True, False),
        ("mymac.local", True, False),
        ("mock:8000", True, False),
        ("tunnel.example", True, False),
        ("evil.example:8000", False, False),
        ("[::1].evil.example", False, False),
        ("127.0.0.1.evil.example", False, False),
        ("evil.example@localhost", False, False),
        ("localhost:8000.evil.example", False, False),
        ("", False, False),
    ],
)
def test_hosts_that_a_page_may_have_rebound(host, accepted, loopback):
    """Names that anybody can register are refused but for that of the public URL; a proxy checks its own."""
    assert Reach(API, public_url="https://tunnel.example").accepts(host) is accepted
    assert is_loopback_host(host) is loopback
    assert Reach(API, trust_proxy=True).accepts(host)


def test_a_rebound_page_reads_nothing_of_the_mock(minimal, write):
    """Its requests are a 421 that says what to do; a client without a Host is none of a browser."""
    with contract_mock(str(write(minimal))) as mock:
        for host in ("[::1].evil.example", "evil.example"):
            response = httpx2.get(f"{mock.api}/pets", headers={"Host": host})
            assert response.status_code == HTTPStatus.MISDIRECTED_REQUEST
        assert httpx2.get(f"{mock.api}/pets", headers={"Host": "mymac.local"}).status_code == HTTPStatus.OK
    assert response.json()["detail"].endswith("localhost or a name that --public-url has.")


@pytest.mark.parametrize(
    ("host", "api", "s3"),
    [
        ("10.0.2.2:8000", "http://10.0.2.2:8000", "http://10.0.2.2:9000"),
        ("host.docker.internal:8000", "http://host.docker.internal:8000", "http://host.docker.internal:9000"),
        ("mymac.local", "http://mymac.local", "http://mymac.local:9000"),
        ("[fe80::1]:8000", "http://[fe80::1]:8000", "http://[fe80::1]:9000"),
        ("evil/path", API, S3),
        ("a b", API, S3),
        ("", API, S3),
    ],
)
def test_urls_have_the_host_that_a_request_came_to(host, api, s3):
    """Both servers are where the request came to; a Host that is none leads to this machine."""
    reached = Reach(API, S3)
    reached.note(request(host))
    assert reached.urls() == {"api": api, "control": f"{api}/_mock", "s3": s3}


@pytest.mark.parametrize("trusts", [True, False])
def test_a_proxy_is_believed_if_it_is_trusted(trusts):
    """X-Forwarded-* says where the client called, for who trusts the proxy, and is nothing for others."""
    reached = Reach(API, S3, trust_proxy=trusts)
    reached.note(request("inner:8000", x_forwarded_host="other, mock.test", x_forwarded_proto="https"))
    expected = (
        ("https://mock.test", "http://mock.test:9000")
        if trusts
        else ("http://inner:8000", "http://inner:9000")
    )
    assert (reached.api, reached.s3) == expected


def test_public_urls_are_for_everyone():
    """URLs that are set stand whatever host a request came to."""
    reached = Reach(API, S3, public_url="https://mock.test", s3_public_url="https://s3.test")
    reached.note(request("mymac.local"))
    assert (reached.api, reached.s3) == ("https://mock.test", "https://s3.test")


@pytest.mark.parametrize(
    "text", ["mock.test", "ftp://mock.test", "https://", "https://a@b", "http://a?b", "http://a:x"]
)
def test_what_is_no_public_url_is_refused(text):
    """A public URL has a scheme and a host, and nothing that requests would have to repeat."""
    with pytest.raises(typer.BadParameter, match="is not an http:// or https:// URL"):
        checked_by(base_url)(text)


def test_others_in_the_network(network):
    """Who listens on all addresses is given the one for others, which certificates are for as well."""
    assert lan_url("https://127.0.0.1:8000", "0.0.0.0") == f"https://{LAN}:8000"  # noqa: S104 -- not listened on
    assert lan_url(API, "127.0.0.1") is None
    assert certified_names("::", "https://mock.test:1", None) == [LAN, "mock.test"]
    network(None)
    assert lan_url(API, "::") is None
    assert certified_names("mymac.local") == ["mymac.local"]


def test_a_banner_has_what_others_need():
    """The network's URL, the certificate, and where others get it; curl is asked to trust it."""
    for port in (1, 2):  # that of the API, and that of the control of S3 on its own
        assert reach_rows(f"https://{LAN}:1", "/ca.pem", f"https://127.0.0.1:{port}/_mock") == {
            "network": f"https://{LAN}:1",
            "CA": "/ca.pem",
            "CA for others": f"https://{LAN}:{port}/_mock/ca.pem",
        }
    assert reach_rows(None, None, f"{API}/_mock") == {}
    assert trusting("curl https://a", "/a b.pem") == "curl --cacert '/a b.pem' https://a"


def test_a_contract_over_tls(minimal, write, tmp_path):
    """API, console and control are HTTPS, by the authority that is kept; anyone may have its certificate."""
    with contract_mock(str(write(minimal)), ca=tmp_path) as mock:
        context = ssl.create_default_context(cafile=mock.ca)
        assert mock.api.startswith("https://127.0.0.1:")
        assert httpx2.get(f"{mock.api}/pets", verify=context).status_code == 200
        headers = {"Host": "mymac.local:8000"}
        served = httpx2.get(f"{mock.api}/_mock/ca.pem", verify=context, headers=headers)
        assert served.text == (tmp_path / "ca.pem").read_text()
        assert served.headers["content-type"] == "application/x-x509-ca-cert"
        assert httpx2.get(f"{mock.control}/seeds", verify=context, headers=headers).status_code == 403
        assert httpx2.get(f"{mock.control}/seeds", verify=context).json() == mock.seeds()
        assert Mocks().variables(mock)["NODE_EXTRA_CA_CERTS"] == mock.ca


def test_a_handshake_that_drips_is_not_waited_for(minimal, write, monkeypatch):
    """Who connects and does not come to the end of TLS's handshake is cut off."""
    monkeypatch.setattr(server, "HANDSHAKE_SECONDS", 0.2)
    with contract_mock(str(write(minimal)), tls=True) as mock:
        with socket.create_connection(("127.0.0.1", urlsplit(mock.api).port), timeout=30) as slow:
            slow.sendall(b"\x16\x03\x01\x02\x00\x01")  # a record with a greeting begins
            assert slow.recv(1) == b""
        context = ssl.create_default_context(cafile=mock.ca)
        assert httpx2.get(f"{mock.api}/pets", verify=context).status_code == 200


def test_there_is_no_certificate_without_tls(minimal, write):
    """A mock on plain HTTP names no certificate, and has none."""
    with contract_mock(str(write(minimal)), public_url="https://mock.test") as mock:
        assert "ca" not in mock.seeds()
        assert mock.api == "https://mock.test"
        assert httpx2.get(f"{mock.control}/ca.pem").status_code == 404
        assert httpx2.get(f"{mock.control}/seeds").json()["api"] == "https://mock.test"
        assert "AWS_CA_BUNDLE" not in Mocks().variables(mock)
