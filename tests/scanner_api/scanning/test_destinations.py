from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.links.destinations import Permissions, RefusedURL, is_public, read_url

PUBLIC = ip_address("93.184.215.14")
LOOPBACK = ip_address("127.0.0.1")

LOOPBACK_SPELLINGS = [
    "http://127.0.0.1", "http://127.0.0.1:80", "http://127.0.0.1:443", "http://127.127.127.127", "http://127.0.0.0",
    "http://0.0.0.0", "http://[::]", "http://[::1]", "http://[0:0:0:0:0:0:0:1]", "http://[0000::1]:80",
    "http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]", "http://[0:0:0:0:0:ffff:127.0.0.1]", "http://[::127.0.0.1]",
    "http://[64:ff9b::127.0.0.1]", "http://[64:ff9b:1::7f00:1]", "http://[2002:7f00:1::]",
    "http://[2001:0:7f00:1::]", "http://[fe80::1]", "http://[fc00::1]", "http://[fd00:ec2::254]", "http://[ff02::1]",
    "http://[::ffff:169.254.169.254]", "http://[2002:a9fe:a9fe::]",
    "http://169.254.169.254/latest/meta-data/", "http://100.100.100.200/", "http://192.0.0.192/",
    "http://168.63.129.16/metadata/instance", "http://10.0.0.1", "http://172.16.0.1", "http://172.31.255.255",
    "http://192.168.0.1", "http://100.64.0.1", "http://198.18.0.1", "http://224.0.0.1", "http://255.255.255.255",
    "http://192.88.99.1", "http://240.0.0.1", "http://203.0.113.7", "http://[2001:db8::1]", "http://[3fff::1]",
    "http://127\u30020\u30020\u30021",
]  # fmt: skip
REFUSED_SPELLINGS = [
    "", "http", "http:", "http://", "http:///", "https:127.0.0.1", "http:/127.0.0.1", "http:127.0.0.1/",
    "//127.0.0.1", "127.0.0.1", "localhost", "ftp://example.com", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x",
    "dict://a:1/", "javascript:alert(1)", "data:text/html,x", "ldap://example.com", "ws://example.com", "jar:http://example.com!/",
    "http://127.1", "http://127.0.1", "http://0", "http://0x7f.0.0.1", "http://0x7f000001", "http://0x7F.1",
    "http://2130706433", "http://017700000001", "http://0177.0.0.1", "http://0177.1", "http://00000177.0.0.1",
    "http://127.000.000.001", "http://425.510.425.510", "http://3232235777", "http://134744072", "http://0xA9FEA9FE",
    "http://127.0.0.1.", "http://2130706433.", "http://127.0.0.256", "http://1.2.3.4.5", "http://example.0x10",
    "http://%31%32%37.0.0.1", "http://127.0.0.1%00.example.com", "http://127%2e0%2e0%2e1", "http://%6c%6f%63alhost",
    "http://user@127.0.0.1", "http://user:password@example.com", "http://@example.com", "http://:@example.com",
    "http://example.com@127.0.0.1", "http://127.0.0.1@example.com", "http://a@b@example.com",
    "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/", "http://example.com\\@127.0.0.1/", "http://127.0.0.1\\@example.com/",
    "http:\\\\127.0.0.1", "http://example.com:80\\@127.0.0.1", "http://example.com\t.internal", "http://exa\nmple.com",
    "http://127.0.0.1:80:80", "http://example.com:99999", "http://example.com:0", "http://example.com:-1", "http://example.com:+80",
    "http://example.com:\u0668\u0660", "http://example.com: 80", "http://example.com:0x50", "http://example.com:80a",
    "http://[::1%25lo]", "http://[fe80::1%eth0]", "http://[::1", "http://::1", "http://[127.0.0.1]", "http://[]",
    "http://[::ffff:0177.0.0.1]", "http://[v1.a]", "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
    "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "http://\uff11\uff12\uff17.0.0.1",
    "http://\u00ad", "http://a\u200bb.com", "http://local\u00adhost", "http://ex\u0430mple\u2024com", "http://*.com",
    "http://a..b", "http://.example.com", "http://example.com..", "http://.", "http://" + "a" * 64 + ".com",
    "http://" + "a." * 127 + "com", "http://exa mple.com", "http://example.com/\ud800", "http://\ud800", "http://a\0b",
    "http://example.com/" + "a" * 8192, "http://<script>", "http://$(id).example.com", "http://a,b", " http://a.com",
]  # fmt: skip


@pytest.mark.parametrize("url", LOOPBACK_SPELLINGS)
def test_a_plain_address_that_is_not_public_may_not_be_called(url):
    """Loopback, private, link-local, shared, multicast and metadata addresses are seen in every notation."""
    destination = read_url(url)
    assert not Permissions().permit(destination, ip_address(destination.host))


