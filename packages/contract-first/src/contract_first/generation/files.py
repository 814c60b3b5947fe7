"""Small files of media types, which the parsers of their fields accept."""

import base64
import csv
from collections.abc import Callable
from functools import cache
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile, ZipInfo

from contract_first.contract.document.json_types import text_of

OFFICE = "http://schemas.openxmlformats.org/"
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1x"
    "eXBkeFxlZ2P/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AQH//2Q=="
)
GIF = "R0lGODdhAQABAIEAAP///wAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw=="
"""One pixel each."""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><circle cx="8" cy="8" r="8"/></svg>'
SILENT_FRAME = b"\xff\xfb\x90\xc4" + bytes(413)
"""26 ms at 128 kbit/s and 44.1 kHz, in one channel (ISO/IEC 11172-3, section 2.4)."""


def _related(kind: str, target: str) -> str:
    """Return the relations of a part to one other."""
    return (
        f'<Relationships xmlns="{OFFICE}package/2006/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
    )


WORKBOOK = {
    "[Content_Types].xml": f'<Types xmlns="{OFFICE}package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SHEETS}.sheet.main+xml"/>'
    f'<Override PartName="/xl/sheet.xml" ContentType="{SHEETS}.worksheet+xml"/></Types>',
    "_rels/.rels": _related("officeDocument", "xl/workbook.xml"),
    "xl/workbook.xml": f'<workbook xmlns="{OFFICE}spreadsheetml/2006/main" '
    f'xmlns:r="{OFFICE}officeDocument/2006/relationships">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": _related("worksheet", "sheet.xml"),
    "xl/sheet.xml": f'<worksheet xmlns="{OFFICE}spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" '
    't="inlineStr"><is><t>sample</t></is></c></row></sheetData></worksheet>',
}
"""Parts of a workbook of one cell (ECMA-376)."""


def _pdf() -> bytes:
    """Return an empty page (ISO 32000-1, section 7.5)."""
    content = b"%PDF-1.4\n"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
    )
    table = b"0000000000 65535 f \n"
    for number, described in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(content)
        content += b"%d 0 obj%bendobj\n" % (number, described)
    return content + b"xref\n0 4\n%btrailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(content),
    )


def _archive(parts: dict[str, str]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(ZipInfo(name), content)  # which has no time of its own
    return buffer.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "application/pdf": _pdf,
    "application/zip": lambda: _archive({"sample.txt": "sample"}),
    f"{SHEETS}.sheet": lambda: _archive(WORKBOOK),
    "image/png": lambda: base64.b64decode(PNG),
    "image/jpeg": lambda: base64.b64decode(JPEG),
    "image/gif": lambda: base64.b64decode(GIF),
    "image/svg+xml": lambda: SVG,
    "audio/mpeg": lambda: SILENT_FRAME * 4,
}


@cache
def file_of(kind: str) -> bytes | None:
    """Return a file of ``type/subtype``; None where none is known."""
    return FILES[kind]() if kind in FILES else None


def csv_of(rows: list[Any]) -> bytes:
    """Return rows as CSV with a line of names (RFC 4180): objects, arrays or single values."""
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    lines = [[row.get(name, "") for name in names] if isinstance(row, dict) else row for row in rows]
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerows([names] if names else [])
    writer.writerows(map(text_of, line if isinstance(line, list) else [line]) for line in lines)
    return buffer.getvalue().encode()
