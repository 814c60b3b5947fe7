"""The issuer's public keys: a JSON Web Key Set (RFC 7517) at a URL or in a file."""

import asyncio
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key

from contract_first.service.messages.problems import ServiceUnavailable

from .jwks_sources import TIMEOUT_SECONDS, KeySetError, OwnThread, reader_of

ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): ("RS256",),
    ("EC", "P-256"): ("ES256",),
    # RFC 9864 gives EdDSA with this curve a name of its own
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),
}
"""The signature algorithms that a key may verify, by its type and curve; no other key is used."""

FRESH_SECONDS = 600.0
REFETCH_SECONDS = 60.0
RETRY_SECONDS = 5.0

logger = logging.getLogger(__name__)


class KeySet:
    """Keys by id and algorithm, read again after ten minutes and, once a minute, for an unknown id.

    While the issuer does not respond, the last keys stay in use.

    Attributes:
        edition: grows with each read, so that tokens verified by an older one can be recognized.
    """

    def __init__(self, location: str, *, ticks: Callable[[], float] = time.monotonic) -> None:
        """Take the key set at an https URL (http on loopback only) or in a file; nothing is read yet."""
        self._read = reader_of(location)
        self._thread = OwnThread()
        self._ticks = ticks
        self._reading = asyncio.Lock()
        self._keys: dict[tuple[str | None, str], Key] = {}
        self._reachable = False
        self._stale_at = self._readable_at = ticks()
        self.edition = 0

    async def freshen(self) -> None:
        """Read the keys again if they are ten minutes old; of several callers only the first waits."""
        if self._ticks() >= self._stale_at and not (self._keys and self._reading.locked()):
            await self._reread()

    async def key(self, key_id: str | None, algorithm: str) -> Key | None:
        """Return the key to verify a signature with, or None if the issuer has none of that id.

        Args:
            key_id: the token's ``kid``; None finds the only key for the algorithm.
            algorithm: the token's ``alg``.

        Raises:
            ServiceUnavailable: the key is unknown, and the key set cannot be read.
        """
        await self.freshen()
        key = self._keys.get((key_id, algorithm))
        if key is None:
            await self._reread()
            key = self._keys.get((key_id, algorithm))
        if key is None and not self._reachable:
            raise ServiceUnavailable("The keys of the token issuer cannot be read at the moment.")
        return key

    async def _reread(self) -> None:
        async with self._reading:
            if self._ticks() < self._readable_at:
                return
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    self._keys = usable_keys(await self._thread.run(self._read))
            except (KeySetError, TimeoutError) as error:
                logger.warning("The key set of the token issuer cannot be read: %s", error or "timed out")
                self._reachable, self._readable_at = False, self._ticks() + RETRY_SECONDS
                return
            self._reachable, self._readable_at = True, self._ticks() + REFETCH_SECONDS
            self._stale_at = self._ticks() + FRESH_SECONDS
            self.edition += 1


def usable_keys(document: bytes) -> dict[tuple[str | None, str], Key]:
    """Return the keys of a JWK Set that may verify signatures, by ``kid`` and ``alg``.

    A key that is the only one for its algorithm is also there for tokens without ``kid``. Keys for something
    else, of another kind or malformed are left out, as RFC 7517, section 5 asks.
    """
    try:
        members = json.loads(document)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KeySetError("it is not a JSON object with an array `keys`") from error
    named = [(jwk.get("kid"), algorithm, key) for jwk, algorithm, key in signing_keys(members)]
    if not named:
        raise KeySetError("it has no key for RS256, ES256 or EdDSA")
    algorithms = [algorithm for _, algorithm, _ in named]
    only = {(None, algorithm): key for _, algorithm, key in named if algorithms.count(algorithm) == 1}
    return only | {(kid, algorithm): key for kid, algorithm, key in named if kid is not None}


def signing_keys(members: Any) -> Iterator[tuple[dict[str, Any], str, Key]]:
    """Yield each usable member of ``keys`` with each algorithm that it may verify."""
    for jwk in members if isinstance(members, list) else ():
        key = imported(jwk) if isinstance(jwk, dict) else None
        if key is None:
            continue
        for algorithm in ALGORITHMS[jwk["kty"], jwk.get("crv")]:
            if jwk.get("alg", algorithm) == algorithm:
                yield jwk, algorithm, key


def imported(jwk: dict[str, Any]) -> Key | None:
    """Return a JWK's key, or None if it is of another kind, malformed, too short or not for signatures."""
    try:
        if (jwk["kty"], jwk.get("crv")) not in ALGORITHMS:
            return None
        with warnings.catch_warnings():
            # joserfc only warns of an RSA key below 2048 bits
            warnings.simplefilter("error", SecurityWarning)
            key = JWKRegistry.import_key(jwk)
        key.check_use("sig")
        key.check_key_op("verify")
    except (JoseError, SecurityWarning, KeyError, TypeError, ValueError):
        return None
    return key
