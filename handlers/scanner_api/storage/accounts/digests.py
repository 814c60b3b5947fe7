"""Digests under which secrets are stored."""

from hashlib import sha256


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret, in lower-case hex, under which it is stored.

    A fast hash is enough, and no salt is needed: every secret here has more than 128 random bits.
    """
    return sha256(secret.encode()).hexdigest()
