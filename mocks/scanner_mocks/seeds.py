"""The fixed world of the mock: who may call, and the sessions that are there at every start.

Every credential below is public on purpose, and says so in its own letters: it opens nothing but a mock.
"""

from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from scanner_api.access.api_keys import ALPHANUMERICS, BODY_LENGTH, KeyPrefix, checksum_of
from scanner_api.scanning.identifiers import encode

from .buckets import bucket_of


def id_of(name: str) -> str:
    """Return the identifier that belongs to a name in the mock, the same for ever."""
    return encode(uuid5(NAMESPACE_URL, f"https://mock.example/{name}").int)


def key_of(prefix: KeyPrefix, words: str) -> str:
    """Return a well-formed API key with words in its body."""
    body = words.ljust(BODY_LENGTH, ALPHANUMERICS[-1])
    return f"{prefix}_{body}_{checksum_of(body)}"


ORGANIZATION: Final = id_of("organizations/first")
OTHER_ORGANIZATION: Final = id_of("organizations/second")
MEMBER: Final = id_of("users/member")
MEMBER_OF_BOTH: Final = id_of("users/member-of-both")
SESSION: Final = id_of("sessions/active")
COMPLETED_SESSION: Final = id_of("sessions/completed")

ACTIVE_KEY: Final = key_of("csb", "PublicMockKeyNotASecretActive")
REVOKED_KEY: Final = key_of("csb", "PublicMockKeyNotASecretRevoked")
EXPIRED_KEY: Final = key_of("csb", "PublicMockKeyNotASecretExpired")
EXPIRING_KEY: Final = key_of("csb", "PublicMockKeyNotASecretExpiring")
"""Good for twelve hours of the mock's time: a clock that is moved beyond that leaves sessions ACTIVE."""
LIMITED_KEY: Final = key_of("csb", "PublicMockKeyNotASecretLimited")
UNLIMITED_KEY: Final = key_of("csb", "PublicMockKeyNotASecretUnlimited")
PUBLISHABLE_KEY: Final = key_of("cpk", "PublicMockKeyNotASecretAtAll")
OTHER_ORGANIZATION_KEY: Final = key_of("csb", "PublicMockKeyNotASecretOther")
USER_KEY: Final = key_of("csu", "PublicMockKeyNotASecretUser")
"""Of the user who is a member of both organizations."""

COOKIE: Final = "PublicMockCookieNotASecret".ljust(43, "9")
"""Of the user who is a member of the first organization."""

ISSUER: Final = "https://issuer.mock.example"
AUDIENCE: Final = "scanner-api-mock"
KEY_SET: Final = Path(__file__).with_name("jwks.json")
"""The issuer's JSON Web Key Set, that its tokens are verified with."""

BEARER_TOKEN: Final = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6Im1vY2sifQ."  # noqa: S105 -- public on purpose
    "eyJpc3MiOiJodHRwczovL2lzc3Vlci5tb2NrLmV4YW1wbGUiLCJhdWQiOiJzY2FubmVyLWFwaS1tb2Nr"
    "Iiwic3ViIjoiZExNNFRCSmN6RXFlVWdvYXp6TmdGOSIsImV4cCI6NDEwMjQ0NDgwMCwib3JnYW5pemF0"
    "aW9uX2lkIjpbImhOeW1tUHJlSzNIZFlBRXN3ZzJvajciXX0."
    "Etoyp3WDHpIisCczh5FvI5KrqO-2ZmlHvWuENh70ZkQocEehHok8zhjSQs0B9U8ccP91pLV4W6u5_E1lWDd1Bw"
)
"""Of a user of the first organization, signed by the key of `KEY_SET`."""

S3_ACCESS_KEY: Final = "PUBLICMOCKACCESSKEY"
S3_SECRET_KEY: Final = "public-mock-secret-key-not-a-secret"  # noqa: S105 -- public on purpose
BUCKET: Final = bucket_of("")
REGION: Final = "us-west-2"

SPECIAL_KEYS: Final = {
    "revoked": REVOKED_KEY,
    "expired": EXPIRED_KEY,
    "expiring": EXPIRING_KEY,
    "publishable": PUBLISHABLE_KEY,
    "other_organization": OTHER_ORGANIZATION_KEY,
    "limited": LIMITED_KEY,
    "unlimited": UNLIMITED_KEY,
}
"""Keys by what is special about them, as the mock tells them."""
