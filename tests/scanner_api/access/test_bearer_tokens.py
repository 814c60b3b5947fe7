"""Bearer tokens: which are believed, and what they say of the caller."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from contract_first.service.messages.problems import Problem, ServiceUnavailable, Unauthorized
from scanner_api.access.jwks import KeySet
from scanner_api.access.oauth import bearer_verifier
from scanner_api.access.tokens import LONGEST_TOKEN, REGISTRY, TokenVerifier
from scanner_api.settings import Settings

ISSUER = "https://login.example"
AUDIENCE = "https://api.example"
NOW = 1_774_958_400


@cache
def issuer_keys():
    """Return the issuer's private keys by algorithm."""
    return {
        "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
        "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
        "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
    }


def key_set():
    """Return the issuer's public keys as a JWK Set document."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in issuer_keys().values()]})


@pytest.fixture(scope="session")
def key_file(tmp_path_factory):
    """Return a file with the issuer's public keys."""
    path = tmp_path_factory.mktemp("issuer") / "jwks.json"
    path.write_text(key_set())
    return path


def b64(content):
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": NOW + 300, "organization_id": "acme"}


def signed(algorithm="RS256", key=None, header=None, claims=None, **changed):
    """Return a token; claims that are changed to None are left out."""
    key = key or issuer_keys()["EdDSA" if algorithm == "Ed25519" else algorithm]
    content = {name: value for name, value in ((claims or CLAIMS) | changed).items() if value is not None}
    return signed_content(algorithm, key, json.dumps(content), header)


def signed_content(algorithm, key, content, header=None):
    """Return a token with any content."""
    head = {"alg": algorithm, "typ": "JWT", "kid": key.kid} | (header or {})
    head = {name: value for name, value in head.items() if value is not None}
    signed_part = f"{b64(json.dumps(head).encode())}.{b64(content.encode())}"
    # the algorithm itself, since joserfc signs nothing that it would not verify
    return f"{signed_part}.{b64(JWSRegistry.algorithms[algorithm].sign(signed_part.encode(), key))}"


@pytest.fixture(scope="session")
def verify(key_file, stopped_clock):
    """Verifies one token at noon."""

    def verified(token):
        clock = stopped_clock()
        return asyncio.run(TokenVerifier(*SETTINGS, KeySet(str(key_file)), CLAIM, clock).verify(token, None))

    return verified


SETTINGS = ISSUER, AUDIENCE
CLAIM = "organization_id"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "Ed25519"])
@pytest.mark.parametrize(
    "header", [{}, {"kid": None}, {"typ": None}, {"typ": "at+jwt"}, {"more": ["is", "ignored"]}]
)
def test_token_of_the_issuer_is_believed(verify, algorithm, header):
    """A token signed with each algorithm lets the organization of its claim in."""
    caller = verify(signed(algorithm, header=header))
    assert caller.organizations == {"acme"}
    assert caller.infers_organization
    assert not caller.own_sessions_only


def with_header(**header):
    """Return a good token whose header is exchanged, its signature left as it was."""
    _, content, signature = signed().split(".")
    return ".".join([b64(json.dumps(header).encode()), content, signature])


def hmac_token(algorithm, secret, kid="rsa"):
    """Return a token that is signed with a shared secret."""
    head = b64(json.dumps({"alg": algorithm, "kid": kid}).encode())
    content = f"{head}.{b64(json.dumps(CLAIMS).encode())}"
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
    return f"{content}.{b64(hmac.new(secret, content.encode(), digest).digest())}"


def public(encoding):
    """Return the issuer's public RSA key as a would-be HMAC secret."""
    return issuer_keys()["RS256"].as_bytes(encoding, private=False)


def unsigned(header):
    """Return a token without a signature."""
    return f"{b64(header.encode())}.{b64(json.dumps(CLAIMS).encode())}."


def own_key():
    """Return an attacker's key under the issuer's key id."""
    return RSAKey.generate_key(2048, {"kid": "rsa"})


