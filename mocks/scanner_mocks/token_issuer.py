"""Issues the mock's bearer tokens: whoever has this file can, so they are good for a mock only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.jwk import OKPKey

from scanner_api.access.tokens import REGISTRY

from . import seeds

ISSUER: Final = "https://issuer.mock.example"
AUDIENCE: Final = "scanner-api-mock"
KEY_SET: Final = Path(__file__).with_name("jwks.json")
"""The issuer's JSON Web Key Set, that its tokens are verified with."""
YEAR_2100: Final = 4_102_444_800
_PUBLIC_KEY: Final = json.loads(KEY_SET.read_bytes())["keys"][0]
_SIGNING_KEY: Final = OKPKey.import_key({**_PUBLIC_KEY, "d": "cHVibGljIG1vY2sga2V5LCBpdCBpcyBubyBzZWNyZXQ"})


def bearer_token(*organizations: str, subject: str = seeds.MEMBER, expires: int = YEAR_2100) -> str:
    """Return a token of the mock's issuer for a user's organizations; same arguments, same token.

    Args:
        organizations: ids of the organizations that it lets its bearer act for.
        subject: id of the user.
        expires: when it expires, in seconds since the epoch.
    """
    header = {"alg": "EdDSA", "kid": _PUBLIC_KEY["kid"], "typ": "JWT"}
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "exp": expires,
        "organization_id": list(organizations),
    }
    return jwt.encode(header, claims, _SIGNING_KEY, registry=REGISTRY)
