"""Issues the mock's bearer tokens: anyone who has this file can, so they are good for a mock only."""

import json
from typing import Final

from joserfc import jwt
from joserfc.jwk import OKPKey

from scanner_api.access.tokens import REGISTRY
from scanner_mocks import seeds

YEAR_2100: Final = 4_102_444_800
_PRIVATE: Final = {"d": "cHVibGljIG1vY2sga2V5LCBpdCBpcyBubyBzZWNyZXQ"}


def bearer_token(*organizations: str, subject: str = seeds.MEMBER, expires: int = YEAR_2100) -> str:
    """Return a token of the mock's issuer for a user's organizations; same arguments, same token.

    Args:
        organizations: ids of the organizations that it lets its bearer act for.
        expires: when it expires, in seconds since the epoch.
    """
    public_key = json.loads(seeds.KEY_SET.read_bytes())["keys"][0]
    header = {"alg": "EdDSA", "kid": public_key["kid"], "typ": "JWT"}
    claims = {
        "iss": seeds.ISSUER,
        "aud": seeds.AUDIENCE,
        "sub": subject,
        "exp": expires,
        "organization_id": list(organizations),
    }
    return jwt.encode(header, claims, OKPKey.import_key({**public_key, **_PRIVATE}), registry=REGISTRY)
