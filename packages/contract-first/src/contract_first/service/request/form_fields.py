"""One field of a form: a property of the body's schema, sent as text by style, as JSON or as files."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.datastructures import UploadFile

from contract_first.contract.document import pointers
from contract_first.contract.document.json_types import EVERY_TYPE
from contract_first.contract.document.media_types import essence, is_binary, ranges_for
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.service.messages.problems import BadRequest, Violation
from contract_first.service.messages.request import Request

from .coercion import RepeatedError
from .decoding import decode, read_json
from .parameters import QueryPairs, compile_parameters

Content = str | UploadFile
STYLED = {"style", "explode"}
LONGEST_TYPE = 100


def _files_of(values: Sequence[Schema]) -> tuple[bool, bool]:
    """Return whether values are files, and whether they may be files.

    In OpenAPI 3.1 a value with another media type, or without any type, may be either.
    """
    branches = [branch for value in values for branch in value.branches]
    binary = any(map(is_binary, branches))
    is_untyped = all(value.types == EVERY_TYPE for value in values)
    return binary, binary or is_untyped or any("contentMediaType" in branch for branch in branches)


class FormField:
    """Reads one property of a form.

    Args:
        encoding: its Encoding Object (OpenAPI 3.1, section 4.8.15).

    Attributes:
        as_json: JSON may spell a value, or an array's item.
        deep_prefix: prefix of the names of a ``deepObject``.
    """

    def __init__(self, name: str, schema: Schema, encoding: Mapping[str, Any]) -> None:
        self._media_types = list(filter(None, map(str.strip, encoding.get("contentType", "").split(","))))
        self._headers = [
            name for name, header in encoding.get("headers", {}).items() if header.get("required")
        ]
        style = {key: encoding[key] for key in STYLED & encoding.keys()}
        self.name = name
        self.deep_prefix = name + "[" if style.get("style") == "deepObject" else None
        (self._parameter,) = compile_parameters(
            [{"in": "query", "name": name, "schema": schema.node, **style}], schema.of
        )
        types = schema.types
        self._is_array = types <= {"array", "null"}
        self.as_json = types != EVERY_TYPE and not types.isdisjoint({"object", "array"})
        self._json_only = types <= {"object", "null"} and not style
        items = [schema.of(branch.get("items", True)) for branch in schema.branches]
        values = items if self._is_array else [schema]
        self._has_texts = any("string" in value.types for value in (items if "array" in types else [schema]))
        self._binary, self._takes_file = _files_of(values)

    def is_styled(self, content: Content) -> bool:
        """Tell whether :meth:`read_styled` is to read this; else it is to be :meth:`put`."""
        return not (self._binary or self._json_only or isinstance(content, UploadFile))

    def put(self, content: Content, fields: dict[str, Any], violations: list[Violation]) -> None:
        """Put a file or JSON among the fields; its violations are added to ``violations``."""
        value: Any = content
        if isinstance(content, UploadFile):
            if not self._takes_file:
                violations.append(self._violation("format", "is no file: send it without a filename"))
            elif not self._takes(content.content_type):
                expected = " or ".join(self._media_types)
                media_type = essence(content.content_type or "")[:LONGEST_TYPE]
                violations.append(self._violation("contentType", f"is {media_type}; expected {expected}"))
            missing = [name for name in self._headers if name not in content.headers]
            violations += [self._violation("required", f"lacks the header {name}") for name in missing]
        elif self._binary:
            violations.append(self._violation("format", "is a file: send it with a filename"))
        else:
            value = read_json(content, f"field {self.name!r}")
        if self._is_array:
            fields.setdefault(self.name, []).append(value)
            return
        if self.name in fields:
            violations.append(self._repeated())
        fields[self.name] = value

    def _takes(self, media_type: str | None) -> bool:
        """Tell whether a file may have this media type; a file that names none may be any."""
        declared = {essence(name) for name in self._media_types}
        return not (declared and media_type) or not declared.isdisjoint(ranges_for(essence(media_type)))

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
        """Put the value that the texts spell among the fields: as JSON, unless only its text is valid."""
        serialized = self._parameter.read(request, pairs)
        if serialized is None:
            return
        is_valid = self._parameter.validator.is_valid
        fields[self.name] = value = self._parameter.coerce(serialized)
        spelled = self._of_json(pairs) if self.as_json else MISSING
        if spelled is not MISSING and (is_valid(spelled) or not (self._has_texts and is_valid(value))):
            fields[self.name] = spelled

    def _of_json(self, pairs: QueryPairs) -> Any:
        """Return the value of which a text, or the text of an item, is JSON; MISSING without any."""
        where = f"field {self.name!r}"
        texts = [decode(value, where, plus_is_space=True) for name, value in pairs if name == self.name]
        values = [self._json(text, where) for text in texts]
        if all(value is MISSING for value in values):
            return MISSING
        if len(values) == 1:
            return [values[0]] if self._is_array and not isinstance(values[0], list) else values[0]
        items = zip(values, self._parameter.coerce(texts), strict=True)
        return [item if value is MISSING else value for value, item in items]

    def _json(self, text: str, where: str) -> Any:
        """Return the object or array that a text spells; MISSING for a text that may be nothing but that."""
        if text.lstrip()[:1] not in {"{", "["}:
            return MISSING
        with suppress(BadRequest):
            return read_json(text, where)
        return MISSING if self._has_texts else read_json(text, where)

    def _repeated(self) -> Violation:
        return self._violation("repeated", "takes one value and was sent more than once")

    def _violation(self, rule: str, detail: str) -> Violation:
        return Violation("body", pointers.join("", self.name), rule, detail)
