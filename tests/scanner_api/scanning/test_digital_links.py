import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.codes.digital_links import read_bracketed, read_digital_link, read_element_strings

GTIN = "09521234543213"
ARABIC = GTIN.translate({48 + digit: 0x660 + digit for digit in range(10)})


@pytest.mark.parametrize(
    ("link", "identifiers"),
    [
        (f"https://id.gs1.org/01/{GTIN}", {"01": GTIN}),
        (f"https://id.gs1.org/01/{GTIN}/", {"01": GTIN}),
        (f"HTTPS://ID.GS1.ORG/01/{GTIN}", {"01": GTIN}),
        (f"http://shop.example:8080/a/b/01/{GTIN}/22/2A", {"01": GTIN, "22": "2A"}),
        ("https://example.com/01/9521234543213", {"01": GTIN}),
        (f"https://example.com/01/{GTIN}/10/AB%2FC", {"01": GTIN, "10": "AB/C"}),
        (
            f"https://example.com/01/{GTIN}/10/A/21/7?17=261231",
            {"01": GTIN, "10": "A", "21": "7", "17": "261231"},
        ),
        (f"https://example.com/gtin/{GTIN}/lot/A/ser/7", {"01": GTIN, "10": "A", "21": "7"}),
        (f"https://example.com/01/{GTIN}?linkType=gs1:pip&utm_source=x", {"01": GTIN}),
        (f"https://example.com/01/{GTIN}?17=261332#top", {"01": GTIN}),
        (f"https://example.com/01/{GTIN}?17=260231", {"01": GTIN, "17": "260231"}),
        (f"https://example.com/01/{GTIN}/21/7/10/A", {"01": GTIN}),
        ("https://id.gs1.org/01/09521234543214", {"01": "09521234543214"}),
        (
            "https://id.gs1.org/00/106141412345678908?02=00614141123452&37=25&10=ABC123",
            {"00": "106141412345678908", "02": "00614141123452", "37": "25", "10": "ABC123"},
        ),
        (
            "https://example.com/some/AREjalurbiAUO-cgohCz45Z67b8A",
            {"01": "09421902960055", "10": "2010005828", "21": "xyz1234"},
        ),
        (f"https://example.com/01/{GTIN}/EEOrw", {"01": GTIN, "10": "ABC"}),
        (f"https://example.com/01/{GTIN}/about-us", {"01": GTIN}),
        ("https://example.com/414/9521321000010/254/32a", {"414": "9521321000010", "254": "32a"}),
    ],
)
def test_a_digital_link_gives_all_its_identifiers(link, identifiers):
    """Path and query are read; what cannot be read is left out, and never costs the GTIN."""
    assert read_digital_link(link) == identifiers


@pytest.mark.parametrize(
    "url",
    [
        "", "https://example.com", "https://example.com/blog/2024/01/15", "https://example.com/2024/01/15/title",
        "https://example.com/01/", "https://example.com/01", "https://example.com/gtin/abc", "http://[", "http://[::1",
        f"https://example.com/01/{ARABIC}", f"ftp://example.com/01/{GTIN}", f"//example.com/01/{GTIN}",
        "https://example.com/00/12", "https://id.gs1.org/QUCO_anbfA", "https://a.example/ARHKVAdpQh",
        "https://example.com/\0", "http://\ud800/01/1",
    ],
)  # fmt: skip
def test_other_urls_are_no_digital_links(url):
    """A path with /01/ in it is a Digital Link only with the digits of a GTIN behind it."""
    assert read_digital_link(url) == {}


@pytest.mark.parametrize(
    ("text", "identifiers"),
    [
        (f"01{GTIN}", {"01": GTIN}),
        (f"\x1d01{GTIN}10ABC\x1d21XYZ", {"01": GTIN, "10": "ABC", "21": "XYZ"}),
        (f"01{GTIN}1726123110ABC", {"01": GTIN, "17": "261231", "10": "ABC"}),
        (f"01{GTIN}3103000195", {"01": GTIN, "3103": "000195"}),
        ("10A\x1d10B", {"10": "A"}),
        ("00106141412345678908", {"00": "106141412345678908"}),
    ],
)
def test_an_element_string_is_read_as_scanned(text, identifiers):
    """Parts of fixed length follow each other, FNC1 ends the others, and the first of two equals counts."""
    assert read_element_strings(text) == identifiers


@pytest.mark.parametrize("text", ["", "hello", "01095212", f"01{GTIN}99", f"01{ARABIC}", "\x1d", "10\ud800"])
def test_a_broken_element_string_gives_nothing(text):
    """An element string is read as a whole or not at all."""
    assert read_element_strings(text) == {}


@pytest.mark.parametrize(
    ("text", "identifiers"),
    [
        (f"(01){GTIN}(10)ABC", {"01": GTIN, "10": "ABC"}),
        (f" (01) {GTIN} (10) ABC ", {"01": GTIN, "10": "ABC"}),
        (f"(10)AB(C)(01){GTIN}", {"01": GTIN, "10": "AB(C)"}),
        ("", {}),
        ("(02) 9876 5432", {}),
        ("(01)", {}),
        (f"x(01){GTIN}", {}),
        ("(0000)1", {}),
        ("(10)é", {}),
    ],
)
def test_brackets_mark_the_identifiers(text, identifiers):
    """The form printed under a barcode is read; a phone number is not."""
    assert read_bracketed(text) == identifiers


@given(st.text(st.characters(codec=None)))
def test_no_text_raises(text):
    """Any text is read or gives nothing, in all three forms."""
    for read in (read_element_strings, read_bracketed, read_digital_link):
        assert isinstance(read(text), dict)
        assert isinstance(read("(01)" + text), dict)
        assert isinstance(read("https://example.com/01/" + text), dict)
