"""Files of media types, and strings of patterns, as generated responses have them."""

import csv
import re
from io import BytesIO, StringIO
from random import Random
from xml.dom.minidom import parseString
from zipfile import ZipFile

import pytest

from contract_first.contract.document.patterns import matches
from contract_first.generation.files import FILES, SHEETS, csv_of, file_of
from contract_first.generation.patterns import matching

SEEDED = Random(1)  # noqa: S311 -- the same strings in each run


@pytest.mark.parametrize(
    ("kind", "beginning", "size", "end"),
    [
        ("png", b"\x89PNG\r\n\x1a\n", b"IHDR\0\0\0\1\0\0\0\1", b"IEND\xaeB`\x82"),
        ("jpeg", b"\xff\xd8\xff\xe0", b"\xff\xc0\0\x0b\x08\0\1\0\1", b"\xff\xd9"),
        ("gif", b"GIF87a\1\0\1\0", b",\0\0\0\0\1\0\1\0", b";"),
    ],
)
def test_images(kind, beginning, size, end):
    """Each is whole, and has one pixel."""
    image = file_of(f"image/{kind}")
    assert (image.startswith(beginning), size in image, image.endswith(end)) == (True, True, True)


@pytest.mark.parametrize("kind", ["application/zip", f"{SHEETS}.sheet"])
def test_archives(kind):
    """They can be unpacked, and the parts of a workbook be parsed."""
    with ZipFile(BytesIO(file_of(kind))) as archive:
        assert archive.testzip() is None
        names = [name for name in archive.namelist() if name.endswith((".xml", ".rels"))]
        parts = [parseString(archive.read(name)) for name in names]  # noqa: S318 -- of our own
        assert len(parts) == 5 * (kind != "application/zip")


def test_a_pdf():
    """Its table says where the objects are, and its end where the table is."""
    content = file_of("application/pdf")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", content)]
    assert [content[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, 1)] == [
        True
    ] * 3
    table = int(content.rpartition(b"startxref")[2].split()[0])
    assert content[table:].startswith(b"xref\n")


def test_an_mp3_and_an_svg():
    """Frames follow each other; the image is one of SVG."""
    frames = file_of("audio/mpeg").split(b"\xff\xfb\x90")[1:]
    assert {len(frame) + 3 for frame in frames} == {144 * 128_000 // 44_100}
    image = parseString(file_of("image/svg+xml"))  # noqa: S318 -- of our own
    assert image.documentElement.tagName == "svg"


def test_they_are_made_once():
    """Of a type that is not known there is none."""
    assert all(file_of(kind) is file_of(kind) for kind in FILES)
    assert file_of("application/octet-stream") is None


def test_csv():
    """Objects get a line of names; what lacks a member has nothing in its place."""
    rows = list(csv.reader(StringIO(csv_of([{"id": 1, "name": "a, b"}, {"id": 2, "size": 3}]).decode())))
    assert rows == [["id", "name", "size"], ["1", "a, b", ""], ["2", "", "3"]]
    assert csv_of([[1, "a"], 2]) == b"1,a\r\n2\r\n"


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\p{Lu}\p{Ll}+$",
        r"^[\p{L}\p{N}_]{3,9}$",
        r"^\P{L}{2}$",
        r"^\p{Script=Latin}+\pN$",
        r"^(?<year>\d{4})-(?<!x)\d$",
    ],
)
def test_patterns_that_python_cannot_read(pattern):
    """Their strings match as ECMAScript reads them."""
    (text,) = matching(pattern, SEEDED)
    assert matches(pattern, text)


def test_any_character():
    """It is a dot where one stands alone, as in hosts, and letters where many may."""
    (text,) = matching(r"^[a-z]+.example.com/.+$", SEEDED)
    assert re.fullmatch(r"[a-z]+\.example\.com/[a-z]+", text)
