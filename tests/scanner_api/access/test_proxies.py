"""Who is behind a proxy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_first.service.http.proxies import LONGEST_ADDRESS, TrustedProxies, address_of, subscriber_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.9, 10.2.3.4", "198.51.100.9"),
        ("10.0.0.1", "10.2.3.4,10.2.3.5", "10.2.3.4"),
        ("10.0.0.1", "198.51.100.9:4711", "198.51.100.9"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "2001:DB8:0::1", "2001:db8::1"),
        ("2001:db8:ffff::2", "198.51.100.9", "198.51.100.9"),
        ("::ffff:10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "198.51.100.9, garbage", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.9, garbage, 10.2.3.4", "10.2.3.4"),
        ("10.0.0.1", "198.51.100.9,", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
        ("unknown", "198.51.100.9", "unknown"),
    ],
)
def test_client_is_the_nearest_hop_that_is_no_proxy(make_request, peer, forwarded, client):
    """The client is the right-most address that is no trusted proxy's, if it can be followed so far."""
    proxies = TrustedProxies(["10.0.0.0/8", "2001:db8:ffff::2"])
    assert proxies.client_address(make_request(peer=peer, x_forwarded_for=forwarded)) == client


@given(forwarded=st.text(st.characters(codec="latin-1")))
def test_nobody_is_believed_by_default(make_request, forwarded):
    """Without trusted proxies the client is the peer, whatever the request says of itself."""
    request = make_request(x_forwarded_for=forwarded, x_forwarded_host=forwarded, x_forwarded_proto="https")
    proxies = TrustedProxies([])
    assert proxies.client_address(request) == "203.0.113.7"
    assert proxies.origin(request) == "http://api.example"


@given(forwarded=st.text(st.characters(codec="latin-1")) | st.lists(st.ip_addresses()).map(str))
def test_forwarded_field_of_a_proxy_is_hostile_too(make_request, forwarded):
    """Whatever stands in the field that a trusted proxy passes on, an address comes out."""
    proxies = TrustedProxies(["203.0.113.7"])
    assert address_of(proxies.client_address(make_request(x_forwarded_for=forwarded))) is not None


def test_endless_forwarded_field_is_read_from_its_end(make_request):
    """Of a long chain of proxies only the nearest hops are followed, and nothing long is remembered."""
    proxies = TrustedProxies(["203.0.113.7", "10.0.0.1"])
    many = make_request(x_forwarded_for="198.51.100.9," + ",".join(["10.0.0.1"] * 1000))
    assert proxies.client_address(many) == "10.0.0.1"
    address_of.cache_clear()
    assert proxies.client_address(make_request(x_forwarded_for="1" * 60_000)) == "203.0.113.7"
    assert address_of("1" * LONGEST_ADDRESS) is None
    assert address_of.cache_info().hits == 1


@pytest.mark.parametrize("wrong", ["nonsense", "10.0.0.0/33", "10.0.0.1:80", ""])
def test_wrong_proxy_is_named_at_start(wrong):
    """A trusted proxy that is no address and no network is an error that quotes it."""
    with pytest.raises(ValueError, match=repr(wrong)):
        TrustedProxies([wrong])


@pytest.mark.parametrize(
    ("peer", "scheme", "fields", "origin"),
    [
        ("203.0.113.7", "http", {"host": "API.example:80"}, "http://api.example"),
        ("203.0.113.7", "https", {"host": "api.example:443"}, "https://api.example"),
        ("203.0.113.7", "http", {"host": "api.example:443"}, "http://api.example:443"),
        ("203.0.113.7", "http", {"x_forwarded_proto": "https"}, "http://api.example"),
        ("10.0.0.1", "http", {"x_forwarded_proto": "https"}, "https://api.example"),
        ("10.0.0.1", "http", {"x_forwarded_proto": "http, https"}, "https://api.example"),
        ("10.0.0.1", "http", {"x_forwarded_host": "shop.example:8443"}, "http://shop.example:8443"),
        ("10.0.0.1", "http", {"x_forwarded_host": ""}, "http://api.example"),
    ],
)
def test_origin_is_what_the_client_sees(make_request, peer, scheme, fields, origin):
    """The origin is of the URL that the client used: of the connection, or as a trusted proxy tells it."""
    request = make_request(peer=peer, scheme=scheme, **fields)
    assert TrustedProxies(["10.0.0.1"]).origin(request) == origin


@pytest.mark.parametrize(
    ("address", "subscriber"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("unknown", "unknown"),
    ],
)
def test_subscriber_has_one_ipv4_address_or_a_64_of_ipv6(address, subscriber):
    """All addresses that one subscriber can take at will are counted as one."""
    assert subscriber_of(address) == subscriber
