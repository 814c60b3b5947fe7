import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner_api.scanning.codes.raw_values import read

GTIN = "09521234543213"
DIGITS = "0123456789"


def others_of(reading):
    """Return which others than a GTIN a value has."""
    return ", ".join(name for name in ("identifiers", "url") if getattr(reading, name))


@pytest.mark.parametrize(
    ("raw_value", "others", "gtin"),
    [
        ("96385074", "", "00000096385074"),
        ("012345678905", "", "00012345678905"),
        ("4006381333931", "", "04006381333931"),
        (GTIN, "", GTIN),
        (" 4006381333931\r\n", "", "04006381333931"),
        ("978-3-16-148410-0", "", "09783161484100"),
        ("]E04006381333931", "", "04006381333931"),
        ("01234565", "", "00012345000065"),
        ("123456", "", "00012345000065"),
        ("10000016", "", "00100100000006"),
        (f"(01){GTIN}(10)ABC", "identifiers", GTIN),
        (f"01{GTIN}10ABC\x1d21XYZ", "identifiers", GTIN),
        (f"]C101{GTIN}", "identifiers", GTIN),
        (f"]d201{GTIN}", "identifiers", GTIN),
        (f"01{GTIN}", "identifiers", GTIN),
        ("00106141412345678908", "identifiers", ""),
        ("]C110ABC", "identifiers", ""),
        (f"https://id.gs1.org/01/{GTIN}", "identifiers, url", GTIN),
        (f"]Q1HTTPS://ID.GS1.ORG/01/{GTIN}", "identifiers, url", GTIN),
        ("https://example.com/414/9521321000010", "identifiers, url", ""),
        ("https://example.com/menu", "url", ""),
        ("hTTp://example.com", "url", ""),
        ("https://", "", ""),
        ("http://[", "", ""),
        ("ftp://example.com", "", ""),
        ("10 Downing Street", "", ""),
        ("10ABC", "", ""),
        ("(02) 9876 5432", "", ""),
        ("123456789", "", ""),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", "", ""),
        ("\ud800", "", ""),
        ("\0", "", ""),
    ],
)
def test_every_kind_of_value_is_distinguished(raw_value, others, gtin):
    """Each form of value has identifiers, a URL and, where it names a trade item, the GTIN in 14 digits."""
    reading = read(raw_value)
    assert (others_of(reading), reading.gtin, reading.error_message) == (others, gtin, "")


@pytest.mark.parametrize(
    ("raw_value", "others"),
    [
        ("4006381333932", ""),
        ("96385075", ""),
        ("(01)09521234543214", "identifiers"),
        ("https://id.gs1.org/01/09521234543214", "identifiers, url"),
    ],
)
def test_a_wrong_check_digit_is_a_message(raw_value, others):
    """A value with a wrong check digit names no product, says which digit was expected, and has all else."""
    reading = read(raw_value)
    assert (others_of(reading), reading.gtin) == (others, "")
    assert re.fullmatch(r"The check digit of GTIN-\d+ \d+ should be \d\.", reading.error_message)


@given(st.text(st.characters(codec=None), min_size=1, max_size=500))
@example("\x1d" * 500)
@example("]C1")
@example("(" * 500)
@example("https://" + "/" * 492)
@example("9" * 500)
def test_any_text_is_read(raw_value):
    """Whatever is scanned, reading it gives a reading whose GTIN is empty or 14 digits."""
    assert re.fullmatch(r"[0-9]{14}|", read(raw_value).gtin)


@given(
    st.sampled_from(
        ["", "]C1", "]d2", "(01)", "01", "https://a.example/01/", "https://a.example/?01=", "(10)", "\x1d"]
    ),
    st.text(DIGITS + "()/\x1d?&=%AZ ", max_size=100),
)
def test_any_mixture_of_the_forms_is_read(start, rest):
    """Values that start right and go on anyhow never raise, and identifiers are ASCII text."""
    identifiers = read(start + rest).identifiers
    assert all(re.fullmatch(r"[0-9]{2,4}", name) and value.isascii() for name, value in identifiers.items())


@pytest.mark.parametrize(
    ("raw_value", "url"),
    [
        ("https://example.com/x", "https://example.com/x"),
        (f"https://example.com/01/{GTIN}", f"https://example.com/01/{GTIN}"),
        (f"]d4https://example.com/01/{GTIN}", f"https://example.com/01/{GTIN}"),
        ("]Q1HTTP://example.com/x\r\n", "HTTP://example.com/x"),
        (f"https://example.com/01/{GTIN[:-1]}2", f"https://example.com/01/{GTIN[:-1]}2"),
        (GTIN, ""),
        ("http://", ""),
        ("ftp://example.com/x", ""),
        ("hello", ""),
    ],
)
def test_urls_can_be_followed(raw_value, url):
    """Digital Links and other URLs are followed without what the scanner put around them; nothing else is."""
    assert read(raw_value).url == url


def test_what_the_client_sent_stays_unless_it_contradicts_the_scan():
    """Identifiers of the client are kept; where both name one, the scanned value counts."""
    reading = read(f"(01){GTIN}(10)ABC")
    assert reading.gs1_dl_data({"10": "wrong", "21": 7, "note": ["kept"]}) == {
        "01": GTIN,
        "10": "ABC",
        "21": 7,
        "note": ["kept"],
    }
