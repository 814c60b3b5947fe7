"""The authenticator: who is let in, whom the request counts against, and what every response says of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import NamedTuple

import pytest

from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import (
    Forbidden,
    Problem,
    RateLimited,
    ServiceUnavailable,
    Unauthorized,
)
from scanner_api.access.api_keys import ApiKeyVerifier, new_key
from scanner_api.access.authenticator import ScannerAuthenticator
from scanner_api.access.callers import Caller
from scanner_api.access.counters import open_counters
from scanner_api.access.memory_counters import MemoryCounters, StorageError
from scanner_api.access.oauth import BearerDisabled
from scanner_api.access.rate_limits import RateLimiter
from scanner_api.access.web_sessions import WebSessionVerifier

KEY, BEARER, COOKIE = "APIKeyHeaderAuth", "OAuthTokenAuth", "SessionAuth"
SCHEMES = {
    KEY: {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    BEARER: {"type": "http", "scheme": "bearer"},
    COOKIE: {"type": "apiKey", "in": "cookie", "name": "sessionid"},
}
ANY_OF_THEM = (frozenset({KEY}), frozenset({BEARER}), frozenset({COOKIE}))
OPEN = ()


class Doorman:
    """Believes ``good NAME``; else raises what the value tells; counts how often it is asked."""

    def __init__(self, scheme):
        self.scheme = scheme
        self.asked = 0

    async def verify(self, value, _request, /):
        """Return a caller, or raise."""
        self.asked += 1
        if value.startswith("good"):
            return Caller(f"{self.scheme}:{value}", frozenset({"acme"}))
        raise {
            "cross-site": Forbidden("from another site"),
            "unreachable": ServiceUnavailable("down"),
            "broken": RuntimeError("a bug"),
        }.get(value, Unauthorized(f"wrong {self.scheme}"))


class Outcome(NamedTuple):
    """What the authenticator made of a request."""

    caller: str | None
    problem: Exception | None
    headers: dict[bytes, bytes]
    is_known: bool
    """Whether the authenticator knows of the refusal before the operation is known."""

    @property
    def status(self):
        """The status that the response would have, 200 for who is let in."""
        return int(self.problem.status) if isinstance(self.problem, Problem) else 200

    @property
    def remaining(self):
        """The requests left."""
        return int(self.headers[b"ratelimit-remaining"])


class House:
    """An authenticator with hand-made verifiers and real counters."""

    def __init__(self, clock, make_request, per_minute=5):
        self.doormen = {scheme: Doorman(scheme) for scheme in reversed(SCHEMES)}
        self.make_request = make_request
        limiter = RateLimiter(open_counters("memory://", clock), per_minute=per_minute)
        self.authenticator = ScannerAuthenticator(
            self.doormen, limiter, SCHEMES, TrustedProxies(["10.0.0.1"]), "Scanner API"
        )

    @property
    def asked(self):
        """How often any verifier was asked."""
        return sum(doorman.asked for doorman in self.doormen.values())

    def knock(self, alternatives=ANY_OF_THEM, *, peer="203.0.113.7", headers=None, **credentials):
        """Return what becomes of one request; credentials by the first letters of their scheme."""
        request = self.make_request(peer=peer, **(headers or {}))
        presented = {
            scheme: value for scheme in SCHEMES for name, value in credentials.items() if scheme[:3] == name
        }
        caller, problem = None, None
        refusal = self.authenticator.refusal(request, lambda _: presented)
        try:
            caller = asyncio.run(self.authenticator.admit(request, presented, alternatives))
        except (Problem, RuntimeError) as error:
            problem = error
        fields = dict(request.response_headers)
        if refusal is not None:
            assert isinstance(problem, RateLimited)
            expected = {name.decode(): value.decode() for name, value in fields.items()}
            assert refusal.headers == problem.headers | expected
        return Outcome(caller and caller.credential, problem, fields, refusal is not None)


@pytest.fixture
def house(clock, make_request):
    """A house whose every window lets five requests a minute in."""
    return House(clock, make_request)


@pytest.mark.parametrize("name", ["API", "OAu", "Ses"])
def test_each_alternative_alone_suffices(house, name):
    """One valid credential of any of the three schemes lets its caller in."""
    outcome = house.knock(**{name: "good"})
    assert outcome.caller.endswith(":good")
    assert outcome.remaining == 4


@pytest.mark.parametrize("names", [("API", "OAu"), ("API", "Ses"), ("OAu", "Ses")])
def test_wrong_credential_beside_a_right_one(house, names):
    """Whichever of two credentials is wrong, the request is a 401 that says what is wrong with that one."""
    for wrong in names:
        outcome = house.knock(**{name: "wrong" if name == wrong else "good" for name in names})
        assert outcome.status == 401
        assert outcome.problem.detail.startswith(f"wrong {wrong}")


def test_two_callers_at_once(house):
    """Of two valid credentials the contract's first alternative decides, whatever the order of verifiers."""
    assert house.knock(API="good one", OAu="good two").caller == f"{KEY}:good one"
    assert house.knock(OAu="good two", Ses="good three").caller == f"{BEARER}:good two"
    assert house.knock(tuple(reversed(ANY_OF_THEM)), API="good", Ses="good").caller == f"{COOKIE}:good"


