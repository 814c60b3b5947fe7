"""Random bytes of the mock: the same for a seed, a life and a number, and never the same otherwise."""

from __future__ import annotations

from contract_first.mock.state.randomness import SeededRandomness


def drawn(randomness, purpose="ids", times=5):
    """Draw 16 bytes so often."""
    draw = randomness.source(purpose)
    return [draw(16) for _ in range(times)]


def test_the_same_seed_draws_the_same():
    """Two of one seed draw the same bytes, and none of them twice."""
    first, second = drawn(SeededRandomness(7)), drawn(SeededRandomness(7))
    assert first == second
    assert len(set(first)) == 5


def test_seed_life_and_purpose_set_apart():
    """Another seed, life or purpose draws other bytes."""
    all_drawn = [
        *drawn(SeededRandomness(7)),
        *drawn(SeededRandomness(8)),
        *drawn(SeededRandomness(7, 1)),
        *drawn(SeededRandomness(7), "keys"),
    ]
    assert len(set(all_drawn)) == 20


def test_no_purpose_depends_on_another():
    """How often is drawn for one purpose changes nothing for another."""
    randomness = SeededRandomness(7)
    drawn(randomness, "proposals", 3)
    assert drawn(randomness) == drawn(SeededRandomness(7))


def test_it_goes_on_from_where_it_stood():
    """One that is made to stand where another stood draws what that draws next."""
    randomness = SeededRandomness(7, 2)
    drawn(randomness)
    again = SeededRandomness(7, **randomness.standing)
    assert drawn(again) == drawn(randomness)
    assert drawn(again, "keys") == drawn(randomness, "keys")
