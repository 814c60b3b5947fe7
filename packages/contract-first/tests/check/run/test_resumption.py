"""A run that goes on where another was interrupted."""

import msgspec
import pytest

from contract_first.check import CannotRunError, Credentials, check_url
from contract_first.check.checks import Check

pytestmark = pytest.mark.programs

QUICK = {"credentials": Credentials(api_key="shelf-key-12345"), "max_examples": 2, "seed": 1, "checks": ()}


def test_what_is_finished_is_not_tried_again(right_shelf, tmp_path):
    """Phases of operations that are done are left out, and what they found stays in the report."""
    shelf, url = right_shelf
    kept = tmp_path / "run.json"
    first = check_url(url, **QUICK)
    first.end = "interrupted"
    first.finished.remove(("fuzzing", "GET /shelf/things"))
    kept.write_bytes(msgspec.json.encode(first))
    shelf.asked.clear()
    second = check_url(url, resume=kept, **{**QUICK, "seed": None})
    assert shelf.asked.keys() == {"GET"}
    assert second.seed == 1
    assert second.end == "complete"
    assert second.seconds > first.seconds
    assert second.operations["POST /shelf/things"] == first.operations["POST /shelf/things"]
    assert not kept.exists()


def test_a_check_of_ours_that_is_finished_is_not_made_again(right_shelf, tmp_path):
    """Checks that make requests of their own are gone on with too: only those are made that were not."""
    made = []

    class Made(Check):
        name = "made"

        def after_run(self, _ctx):
            made.append(self)

    kept = tmp_path / "run.json"
    how = {**QUICK, "only": ("list_things",), "phases": ("examples",), "checks": (Made,)}
    first = check_url(right_shelf[1], **how)
    first.end = "interrupted"
    kept.write_bytes(msgspec.json.encode(first))
    second = check_url(right_shelf[1], resume=kept, **how)
    assert len(made) == 1
    assert second.operations[""].checks["made"].passed == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff"])
def test_a_file_that_is_no_run_is_reported(right_shelf, tmp_path, content):
    """A file that is something else is refused, and stays as it is."""
    kept = tmp_path / "run.json"
    kept.write_bytes(content)
    with pytest.raises(CannotRunError, match="is not a run that can be continued"):
        check_url(right_shelf[1], resume=kept, **QUICK)
    assert kept.read_bytes() == content


def test_a_run_on_something_else_is_reported(right_shelf, wrong_report, tmp_path):
    """A run is gone on with on the same target only."""
    kept = tmp_path / "run.json"
    kept.write_bytes(msgspec.json.encode(wrong_report[0]))
    with pytest.raises(CannotRunError, match="is about http"):
        check_url(right_shelf[1], resume=kept, **QUICK)
