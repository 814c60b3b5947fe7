"""API keys: their grammar, and whom they let in."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_first.service.messages.problems import Unauthorized
from scanner_api.access.api_keys import ApiKeyVerifier, check_shape, new_key

PREFIXES = st.sampled_from(["csb", "csu", "cpk"])
GOOD_KEY = "csb_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef_06d4aa43"
GRAMMAR = re.compile("(csb|csu|cpk)_([0-9A-Za-z]{32})_([0-9a-f]{8})")


class UntouchableStore:
    """A store that nobody may ask."""

    async def api_key(self, digest):
        """Fail."""
        raise AssertionError(f"the store was asked for {digest}")

    async def note_use(self, last_used):
        """Fail."""
        raise AssertionError(f"the store was called with {last_used}")


def detail_of(verifier, key):
    """Return why the verifier refuses a key."""
    with pytest.raises(Unauthorized) as refusal:
        asyncio.run(verifier.verify(key, None))
    return refusal.value.detail


@given(PREFIXES)
def test_new_key_follows_the_grammar(prefix):
    """A new key has its prefix, 32 alphanumerics and the CRC-32 of these, and passes its own check."""
    key = new_key(prefix)
    found, body, checksum = GRAMMAR.fullmatch(key).groups()
    assert found == prefix
    assert int(checksum, 16) == crc32(body.encode())
    check_shape(key)


def test_new_keys_differ():
    """No two of a thousand new keys are alike."""
    assert len({new_key("csb") for _ in range(1000)}) == 1000


def test_checksum_is_the_one_that_other_tools_compute():
    """The checksum of a known body is what zlib, gzip and PNG know as its CRC-32."""
    check_shape(GOOD_KEY)
    _, body, checksum = GRAMMAR.fullmatch(GOOD_KEY).groups()
    assert int(checksum, 16) == crc32(body.encode())


@given(PREFIXES, st.data())
def test_one_wrong_character_is_noticed(prefix, data):
    """Whatever single character of body or checksum is mistyped, the key is refused."""
    key = new_key(prefix)
    place = data.draw(st.integers(4, len(key) - 1))
    wrong = data.draw(st.characters().filter(lambda character: character != key[place]))
    with pytest.raises(Unauthorized):
        check_shape(key[:place] + wrong + key[place + 1 :])


@given(st.text() | st.from_regex(r"c[a-z]{2}_\w{32}_\w{8}\n?"))
def test_only_the_grammar_passes(text):
    """Text passes if and only if it follows the grammar, and its checksum is right."""
    match = GRAMMAR.fullmatch(text)
    follows = match is not None and int(match[3], 16) == crc32(match[2].encode())
    try:
        check_shape(text)
    except Unauthorized:
        assert not follows
    else:
        assert follows


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("", "wrong shape"),
        ("csb_short_00000000", "wrong shape"),
        ("xyz_" + GOOD_KEY[4:], "wrong shape"),
        (GOOD_KEY + "\n", "wrong shape"),
        (GOOD_KEY.replace("_", "-"), "wrong shape"),
        (GOOD_KEY.upper(), "wrong shape"),
        ("csb_" + "٣" * 32 + "_00000000", "wrong shape"),
        ("csb_" + "A" * 32 + "_00000000", "checksum"),
    ],
)
def test_malformed_key_never_reaches_the_store(clock, key, expected):
    """A key of the wrong shape or checksum is refused with a reason, and the store is not asked."""
    detail = detail_of(ApiKeyVerifier(UntouchableStore(), clock), key)
    assert expected in detail
    assert not key or key not in detail


async def test_organization_key_acts_for_its_organization(clock, open_store):
    """A csb key lets its organization in, which operations may infer, with the limits of the key."""
    async with open_store() as store:
        await store.found("acme")
        key = new_key("csb")
        await store.add_key(key, organization_id="acme", per_minute=5, per_day=50)
        caller = await ApiKeyVerifier(store, clock).verify(key, None)
    assert (caller.credential, caller.organizations) == ("key:a-key", {"acme"})
    assert caller.infers_organization
    assert not caller.own_sessions_only
    assert (caller.per_minute, caller.per_day) == (5, 50)


async def test_publishable_key_reaches_its_own_sessions_only(clock, open_store):
    """A cpk key acts for its organization, but sees what it created itself."""
    async with open_store() as store:
        await store.found("acme")
        key = new_key("cpk")
        await store.add_key(key, organization_id="acme")
        caller = await ApiKeyVerifier(store, clock).verify(key, None)
    assert caller.own_sessions_only
    assert caller.infers_organization
    assert caller.reaches("acme", "key:a-key")
    assert not caller.reaches("acme", "key:another")


@pytest.mark.parametrize(
    ("memberships", "infers"), [((), False), (("acme",), True), (("acme", "globex"), False)]
)
async def test_user_key_acts_for_the_memberships(clock, open_store, memberships, infers):
    """A csu key reaches its user's organizations, and says which one only if it is the only one."""
    async with open_store() as store:
        await store.found("acme", "globex", "initech")
        await store.join("ann", *memberships)
        key = new_key("csu")
        await store.add_key(key, user_id="ann")
        caller = await ApiKeyVerifier(store, clock).verify(key, None)
    assert caller.organizations == set(memberships)
    assert caller.infers_organization == infers


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"is_active": False}, "revoked"),
        ({"expires_at": timedelta(0)}, "expired at 2026-03-31T12:00:00+00:00"),
        ({"expires_at": timedelta(days=-1)}, "expired"),
    ],
)
async def test_stored_key_that_is_no_longer_good(clock, open_store, fields, expected):
    """A key that is revoked, or whose expiry is not in the future, is refused with the reason."""
    if "expires_at" in fields:
        fields = {"expires_at": clock.now() + fields["expires_at"]}
    async with open_store() as store:
        await store.found("acme")
        key = new_key("csb")
        await store.add_key(key, organization_id="acme", **fields)
        with pytest.raises(Unauthorized) as refusal:
            await ApiKeyVerifier(store, clock).verify(key, None)
        result = refusal.value.detail
    assert expected in result


