"""Issues the mock's bearer tokens: anyone who has this file can, so they are good for a mock only."""

import json
from pathlib import Path
from typing import Final

from . import seeds

ISSUER: Final = "https://issuer.mock.example"
AUDIENCE: Final = "scanner-api-mock"
KEY_SET: Final = Path(__file__).with_name("jwks.json")
"""The issuer's JSON Web Key Set, that its tokens are verified with."""
YEAR_2100: Final = 4_102_444_800
_PRIVATE: Final = {"d": "cHVibGljIG1vY2sga2V5LCBpdCBpcyBubyBzZWNyZXQ"}


def bearer_token(*organizations: str, subject: str = seeds.MEMBER, expires: int = YEAR_2100) -> str:
    """Return a token of the mock's issuer for a user's organizations; same arguments, same token.

    Args:
        organizations: ids of the organizations that it lets its bearer act for.
        expires: when it expires, in seconds since the epoch.
    """
    # seeds has the token that a start needs, which can do without what signing takes to import
    from joserfc import jwt  # noqa: PLC0415 -- the reason above
    from joserfc.jwk import OKPKey  # noqa: PLC0415 -- the same

    from scanner_api.access.tokens import REGISTRY  # noqa: PLC0415 -- the same

    public_key = json.loads(KEY_SET.read_bytes())["keys"][0]
    header = {"alg": "EdDSA", "kid": public_key["kid"], "typ": "JWT"}
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "exp": expires,
        "organization_id": list(organizations),
    }
    return jwt.encode(header, claims, OKPKey.import_key({**public_key, **_PRIVATE}), registry=REGISTRY)