@cache
def forgeries():
    """Return tokens that must not be believed, by what is wrong with them."""
    attacker = own_key()
    embedded = {"jwk": attacker.as_dict(private=False), "jku": "https://evil.example/jwks.json"}
    good = signed()
    head, content, signature = good.split(".")
    return {
        "none": unsigned('{"alg":"none"}'),
        "none, capitals": unsigned('{"alg":"nOnE"}'),
        "none, with the issuer's key id": unsigned('{"alg":"none","kid":"rsa"}'),
        "none after RS256": unsigned('{"alg":"RS256","kid":"rsa","alg":"none"}'),
        "RS256 after none": unsigned('{"alg":"none","kid":"rsa","alg":"RS256"}'),
        "HS256 with the public key in PEM": hmac_token("HS256", public("PEM")),
        "HS256 with the public key in DER": hmac_token("HS256", public("DER")),
        "HS512 with the empty secret": hmac_token("HS512", b""),
        "HS256 without key id": hmac_token("HS256", public("PEM"), kid=None),
        "RS384": signed_content("RS384", issuer_keys()["RS256"], json.dumps(CLAIMS)),
        "PS256": signed_content("PS256", issuer_keys()["RS256"], json.dumps(CLAIMS)),
        "another's key": signed(key=attacker),
        "another's key in the header": signed(key=attacker, header=embedded),
        "unknown key id": signed(header={"kid": "nobody"}),
        "EC key id with RS256": signed(header={"kid": "ec"}),
        "RSA key id with ES256": signed("ES256", header={"kid": "rsa"}),
        "key id that is no string": with_header(alg="RS256", kid=["rsa"]),
        "no algorithm": with_header(kid="rsa"),
        "algorithm that is no string": with_header(alg=None, kid="rsa"),
        "header that is no object": b64(b'["alg"]') + "." + content + "." + signature,
        "header that is a string": b64(b'"alg"') + "." + content + "." + signature,
        "header that is no JSON": b64(b"\xff\xfe") + "." + content + "." + signature,
        "other claims": f"{head}.{b64(json.dumps(CLAIMS | {'sub': 'eve'}).encode())}.{signature}",
        "cut signature": good[:-4],
        "empty signature": f"{head}.{content}.",
        "padded": good + "==",
        "two parts": f"{head}.{content}",
        "five parts, as encrypted": f"{good}.{content}.{signature}",
        "another type": signed(header={"typ": "logout+jwt"}),
        "critical extension": signed(header={"crit": ["exp"], "exp": 1}),
        "critical type": signed(header={"crit": ["typ"]}),
        "critical b64": signed(header={"crit": ["b64"], "b64": True}),
        "unencoded content": with_header(alg="RS256", kid="rsa", b64=False, crit=["b64"]),
        "nothing": "",
        "dots": "..",
        "not ASCII": good + "é",
        "too long": signed(padding="x" * LONGEST_TOKEN),
        "content that is no object": signed_content("RS256", issuer_keys()["RS256"], "[]"),
        "content that is no JSON": signed_content("RS256", issuer_keys()["RS256"], "no"),
        "nested content": signed_content("RS256", issuer_keys()["RS256"], "[" * 5000),
        "nested header": b64(b"[" * 5000) + f".{content}.{signature}",
        "nested header member": b64(b'{"alg":"RS256","crit":' + b"[" * 5000) + f".{content}.{signature}",
        "endless number": signed_content("RS256", issuer_keys()["RS256"], '{"exp":' + "9" * 5000 + "}"),
    }


@pytest.mark.parametrize("kind", sorted(forgeries()))
def test_forged_token_is_refused(verify, kind):
    """Nothing but a JWT that the issuer signed as agreed is believed; the response is a 401, not a 500."""
    with pytest.raises(Unauthorized) as refusal:
        verify(forgeries()[kind])
    assert "bearer token" in refusal.value.detail


@pytest.mark.parametrize("name", sorted(JWSRegistry.algorithms))
def test_only_four_algorithms_are_known(name):
    """Should a token ever get as far with another algorithm, the library is not let near it."""
    if name in {"RS256", "ES256", "EdDSA", "Ed25519"}:
        assert REGISTRY.get_alg(name).name == name
    else:
        with pytest.raises(UnsupportedAlgorithmError):
            REGISTRY.get_alg(name)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"exp": None}, "`exp`"),
        ({"exp": "soon"}, r"\$.exp"),
        ({"exp": True}, r"\$.exp"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"exp": float("inf")}, "expired"),
        ({"exp": 10**400}, "expired|claims"),
        ({"exp": -(10**400)}, "expired|claims"),
        ({"nbf": NOW + 61}, "not valid yet"),
        ({"nbf": float("nan")}, "not valid yet"),
        ({"nbf": "now"}, r"\$.nbf"),
        ({"iat": NOW + 61}, "not valid yet"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": [ISSUER]}, r"\$.iss"),
        ({"iss": None}, "`iss`"),
        ({"aud": "https://other.example"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": [AUDIENCE, 1]}, r"\$.aud"),
        ({"aud": None}, "`aud`"),
        ({"sub": None}, "`sub`"),
        ({"sub": 1}, r"\$.sub"),
        ({"organization_id": 1}, "organization_id"),
        ({"organization_id": ["acme", None]}, "organization_id"),
        ({"organization_id": {"id": "acme"}}, "organization_id"),
    ],
)
def test_claim_that_is_not_as_agreed(verify, changed, expected):
    """A signed token with a claim missing, malformed or of another time or place is a 401 that says which."""
    with pytest.raises(Unauthorized, match=expected):
        verify(signed(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 59},
        {"exp": NOW - 59.5},
        {"nbf": NOW + 60, "iat": NOW + 60},
        {"aud": ["https://other.example", AUDIENCE]},
    ],
)
def test_leeway_and_audiences(verify, changed):
    """Clocks may differ by a minute, and a token may have several audiences."""
    assert verify(signed(**changed))


