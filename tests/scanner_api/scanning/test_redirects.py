import asyncio
import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.links import redirects
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower, SystemResolver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LOOPBACK = ip_address("127.0.0.1")
PUBLIC = ip_address("93.184.215.14")


def moved(location, status=302):
    """Return a raw response that redirects; the location is bytes or text."""
    raw = location if isinstance(location, bytes) else location.encode()
    return b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, raw)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_each_redirect_status_is_followed(status, follow_on):
    """All five statuses lead on with a GET, and the whole chain is reported."""
    resolution, site = follow_on({"/": moved("/b?x=1", status), "/b?x=1": OK})
    origin = f"http://127.0.0.1:{site.port}"
    assert resolution.succeeded
    assert resolution.final_url == f"{origin}/b?x=1"
    assert resolution.chain == [f"{origin}/", f"{origin}/b?x=1"]
    assert resolution.redirects == 1
    assert [hop.status_code for hop in resolution.hops] == [status, 200]
    assert all(head.startswith("GET ") for head in site.heads)


@pytest.mark.parametrize("status", [200, 204, 300, 304, 305, 404, 410, 500, 503])
def test_any_other_status_is_the_end(status, follow_on):
    """A URL that responds without redirecting is where the chain ends, even if it responds with an error."""
    response = b"HTTP/1.1 %d X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n" % status
    resolution, site = follow_on({"/": response})
    assert (resolution.succeeded, resolution.redirects) == (True, 0)
    assert resolution.final_url == resolution.initial_url == f"http://127.0.0.1:{site.port}/"


@pytest.mark.parametrize("header", [b"", b"Location: \r\n"])
def test_a_redirect_without_location_is_the_end(header, follow_on):
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
def test_a_location_is_read_as_a_browser_reads_it(location, end, follow_on):
    """Relative, absolute, badly encoded and fragment-carrying locations lead where they were meant to."""
    resolution, site = follow_on({"/a/start": moved(location)}, "/a/start")
    assert resolution.error_message == ""
    assert resolution.final_url == f"http://127.0.0.1:{site.port}{end}"


@pytest.mark.parametrize(("location", "end"), [("/b", "/b#here"), ("/b#there", "/b#there"), ("/b#", "/b#")])
def test_a_fragment_is_inherited(location, end, follow_on):
    """A fragment stays through a redirect that has none of its own, and is never sent."""
    resolution, site = follow_on({"/": moved(location)}, "/#here")
    assert resolution.final_url.removesuffix("#") == f"http://127.0.0.1:{site.port}{end}".removesuffix("#")
    assert not any("#" in head for head in site.heads)


@pytest.mark.parametrize("location", ["//127.0.0.1:{port}/b", "http://127.0.0.1:{port}/b"])
async def test_a_location_may_name_the_host(location, serving, follow):
    """Scheme-relative and absolute locations are followed."""
    async with serving({}) as site:
        site.responses["/"] = moved(location.format(port=site.port))
        result = await follow(f"http://127.0.0.1:{site.port}/")
    assert result.final_url.endswith("/b")


def test_ten_redirects_are_followed(follow_on):
    """A chain of ten redirects comes to its end."""
    resolution, _ = follow_on({"/": moved("/1"), **{f"/{n}": moved(f"/{n + 1}") for n in range(1, 10)}})
    assert (resolution.succeeded, resolution.redirects) == (True, 10)