@pytest.mark.parametrize("url", REFUSED_SPELLINGS)
def test_an_odd_spelling_is_refused(url):
    """What readers of URLs disagree about is not followed: numbers for hosts, user names, odd characters."""
    with pytest.raises(RefusedURL) as caught:
        read_url(url)
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("http://example.com", "example.com", 80, b"/"),
        ("HTTPS://EXAMPLE.COM:443/a?b=c#d", "example.com", 443, b"/a?b=c"),
        ("https://example.com.:/", "example.com", 443, b"/"),
        ("http://example.com:8080", "example.com", 8080, b"/"),
        ("http://a_b-c.example.com/@x:y", "a_b-c.example.com", 80, b"/@x:y"),
        ("http://example.com?@127.0.0.1", "example.com", 80, b"/?@127.0.0.1"),
        ("http://example.com#@127.0.0.1", "example.com", 80, b"/"),
        ("http://8.8.8.8/", "8.8.8.8", 80, b"/"),
        ("http://[2606:2800:21F:0:0:0:0:1]/", "2606:2800:21f::1", 80, b"/"),
        ("https://例え.jp/パス?é", "xn--r8jz45g.jp", 443, b"/%E3%83%91%E3%82%B9?%C3%A9"),
        ("http://1and1.com/100%/", "1and1.com", 80, b"/100%/"),
        ("http://example.com/a b", "example.com", 80, b"/a%20b"),
    ],
)
def test_an_ordinary_url_is_taken_apart(url, host, port, target):
    """Names, addresses, ports and targets of ordinary URLs are read, international ones as ASCII."""
    destination = read_url(url)
    assert (destination.host, destination.port, destination.url.raw_path) == (host, port, target)


@given(
    st.text(st.characters(codec=None)) | st.from_regex(r"https?://[^/]{1,30}(:\d+)?/?.{0,10}", fullmatch=True)
)
def test_any_text_is_read_or_refused(url):
    """Whatever the text, a URL is read or refused, and a host that is read is plain."""
    try:
        destination = read_url(url)
    except RefusedURL:
        return
    assert destination.host.isascii()
    assert not set(destination.host) & set("@/\\?#[] %")


@pytest.mark.parametrize("address", ["8.8.8.8", "192.0.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1"])
def test_unicast_addresses_of_the_internet_are_public(address):
    """The neighbours of the reserved networks are public."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize("port", [22, 25, 6379, 8080, 65535])
def test_only_web_ports_may_be_called(port):
    """A public address on another port than 80 and 443 may be called only if that port is set."""
    destination = read_url(f"http://example.com:{port}")
    assert not Permissions().permit(destination, PUBLIC)
    assert Permissions(ports=[port]).permit(destination, PUBLIC)
    assert not Permissions(ports=[port]).permit(destination, LOOPBACK)


def test_a_listed_origin_may_be_called_wherever_it_resolves_to():
    """host:port in the list allows that host on that port alone."""
    permissions = Permissions(allowed=["LocalHost:8123", "[::1]:8123"])
    assert permissions.permit(read_url("http://localhost:8123/x"), LOOPBACK)
    assert permissions.permit(read_url("http://[::1]:8123/x"), ip_address("::1"))
    assert not permissions.permit(read_url("http://localhost:8124/x"), LOOPBACK)
    assert not permissions.permit(read_url("http://127.0.0.1:8123/x"), LOOPBACK)


def test_a_listed_network_may_be_called_on_any_port():
    """A network in the list allows its addresses, whatever the name and the port, and no others."""
    permissions = Permissions(allowed=["127.0.0.0/8", "fd00::/8"])
    assert permissions.permit(read_url("http://anything.test:8123"), LOOPBACK)
    assert permissions.permit(read_url("http://anything.test:8123"), ip_address("fd00::1"))
    assert not permissions.permit(read_url("http://anything.test"), ip_address("10.0.0.1"))
    assert not permissions.permit(read_url("http://anything.test"), ip_address("::ffff:127.0.0.1"))


@pytest.mark.parametrize(
    ("ports", "allowed", "ruled_out"),
    [
        ((), (), True),
        ((443,), (), True),
        ((80,), (), False),
        ((), ("example.com:80",), False),
        ((), ("example.com:81",), True),
        ((), ("10.0.0.0/8",), False),
    ],
)
def test_what_no_address_can_open_is_ruled_out(ports, allowed, ruled_out):
    """Without its port among those for public addresses, a destination has to be listed, or could be."""
    assert Permissions(ports, allowed).is_excluded(read_url("http://example.com")) is ruled_out


@pytest.mark.parametrize(
    "entry", ["localhost", "127.0.0.1/8", "*:80", "::1:80x", "http://localhost:80", "", "a:b"]
)
def test_a_wrong_entry_names_itself(entry):
    """An entry that is neither host:port nor a network is an error that shows it."""
    with pytest.raises(ValueError, match="is neither host:port nor a network") as caught:
        Permissions(allowed=[entry])
    assert repr(entry) in str(caught.value)
