"""Validation of responses by openapi-core."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from starlette.datastructures import Headers

from contract_first.contract import Contract, Operation
from contract_first.contract.document.anatomy import NO_BODY
from contract_first.contract.document.media_types import declared_as, essence, is_json
from contract_first.contract.schemas.schema import Schema
from contract_first.service.messages.problems import BadRequest, PayloadTooLarge
from contract_first.service.messages.response import Rendered
from contract_first.service.request.bodies import is_of_nothing
from contract_first.service.request.readers import reader_of

LONGEST_DETAIL = 200
FORMATS = re.compile(r"body[^:]*: violates (format|oneOf|anyOf) ")

TELL_NAMES = frozenset({"required", "additionalProperties", "unevaluatedProperties", "dependentRequired"})
"""Keywords whose messages hold names of properties, and never a value."""


def _reader(media_type: str) -> Callable[..., Any]:
    """Read what openapi-core would leave as bytes: types built on JSON (RFC 6839), texts, media ranges.

    A header with ``content`` is read as well, as the text that it is.
    """
    if is_json(media_type):
        return _json
    return _decoded_text if media_type.startswith("text/") else _json_or_bytes


def _json(body: bytes | str, **_: str) -> Any:
    return json.loads(body)


def _decoded_text(body: bytes | str, **_: str) -> str:
    return body if isinstance(body, str) else body.decode()


def _json_or_bytes(body: bytes | str, **_: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def is_text(media_type: str, schema: Schema) -> bool:
    """Tell whether a schema describes a text; one of CSV, XML or an image may describe more."""
    return essence(media_type).startswith("text/") and "string" in schema.types


class Routed:
    """Finds an operation for openapi-core by its path template: by server and path it is found already."""

    def __init__(self, spec: Any, base_url: str | None = None) -> None:  # noqa: ARG002 -- openapi-core's signature
        self._paths = dict((spec / "paths").str_items())

    def find(self, method: str, name: str) -> tuple[Any, Any, None, Any, Any]:
        """Return the operation as openapi-core has it."""
        path = self._paths[name]
        operations = path if method in path else path / "additionalOperations"
        return path, operations / method, None, SimpleNamespace(variables={}), {}


class ResponseValidator:
    """Validates responses against the effective contract.

    openapi-core is slow to import and to build, and seldom asked: both wait for the first response that the
    accept filter does not accept.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._schemas = contract.schemas.view(formats=True).for_responses

    @cached_property
    def document(self) -> Any:
        """The contract as openapi-core reads it."""
        from jsonschema_path import SchemaPath  # noqa: PLC0415 -- see the class

        # whatever a URI's scheme, it names a schema of the contract: nothing is fetched
        resources = self.contract.schemas.resources
        handlers = dict.fromkeys(resources.schemes, resources.resource)
        return SchemaPath.from_dict(self.contract.document, base_uri=resources.uri, handlers=handlers)

    @cached_property
    def _validator(self) -> Any:
        from openapi_core.validation.response.validators import (  # noqa: PLC0415 -- see the class
            V30ResponseValidator,
            V31ResponseValidator,
            V32ResponseValidator,
        )

        from contract_first.contract.schemas.directions import of_responses  # noqa: PLC0415 -- see the class

        version = self.contract.openapi[:3]
        kinds: dict[str, Any] = {"3.0": V30ResponseValidator, "3.1": V31ResponseValidator}
        declared = {
            essence(media_type)
            for operation in self.contract.operations
            for response in operation.responses.values()
            for holder in (response, *response.get("headers", {}).values())
            for media_type in holder.get("content", {})
        }
        read = [name for name in declared if is_json(name) or name.startswith("text/") or "*" in name]
        readers = {name: _reader(name) for name in read}
        return kinds.get(version, V32ResponseValidator)(
            self.document,
            path_finder_cls=Routed,
            schema_validators_factory=of_responses(self.contract.schemas, version),
            extra_media_type_deserializers=readers,
        )

    def errors(self, operation: Operation, rendered: Rendered, media_type: str | None) -> list[str]:
        """Return the violations of a response, each in a sentence; nothing if it conforms.

        What it cannot validate, such as a regular expression that Python does not have, is wrong as well.
        """
        declared = operation.response_for(rendered.status)
        if rendered.body and declared is not None and not declared.get("content"):
            return [f"The contract declares no body for status {rendered.status}"]
        try:
            errors = self.errors_of(operation, rendered, media_type)
            has_body = rendered.body or is_of_nothing(essence(media_type or ""))
            is_unread = has_body and (not rendered.body or self._is_opaque(declared, media_type or ""))
            if rendered.status in NO_BODY or is_unread:
                errors = [error for error in errors if hasattr(error, "name")]  # of a header
            return [*sentences(errors), *self._of_others(declared, rendered, media_type)]
        except Exception as error:  # noqa: BLE001 -- whatever it is, the response goes no further
            return [f"cannot be validated ({type(error).__name__})"]

    def errors_of_head(self, operation: Operation, rendered: Rendered, media_type: str | None) -> list[str]:
        """Return the violations of a response in its status, its media type and its headers."""
        declared = operation.response_for(rendered.status)
        if declared is None:
            return [f"The contract declares no status {rendered.status}"]
        if declared_as(media_type or "", declared.get("content", {})) is None:
            return [f"The contract declares no {media_type or 'body'} for status {rendered.status}"]
        if not declared.get("headers"):
            return []
        return list(filter(is_of_header, self.errors(operation, rendered, media_type)))

    def _is_opaque(self, declared: Mapping[str, Any] | None, media_type: str) -> bool:
        """Tell whether a body is declared, and of a media type of which a schema says nothing."""
        content = {} if declared is None else declared.get("content", {})
        name = declared_as(media_type, content)
        if name is None or is_json(essence(media_type)):
            return False
        return not is_text(media_type, self._schemas.in_media_type(content[name]))

    def _of_others(
        self, declared: Mapping[str, Any] | None, rendered: Rendered, media_type: str | None
    ) -> Iterator[str]:
        """Yield the violations of a sequence of items or of XML, which openapi-core does not read."""
        content = {} if declared is None else declared.get("content", {})
        definition = content.get(declared_as(media_type or "", content), {})
        schema = self._schemas.in_media_type(definition)
        # what is sent was in memory already: the limit is for what others send
        if not rendered.body and declared is not None and is_text(media_type or "", schema):
            for violation in schema.validator.violations("", "body"):  # openapi-core takes it for missing
                yield f"body: {violation.detail}"
        read = reader_of(media_type or "", definition, schema, limits=None)
        if read is None or not rendered.body or is_json(essence(media_type or "")):
            return
        try:
            value = read(rendered.body)
        except (BadRequest, PayloadTooLarge) as unreadable:
            yield f"body: {unreadable.detail}"
            return
        for violation in schema.validator.violations(value, "body"):
            yield f"body{violation.name}: {violation.detail}"

    def errors_of(self, operation: Operation, rendered: Rendered, media_type: str | None) -> list[Any]:
        """Return openapi-core's own errors in a response; it raises anything for what it cannot validate.

        As with a body, a schema says nothing of a header whose content is XML, a form or the like.
        """
        asked = SimpleNamespace(host_url="", path=operation.path, method=operation.method)
        response = SimpleNamespace(
            status_code=rendered.status,
            data=rendered.body,
            content_type=media_type or "",
            headers=Headers(raw=rendered.headers),
        )
        declared = operation.response_for(rendered.status) or {}
        opaque = {
            name.lower()
            for name, header in declared.get("headers", {}).items()
            if name in response.headers and self._is_opaque(header, next(iter(header.get("content", ())), ""))
        }
        errors = self._validator.iter_errors(asked, response)
        return [error for error in errors if getattr(error, "name", "").lower() not in opaque]


