import gzip
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.catalogue.rows import BadRow, FileError, Row, read_rows


def read(content, name="products.csv"):
    """Return the rows of a file with this content; text is written as UTF-8."""
    raw = content.encode() if isinstance(content, str) else content
    return list(read_rows(io.BytesIO(raw), name))


def test_a_csv_row_has_its_line_and_its_fields():
    """Names come from the header in lower case, and empty lines do not count as rows."""
    rows = read("GTIN, Name \n1,Milk\n\n2,Oat milk\n")
    assert rows == [Row(2, {"gtin": "1", "name": "Milk"}), Row(4, {"gtin": "2", "name": "Oat milk"})]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_of_every_system_are_read(ending, mark):
    """Windows line endings and a byte order mark make no difference."""
    assert read(f"{mark}a,b{ending}1,2{ending}") == [Row(2, {"a": "1", "b": "2"})]


def test_quoted_fields_may_span_lines():
    """A quoted line break is part of the field, and the next row still has its own line number."""
    rows = read('a,b\n1,"two\nlines"\n3,4\n')
    assert rows == [Row(2, {"a": "1", "b": "two\nlines"}), Row(4, {"a": "3", "b": "4"})]


@pytest.mark.parametrize("name", ["dump.tsv", "dump.csv"])
def test_with_tabs_quotes_are_ordinary(name):
    """Open Food Facts separates by tabs, whatever the file is called, and does not quote."""
    assert read('a\tb\n1\tthe "best" tea"\n', name) == [Row(2, {"a": "1", "b": 'the "best" tea"'})]


def test_json_lines_are_read():
    """Each line that is an object is a row; names are in lower case, values as they are."""
    rows = read('{"Code": 1, "x": {"y": [null]}}\n\n{"code": "2"}', "products.jsonl")
    assert rows == [Row(1, {"code": 1, "x": {"y": [None]}}), Row(3, {"code": "2"})]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv.gz", b"a,b\n1,2\n"), ("A.JSONL.GZ", b'{"a": "1", "b": "2"}')]
)
def test_packed_files_are_read(name, content):
    """A .gz file is unpacked on the way."""
    assert [row.fields for row in read(gzip.compress(content, mtime=0), name)] == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1\n3,4\n", "The line has 1 fields, the header has 2."),
        ("a,b\n1,2,3\n3,4\n", "The line has 3 fields, the header has 2."),
        (b"a,b\n1,caf\xe9\n3,4\n", "The line is not UTF-8."),
        (
            "a,b\n1," + "x" * 200_000 + "\n3,4\n",
            "The line is not CSV: field larger than field limit (131072).",
        ),
    ],
)
def test_a_bad_csv_row_is_reported_and_the_next_one_read(content, reason):
    """What cannot be read costs its own row and is reported with the line."""
    assert read(content) == [BadRow(2, reason), Row(3, {"a": "3", "b": "4"})]


@pytest.mark.parametrize(
    "line",
    [
        b"[1]",
        b"{",
        b'"x"',
        b"null",
        b'{"a": "\xe9"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 9000,
        b"\x00",
    ],
)
def test_a_bad_json_line_is_reported_and_the_next_one_read(line):
    """What is no JSON object, however deep or badly encoded, costs its own row."""
    rows = read(line + b'\n{"a": 1}', "x.ndjson")
    assert rows == [BadRow(1, "The line is not a JSON object."), Row(2, {"a": 1})]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("products.xlsx", b"", "has to end in .csv"),
        ("products", b"", "has to end in .csv"),
        ("csv", b"", "has to end in .csv"),
        ("products.gz", b"", "has to end in .csv"),
        ("products.csv", b"", "no header"),
        ("products.csv", b"a\rb\r1\r2\r", "header line is not CSV"),
        ("products.csv.gz", b"a,b\n1,2\n", "not gzip"),
        ("products.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 99, mtime=0)[:-12], "not gzip"),
        ("products.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:10] + b"\xff" * 50, "not gzip"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name, content, message):
    """An unknown ending, an empty file and a broken archive are errors of the file."""
    with pytest.raises(FileError, match=message):
        read(content, name)


@given(st.binary(max_size=300), st.sampled_from(["x.csv", "x.tsv", "x.jsonl", "x.csv.gz"]))
def test_any_bytes_are_rows_or_an_error_of_the_file(content, name):
    """Whatever a file holds, reading it gives rows, bad rows or a FileError."""
    try:
        rows = read(content, name)
    except FileError:
        return
    assert all(isinstance(row, Row | BadRow) for row in rows)


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_an_endless_line_does_not_fill_the_memory(name):
    """A line of 64 MB, and unpacked from a few KB at that, is read in a few MB."""
    content = io.BytesIO(gzip.compress(b"a,b\n" + b"x" * 64_000_000 + b"\n1,2\n", compresslevel=1, mtime=0))
    tracemalloc.start()
    rows = list(read_rows(content, f"{name}.gz"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(rows[0], BadRow)
    assert peak < 40_000_000