@pytest.mark.parametrize(
    ("claim", "organizations", "infers"),
    [
        ("acme", {"acme"}, True),
        (["acme"], {"acme"}, True),
        (["acme", "globex"], {"acme", "globex"}, False),
        ([], set(), False),
        (None, set(), False),
    ],
)
def test_organizations_of_the_claim(verify, claim, organizations, infers):
    """The claim is an organization or a list; a caller without any is valid, and may do nothing."""
    caller = verify(signed(organization_id=claim))
    assert caller.organizations == organizations
    assert caller.infers_organization == infers


def test_credential_names_the_subject_without_revealing_it(verify):
    """All tokens of a subject are one credential, another subject is another one, and neither can be read."""
    first, again, other = (verify(signed(**changed)) for changed in ({}, {"exp": NOW + 9}, {"sub": "bob"}))
    assert first.credential == again.credential != other.credential
    assert first.credential.startswith("bearer:")
    assert "ann" not in first.credential


@given(data=st.data())
def test_damaged_token_is_refused(verify, data):
    """A good token of which any character is exchanged, or any piece is lost, is a 401 and nothing worse."""
    token = signed("EdDSA")
    start = data.draw(st.integers(0, len(token) - 1))
    end = data.draw(st.integers(start, min(len(token), start + 3)))
    put = data.draw(st.text(st.characters(codec="latin-1"), max_size=3))
    damaged = token[:start] + put + token[end:]
    if damaged != token:
        with pytest.raises(Unauthorized):
            verify(damaged)


@given(st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
def test_any_text_is_refused(verify, text):
    """Whatever is presented as a token, the response is a 401."""
    with pytest.raises(Unauthorized):
        verify(text)


async def test_token_is_verified_once(key_file, clock):
    """A valid token that comes again is known by its digest, until it expires by the clock."""
    keys = KeySet(str(key_file))
    verifier = TokenVerifier(*SETTINGS, keys, CLAIM, clock)
    token = signed()
    first = await verifier.verify(token, None)
    keys._keys.clear()
    assert await verifier.verify(token, None) is first
    assert token not in repr(verifier.__dict__)
    clock.advance(300 + 60)
    with pytest.raises(Problem):
        await verifier.verify(token, None)


async def test_memory_of_tokens_is_bounded(key_file, clock, monkeypatch):
    """However many valid tokens come, no more than the bound are remembered, the newest ones."""
    monkeypatch.setattr("scanner_api.access.tokens.MAX_CACHED", 3)
    verifier = TokenVerifier(*SETTINGS, KeySet(str(key_file)), CLAIM, clock)
    for number in range(5):
        await verifier.verify(signed(sub=str(number)), None)
    assert len(verifier._verified) == 3


async def test_withdrawn_key_ends_its_tokens(tmp_path, clock):
    """Once the issuer no longer publishes a key, what it signed is refused, though it was believed before."""
    path = tmp_path / "jwks.json"
    path.write_text(key_set())
    ticks = [0.0]
    verifier = TokenVerifier(*SETTINGS, KeySet(str(path), ticks=lambda: ticks[0]), CLAIM, clock)
    await verifier.verify(signed("RS256"), None)
    path.write_text(json.dumps({"keys": [issuer_keys()["ES256"].as_dict(private=False)]}))
    await verifier.verify(signed("RS256"), None)
    ticks[0] = 600
    with pytest.raises(Unauthorized):
        await verifier.verify(signed("RS256"), None)
    await verifier.verify(signed("ES256"), None)


async def test_issuer_that_cannot_be_reached(tmp_path, clock, caplog):
    """Without the issuer's keys nobody can tell whether a token is good: 503, and the log says why."""
    verifier = TokenVerifier(*SETTINGS, KeySet(str(tmp_path / "missing.json")), CLAIM, clock)
    with pytest.raises(ServiceUnavailable):
        (await verifier.verify(signed(), None))
    assert "No such file" in caplog.text


def configured(clock, **changed):
    """Return the verifier for settings."""
    values = {"oauth_issuer": ISSUER, "oauth_audience": AUDIENCE, "oauth_jwks": "jwks.json"} | changed
    return bearer_verifier(Settings(**values, oauth_organization_claim=CLAIM), clock)


async def test_bearer_tokens_are_off_without_an_issuer(clock):
    """Without an issuer every token is a 401 that says why, the best one too."""
    for verifier in (configured(clock, oauth_issuer=""), bearer_verifier(Settings(), clock)):
        with pytest.raises(Unauthorized, match="no token issuer configured"):
            await verifier.verify(signed(), None)


async def test_bearer_tokens_are_on_with_an_issuer(key_file, clock):
    """With the settings of an issuer its tokens are believed."""
    caller = await configured(clock, oauth_jwks=str(key_file)).verify(signed(), None)
    assert caller.organizations == {"acme"}


@pytest.mark.parametrize("missing", ["oauth_audience", "oauth_jwks"])
def test_half_configured_issuer_fails_the_start(clock, missing):
    """An issuer without audience or keys is an error at start that names the settings."""
    with pytest.raises(ValueError, match="oauth_audience and oauth_jwks must be set"):
        configured(clock, **{missing: ""})
