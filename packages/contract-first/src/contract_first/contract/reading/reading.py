"""Reads a document from a file or a URL, with bounds on size, encodings and redirects."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

from contract_first.contract.document import pointers
from contract_first.contract.document.defects import Defect, Diagnostic
from contract_first.contract.document.encodings import UTF_8, text_of
from contract_first.contract.document.errors import SPLIT, UnreadableContractError, reason_of
from contract_first.contract.document.fetching import FOLLOWED, MAX_BYTES, fetch
from contract_first.contract.document.lines import lines_of
from contract_first.contract.document.parsing import Report, parse
from contract_first.contract.document.sources import is_url, suffix_of

MARKUP = re.compile(r"\s*<(?!<\s*:)")
Reported = TypeVar("Reported", bound=Diagnostic)


def read_document(source: str, defects: list[Defect] | None = None) -> dict[str, Any]:
    """Return the object in a JSON or YAML file, or at an HTTP(S) URL.

    Args:
        defects: gets what could be repaired; without a list, that is an error.

    Raises:
        UnreadableContractError: it cannot be read, or is not one JSON object; says why, with line and column.
    """

    def report(line: int, pointer: str, reason: str) -> None:
        if defects is not None:
            defects.append(Defect(source, line, pointer, reason, "repaired"))

    lenient = None if defects is None else report
    text = read_text(source, lenient)
    if MARKUP.match(text):
        raise UnreadableContractError(source, "is HTML or XML; expected an object in JSON or YAML.")
    try:
        document = parse(text, suffix=suffix_of(source), report=lenient)
    except ValueError as error:
        raise UnreadableContractError(source, str(error)) from None
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        raise UnreadableContractError(source, f"has {kind} at the top; expected an object.")
    return document


def read_text(source: str, report: Report | None = None) -> str:
    """Return the text of a file or URL; UnreadableContractError if it has none.

    Args:
        report: called if it is not in UTF-8; without it, that is an error.
    """
    return _decode(_read_bytes(source), source, report)


def read_utf8(source: str) -> bytes:
    """Return the bytes of a file or URL in UTF-8 (or Windows-1252); UnreadableContractError without."""
    raw = _read_bytes(source).removeprefix(BOM_UTF8)
    encoding = json.detect_encoding(raw)
    return raw if encoding == "utf-8" else raw.decode(encoding).encode()


def with_lines(diagnostics: Iterable[Reported]) -> list[Reported]:
    """Return diagnostics without repetitions, each with its line, in the order of the files."""
    by_source: dict[str, list[Reported]] = {}
    for diagnostic in dict.fromkeys(diagnostics):
        by_source.setdefault(diagnostic.source, []).append(diagnostic)
    return [diagnostic for source, listed in by_source.items() for diagnostic in _in_order(source, listed)]


def _in_order(source: str, diagnostics: list[Reported]) -> list[Reported]:
    sought = [diagnostic.pointer for diagnostic in diagnostics if not diagnostic.line]
    try:
        lines = lines_of(read_utf8(source), suffix_of(source), sought) if sought else {}
    except (ValueError, LookupError, UnreadableContractError):
        lines = {}
    numbered = [
        diagnostic if diagnostic.line else replace(diagnostic, line=_line(diagnostic.pointer, lines))
        for diagnostic in diagnostics
    ]
    return sorted(numbered, key=lambda diagnostic: (diagnostic.line, pointers.order(diagnostic.pointer)))


def _line(pointer: str, lines: Mapping[str, int]) -> int:
    """Return the line of a pointer, or of its nearest ancestor."""
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines.get(pointer, 0)


def _read_bytes(source: str) -> bytes:
    try:
        references = FOLLOWED.get()
        if references is not None:
            references.require_in_root(source)
        fetched = fetch if references is None else references.fetch
        raw = fetched(source) if is_url(source) else _read_file(source)
    except (OSError, HTTPException, ValueError) as error:
        raise UnreadableContractError(source, f"cannot be read: {reason_of(error)}.") from None
    if len(raw) > MAX_BYTES:
        raise UnreadableContractError(source, f"is larger than {MAX_BYTES} bytes. {SPLIT}")
    if references is not None and references.sources is not None:
        references.sources[source] = raw
    return raw


def _read_file(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _decode(raw: bytes, source: str, report: Report | None) -> str:
    encoding = UTF_8
    if report is not None and (detected := json.detect_encoding(raw)) not in {"utf-8", UTF_8}:
        encoding = detected
        report(0, "", f"is in {encoding.upper()}; expected UTF-8.")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"is not {encoding.upper().removesuffix('-SIG')} at byte {error.start}"
        if report is None or encoding != UTF_8 or b"\0" in raw:
            raise UnreadableContractError(source, f"{reason}.") from None
        report(0, "", f"{reason}; what is not was read as Windows-1252.")
        text = text_of(raw)
    if not text or text.isspace():
        raise UnreadableContractError(source, "is empty; expected an object in JSON or YAML.")
    return text