def test_nothing_presented(house):
    """A secured operation without a credential is a 401 with every challenge, and with rate-limit headers."""
    outcome = house.knock()
    challenge = outcome.problem.headers["WWW-Authenticate"]
    assert outcome.status == 401
    assert "Bearer" in challenge
    assert "X-API-Key" in challenge
    assert "invalid_token" not in challenge
    assert outcome.remaining == 4


def test_wrong_bearer_token_is_challenged_as_such(house):
    """The challenge says ``invalid_token`` if the bearer token was the wrong credential."""
    assert 'error="invalid_token"' in house.knock(OAu="wrong").problem.headers["WWW-Authenticate"]
    assert "invalid_token" not in house.knock(API="wrong").problem.headers["WWW-Authenticate"]


def test_all_of_an_alternative_is_needed(house):
    """Where one alternative asks for two schemes, both must be presented; the first one's caller counts."""
    both = (frozenset({KEY, COOKIE}),)
    assert house.knock(both, API="good").status == 401
    assert house.knock(both, OAu="good", Ses="good").status == 401
    assert house.knock(both, API="good", Ses="good").caller == f"{KEY}:good"


def test_valid_credential_of_another_scheme(house):
    """A valid credential that the operation does not take is a 401."""
    outcome = house.knock((frozenset({COOKIE}),), API="good")
    assert outcome.status == 401
    assert "WWW-Authenticate" in outcome.problem.headers


@pytest.mark.parametrize(
    ("credentials", "caller"),
    [
        ({}, None),
        ({"API": "wrong"}, None),
        ({"Ses": "cross-site"}, None),
        ({"API": "good"}, f"{KEY}:good"),
        ({"API": "wrong", "OAu": "good"}, f"{BEARER}:good"),
    ],
)
def test_anonymous_operation(house, credentials, caller):
    """Where no credential is needed, wrong ones are ignored and a valid one counts."""
    outcome = house.knock(OPEN, **credentials)
    assert (outcome.status, outcome.caller, outcome.remaining) == (200, caller, 4)


@pytest.mark.parametrize(
    ("credentials", "status", "caller"),
    [({}, 200, None), ({"OAu": "good"}, 200, f"{BEARER}:good"), ({"API": "wrong"}, 401, None)],
)
def test_optional_security(house, credentials, status, caller):
    """Where a credential is optional, none is fine, any valid one counts, and a wrong one is a 401."""
    outcome = house.knock((frozenset({KEY}), frozenset()), **credentials)
    assert (outcome.status, outcome.caller) == (status, caller)


def test_forbidden_passes_through(house):
    """What a verifier forbids is a 403 on a secured operation, with rate-limit headers."""
    outcome = house.knock(Ses="cross-site")
    assert (outcome.status, outcome.remaining) == (403, 4)


