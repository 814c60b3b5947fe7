"""Form bodies, urlencoded and ``multipart/form-data``, as JSON values and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from scanner_api.problems import BadRequest, Violation

from .json_text import read_json
from .parameters import compile_parameters
from .percent import decode, decode_form
from .shapes import properties_of, types_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from .request import Request
    from .schemas import SchemaCompiler

MOST_FIELDS = 1000
FIELD_BYTES = 64 * 1024


class Form:
    """Reads the fields of a form whose schema is an object, each property one field.

    Args:
        schema: the body's schema.
        encoding: the media type's ``encoding``, by property (OpenAPI 3.1, section 4.8.15).
    """

    def __init__(self, schema: Any, encoding: Mapping[str, Any], compiler: SchemaCompiler) -> None:
        properties = properties_of(schema, compiler)
        self._fields = compile_parameters(
            [
                {"in": "query", "name": name, "schema": inner, **_style(encoding.get(name, {}))}
                for name, inner in properties.items()
            ],
            compiler,
        )
        self._known = frozenset(properties)
        self._as_json = frozenset(
            name
            for name, inner in properties.items()
            if types_of(inner, compiler) <= {"object", "array", "null"}
        )
        self._files = frozenset(name for name, inner in properties.items() if _is_binary(inner, compiler))

    def urlencoded(self, raw: bytes, request: Request, violations: list[Violation]) -> dict[str, Any]:
        """Return the fields of an urlencoded body; what is not declared stays text."""
        pairs = decode_form(raw, "form body")
        fields = self._read(request, pairs, violations)
        for name, value in pairs:
            if name not in self._known:
                fields[name] = decode(value, "form body", plus_is_space=True)
        return fields

    async def multipart(
        self, stream: AsyncGenerator[bytes, None], request: Request, violations: list[Violation]
    ) -> dict[str, Any]:
        """Return the fields of a multipart body: text coerced by schema, files as starlette's UploadFile."""
        headers = Headers(raw=request.scope["headers"])
        parser = MultiPartParser(
            headers, stream, max_files=MOST_FIELDS, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES
        )
        try:
            parts = (await parser.parse()).multi_items()
        except (MultiPartException, KeyError, UnicodeDecodeError) as error:
            raise BadRequest(f"The multipart body cannot be read: {_reason(error)}") from None
        request.files.extend(part for _, part in parts if isinstance(part, UploadFile))
        return self._sorted(parts, request, violations)

    def _sorted(
        self, parts: list[tuple[str, UploadFile | str]], request: Request, violations: list[Violation]
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        pairs = []
        for name, part in parts:
            if isinstance(part, UploadFile) or name not in self._known:
                fields[name] = part
            elif name in self._files:
                violations.append(
                    Violation("body", f"/{name}", "format", "is a file: send it with a filename")
                )
            elif name in self._as_json and part[:1] in {"{", "["}:
                fields[name] = read_json(part, f"field {name!r}")
            else:
                pairs.append((name, part.replace("%", "%25").replace("+", "%2B").encode()))
        return {**self._read(request, pairs, violations), **fields}

    def _read(
        self, request: Request, pairs: list[tuple[str, bytes]], violations: list[Violation]
    ) -> dict[str, Any]:
        sent = {name for name, _ in pairs}
        fields = {}
        for field in self._fields:
            if field.name in sent:
                own: list[Violation] = []
                fields[field.name] = field.argument_of(request, pairs, own)
                # what is wrong with the value is found again by the whole body's schema
                violations.extend(
                    Violation("body", f"/{field.name}", each.rule, each.detail)
                    for each in own
                    if each.rule == "repeated"
                )
        return fields


def _style(encoding: Mapping[str, Any]) -> dict[str, Any]:
    return {key: encoding[key] for key in ("style", "explode") if key in encoding}


def _is_binary(schema: Any, compiler: SchemaCompiler) -> bool:
    return types_of(schema, compiler) == {"string"} and schema.get("format") == "binary"


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, MultiPartException) else "its Content-Type names no boundary."