@pytest.mark.parametrize("loop", ["/1", "/"])
def test_more_than_ten_redirects_are_an_error(loop, follow_on):
    """A longer chain, or one without end, fails, and its final URL is the initial one."""
    responses = {"/": moved(loop), **{f"/{n}": moved(f"/{n + 1}") for n in range(1, 30)}}
    resolution, site = follow_on(responses)
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
def test_every_hop_is_validated(location, message, follow_on):
    """A permitted URL cannot redirect to one that is not; what was before it is reported."""
    resolution, _ = follow_on({"/": moved(location)})
    assert message in resolution.error_message
    assert resolution.final_url == resolution.initial_url
    assert resolution.chain == [resolution.initial_url]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "did not respond in HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "did not respond in HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "did not respond in HTTP"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "did not respond in HTTP"),
        (b"", "within 0.2 seconds"),
        (b"HTTP/1.1 200 OK\r\n", "within 0.2 seconds"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10, "within 0.2 seconds"),
    ],
)
def test_a_broken_response_is_a_result(response, message, monkeypatch, follow_on):
    """What is not HTTP, has a huge head, or never comes ends in an error message within the time."""
    monkeypatch.setattr(redirects, "TOTAL_SECONDS", 0.2)
    resolution, _ = follow_on({"/": response})
    assert message in resolution.error_message
    assert (resolution.succeeded, resolution.chain) == (False, [])


def test_the_body_is_not_read(follow_on):
    """An endless body does not hold the follower up."""
    resolution, _ = follow_on({"/": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 10_000})
    assert resolution.succeeded


async def test_a_refused_connection_is_a_result(serving, follow):
    """Nothing listening is an error message."""
    async with serving({}) as site:
        port = site.port
    result = await follow(f"http://127.0.0.1:{port}/")
    assert result.error_message == "127.0.0.1 cannot be connected to."


async def test_a_host_that_does_not_take_connections_is_a_result(follow, monkeypatch):
    """A connection that is neither taken nor refused is given up."""
    monkeypatch.setattr(redirects, "TOTAL_SECONDS", 0.4)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:
            connection.settimeout(0)
            connection.connect_ex(full.getsockname())
        resolution = await follow(f"http://127.0.0.1:{full.getsockname()[1]}/")
        for connection in waiting:
            connection.close()
    assert resolution.error_message == "127.0.0.1 did not respond in time."


async def test_the_name_is_looked_up_once_and_its_address_called(serving, names_of, follow):
    """A name that changes its address between check and call gains nothing: there is one lookup a hop."""
    names = names_of(rebinding_test=[[LOOPBACK], [ip_address("10.0.0.1")]])

    async def run():
        async with serving({}) as site:
            resolution = await follow(
                f"http://rebinding.test:{site.port}/x", resolve=names, allowed=[f"rebinding.test:{site.port}"]
            )
            return resolution, site

    resolution, site = await run()
    assert resolution.succeeded
    assert names.lookups == [("rebinding.test", site.port)]
    assert f"Host: rebinding.test:{site.port}\r\n" in site.heads[0]


async def test_a_second_hop_that_rebinds_is_refused(serving, names_of, follow):
    """The same name is validated again at every hop, by the addresses of that hop."""
    names = names_of(rebinding_test=[[LOOPBACK], [ip_address("10.0.0.1")]])

    async def run():
        async with serving({"/": moved("/next")}) as site:
            return await follow(f"http://rebinding.test:{site.port}/", resolve=names), site

    resolution, site = await run()
    assert resolution.error_message == "rebinding.test has no public address on a permitted port."
    assert len(site.heads) == 1


@pytest.mark.parametrize(
    "response", [[], [LOOPBACK], [PUBLIC, LOOPBACK], [LOOPBACK, PUBLIC], [ip_address("::ffff:7f00:1")]]
)
async def test_every_address_of_a_name_has_to_be_public(response, names_of, follow):
    """One private address among public ones is enough to refuse a name, before anything is sent."""
    resolution = await follow("http://mixed.test/", resolve=names_of(mixed_test=[response]), allowed=[])
    assert resolution.error_message == "mixed.test has no public address on a permitted port."


async def test_a_name_that_cannot_be_permitted_is_not_looked_up(names_of, follow):
    """Where the port rules a destination out, no name server learns of it."""
    names = names_of(public_test=[[ip_address("8.8.8.8")]])
    resolution = await follow("http://public.test:8080/", resolve=names, allowed=())
    assert resolution.error_message == "public.test may not be called on port 8080 here."
    assert names.lookups == []


