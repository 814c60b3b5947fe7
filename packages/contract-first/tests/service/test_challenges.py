"""``WWW-Authenticate``."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_dict_header

from contract_first.service.access.security import challenge_of, challenges_of, quoted

SCHEMES = {
    "APIKeyHeaderAuth": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "OAuthTokenAuth": {"type": "http", "scheme": "bearer"},
    "SessionAuth": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
}
KEY = 'ApiKey realm="Scanner API", in="header", name="X-API-Key"'
BEARER = 'Bearer realm="Scanner API"'
COOKIE = 'ApiKey realm="Scanner API", in="cookie", name="sessionid"'


def test_all_schemes_are_challenged():
    """Who presents nothing gets every way to authenticate; an error is not mentioned (RFC 6750, 3.1)."""
    assert challenges_of(SCHEMES, "Scanner API")[None] == f"{KEY}, {BEARER}, {COOKIE}"


def test_wrong_bearer_token_is_called_so():
    """Only a wrong bearer token adds ``invalid_token``, to the challenge that concerns it."""
    challenges = challenges_of(SCHEMES, "Scanner API")
    assert challenges["OAuthTokenAuth"] == f'{KEY}, {BEARER}, error="invalid_token", {COOKIE}'
    assert challenges["APIKeyHeaderAuth"] == challenges["SessionAuth"] == challenges[None]


def test_other_kinds_of_scheme():
    """Every type of Security Scheme Object that carries a credential in Authorization has a challenge."""
    assert challenge_of({"type": "oauth2", "flows": {}}, "Scanner API") == BEARER
    assert (
        challenge_of({"type": "openIdConnect", "openIdConnectUrl": "https://login.example"}, "Scanner API")
        == BEARER
    )
    assert challenge_of({"type": "http", "scheme": "basic"}, "Scanner API") == 'Basic realm="Scanner API"'


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_quoted_string_can_be_read_back(text):
    """Whatever a contract calls its header, the challenge stays one that a client can read."""
    assert parse_dict_header(f"name={quoted(text)}")["name"] == text


def test_field_is_a_list_of_challenges():
    """The field as a whole follows RFC 9110: schemes, each with its parameters, separated by commas."""
    token, string = r"[!#$%&'*+\-.^_`|~\w]+", r'"(?:[^"\\]|\\.)*"'
    challenge = rf"{token} {token}={string}(?:, {token}={string})*"
    for field in challenges_of(SCHEMES, "Scanner API").values():
        assert re.fullmatch(rf"{challenge}(?:, {challenge})*", field)
