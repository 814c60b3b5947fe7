import pytest
from biip.checksums import gs1_standard_check_digit
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.codes.gtin import GtinError, expanded_upc_e, normalise

ARABIC = "4006381333931".translate({48 + digit: 0x660 + digit for digit in range(10)})


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("96385074", "00000096385074"),
        ("012345678905", "00012345678905"),
        ("4006381333931", "04006381333931"),
        ("09521234543213", "09521234543213"),
        ("0 12345 67890 5", "00012345678905"),
        ("978-3-16-148410-0", "09783161484100"),
        ("978\u20113\u201016\u2013148410\u00a00", "09783161484100"),
    ],
)
def test_every_length_becomes_14_digits(text, gtin):
    """GTIN-8, -12, -13 and -14, with spaces or hyphens of any kind, are padded to 14 digits."""
    assert normalise(text) == gtin


@given(st.sampled_from([7, 11, 12, 13]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_exactly_one_check_digit_is_right(payload):
    """Of the ten numbers that a payload can become, one is a GTIN; the others are given the right digit."""
    right = str(gs1_standard_check_digit(payload))
    assert normalise(payload + right).endswith(payload + right)
    for wrong in set("0123456789") - {right}:
        with pytest.raises(GtinError, match=f"{payload}{wrong} should be {right}"):
            normalise(payload + wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1234567",
        "123456789",
        "400638133393",
        "4006381333931x",
        ARABIC,
        "²²²²²²²²",
        "1" * 10**6,
    ],
)
def test_anything_else_is_refused(text):
    """Other lengths, letters and the digits of other alphabets are no GTIN."""
    with pytest.raises(GtinError):
        normalise(text)


@pytest.mark.parametrize(
    ("upc_e", "gtin"),
    [
        ("01234565", "00012345000065"),
        ("0123456", "00012345000065"),
        ("123456", "00012345000065"),
        ("04252614", "00042100005264"),
        ("01234133", "00012300000413"),
        ("01234145", "00012340000015"),
    ],
)
def test_a_upc_e_is_expanded(upc_e, gtin):
    """The suppressed zeros come back, by each of the rules that the last digit stands for."""
    assert expanded_upc_e(upc_e) == gtin
    assert normalise(gtin) == gtin


@pytest.mark.parametrize("text", ["01234566", "21234565", "12345", "012345678905", "", "12345é", ARABIC[:8]])
def test_what_is_no_upc_e_has_no_gtin(text):
    """A wrong check digit, number system or length is no UPC-E."""
    assert expanded_upc_e(text) == ""
