"""Hooks for the security schemes of a contract."""

from __future__ import annotations

import base64
import runpy
from pathlib import Path

import pytest

from contract_first.service import Conflict, ResolverError, Unauthorized

petstore = runpy.run_path(str(Path(__file__).with_name("petstore.py")))
served, secured, ask = petstore["served"], petstore["secured"], petstore["ask"]

BASIC = base64.b64encode("ann:säcret:1".encode()).decode()
SCHEMES = {
    "header": ({"type": "apiKey", "in": "header", "name": "X-Key"}, {"headers": {"X-Key": "k"}}, "k"),
    "query": ({"type": "apiKey", "in": "query", "name": "key"}, {"params": {"key": "k"}}, "k"),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "key"}, {"headers": {"Cookie": "key=k"}}, "k"),
    "bearer": ({"type": "http", "scheme": "bearer"}, {"headers": {"Authorization": "Bearer t"}}, "t"),
    "basic": (
        {"type": "http", "scheme": "basic"},
        {"headers": {"Authorization": f"Basic {BASIC}"}},
        ("ann", "säcret:1"),
    ),
    "oauth2": ({"type": "oauth2", "flows": {}}, {"headers": {"Authorization": "bearer t"}}, "t"),
    "openid": (
        {"type": "openIdConnect", "openIdConnectUrl": "https://x.test"},
        {"headers": {"Authorization": "Bearer t"}},
        "t",
    ),
    "certificate": ({"type": "mutualTLS"}, {}, ""),
}


async def get_secret(caller):
    """Return the caller."""
    return caller


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("name", SCHEMES)
def test_every_kind_of_security_scheme(name, is_async):
    """The hook is given the credential as it stands in a request, and says who calls."""
    scheme, how, credential = SCHEMES[name]

    def hook(given, request):
        assert request.method == "GET"
        return {"caller": name} if given == credential else None

    async def async_hook(given, request):
        return hook(given, request)

    hooks = {name: async_hook if is_async else hook}
    app = served(secured({name: []}, **{name: scheme}), {"get_secret": get_secret}, authenticate=hooks)
    assert ask(app, "GET", "/", **how).json() == {"caller": name}
    if how:
        refused = ask(app, "GET", "/")
        assert refused.status_code == 401
        assert 'realm="Vault"' in refused.headers["www-authenticate"]


KEY, BEARER = SCHEMES["header"][0], SCHEMES["bearer"][0]


def only(expected):
    """Return a hook that knows one credential."""
    return lambda credential, _request: credential if credential == expected else None


@pytest.mark.parametrize(
    ("requirements", "headers", "status", "caller"),
    [
        ([{"key": []}, {"token": []}], {"X-Key": "k"}, 200, "k"),
        ([{"key": []}, {"token": []}], {"Authorization": "Bearer t"}, 200, "t"),
        ([{"key": []}, {"token": []}], {"X-Key": "wrong", "Authorization": "Bearer t"}, 200, "t"),
        ([{"key": []}, {"token": []}], {"X-Key": "wrong"}, 401, None),
        ([{"key": [], "token": []}], {"X-Key": "k"}, 401, None),
        (
            [{"key": [], "token": []}],
            {"X-Key": "k", "Authorization": "Bearer t"},
            200,
            {"key": "k", "token": "t"},
        ),
        ([{"key": []}, {}], {}, 200, None),
        ([{"key": []}, {}], {"X-Key": "k"}, 200, "k"),
        ([{"key": []}, {}], {"X-Key": "wrong"}, 401, None),
        ([], {"X-Key": "wrong"}, 200, None),
    ],
)
def test_security_requirements(requirements, headers, status, caller):
    """Each alternative suffices, all schemes of one must hold; a wrong credential is no anonymous call."""
    hooks = {"key": only("k"), "token": only("t")}
    contract = secured(*requirements, key=KEY, token=BEARER)
    response = ask(
        served(contract, {"get_secret": get_secret}, authenticate=hooks), "GET", "/", headers=headers
    )
    assert response.status_code == status
    if status == 200:
        assert response.json() == caller


@pytest.mark.parametrize(
    "credential", ["!", base64.b64encode(b"\xff:x").decode(), base64.b64encode(b"ann").decode()]
)
def test_a_basic_credential_that_cannot_be_read(credential):
    """It is refused without asking the hook."""
    hooks = {"basic": lambda _credential, _request: "anybody"}
    app = served(
        secured({"basic": []}, basic=SCHEMES["basic"][0]), {"get_secret": get_secret}, authenticate=hooks
    )
    assert ask(app, "GET", "/", headers={"Authorization": f"Basic {credential}"}).status_code == 401


