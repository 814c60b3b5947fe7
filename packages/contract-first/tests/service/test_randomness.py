"""Random bytes of the machine's are drawn many at once, and given out once."""

import subprocess
import sys

from contract_first.service.randomness import DRAWN_AT_ONCE, SystemRandomness


def test_no_bytes_are_given_twice():
    """Whatever sizes are asked for, no two takes are the same, and each has its size."""
    take = SystemRandomness().source("test")
    taken = [take(16) for _ in range(1000)]
    assert {len(each) for each in taken} == {16}
    assert len(set(taken)) == 1000
    assert [len(take(number)) for number in (1, 64, DRAWN_AT_ONCE + 1)] == [1, 64, DRAWN_AT_ONCE + 1]


def test_sources_share_nothing():
    """Two sources give different bytes."""
    randomness = SystemRandomness()
    assert randomness.source("a")(16) != randomness.source("b")(16)


FORKING = """
import os
from contract_first.service.randomness import SystemRandomness
take = SystemRandomness().source("test")
take(16)
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, take(16))
    os._exit(0)
print(os.read(reading, 16) == take(16))
"""


def test_a_forked_process_draws_its_own():
    """What parent and child take after a fork is not the same."""
    command = [sys.executable, "-c", FORKING]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- the test's own
    assert run.stdout == "False\n"
