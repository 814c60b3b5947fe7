"""A page of another site makes a visitor's browser send the cookie of a security scheme."""

import asyncio

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.service import Exposure, create_app

OWN, ALLOWED, FOREIGN = "http://api.test", "https://app.test", "https://evil.test"
COOKIE = {"Cookie": "session=secret"}
EITHER = [{"session": []}, {"key": []}]
SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
}


def contract(security=EITHER):
    """Return a contract whose one path takes credentials with three methods."""
    operation = {"responses": {"204": {"description": ""}}, "security": security}
    names = {"get": "read", "post": "write", "delete": "remove", "query": "ask"}
    methods = {method: {**operation, "operationId": name} for method, name in names.items()}
    return Contract(
        {
            "openapi": "3.2.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/": methods},
            "components": {"securitySchemes": SCHEMES},
        },
        "test",
    )


async def nothing():
    """Respond with 204."""


def caller(credential, _request):
    """Return who has the secret."""
    return "me" if credential == "secret" else None


def app(security=EITHER, **options):
    """Return an app of the contract."""
    handlers = dict.fromkeys(["read", "write", "remove", "ask"], nothing)
    options = {"authenticate": {"session": caller, "key": caller}, **options}
    return create_app(contract(security), handlers, **options)


def ask(served, method, headers, url=OWN):
    """Return the response to a request from 127.0.0.1."""

    async def send():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(served), base_url=url) as client:
            return await client.request(method, "/", headers=headers)

    return asyncio.run(send())


SAME = {"Sec-Fetch-Site": "same-origin"}
CROSS = {"Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"Origin": OWN}, 204),
        ({"Origin": "HTTP://API.test:80"}, 204),
        ({"Origin": ALLOWED}, 204),
        ({"Origin": ALLOWED, **CROSS}, 204),
        (SAME, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Sec-Fetch-Site": "same-site"}, 204),
        (CROSS, 403),
        ({"Origin": FOREIGN}, 403),
        ({"Origin": FOREIGN, **SAME}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", **SAME}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://api.test"}, 403),
        ({"Origin": "https://api.test", **SAME}, 204),
        ({"Origin": "http://api.test:8080"}, 403),
        ({"Origin": "http://api.test.evil.test"}, 403),
        ({"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https", "Origin": FOREIGN}, 403),
    ],
)
def test_unsafe_request_with_a_cookie(headers, status):
    """It is 403 from a page that may not send the cookie, whatever it has done to come by it."""
    served = app(exposure=Exposure(cors_origins=[ALLOWED]))
    for method in ("POST", "DELETE"):
        response = ask(served, method, COOKIE | headers)
        assert response.status_code == status, response.text
    if status == 403:
        assert "cors_origins" in response.json()["detail"]
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY"])
def test_safe_methods_take_the_cookie(method):
    """They change nothing, and whether a page may read the response is up to CORS."""
    assert ask(app(), method, COOKIE | {"Origin": FOREIGN} | CROSS).status_code == 204


def test_any_origin_is_none_with_a_cookie():
    """Browsers send no cookie where ``*`` is allowed; who says so meant no cookies."""
    served = app(exposure=Exposure(cors_origins=["*"]))
    assert ask(served, "POST", COOKIE | {"Origin": FOREIGN}).status_code == 403
    assert ask(served, "POST", {"X-Key": "secret", "Origin": FOREIGN}).status_code == 204


@pytest.mark.parametrize(
    ("security", "headers", "status"),
    [
        (EITHER, {"X-Key": "secret"}, 204),
        (EITHER, COOKIE | {"X-Key": "secret"}, 204),
        (EITHER, COOKIE | {"X-Key": "wrong"}, 401),
        (EITHER, {}, 401),
        (EITHER, {"Cookie": "other=secret"}, 401),
        ([{"session": [], "key": []}], COOKIE | {"X-Key": "secret"}, 403),
        ([{"session": []}, {}], COOKIE, 403),
        ([{"session": []}, {}], {}, 204),
        ([{"key": []}], COOKIE | {"X-Key": "secret"}, 204),
        ([{"key": []}], COOKIE, 401),
        ([], COOKIE, 204),
    ],
)
def test_other_credentials_count(security, headers, status):
    """A page of another site cannot know them, so that a request which has them is its own."""
    assert ask(app(security), "POST", headers | {"Origin": FOREIGN}).status_code == status


def test_an_authenticator_is_not_handed_the_cookie():
    """One of your own has the same protection as functions for each scheme."""
    seen = []

    class Everybody:
        async def admit(self, _request, credentials, _alternatives):
            seen.append(dict(credentials))

    served = app(authenticate=Everybody())
    assert ask(served, "POST", COOKIE | {"Origin": FOREIGN}).status_code == 403
    assert ask(served, "POST", COOKIE | {"X-Key": "k", "Origin": FOREIGN}).status_code == 204
    assert ask(served, "POST", COOKIE | {"Origin": OWN}).status_code == 204
    assert seen == [{"key": "k"}, {"session": "secret"}]


def test_behind_a_proxy_its_origin_is_the_own_one():
    """What a trusted proxy says of scheme and host; of others nobody believes it."""
    headers = COOKIE | {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.test",
        "Origin": "https://shop.test",
    }
    assert ask(app(exposure=Exposure(trusted_proxies=["127.0.0.1"])), "POST", headers).status_code == 204
    assert ask(app(exposure=Exposure(trusted_proxies=["10.0.0.0/8"])), "POST", headers).status_code == 403
    assert ask(app(), "POST", headers).status_code == 403
    assert (
        ask(
            app(exposure=Exposure(trusted_proxies=["127.0.0.1"])), "POST", headers | {"Origin": OWN}
        ).status_code
        == 403
    )


def test_it_is_switched_off_by_a_keyword_and_in_mocks():
    """Who has tokens against forgery needs no other; a mock has no secrets."""
    headers = COOKIE | {"Origin": FOREIGN} | CROSS
    assert ask(app(exposure=Exposure(csrf_protection=False)), "POST", headers).status_code == 204
    with contract_mock(contract()) as mock:
        assert httpx2.post(mock.api, headers=headers, trust_env=False).status_code == 204