def test_a_hook_may_raise():
    """Unauthorized is reported with a challenge that calls the token invalid, any other problem as it is."""

    async def hook(credential, _request):
        raise Unauthorized("It has expired.") if credential == "old" else Conflict("It is being used.")

    app = served(
        secured({"token": []}, token=BEARER), {"get_secret": get_secret}, authenticate={"token": hook}
    )
    refused = ask(app, "GET", "/", headers={"Authorization": "Bearer old"})
    assert (refused.status_code, refused.json()["detail"]) == (401, "It has expired.")
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert ask(app, "GET", "/", headers={"Authorization": "Bearer new"}).status_code == 409


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        (None, "'key', which 'get_secret' requires"),
        ({"token": only("t")}, "'key', which 'get_secret' requires"),
        ({"key": only("k"), "kye": only("k")}, "'kye'"),
        ({"key": "k"}, "'key' is not a function; it is str"),
        ({"key": lambda key: key}, "'key' takes key; expected a credential and the request"),
        ({"key": lambda *, key="secret": key}, "'key' takes key; expected"),
    ],
)
def test_hooks_that_do_not_fit_fail_the_start(hooks, said):
    """A scheme that an operation requires has a hook, and a hook its scheme."""
    contract = secured({"key": []}, key=KEY, token=BEARER)
    with pytest.raises(ResolverError, match=said):
        served(contract, {"get_secret": get_secret}, authenticate=hooks)


def test_a_scheme_that_no_operation_requires_needs_no_hook():
    """The contract may list more than it uses."""
    contract = secured({"key": []}, key=KEY, token=BEARER)
    app = served(contract, {"get_secret": get_secret}, authenticate={"key": only("k")})
    assert ask(app, "GET", "/", headers={"X-Key": "k"}).json() == "k"


OAUTH2 = {"type": "oauth2", "flows": {}}
TOKENS = {"reader": {"read:pets"}, "writer": {"read:pets", "write:pets"}}


def scoped(hook, *requirements):
    """Return an app that requires scopes of a token."""
    requirements = requirements or ({"oauth": ["read:pets", "write:pets"]},)
    contract = secured(*requirements, oauth=OAUTH2)
    return served(contract, {"get_secret": get_secret}, authenticate={"oauth": hook})


def ask_with(app, token):
    """Ask with a bearer token."""
    return ask(app, "GET", "/", headers={"Authorization": f"Bearer {token}"})


def of_request(token, request):
    """Know the scopes from the request, as a set or as the text that a token has."""
    if token in TOKENS:
        request.requirement.require(TOKENS[token])
        request.requirement.require(" ".join(TOKENS[token]))
    return {"token": token} if token in TOKENS else None


async def of_parameter(token, request, requirement):
    """Know them from a third parameter."""
    assert requirement is request.requirement
    assert (requirement.scheme, requirement.operation.operation_id) == ("oauth", "get_secret")
    return of_request(token, request)


class OfCallable:
    """Know them as an instance that is called."""

    def __call__(self, token, _request, requirement=None):
        """Return the caller of a token with the scopes."""
        requirement.require(TOKENS.get(token, requirement.scopes))
        return {"token": token} if token in TOKENS else None


def of_default(token, request, requests=[]):  # noqa: B006 -- that is what it tests
    """Have a third parameter of its own, as two arguments are what it is called with."""
    requests.append(token)
    return of_request(token, request)


@pytest.mark.parametrize("hook", [of_request, of_parameter, OfCallable(), of_default])
def test_a_token_has_the_scopes_that_the_operation_requires(hook):
    """The hook gets them; a valid token that lacks one is a 403 that names them, a wrong one a 401."""
    app = scoped(hook)
    assert ask_with(app, "writer").json() == {"token": "writer"}
    refused = ask_with(app, "reader")
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"] == (
        'Bearer realm="Vault", error="insufficient_scope", scope="read:pets write:pets"'
    )
    assert refused.json()["scopes"] == ["read:pets", "write:pets"]
    assert ask_with(app, "nobody").status_code == 401


def test_the_requirement_counts_whose_scopes_a_token_has():
    """One scheme may be required with other scopes; what the handler sees is the requirement that was met."""
    app = scoped(of_parameter, {"oauth": ["admin"]}, {"oauth": ["read:pets"]})
    assert ask_with(app, "reader").json() == {"token": "reader"}
    assert ask_with(app, "nobody").status_code == 401


def test_a_token_without_the_scopes_is_refused_where_nobody_may_call_as_well():
    """Anonymous is who sends no token, not who sends one that lacks a scope."""
    app = scoped(of_request, {"oauth": ["admin"]}, {})
    assert ask_with(app, "reader").status_code == 403
    assert ask(app, "GET", "/").status_code == 200