@pytest.mark.parametrize(("value", "raised"), [("unreachable", ServiceUnavailable), ("broken", RuntimeError)])
@pytest.mark.parametrize("alternatives", [ANY_OF_THEM, OPEN])
def test_credential_that_could_not_be_verified(house, value, raised, alternatives):
    """A verifier that cannot tell is no 401 and no anonymous caller; the address is charged nothing."""
    outcome = house.knock(alternatives, API=value)
    assert isinstance(outcome.problem, raised)
    assert outcome.remaining == 5
    assert house.knock().remaining == 4


def test_callers_count_by_credential(house):
    """Two callers at one address have a quota each, and one caller at two addresses has one."""
    assert [house.knock(API="good one").remaining for _ in range(3)] == [4, 3, 2]
    assert house.knock(API="good two").remaining == 4
    assert house.knock(API="good one", peer="198.51.100.9").remaining == 1


def test_used_up_credential_is_a_429(house):
    """The request beyond a caller's quota is a 429 with headers, also on an anonymous operation."""
    for _ in range(5):
        assert house.knock(API="good").status == 200
    for alternatives in (ANY_OF_THEM, OPEN):
        outcome = house.knock(alternatives, API="good")
        assert (outcome.status, outcome.remaining) == (429, 0)
        assert outcome.problem.headers["Retry-After"] == "60"
    assert house.knock(API="good two").status == 200


def test_anonymous_requests_count_by_address(house):
    """Requests without a credential share the quota of their address, let in or not, and no other."""
    responses = [house.knock(alternatives) for alternatives in [OPEN, ANY_OF_THEM] * 3]
    assert [response.status for response in responses] == [200, 401, 200, 401, 200, 429]
    assert house.knock(OPEN, peer="198.51.100.9").status == 200
    assert house.knock(API="good").status == 200


def test_one_subscriber_has_one_quota(house):
    """Addresses of one IPv6 /64 count together, and so do clients behind what is no trusted proxy."""
    for number in range(5):
        house.knock(OPEN, peer=f"2001:db8::{number}")
    assert house.knock(OPEN, peer="2001:db8::ffff").status == 429
    assert house.knock(OPEN, peer="2001:db8:0:1::1").status == 200
    for number in range(5):
        house.knock(OPEN, headers={"x_forwarded_for": f"198.51.100.{number}"})
    assert house.knock(OPEN).status == 429


def test_clients_of_a_trusted_proxy_count_by_themselves(house):
    """Behind a trusted proxy each client has its own quota."""
    for number in range(10):
        outcome = house.knock(OPEN, peer="10.0.0.1", headers={"x_forwarded_for": f"198.51.100.{number}"})
        assert outcome.remaining == 4


@pytest.mark.parametrize("alternatives", [ANY_OF_THEM, OPEN])
def test_guessing_is_slowed_down_and_locks_nobody_out(house, clock, alternatives):
    """Wrong credentials use up their quota until the window ends; a valid one there still counts."""
    for number in range(5):
        assert house.knock(alternatives, API="wrong").remaining == 4 - number
    assert isinstance(house.knock(alternatives, API="wrong").problem, RateLimited)
    assert house.knock(alternatives, API="good").remaining == 4
    clock.advance(60)
    assert not isinstance(house.knock(alternatives, API="wrong").problem, RateLimited)


@pytest.mark.parametrize("alternatives", [ANY_OF_THEM, OPEN])
def test_junk_at_an_address_over_its_limit_is_not_verified(house, clock, alternatives):
    """Beyond twice the limit unknown credentials are a 429 before anything verifies them."""
    assert house.knock(API="good").status == 200
    for number in range(10):
        house.knock(alternatives, API=f"wrong {number}", OAu="wrong")
    asked = house.asked
    for number in range(10):
        outcome = house.knock(alternatives, API=f"junk {number}", OAu="junk")
        assert (outcome.status, outcome.remaining, outcome.is_known) == (429, 0, True)
        assert outcome.problem.headers["Retry-After"] == "60"
    assert house.asked == asked
    assert house.knock().is_known
    assert house.knock(API="good").remaining == 3
    assert house.knock(API="good, but not presented before").status == 429
    assert house.knock(API="wrong", peer="198.51.100.9").status == 401
    clock.advance(60)
    assert house.knock(API="wrong").status == 401


