import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.codes.compressed_links import decompress

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def packed(*fields):
    """Return fields of (number, width in bits) as base64, filled up with zeros."""
    bits = "".join(f"{number:0{width}b}" for number, width in fields)
    bits += "0" * (-len(bits) % 6)
    return "".join(BASE64[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


GTIN = ((0x01, 8), (9521234543213, 47))
A_PAIR = ((0xF, 4), (1, 7), (0, 6), (4, 3), (1, 7), (65, 7))
A_DATE = ((0x17, 8), (261231, 20))


@pytest.mark.parametrize(
    ("segment", "values"),
    [
        ("ARHKVAdpQg", {"01": "09780345418913"}),
        ("AREjalurbiAUO-cgohCz45Z67b8A", {"01": "09421902960055", "10": "2010005828", "21": "xyz1234"}),
        (
            "AQnYUc1gmiERBhQ0ytiyZuAGOLc1TXgpNWCv1",
            {"01": "05412345000013", "10": "ABC&+123", "7003": "1903061658"},
        ),
        ("ABeRcNWtKMPA", {"00": "106141412345678908"}),
        ("QUCO_anbfA", {"414": "0614141123452"}),
        ("JAaasHt_dNNt4ADESMALumsUfMAm34", {"240": "qwe390023", "8003": "09421012301014f9804dbf"}),
        ("AQEd-1O2-GIGAD6A", {"01": "00614141123452", "3103": "000500"}),
        (
            "AQnYUc1gmiCNV4JGYgYAF6ckaEPg",
            {"01": "05412345000013", "10": "ABC123", "3103": "000189", "3923": "2172"},
        ),
    ],
)
def test_segments_that_others_compressed_are_read(segment, values):
    """What GS1's own prototype compressed is read back, text in each alphabet and all."""
    assert decompress(segment) == values


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ((*GTIN, (0x10, 8), (0, 3), (5, 5), (42, 17)), {"01": "09521234543213", "10": "00042"}),
        ((*GTIN, (0x30, 8), (3, 4), (7, 10)), {"01": "09521234543213", "30": "007"}),
        (((0x0D, 8), *GTIN[1:], *A_DATE[1:]), {"01": "09521234543213", "17": "261231"}),
        (
            ((0xC3, 8), (9521234543213, 44), (0, 4), (0, 1), (2, 4), (99, 7)),
            {"255": "9521234543213", "3903": "99"},
        ),
        ((*GTIN, (0x10, 8), (1, 3), (2, 5), (0xAB, 8)), {"01": "09521234543213", "10": "ab"}),
        ((*GTIN, (0x10, 8), (2, 3), (2, 5), (0xAB, 8)), {"01": "09521234543213", "10": "AB"}),
        (
            (*GTIN, (0xF, 4), (1, 7), (0, 6), (4, 3), (1, 7), (65, 7), *A_DATE),
            {"01": "09521234543213", "17": "261231"},
        ),
    ],
)
def test_every_form_of_value_is_read(fields, values):
    """Leading zeros, empty parts, sequences, both hexadecimal alphabets and foreign pairs are read."""
    assert decompress(packed(*fields)) == values


@pytest.mark.parametrize(
    "segment",
    [
        "about", "product-page", "3xYzAbC", "AQ", "A" * 1000, "é", "a b", "AQ==", "ARHKVAdpQ", "ARHKVAdpQh",
        packed((0x01, 8), (10**14, 47)), packed((0x10, 8), (5, 3), (1, 5), (0, 7)), packed((0xBB, 8)),
        packed((0x4330, 16), (0, 40)), packed((0x311A, 16), (0, 20)),
    ],
)  # fmt: skip
def test_anything_else_is_refused(segment):
    """What is cut short, left over, too large or unknown is no compressed segment."""
    with pytest.raises(ValueError, match=r"^[a-z]"):
        decompress(segment)


@given(st.text(BASE64, max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused(segment):
    """Whatever the segment, it gives values or a ValueError."""
    try:
        values = decompress(segment)
    except ValueError:
        return
    assert all(name.isdecimal() for name in values)
