"""How much of a target is checked."""

from __future__ import annotations

import secrets
from typing import Literal, get_args

import msgspec

Phase = Literal["examples", "coverage", "fuzzing", "stateful"]
PHASES: tuple[Phase, ...] = get_args(Phase)
SEEDS = 2**32


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run tries.

    Attributes:
        phases: of Schemathesis, in its order.
        max_examples: requests that Hypothesis makes up for an operation, at most.
        seed: the same seed tries the same on the same answers.
        budget: seconds that the run takes, all of them: what is left when all was tried is tried further;
            None for one round of everything.
    """

    phases: tuple[Phase, ...] = PHASES
    max_examples: int = 100
    seed: int = msgspec.field(default_factory=lambda: secrets.randbelow(SEEDS))
    budget: float | None = None