def sentences(errors: list[Any]) -> list[str]:
    """Word errors of openapi-core without the values in the response, which may be secret."""
    return [sentence for error in errors for sentence in _sentences(error)]


def is_of_header(sentence: str) -> bool:
    """Tell whether a sentence is of a header, and not of the body."""
    return sentence.startswith(("header ", "Missing required header"))


def may_be_of_format(sentence: str) -> bool:
    """Tell whether a sentence is of a format in the body, or of alternatives, in which there may be one."""
    return FORMATS.match(sentence) is not None


def _sentences(error: Any) -> Iterator[str]:
    where = f"header {error.name}" if hasattr(error, "name") else "body"
    cause = error.__cause__
    violations = getattr(cause, "schema_errors", ()) or getattr(error, "schema_errors", ())
    for violation in violations:
        yield f"{where}{''.join(f'/{step}' for step in violation.absolute_path)}: {detail_of(violation)}"
    if not violations:
        unreadable = cause is not None and not type(cause).__name__.endswith("NotFound")
        yield f"{where}: cannot be read ({type(cause).__name__})" if unreadable else str(error)


def detail_of(error: Any) -> str:
    """Word a violation that openapi-core found, without the value."""
    if error.validator in TELL_NAMES:
        return str(error.message)[:LONGEST_DETAIL]
    if error.validator == "writeOnly":
        return "is writeOnly, which no response may have"
    return f"violates {error.validator} {error.validator_value!r}"[:LONGEST_DETAIL]
