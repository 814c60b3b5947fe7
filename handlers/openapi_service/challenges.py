"""``WWW-Authenticate``: how to authenticate, told with every 401 (RFC 9110, section 11.6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REALM = "Scanner API"


def challenge_of(scheme: Mapping[str, Any], realm: str = REALM, **parameters: str) -> str:
    """Return the challenge for a Security Scheme Object.

    An API key has no authentication scheme of its own in HTTP: its challenge is called ``ApiKey`` and names
    the header or cookie.
    """
    if scheme["type"] == "apiKey":
        name, place = "ApiKey", {"in": scheme["in"], "name": scheme["name"]}
    else:
        # oauth2 and openIdConnect schemes are presented as bearer tokens too
        name, place = scheme.get("scheme", "bearer").title(), {}
    stated = {"realm": realm, **place, **parameters}
    return f"{name} " + ", ".join(f"{key}={quoted(value)}" for key, value in stated.items())


def challenges_of(schemes: Mapping[str, Mapping[str, Any]], realm: str = REALM) -> dict[str | None, str]:
    """Return the ``WWW-Authenticate`` field by the scheme whose credential was wrong, None if there was none.

    Where it was a bearer token, its challenge says ``invalid_token`` (RFC 6750, section 3.1). A client's
    certificate is no credential of HTTP's, and has no challenge.
    """
    schemes = {name: each for name, each in schemes.items() if each["type"] != "mutualTLS"}
    plain = {name: challenge_of(scheme, realm) for name, scheme in schemes.items()}
    wrong = {
        name: challenge_of(scheme, realm, error="invalid_token")
        for name, scheme in schemes.items()
        if scheme["type"] != "apiKey"
    }
    told = {name: plain | {name: wrong.get(name, plain[name])} for name in schemes}
    # two schemes may have the same challenge, as oauth2 and openIdConnect do
    fields = [(None, plain), *told.items()]
    return {name: ", ".join(dict.fromkeys(each.values())) for name, each in fields}


def quoted(value: str) -> str:
    """Return a value as a quoted-string (RFC 9110, section 5.6.4); what it cannot hold is ``?`` in it."""
    printable = "".join(each if " " <= each <= "~" else "?" for each in value)
    escaped = printable.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
