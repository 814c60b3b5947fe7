"""One field of a form: a property of the body's schema, sent as text by style, as JSON or as files."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.datastructures import UploadFile

from openapi_contract import pointers
from openapi_contract.schemas import EVERY_TYPE, Schema

from .coercion import RepeatedError
from .decoding import read_json
from .media_types import essence, ranges_for
from .parameters import QueryPairs, compile_parameters
from .problems import BadRequest, Violation
from .request import Request

Content = str | UploadFile
STYLED = {"style", "explode"}


class Field:
    """Reads one property of a form.

    Args:
        schema: the property's schema.
        encoding: its Encoding Object (OpenAPI 3.1, section 4.8.15).

    Attributes:
        as_json: only JSON can spell a value, or an array's item.
        deep_prefix: what the names of the parts of a ``deepObject`` begin with.
    """

    __slots__ = (
        "_binary",
        "_has_texts",
        "_is_array",
        "_json_only",
        "_media_types",
        "_parameter",
        "_takes_file",
        "as_json",
        "deep_prefix",
        "name",
    )

    def __init__(self, name: str, schema: Schema, encoding: Mapping[str, Any]) -> None:
        self._media_types = [
            each.strip() for each in encoding.get("contentType", "").split(",") if each.strip()
        ]
        style = {key: encoding[key] for key in STYLED & encoding.keys()}
        self.name = name
        self.deep_prefix = name + "[" if style.get("style") == "deepObject" else None
        (self._parameter,) = compile_parameters(
            [{"in": "query", "name": name, "schema": schema.node, **style}], schema.of
        )
        types = schema.types
        self._is_array = types <= {"array", "null"}
        self.as_json = types <= {"object", "array", "null"}
        self._json_only = types <= {"object", "null"} and not style
        items = [schema.of(each.get("items", True)) for each in schema.branches]
        values = items if self._is_array else [schema]
        inner = [each for value in values for each in value.branches]
        self._has_texts = self._is_array and any("string" in each.types for each in items)
        self._binary = any(each.get("format") == "binary" for each in inner)
        # OpenAPI 3.1 has no word for a file: it is what has a media type, or no type at all
        untyped = all(value.types == EVERY_TYPE for value in values)
        self._takes_file = self._binary or untyped or any("contentMediaType" in each for each in inner)

    def is_styled(self, content: Content) -> bool:
        """Tell whether :meth:`read_styled` is to read this; else it is to be :meth:`put`."""
        if self._binary or isinstance(content, UploadFile):
            return False
        return not self._json_only and not (self.as_json and self._is_json(content))

    def _is_json(self, content: str) -> bool:
        """Tell whether a text is JSON: it begins so, and can be read or be nothing else."""
        if content.lstrip()[:1] not in {"{", "["}:
            return False
        with suppress(BadRequest):
            return read_json(content, "") is not None
        return not self._has_texts

    def put(self, content: Content, fields: dict[str, Any], violations: list[Violation]) -> None:
        """Put a file or JSON among the fields; what is wrong with it goes to ``violations``."""
        value: Any = content
        if isinstance(content, UploadFile):
            if not self._takes_file:
                violations.append(self._violation("format", "is no file: send it without a filename"))
            elif not self._takes(content.content_type):
                expected = " or ".join(self._media_types)
                violations.append(self._violation("contentType", f"is not {expected}"))
        elif self._binary:
            violations.append(self._violation("format", "is a file: send it with a filename"))
        else:
            value = read_json(content, f"field {self.name!r}")
        if self._is_array and not isinstance(value, list):
            fields.setdefault(self.name, []).append(value)
            return
        if self.name in fields:
            violations.append(self._repeated())
        fields[self.name] = value

    def _takes(self, sent: str | None) -> bool:
        """Tell whether a file may have this media type; a file that names none may be any."""
        declared = {essence(each) for each in self._media_types}
        return not (declared and sent) or not declared.isdisjoint(ranges_for(essence(sent)))

    def read_styled(
        self, request: Request, pairs: QueryPairs, fields: dict[str, Any], violations: list[Violation]
    ) -> None:
        """Put what the form's texts spell in the field's style among the fields."""
        if self._json_only:
            return
        try:
            self._spell(request, pairs, fields)
        except RepeatedError:
            violations.append(self._repeated())
            self._spell(request, list(dict(pairs).items()), fields)

    def _spell(self, request: Request, pairs: QueryPairs, fields: dict[str, Any]) -> None:
        sent = self._parameter.read(request, pairs)
        if sent is not None:
            fields[self.name] = self._parameter.coerce(sent)

    def _repeated(self) -> Violation:
        return self._violation("repeated", "takes one value and was sent more than once")

    def _violation(self, rule: str, detail: str) -> Violation:
        return Violation("body", pointers.join("", self.name), rule, detail)