def test_a_credential_that_stops_to_be_valid_is_unknown_again(house):
    """One that was revoked after its use costs no more verifications than any other junk."""
    doorman = house.doormen[KEY]
    assert house.knock(API="good").status == 200
    for _ in range(10):
        house.knock(OAu="wrong")
    verify = doorman.verify
    doorman.verify = lambda _value, request: verify("wrong", request)
    assert [house.knock(API="good").status for _ in range(3)] == [429] * 3
    assert doorman.asked == 2


def test_valid_credentials_cost_an_address_over_its_limit_nothing(house):
    """However many of them come from it, each is verified; so is what another site makes a browser send."""
    for _ in range(6):
        house.knock(API="wrong")
    for number in range(20):
        assert house.knock(API=f"good {number}").remaining == 4
        assert house.knock(Ses="cross-site").status == 429
    assert house.knock(API="good again").remaining == 4


def test_an_outage_while_a_count_is_given_back(house, monkeypatch):
    """It replaces neither the problem under way nor a caller that is known."""
    for _ in range(6):
        house.knock(API="wrong")

    async def give_back(*_):
        raise StorageError

    monkeypatch.setattr(MemoryCounters, "give_back", give_back)
    assert [house.knock(API=value).status for value in ("unreachable", "good")] == [503, 200]


def test_missing_credentials_do_not_lock_out_valid_ones(house):
    """Clients that present nothing, or are forbidden, cost the others at their address nothing."""
    for _ in range(10):
        house.knock()
        house.knock(Ses="cross-site")
    assert house.knock(API="good").remaining == 4


def test_every_scheme_needs_its_verifier(clock):
    """A scheme of the contract that nothing verifies fails the start and is named."""
    limiter = RateLimiter(open_counters("memory://", clock))
    with pytest.raises(ValueError, match="security scheme OAuthTokenAuth, SessionAuth"):
        ScannerAuthenticator({KEY: Doorman(KEY)}, limiter, SCHEMES, TrustedProxies([]))


async def test_real_verifiers_behind_the_authenticator(clock, make_request, open_store):
    """With the real verifiers and store a key has its own limit, and all that is wrong is a 401."""
    async with open_store() as store:
        await store.found("acme")
        key, proxies = new_key("csb"), TrustedProxies([])
        await store.add_key(key, organization_id="acme", per_minute=2)
        verifiers = {
            KEY: ApiKeyVerifier(store, clock),
            BEARER: BearerDisabled(),
            COOKIE: WebSessionVerifier(store, clock, proxies),
        }
        authenticator = ScannerAuthenticator(
            verifiers, RateLimiter(open_counters("memory://", clock)), SCHEMES, proxies
        )
        request = make_request()
        caller = await authenticator.admit(request, {KEY: key}, ANY_OF_THEM)
        assert caller.organizations == {"acme"}
        assert dict(request.response_headers)[b"ratelimit-policy"] == b"2;w=60, 10000;w=86400"
        for wrong in ({KEY: new_key("csb")}, {KEY: key, BEARER: "a.b.c"}, {COOKIE: "x"}):
            with pytest.raises(Unauthorized):
                await authenticator.admit(make_request(), wrong, ANY_OF_THEM)
        await authenticator.admit(make_request(), {KEY: key}, ANY_OF_THEM)
        with pytest.raises(RateLimited):
            await authenticator.admit(make_request(), {KEY: key}, ANY_OF_THEM)


def test_access_is_light_to_import():
    """A server without bearer tokens and without Redis does not spend its start on importing for them."""
    modules = "api_keys, authenticator, counters, oauth, rate_limits, web_sessions"
    program = f"import sys; from scanner_api.access import {modules}; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 -- the project's own command
    assert not {"joserfc", "cryptography", "httpx2", "redis"} & set(loaded.stdout.split())
