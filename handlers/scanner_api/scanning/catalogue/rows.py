"""Rows of untrusted CSV and JSON Lines files: one at a time, in bounded memory, with line numbers.

Tabs between fields mean that quotes are ordinary characters, as in the dumps of Open Food Facts.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO, Any, Final, NamedTuple, Protocol

import msgspec

MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""The rest of a longer line is dropped, so that its row is invalid."""

_CSV: Final = frozenset({".csv", ".tsv"})
_JSON_LINES: Final = frozenset({".jsonl", ".ndjson"})


class _Tabs(csv.excel_tab):
    quoting = csv.QUOTE_NONE


class FileError(ValueError):
    """A file that cannot be read at all; the message says why."""


class _Lines(Protocol):
    def readline(self, size: int, /) -> bytes: ...


class Row(NamedTuple):
    """A row; the names of its fields are in lower case."""

    line: int
    fields: dict[str, Any]


class BadRow(NamedTuple):
    """An invalid row, and why."""

    line: int
    reason: str


def read_rows(stream: IO[bytes], filename: str) -> Iterator[Row | BadRow]:
    """Yield the rows of an open file; its name ends in .csv, .tsv, .jsonl or .ndjson, and .gz if packed.

    Raises:
        FileError: the name has another ending, the file has no header, or it is not really compressed.
    """
    suffixes = [suffix.lower() for suffix in PurePath(filename).suffixes]
    if suffixes[-1:] == [".gz"]:
        with gzip.open(stream) as unpacked:
            yield from _unpacked(unpacked, suffixes[-2:-1])
    else:
        yield from _unpacked(stream, suffixes[-1:])


def _unpacked(stream: _Lines, suffixes: list[str]) -> Iterator[Row | BadRow]:
    suffix = suffixes[0] if suffixes else ""
    if suffix not in _CSV | _JSON_LINES:
        raise FileError(
            "The file's name has to end in .csv, .tsv, .jsonl or .ndjson, followed by .gz if compressed."
        )
    try:
        yield from _csv_rows(stream) if suffix in _CSV else _json_rows(stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileError("The file is not gzip, or is cut short.") from error


def _lines(stream: _Lines) -> Iterator[bytes]:
    while line := stream.readline(MAX_LINE_BYTES):
        yield line
        while not line.endswith(b"\n") and (line := stream.readline(MAX_LINE_BYTES)):
            pass


def _json_rows(stream: _Lines) -> Iterator[Row | BadRow]:
    for number, line in enumerate(_lines(stream), 1):
        if not line.strip():
            continue
        try:
            fields = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            yield BadRow(number, "The line is not a JSON object.")
        else:
            yield Row(number, {name.lower(): value for name, value in fields.items()})


def _csv_rows(stream: _Lines) -> Iterator[Row | BadRow]:
    lines = (line.decode("utf-8", "surrogateescape") for line in _lines(stream))
    first = next(lines, "").removeprefix("\ufeff")
    dialect = _Tabs if "\t" in first else csv.excel
    header = _header(first, dialect)
    reader = csv.reader(lines, dialect)
    while True:
        number = reader.line_num + 2
        try:
            values = next(reader, None)
        except csv.Error as error:
            yield BadRow(number, f"The line is not CSV: {error}.")
            continue
        if values is None:
            return
        if values:
            yield _csv_row(number, header, values)


def _header(line: str, dialect: type[csv.Dialect]) -> list[str]:
    try:
        names = next(csv.reader([line], dialect), [])
    except csv.Error as error:
        raise FileError(f"The header line is not CSV: {error}.") from error
    if not names:
        raise FileError("The file has no header line.")
    return [name.strip().lower() for name in names]


def _csv_row(number: int, header: list[str], values: list[str]) -> Row | BadRow:
    if len(values) != len(header):
        return BadRow(number, f"The line has {len(values)} fields, the header has {len(header)}.")
    if not all(map(_is_utf8, values)):
        return BadRow(number, "The line is not UTF-8.")
    return Row(number, dict(zip(header, values, strict=True)))


def _is_utf8(text: str) -> bool:
    """Tell whether decoding left no escaped bytes."""
    return text.isascii() or not any("\udc80" <= character <= "\udcff" for character in text)
