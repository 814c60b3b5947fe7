import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning import redirects
from scanner_api.scanning.destinations import Permissions
from scanner_api.scanning.redirects import RedirectFollower, SystemResolver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LOOPBACK = ip_address("127.0.0.1")
PUBLIC = ip_address("93.184.215.14")


def moved(location, status=302):
    """Return a raw answer that redirects; the location is bytes or text."""
    raw = location if isinstance(location, bytes) else location.encode()
    return b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, raw)


class Site:
    """A real HTTP server on loopback that answers each path with raw bytes and keeps what it was asked."""

    def __init__(self, answers):
        self.answers = answers
        self.heads = []
        self.port = 0
        self._connections = set()

    async def _answer(self, reader, writer):
        self._connections.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            writer.write(self.answers.get(head.split()[1], OK))
            await writer.drain()
            await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    @asynccontextmanager
    async def open(self, tls=None):
        """Serve while inside."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        await asyncio.gather(*self._connections)


class Names:
    """A name server in memory: answers from a table, one answer a lookup, and counts the lookups."""

    def __init__(self, **answers):
        self.answers = {name.replace("_", "."): list(answer) for name, answer in answers.items()}
        self.lookups = []

    async def __call__(self, host, port):
        """Return the next answer."""
        self.lookups.append((host, port))
        answers = self.answers.get(host, [[]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def follow(url, *, resolve=None, allowed=("127.0.0.0/8",), tls=None):
    """Return an awaitable that follows one URL with a follower of its own."""

    async def run():
        follower = RedirectFollower(Permissions(allowed=allowed), resolve=resolve, tls=tls)
        try:
            return await follower.follow(url)
        finally:
            await follower.aclose()

    return run()


def follow_on(answers, path="/"):
    """Serve the answers, follow a path on them, and return the resolution and the site."""

    async def run():
        async with Site(answers).open() as site:
            return await follow(f"http://127.0.0.1:{site.port}{path}"), site

    return asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_each_redirect_status_is_followed(status):
    """All five statuses lead on with a GET, and the whole chain is told."""
    resolution, site = follow_on({"/": moved("/b?x=1", status), "/b?x=1": OK})
    origin = f"http://127.0.0.1:{site.port}"
    assert resolution.succeeded
    assert resolution.final_url == f"{origin}/b?x=1"
    assert resolution.chain == [f"{origin}/", f"{origin}/b?x=1"]
    assert resolution.redirects == 1
    assert [hop.status_code for hop in resolution.hops] == [status, 200]
    assert all(head.startswith("GET ") for head in site.heads)


@pytest.mark.parametrize("status", [200, 204, 300, 304, 305, 404, 410, 500, 503])
def test_any_other_status_is_the_end(status):
    """A URL that answers without redirecting is where the chain ends, even if it answers with an error."""
    answer = b"HTTP/1.1 %d X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n" % status
    resolution, site = follow_on({"/": answer})
    assert (resolution.succeeded, resolution.redirects) == (True, 0)
    assert resolution.final_url == resolution.initial_url == f"http://127.0.0.1:{site.port}/"


@pytest.mark.parametrize("header", [b"", b"Location: \r\n"])
def test_a_redirect_without_location_is_the_end(header):
    """A redirect that does not say where leads nowhere, which is no failure."""
    resolution, _ = follow_on({"/": b"HTTP/1.1 302 Found\r\n" + header + b"Content-Length: 0\r\n\r\n"})
    assert (resolution.succeeded, resolution.redirects) == (True, 0)


@pytest.mark.parametrize(
    ("location", "end"),
    [
        ("b", "/a/b"),
        ("./b", "/a/b"),
        ("../b", "/b"),
        ("../../b", "/b"),
        ("/b", "/b"),
        ("?q=1", "/a/start?q=1"),
        ("/b?u=http://x/../y", "/b?u=http://x/../y"),
        ("/b c", "/b%20c"),
        ("/b%20c%zz", "/b%20c%zz"),
        (b"/caf\xe9", "/caf%E9"),
        ("/café", "/caf%C3%A9"),
        (b"/a\tb", "/a%09b"),
        ("/b#part", "/b#part"),
    ],
)
def test_a_location_is_read_as_a_browser_reads_it(location, end):
    """Relative, absolute, badly encoded and fragment-carrying locations lead where they were meant to."""
    resolution, site = follow_on({"/a/start": moved(location)}, "/a/start")
    assert resolution.error_message == ""
    assert resolution.final_url == f"http://127.0.0.1:{site.port}{end}"


@pytest.mark.parametrize(("location", "end"), [("/b", "/b#here"), ("/b#there", "/b#there"), ("/b#", "/b#")])
def test_a_fragment_is_inherited(location, end):
    """A fragment stays through a redirect that has none of its own, and is never sent."""
    resolution, site = follow_on({"/": moved(location)}, "/#here")
    assert resolution.final_url.removesuffix("#") == f"http://127.0.0.1:{site.port}{end}".removesuffix("#")
    assert not any("#" in head for head in site.heads)


@pytest.mark.parametrize("location", ["//127.0.0.1:{port}/b", "http://127.0.0.1:{port}/b"])
def test_a_location_may_name_the_host(location):
    """Scheme-relative and absolute locations are followed."""

    async def run():
        async with Site({}).open() as site:
            site.answers["/"] = moved(location.format(port=site.port))
            return await follow(f"http://127.0.0.1:{site.port}/")

    assert asyncio.run(run()).final_url.endswith("/b")


def test_ten_redirects_are_followed():
    """A chain of ten redirects comes to its end."""
    resolution, _ = follow_on({"/": moved("/1"), **{f"/{n}": moved(f"/{n + 1}") for n in range(1, 10)}})
    assert (resolution.succeeded, resolution.redirects) == (True, 10)


@pytest.mark.parametrize("loop", ["/1", "/"])
def test_more_than_ten_redirects_are_an_error(loop):
    """A longer chain, or one without end, fails, and its final URL is the initial one."""
    answers = {"/": moved(loop), **{f"/{n}": moved(f"/{n + 1}") for n in range(1, 30)}}
    resolution, site = follow_on(answers)
    assert resolution.error_message == "There are more than 10 redirects."
    assert resolution.final_url == resolution.initial_url
    assert (resolution.redirects, len(site.heads)) == (10, 11)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("ftp://example.com/x", "Only http and https"),
        ("javascript:alert(1)", "Only http and https"),
        ("file:///etc/passwd", "Only http and https"),
        ("http://[::1", "malformed"),
        ("http://user@example.com/", "user name"),
        ("http://2130706433/", "neither a plain name nor a plain address"),
        (b"http://ex\xc3\xa4mple.com/", "oddly spelled"),
        ("/" + "x" * 9000, "more than 8192 characters"),
        ("http://10.0.0.1/", "10.0.0.1 has no public address"),
        ("http://[::1]/", "::1 has no public address"),
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 has no public address"),
        ("https://8.8.8.8:22/", "8.8.8.8 has no public address on a permitted port"),
    ],
)
def test_every_hop_is_judged(location, message):
    """A permitted URL cannot redirect to one that is not; what answered before is told."""
    resolution, _ = follow_on({"/": moved(location)})
    assert message in resolution.error_message
    assert resolution.final_url == resolution.initial_url
    assert resolution.chain == [resolution.initial_url]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "did not answer in HTTP"),
        (b"", "within 0.2 seconds"),
        (b"HTTP/1.1 200 OK\r\n", "within 0.2 seconds"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10, "within 0.2 seconds"),
    ],
)
def test_a_broken_answer_is_a_result(answer, message, monkeypatch):
    """What is not HTTP, has a huge head, or never comes ends in an error message within the time."""
    monkeypatch.setattr(redirects, "TOTAL_SECONDS", 0.2)
    resolution, _ = follow_on({"/": answer})
    assert message in resolution.error_message
    assert (resolution.succeeded, resolution.chain) == (False, [])


def test_the_body_is_not_read():
    """An endless body does not hold the follower up."""
    resolution, _ = follow_on({"/": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 10_000})
    assert resolution.succeeded


def test_a_refused_connection_is_a_result():
    """Nothing listening is an error message."""

    async def run():
        async with Site({}).open() as site:
            port = site.port
        return await follow(f"http://127.0.0.1:{port}/")

    assert asyncio.run(run()).error_message == "127.0.0.1 cannot be connected to."


def test_the_name_is_looked_up_once_and_its_address_called():
    """A name that changes its address between check and call gains nothing: there is one lookup a hop."""
    names = Names(rebinding_test=[[LOOPBACK], [ip_address("10.0.0.1")]])

    async def run():
        async with Site({}).open() as site:
            resolution = await follow(
                f"http://rebinding.test:{site.port}/x", resolve=names, allowed=[f"rebinding.test:{site.port}"]
            )
            return resolution, site

    resolution, site = asyncio.run(run())
    assert resolution.succeeded
    assert names.lookups == [("rebinding.test", site.port)]
    assert f"Host: rebinding.test:{site.port}\r\n" in site.heads[0]


def test_a_second_hop_that_rebinds_is_refused():
    """The same name is judged anew at every hop, by the addresses of that hop."""
    names = Names(rebinding_test=[[LOOPBACK], [ip_address("10.0.0.1")]])

    async def run():
        async with Site({"/": moved("/next")}).open() as site:
            return await follow(f"http://rebinding.test:{site.port}/", resolve=names), site

    resolution, site = asyncio.run(run())
    assert resolution.error_message == "rebinding.test has no public address on a permitted port."
    assert len(site.heads) == 1


@pytest.mark.parametrize(
    "answer", [[], [LOOPBACK], [PUBLIC, LOOPBACK], [LOOPBACK, PUBLIC], [ip_address("::ffff:7f00:1")]]
)
def test_every_address_of_a_name_has_to_be_public(answer):
    """One private address among public ones is enough to refuse a name, before anything is sent."""
    resolution = asyncio.run(follow("http://mixed.test/", resolve=Names(mixed_test=[answer]), allowed=[]))
    assert resolution.error_message == "mixed.test has no public address on a permitted port."


def test_the_next_address_is_tried_when_one_is_down():
    """A host with several addresses is reached over the first that takes the connection."""

    async def run():
        async with Site({}).open() as site:
            names = Names(two_test=[[ip_address("127.0.0.2"), LOOPBACK]])
            return await follow(f"http://two.test:{site.port}/", resolve=names)

    assert asyncio.run(run()).succeeded


def test_names_of_this_machine_are_refused():
    """Localhost resolves, by the real resolver, to an address that may not be called."""
    assert "no public address" in asyncio.run(follow("http://localhost./", allowed=[])).error_message


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 63 + ".invalid"])
def test_an_unknown_name_has_no_address(host):
    """A name that does not resolve is an empty answer, not an exception."""
    assert asyncio.run(SystemResolver()(host, 80)) == []


@given(st.text(st.characters(codec=None), max_size=50))
def test_any_text_is_a_result(url):
    """Whatever is submitted, following it gives a result with a message."""
    resolution = asyncio.run(follow("http://" + url, resolve=Names(), allowed=[]))
    assert (resolution.succeeded, resolution.initial_url) == (False, "http://" + url)


def test_recorded_headers_are_bounded_and_plain():
    """Headers are kept as ASCII text, cut in length and number, by lower-case name."""
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(100))
    head = (
        b"HTTP/1.1 200 OK\r\nServer: caf\xe9 \xf0\x9f\x92\xa9\r\nX-Long: "
        + b"\xff" * 5000
        + b"\r\n"
        + many
        + b"\r\n"
    )
    resolution, _ = follow_on({"/": head})
    headers = resolution.hops[0].headers
    assert headers["server"] == "caf\\xe9 \\xf0\\x9f\\x92\\xa9"
    assert len(headers["x-long"]) == 500
    assert len(headers) == 40
    assert all(value.isascii() and value.isprintable() for value in headers.values())


def test_cookies_and_credentials_are_never_sent():
    """A cookie that one hop sets does not reach the next, and no request carries a credential."""
    answers = {
        "/": b"HTTP/1.1 302 Found\r\nSet-Cookie: a=b; Path=/\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    }
    _, site = follow_on(answers)
    assert len(site.heads) == 2
    assert not any("cookie:" in head.lower() or "authorization:" in head.lower() for head in site.heads)


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    """A proxy would make the connection in our stead, unchecked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    resolution, _ = follow_on({})
    assert resolution.succeeded


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Write a fresh certificate for shop.test and its key; return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def follow_over_tls(certificate, host, *, trusted=True):
    """Serve with the certificate, follow https://host, and return the resolution and the names shown."""
    named = []
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(certificate)
    server_tls.sni_callback = lambda _, name, __: named.append(name)
    client_tls = ssl.create_default_context(cafile=certificate if trusted else None)

    async def run():
        async with Site({}).open(server_tls) as site:
            url = f"https://{host}:{site.port}/"
            names = Names(shop_test=[[LOOPBACK]], other_test=[[LOOPBACK]])
            return await follow(url, resolve=names, tls=client_tls)

    return asyncio.run(run()), named


