"""Names of times, and of the ends of ranges."""

import pytest

from contract_first.vocabulary.ranges import AT_LEAST, AT_MOST, EXCLUSIVE, PAIRS, ranges
from contract_first.vocabulary.times import LIFE, STAGES, is_change, is_creation, is_start, spellings


@pytest.mark.parametrize(
    ("rule", "names", "others"),
    [
        (
            is_creation,
            ["created", "createdAt", "date_created", "creationTimestamp", "createTime"],
            ["create", "creator"],
        ),
        (is_change, ["updated", "last_modified", "changedOn", "updateTime"], ["update", "changes"]),
        (is_start, ["start", "startDate", "begins_at", "starting"], ["started_by", "starter"]),
    ],
)
def test_names_of_times(rule, names, others):
    """What happened then is one of the words, with words for a time around it."""
    assert [name for name in names if not rule(name)] == []
    assert [name for name in others if rule(name)] == []


def test_short_names_of_times():
    """A parameter ``created`` may be that of a member ``created_at``, or the like."""
    assert spellings("created") == (
        *("created", "createdat", "createdon", "createddate", "createdtime", "datecreated"),
    )


def test_the_stages_of_a_life():
    """A word is of one stage, and later stages are later."""
    words = [word for row, _, _ in LIFE for word in row.split()]
    assert len(words) == len(set(words)) == len(STAGES)
    assert [after for _, after, _ in LIFE] == sorted(after for _, after, _ in LIFE)


def test_ranges():
    """Two names make a range that are the same but for the words of a pair."""
    names = [("price", "min"), ("price", "max"), ("to",), ("from",), ("first",), ("min", "age")]
    assert list(ranges(names)) == [(("price", "min"), ("price", "max")), (("from",), ("to",))]
    assert PAIRS.keys().isdisjoint(PAIRS.values())
    assert AT_LEAST.isdisjoint(AT_MOST)
    assert EXCLUSIVE <= AT_LEAST | AT_MOST
