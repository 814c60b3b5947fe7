import re
import uuid

import pytest
import shortuuid
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning import identifiers


def test_a_new_identifier_is_the_shortuuid_of_a_random_uuid():
    """A fresh identifier has 22 characters of the alphabet, and decodes to a UUID of version 4."""
    fresh = identifiers.new_id()
    assert re.fullmatch(f"[{identifiers.ALPHABET}]{{22}}", fresh)
    stands_for = uuid.UUID(int=identifiers.decode(fresh))
    assert (stands_for.version, stands_for.variant) == (4, uuid.RFC_4122)


def test_new_identifiers_differ():
    """A thousand fresh identifiers are a thousand different ones."""
    assert len({identifiers.new_id() for _ in range(1000)}) == 1000


@given(st.uuids())
def test_shortuuid_reads_and_writes_the_same_text(number):
    """Any UUID has the text that the shortuuid package gives it, and is read back from it."""
    text = identifiers.encode(number.int)
    assert text == shortuuid.encode(number)
    assert identifiers.decode(text) == number.int


@pytest.mark.parametrize("number", [0, 1, 56, 57, 57**2, (1 << 128) - 1])
def test_the_edges_are_padded_to_22_characters(number):
    """The smallest and the largest UUID have 22 characters as well."""
    text = identifiers.encode(number)
    assert len(text) == 22
    assert identifiers.decode(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2" * 21,
        "2" * 23,
        "z" * 22,
        "0" + "2" * 21,
        "l" + "2" * 21,
        "é" + "2" * 21,
        "2" * 21 + "\n",
        "2" * 10**6,
    ],
)
def test_anything_else_is_refused(text):
    """Wrong lengths, foreign characters and numbers beyond 128 bits are a ValueError."""
    with pytest.raises(ValueError, match="22 characters"):
        identifiers.decode(text)