def test_https_shows_the_name_and_checks_it(certificate):
    """The connection goes to the address, but the certificate has to name the host."""
    resolution, named = follow_over_tls(certificate, "shop.test")
    assert resolution.succeeded
    assert named == ["shop.test"]


def test_a_dot_at_the_end_of_a_name_is_not_in_the_handshake(certificate):
    """A fully qualified name is verified by the name in the certificate, which has no dot."""
    resolution, named = follow_over_tls(certificate, "shop.test.")
    assert resolution.succeeded
    assert named == ["shop.test"]


@pytest.mark.parametrize(
    ("host", "trusted"), [("other.test", True), ("shop.test", False), ("127.0.0.1", True)]
)
def test_a_certificate_that_does_not_match_is_a_result(certificate, host, trusted):
    """Another name, an unknown authority or a bare address is not connected to."""
    resolution, _ = follow_over_tls(certificate, host, trusted=trusted)
    assert resolution.error_message == f"{host} cannot be connected to."


def test_http_is_led_to_https(certificate):
    """A redirect that upgrades to https is followed."""
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(certificate)

    async def run():
        async with Site({}).open(server_tls) as secure, Site({}).open() as plain:
            plain.answers["/"] = moved(f"https://shop.test:{secure.port}/")
            names = Names(shop_test=[[LOOPBACK]])
            tls = ssl.create_default_context(cafile=certificate)
            return await follow(f"http://127.0.0.1:{plain.port}/", resolve=names, tls=tls)

    resolution = asyncio.run(run())
    assert resolution.final_url.startswith("https://shop.test:")


def test_many_can_be_followed_at_once():
    """One follower serves more callers at once than it has connections."""

    async def run():
        async with Site({"/": moved("/b")}).open() as site:
            follower = RedirectFollower(Permissions(allowed=["127.0.0.1/32"]))
            url = f"http://127.0.0.1:{site.port}/"
            resolutions = await asyncio.gather(*(follower.follow(url) for _ in range(100)))
            await follower.aclose()
            return resolutions

    assert all(resolution.redirects == 1 for resolution in asyncio.run(run()))
