"""Random bytes that are the same at every start: drawn from a seed, and from how many were drawn before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from hashlib import blake2b

from contract_first.service.randomness import RandomBytes


@dataclass(eq=False)
class SeededRandomness:
    """Draws by number, so that a snapshot can save its position.

    Args:
        seed: same seed, same bytes.
        life: sets what is drawn apart from what other lives drew, whose ids may be in the database still.
        drawn: by purpose, how often was drawn in this life before.
        person: personalization of the hash: another one, other bytes; at most 16 bytes.
    """

    seed: int
    life: int = 0
    drawn: Mapping[str, int] = field(default_factory=dict)
    _: KW_ONLY
    person: bytes = b"mock"

    def __post_init__(self) -> None:
        self._drawn = defaultdict(int, self.drawn)

    @property
    def standing(self) -> dict[str, object]:
        """Its position: the arguments of another one that goes on from here."""
        return {"life": self.life, "drawn": dict(self._drawn)}

    def clear(self, scope: str | None = None) -> None:  # noqa: ARG002 -- what is drawn is nobody's own
        """Draw the same again."""
        self._drawn.clear()

    def source(self, purpose: str) -> RandomBytes:
        def draw(size: int) -> bytes:
            number = self._drawn[purpose]
            self._drawn[purpose] = number + 1
            words = f"{self.seed}/{self.life}/{purpose}/{number}"
            return blake2b(words.encode(), digest_size=size, person=self.person).digest()

        return draw
