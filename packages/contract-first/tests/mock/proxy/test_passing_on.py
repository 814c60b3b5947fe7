import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


def test_a_request_goes_on_as_it_came(proxy, upstream):
    """Method, target, fields and body are the client's, but for Host and Via; repeated fields stay apart."""
    target = "/notes/%2F%7e;x=1?sort=old&a=%20+&a"
    fields = [("X-One", "1"), ("X-Two", "a"), ("x-one", "2"), ("Cookie", "a=b")]
    proxy.ask("PUT", target, headers=fields, content=b"\x00\xff")
    assert upstream.last.line == f"PUT {target} HTTP/1.1"
    sent = [(name, value) for name, value in upstream.last.fields if name in {"x-one", "x-two", "cookie"}]
    assert sent == [(name.lower(), value) for name, value in fields]
    assert upstream.last.body == b"\x00\xff"
    assert upstream.last["content-length"] == "2"
    assert upstream.last["host"] == upstream.url.removeprefix("http://")
    assert upstream.last["via"].startswith("1.1 contract-first-")


def test_the_targets_spelling_is_kept(proxy, upstream):
    """Dots, doubled slashes and characters that clients would escape go on as they are."""
    for target in (b"/a/../b/./c", b"//evil.example/x", b'/a{}|"<>^`', b"/notes?", b"*"):
        with proxy.connection() as connection:
            connection.sendall(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert upstream.last.line == f"OPTIONS {target.decode().removesuffix('?')} HTTP/1.1"


def test_the_client_has_no_say_in_where_a_request_goes(proxy, upstream):
    """An absolute target, a foreign Host and forwarding fields change nothing: only the upstream is asked."""
    with proxy.connection() as connection:
        connection.sendall(
            b"GET http://evil.example/notes HTTP/1.1\r\nHost: evil.example\r\n"
            b"Forwarded: host=evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
        )
        assert b"200 OK" in connection.recv(1 << 16)
    assert upstream.last.line == "GET /notes HTTP/1.1"
    assert upstream.last["host"] == upstream.url.removeprefix("http://")


def test_redirects_are_the_clients_to_follow(proxy, upstream, json_response):
    """A redirect goes back as it is, wherever it leads."""
    upstream.response = json_response([], "302 Found", "Location: http://evil.example/")
    response = proxy.ask("GET", "/notes", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (302, "http://evil.example/")
    assert len(upstream.asked) == 1


def test_fields_of_a_connection_end_with_it(proxy, upstream, json_response):
    """Hop-by-hop fields, and those that Connection names, do not go through, either way."""
    hop = {
        "Connection": "x-mine, keep-alive",
        "X-Mine": "1",
        "Keep-Alive": "5",
        "TE": "trailers",
        "Upgrade": "h2c",
    }
    upstream.response = json_response(
        [], "200 OK", *(f"{name}: {value}" for name, value in hop.items()), "X-Kept: 1"
    )
    response = proxy.ask("GET", "/notes", headers=hop | {"X-Kept": "1", "Proxy-Connection": "x"})
    for fields in (dict(upstream.last.fields), response.headers):
        assert not {"x-mine", "keep-alive", "te", "upgrade", "proxy-connection"} & set(fields)
        assert fields["x-kept"] == "1"


def test_no_connection_takes_the_end_of_a_body(proxy, upstream):
    """A client whose Connection names Content-Length and Host gets its request through, both in it."""
    response = proxy.ask("POST", "/notes", headers={"Connection": "Content-Length, Host"}, content=b"{}")
    assert response.status_code == 200
    assert upstream.last.body == b"{}"
    assert {"content-length", "host"} <= set(dict(upstream.last.fields))


def test_a_response_comes_back_as_it_was(proxy, upstream, json_response):
    """Status, fields in their order, repeated ones too, and the body's bytes are the upstream's."""
    fields = ["Set-Cookie: a=1", "X-B: 1", "Set-Cookie: b=2", "Server: theirs", "Date: then"]
    upstream.response = json_response(["é"], "200 Fine", *fields)
    response = proxy.ask("GET", "/notes")
    names = {"set-cookie", "x-b", "server", "date"}
    got = [(name, value) for name, value in response.headers.multi_items() if name in names]
    assert [f"{name}: {value}" for name, value in got] == [
        name.lower() + ":" + value for name, _, value in (each.partition(":") for each in fields)
    ]
    assert response.json() == ["é"]


def test_a_content_coding_is_not_touched(proxy, upstream):
    """Compressed bytes arrive as they were sent, and are validated as what they stand for."""
    body = gzip.compress(b"[1]")
    upstream.response = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with proxy.client.stream("GET", "/notes", headers={"Accept-Encoding": "gzip"}) as response:
        assert b"".join(response.iter_raw()) == body
    assert response.headers["content-encoding"] == "gzip"
    assert upstream.last["accept-encoding"] == "gzip"
    assert response.headers["x-contract-violations"] == "1"


def test_bodies_in_chunks_go_in_chunks(proxy, upstream):
    """A body of unknown length is one on the other side too, both ways."""
    upstream.response = OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n"
    response = proxy.ask("POST", "/notes", content=iter([b"ab", b"c"]))
    assert upstream.last["transfer-encoding"] == "chunked"
    assert upstream.last["content-length"] is None
    assert upstream.last.body == b"abc"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.content == b"[]"


def test_a_body_that_ends_with_its_connection_is_whole(proxy, upstream):
    """An upstream of HTTP/1.0 tells a response's end by closing."""
    upstream.response = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[]"
    assert proxy.ask("GET", "/notes").content == b"[]"


def test_head_has_the_fields_of_get(proxy, upstream):
    """The length that HEAD tells is that of the body that does not come."""
    upstream.response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"
    response = proxy.ask("HEAD", "/notes")
    assert (response.headers["content-length"], response.content) == ("999", b"")
    assert "x-contract-violations" not in response.headers


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_a_body_may_tell_a_length(proxy, upstream, status):
    """What has not changed tells how long it is; a 204 may, if against the rules; the connection is kept."""
    for _ in range(2):
        upstream.response = b"HTTP/1.1 %d Fine\r\nETag: x\r\nContent-Length: 999\r\n\r\n" % status
        response = proxy.ask("GET", "/notes")
        assert (response.status_code, response.headers["etag"], response.content) == (status, "x", b"")
        assert (response.headers["content-length"], response.headers.get("connection")) == ("999", None)


def test_trailers_do_not_become_fields(proxy, upstream):
    """What comes after a body is not taken for a part of the head, either way."""
    upstream.response = OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\nX-Late: 1\r\n\r\n"
    with proxy.connection() as connection:
        connection.sendall(
            b"POST /notes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\n{}\r\n0\r\nX-Late: 1\r\n\r\n"
        )
        response = connection.makefile("rb").read()
    assert response.endswith(b"2\r\n[]\r\n0\r\n\r\n")
    assert b"x-late" not in response.lower()
    assert upstream.last["x-late"] is None


def test_interim_responses_are_not_the_response(proxy, upstream, json_response):
    """What comes after a 1xx is what the client gets."""
    upstream.response = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + json_response(["late"])
    assert proxy.ask("GET", "/notes").json() == ["late"]


def test_a_client_that_waits_for_100_is_asked_to_go_on(proxy, upstream):
    """Expect: 100-continue works, and goes on to the upstream."""
    with proxy.connection() as connection:
        connection.sendall(
            b"POST /notes HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: 2\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 100")
        connection.sendall(b'""')
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
    assert (upstream.last["expect"], upstream.last.body) == ("100-continue", b'""')


@pytest.mark.usefixtures("proxy")
def test_an_upstreams_path_goes_before_those_of_requests(running, upstream, contract):
    """Behind http://host/base a request for /notes is one for /base/notes, and the contract's operation."""
    with running(upstream.url + "/base/", contract) as based:
        based.ask("GET", "/notes?sort=new")
        assert upstream.last.line == "GET /base/notes?sort=new HTTP/1.1"
        assert [each.operation for each in based.exchanges] == ["list_notes"]


@pytest.mark.usefixtures("proxy")
def test_host_can_be_the_clients(running, upstream, contract):
    """On demand the upstream sees the Host that the client sent."""
    with running(upstream.url, contract, keep_host=True) as keeping:
        keeping.ask("GET", "/notes", headers={"Host": "api.example"})
    assert upstream.last["host"] == "api.example"


@pytest.mark.parametrize("host", ["localhost", "[::1]:80", "192.0.2.7:8010", "a.localhost", "API.example:1"])
def test_names_of_the_proxy(proxy, upstream, host):
    """It may be called by any address, by names of this machine and by those that are listed."""
    assert proxy.ask("GET", "/notes", headers={"Host": host}).status_code == 200
    assert upstream.last.line == "GET /notes HTTP/1.1"


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:80", "localhost.evil.test", "a@evil.test", "[::1", "127.1"]
)
def test_a_name_that_was_rebound_is_refused(proxy, upstream, host):
    """A page whose own name has come to stand for this machine reads nothing; the upstream is not asked."""
    before = len(upstream.asked)
    response = proxy.ask("GET", "/notes", headers={"Host": host})
    assert (response.status_code, len(upstream.asked)) == (421, before)
    assert "--allow-host" in response.json()["detail"]


def test_a_proxy_that_is_its_own_upstream_says_so(running, upstream, contract):
    """A request that comes back to the proxy that sent it goes no further."""
    with running(upstream.url, contract) as loop:
        upstream.response = lambda connection, asked: connection.sendall(
            b"HTTP/1.1 "
            + str(httpx2.get(loop.url, headers={"Via": asked["via"]}).status_code).encode()
            + b" Loop\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        assert loop.ask("GET", "/notes").status_code == 508


def test_many_exchanges_at_once_do_not_mix(proxy, upstream):
    """Each client gets the response to its own request."""

    def echo(connection, asked):
        body = json.dumps([asked["x-number"]])
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall((head + body).encode())

    def ask(number):
        return proxy.ask("GET", "/notes", headers={"X-Number": number}).json()

    upstream.response = echo
    numbers = [str(number) for number in range(40)]
    with ThreadPoolExecutor(8) as clients:
        assert list(clients.map(ask, numbers)) == [[number] for number in numbers]
    assert len(proxy.exchanges) == 40
