"""Web sessions: whom the cookie lets in, and from where."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import Forbidden, Unauthorized
from scanner_api.access.web_sessions import WebSessionVerifier

COOKIE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_"


@pytest.fixture
def verify(clock, open_store):
    """Verifies a cookie's request against a store in which one user is signed in for an hour."""

    def verified(request, cookie=COOKIE):
        async def scenario():
            async with open_store() as store:
                await store.found("acme", "globex", "initech")
                await store.join("ann", "acme", "globex")
                await store.sign_in(COOKIE, "ann", clock.now() + timedelta(hours=1))
                return await WebSessionVerifier(store, clock, TrustedProxies(["10.0.0.1"])).verify(
                    cookie, request
                )

        return asyncio.run(scenario())

    return verified


def test_user_acts_for_their_organizations_and_says_for_which(verify, make_request):
    """The cookie lets a user's organizations in, and never says which one it is for."""
    caller = verify(make_request())
    assert (caller.credential, caller.organizations) == ("web:a-web-session", {"acme", "globex"})
    assert not caller.infers_organization


@pytest.mark.parametrize("cookie", ["", "short", COOKIE + "x", COOKIE[:-1] + "é", COOKIE.swapcase()])
def test_wrong_cookie(verify, make_request, cookie):
    """A cookie of the wrong shape, or one that was never given out, is refused."""
    with pytest.raises(Unauthorized, match="sign in"):
        verify(make_request(), cookie)


async def test_cookie_of_the_wrong_shape_never_reaches_the_store(clock, make_request):
    """What cannot be a cookie of ours is refused without asking the store."""

    class UntouchableStore:
        async def web_session(self, digest):
            raise AssertionError(f"the store was asked for {digest}")

    verifier = WebSessionVerifier(UntouchableStore(), clock, TrustedProxies([]))
    with pytest.raises(Unauthorized):
        (await verifier.verify("a Django session, perhaps", make_request()))


async def test_cookie_expires(clock, make_request, open_store):
    """From its expiry on, by the clock, a cookie is refused."""
    async with open_store() as store:
        await store.join("ann")
        await store.sign_in(COOKIE, "ann", clock.now() + timedelta(hours=1))
        verifier = WebSessionVerifier(store, clock, TrustedProxies([]))
        clock.advance(3599)
        await verifier.verify(COOKIE, make_request())
        clock.advance(1)
        with pytest.raises(Unauthorized, match="expired"):
            await verifier.verify(COOKIE, make_request())


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_safe_method_may_come_from_anywhere(verify, make_request, method):
    """A link on another site may lead here: safe methods need no origin."""
    assert verify(make_request(method, sec_fetch_site="cross-site", origin="https://evil.example"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "fields",
    [
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "same-origin", "origin": "https://behind.a.proxy.that.is.not.trusted"},
        {"origin": "http://api.example"},
        {"origin": "HTTP://API.EXAMPLE:80"},
    ],
)
def test_unsafe_method_from_a_page_of_this_origin(verify, make_request, method, fields):
    """What a page of this very origin sends is let in, recognized by either field."""
    assert verify(make_request(method, **fields))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": ""},
        {"sec_fetch_site": "cross-site", "origin": "http://api.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://api.example"},
        {"origin": "http://api.example:8000"},
        {"origin": "http://api.example.evil.example"},
        {"origin": "http://evil.example", "x_forwarded_host": "evil.example"},
        {"referer": "http://api.example/"},
    ],
)
def test_unsafe_method_from_elsewhere(verify, make_request, method, fields):
    """What another site, or nobody knows who, makes a browser send is a 403 that says why."""
    with pytest.raises(Forbidden, match=f"A {method} with the session cookie"):
        verify(make_request(method, **fields))


@pytest.mark.parametrize(("peer", "let_in"), [("10.0.0.1", True), ("203.0.113.7", False)])
def test_origin_behind_a_proxy(verify, make_request, peer, let_in):
    """Behind a proxy the origin is compared with the one that the browser sees, if the proxy is trusted."""
    request = make_request(
        "POST",
        peer=peer,
        x_forwarded_proto="https",
        x_forwarded_host="shop.example",
        origin="https://shop.example",
    )
    if let_in:
        assert verify(request)
    else:
        with pytest.raises(Forbidden):
            verify(request)