async def test_the_next_address_is_tried_when_one_is_down(serving, names_of, follow):
    """A host with several addresses is reached over the first that takes the connection."""
    async with serving({}) as site:
        names = names_of(two_test=[[ip_address("127.0.0.2"), LOOPBACK]])
        result = await follow(f"http://two.test:{site.port}/", resolve=names)
    assert result.succeeded


async def test_names_of_this_machine_are_refused(follow):
    """Localhost resolves, by the real resolver, to an address that may not be called."""
    assert "no public address" in (await follow("http://localhost./", allowed=[])).error_message


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 63 + ".invalid"])
async def test_an_unknown_name_has_no_address(host):
    """A name that does not resolve is an empty response, not an exception."""
    assert (await SystemResolver()(host, 80)) == []


@given(url=st.text(st.characters(codec=None), max_size=50))
async def test_any_text_is_a_result(url, names_of, follow):
    """Whatever is submitted, following it gives a result with a message."""
    resolution = await follow("http://" + url, resolve=names_of(), allowed=[])
    assert (resolution.succeeded, resolution.initial_url) == (False, "http://" + url)


def test_recorded_headers_are_bounded_and_plain(follow_on):
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


def test_cookies_and_credentials_are_never_sent(follow_on):
    """A cookie that one hop sets does not reach the next, and no request carries a credential."""
    responses = {
        "/": b"HTTP/1.1 302 Found\r\nSet-Cookie: a=b; Path=/\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    }
    _, site = follow_on(responses)
    assert len(site.heads) == 2
    assert not any("cookie:" in head.lower() or "authorization:" in head.lower() for head in site.heads)


def test_proxies_of_the_environment_are_ignored(monkeypatch, follow_on):
    """A proxy would make the connection in our stead, unchecked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    resolution, _ = follow_on({})
    assert resolution.succeeded


async def test_many_can_be_followed_at_once(serving, monkeypatch):
    """One follower serves more callers at once than it has connections, if only they have the time."""
    monkeypatch.setattr(redirects, "TOTAL_SECONDS", 60)
    async with serving({"/": moved("/b")}) as site:
        follower = RedirectFollower(Permissions(allowed=["127.0.0.1/32"]))
        url = f"http://127.0.0.1:{site.port}/"
        resolutions = await asyncio.gather(*(follower.follow(url) for _ in range(100)))
        await follower.aclose()
        result = resolutions
    assert all(resolution.redirects == 1 for resolution in result)


@pytest.mark.parametrize(
    ("organizations", "hosts"), [(["first"] * 20, range(20)), (range(20), ["slow"] * 20)], ids=["org", "host"]
)
async def test_an_organization_and_a_host_have_a_share(serving, organizations, hosts):
    """Slow URLs of one organization, or one host, take eight connections; others are followed meanwhile."""

    async def resolve(_host, _port):
        return [LOOPBACK]

    async with serving({"/slow": b""}) as site:
        follower = RedirectFollower(Permissions(allowed=("127.0.0.0/8",)), resolve=resolve)
        following = [
            asyncio.create_task(follower.follow(f"http://{host}.example:{site.port}/slow", str(organization)))
            for organization, host in zip(organizations, hosts, strict=True)
        ]
        async with asyncio.timeout(60):
            while len(site.heads) < 8:  # noqa: ASYNC110 -- what is waited for sets no event
                await asyncio.sleep(0.001)
        other = await follower.follow(f"http://other.example:{site.port}/", "other")
        slow = [head for head in site.heads if "/slow" in head]
        busy = follower.is_busy("first")
        for task in following:
            task.cancel()
        await asyncio.wait(following)
        await follower.aclose()
    assert other.succeeded
    assert len(slow) == 8
    assert busy == (organizations[0] == "first")
    assert not follower.is_busy("first")
