"""Random bytes that are the same at every start: drawn from a seed, and from how many were drawn before."""

from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b

from openapi_service.randomness import RandomBytes


class SeededRandomness:
    """Draws by number, so that a snapshot can save its position.

    Args:
        seed: same seed, same bytes.
        life: sets what is drawn apart from what other lives drew, whose ids may be in the database still.
        drawn: by purpose, how often was drawn in this life before.
        person: personalization of the hash: another one, other bytes; at most 16 bytes.
    """

    def __init__(
        self,
        seed: int,
        life: int = 0,
        drawn: Mapping[str, int] | None = None,
        *,
        person: bytes = b"mock",
    ) -> None:
        self._seed = seed
        self._life = life
        self._person = person
        self._drawn: defaultdict[str, int] = defaultdict(int, drawn or {})

    @property
    def standing(self) -> dict[str, object]:
        """Its position: the arguments of another one that goes on from here."""
        return {"life": self._life, "drawn": dict(self._drawn)}

    def clear(self, scope: str | None = None) -> None:  # noqa: ARG002 -- what is drawn is nobody's own
        """Draw the same again."""
        self._drawn.clear()

    def source(self, purpose: str) -> RandomBytes:
        """Return the source of a purpose."""

        def draw(size: int) -> bytes:
            number = self._drawn[purpose]
            self._drawn[purpose] = number + 1
            words = f"{self._seed}/{self._life}/{purpose}/{number}"
            return blake2b(words.encode(), digest_size=size, person=self._person).digest()

        return draw
