import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.scans.metadata import MetadataError, merge

STORED = {"batch": "7", "line": "A"}
strings = st.dictionaries(st.text(max_size=40), st.text(max_size=500), max_size=20)


@pytest.mark.parametrize(
    ("sent", "merged"),
    [
        ({"line": "B"}, {"batch": "7", "line": "B"}),
        ({"shift": "night"}, {"batch": "7", "line": "A", "shift": "night"}),
        ({"line": ""}, {"batch": "7"}),
        ({"unknown": ""}, STORED),
        ({"batch": "", "line": ""}, {}),
        ({}, {}),
        (None, {}),
    ],
)
def test_a_write_merges(sent, merged):
    """Omitted keys stay, an empty value deletes its key, and {} or null clears all."""
    assert merge(STORED, sent) == merged


@given(strings, strings)
def test_a_write_changes_only_what_it_names(stored, sent):
    """After any write with keys, each key has what was sent if it was sent, else what was stored."""
    merged = merge(stored, sent)
    expected = {**stored, **sent} if sent else {}
    assert merged == {key: value for key, value in expected.items() if value}


def test_what_was_stored_is_left_alone():
    """A merge returns a new mapping, the stored one does not change."""
    stored = dict(STORED)
    merge(stored, {"line": ""})
    assert stored == STORED


def test_the_limits_can_be_reached():
    """50 keys of 40 characters with values of 500 characters are taken, whatever the characters."""
    full = {f"{number:040}": "😀" * 500 for number in range(50)}
    assert merge({}, full) == full


def test_a_full_resource_takes_a_new_key_for_a_deleted_one():
    """The limit holds for the result, so a write that deletes as many keys as it adds is taken."""
    full = {str(number): "x" for number in range(50)}
    assert len(merge(full, {"0": "", "new": "x"})) == 50


@pytest.mark.parametrize(
    ("sent", "rule", "detail"),
    [
        ({"k" * 41: "x"}, "propertyNames", "A key has 41 characters; at most 40 fit"),
        ({"note": "x" * 501}, "maxLength", "The value of 'note' has 501 characters; at most 500 fit"),
        ({str(n): "x" for n in range(49)}, "maxProperties", "51 keys; at most 50 fit"),
    ],
)
def test_a_broken_limit_names_the_rule(sent, rule, detail):
    """Each limit that a write breaks is an error with the keyword and both numbers."""
    with pytest.raises(MetadataError, match=detail) as caught:
        merge(STORED, sent)
    assert caught.value.rule == rule


def test_a_hostile_key_does_not_flood_the_message():
    """A key of a million control characters is shown cut and escaped."""
    with pytest.raises(MetadataError) as caught:
        merge({}, {"\x1b" * 10**6: "x"})
    assert len(str(caught.value)) < 300
    assert "\x1b" not in str(caught.value)