async def test_unknown_key(clock, open_store):
    """A well-formed key that was never stored is refused."""
    async with open_store() as store:
        with pytest.raises(Unauthorized, match="not known"):
            await ApiKeyVerifier(store, clock).verify(new_key("csb"), None)


async def test_key_expires_while_it_is_remembered(clock, open_store):
    """Expiry is compared with the clock at each request, not at the time when the key was looked up."""
    async with open_store() as store:
        await store.found("acme")
        key = new_key("csb")
        await store.add_key(key, organization_id="acme", expires_at=clock.now() + timedelta(seconds=1))
        verifier = ApiKeyVerifier(store, clock)
        await verifier.verify(key, None)
        clock.advance(1)
        with pytest.raises(Unauthorized, match="expired"):
            await verifier.verify(key, None)


async def test_revocation_reaches_every_process_within_a_second(clock, open_store):
    """A key that another process revoked is refused once half a second is over, while the clock stands."""
    ticks = 0.0
    async with open_store() as store, open_store() as another_process:
        await store.found("acme")
        key = new_key("csb")
        await store.add_key(key, organization_id="acme")
        verifier = ApiKeyVerifier(store, clock)
        verifier._keys._ticks = lambda: ticks
        await verifier.verify(key, None)
        assert await another_process.revoke_api_key("a-key")
        ticks = 0.5
        with pytest.raises(Unauthorized, match="revoked"):
            await verifier.verify(key, None)


async def test_use_is_noted_and_written_later(clock, open_store):
    """Verifying writes nothing; when the service stops, the time of the last use is in the store."""
    async with open_store() as store:
        await store.found("acme")
        key = new_key("csb")
        await store.add_key(key, organization_id="acme")
        verifier = ApiKeyVerifier(store, clock)
        async with verifier.last_used:
            await verifier.verify(key, None)
            clock.advance(5)
            await verifier.verify(key, None)
            assert [stored.last_used for stored in await store.list_api_keys()] == [None]
        assert [stored.last_used for stored in await store.list_api_keys()] == [clock.now()]
