"""Requests of one operation: read as the service reads them, then validated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openapi_check.exchange import Violation
from openapi_contract import Contract, Operation, pointers
from openapi_service.coercion import RepeatedError
from openapi_service.decoding import decode_form
from openapi_service.parameters import Parameter, QueryPairs, compile_parameters
from openapi_service.problems import BadRequest
from openapi_service.request import Request
from openapi_service.security import Credentials, alternatives_of

from .bodies import RequestBody
from .openapi_core import OpenapiCore, ReadBody, ReadParameters
from .schemas import UNDECIDED, SchemaValidator, is_large

IN_REQUESTS = frozenset({"apiKey", "http", "oauth2", "openIdConnect"})
"""Security schemes whose credential is in the request; not so that of others (``mutualTLS``)."""
EMPTY = "EmptyQueryParameterValue"
"""openapi-core refuses ``?q=``; form style spells an empty string so, which the schema may allow."""


class SecurityValidator:
    """The security requirements of one operation: what a request presents, by shape and not by worth."""

    def __init__(self, operation: Operation, contract: Contract) -> None:
        schemes = contract.security_schemes
        known = {name for name, scheme in schemes.items() if scheme["type"] in IN_REQUESTS}
        self._credentials = Credentials(schemes)
        self._alternatives = [alternative & known for alternative in alternatives_of(operation)]
        own = operation.pointer if "security" in operation.definition else ""
        self._pointer = contract.origin(pointers.join(own, "security"))

    def violations(self, request: Request) -> list[Violation]:
        """Return that no alternative is satisfied, if so; an empty credential satisfies none."""
        if not self._alternatives:
            return []
        try:
            presented = {name for name, value in self._credentials.of(request).items() if value.strip()}
        except BadRequest:  # of the query, which is validated by itself
            presented = set()
        if any(alternative <= presented for alternative in self._alternatives):
            return []
        expected = " or ".join(" with ".join(sorted(each)) for each in self._alternatives)
        detail = f"the request presents no credential for {expected}"
        return [Violation(part="security", rule="required", detail=detail, pointer=self._pointer)]


class ParameterValidator:
    """One declared parameter."""

    def __init__(self, parameter: Parameter, schema: SchemaValidator, pointer: str) -> None:
        self.name = parameter.name
        self.place = parameter.location
        self.schema = schema
        self._parameter = parameter
        self._missing = schema.missing(pointer)

    def read(self, request: Request, pairs: QueryPairs, values: ReadParameters) -> Violation | None:
        """Put what was sent among the values; return that it is missing or cannot be read, if so."""
        try:
            sent = self._parameter.read(request, pairs)
            if sent is not None:
                values[self.place][self.name] = self._parameter.coerce(sent)
        except RepeatedError:
            return self.schema.violation("repeated", "takes one value and was sent more than once")
        except BadRequest as problem:
            return self.schema.violation("encoding", problem.detail)
        return self._missing if sent is None and self._parameter.required else None


@dataclass
class ReadRequest:
    """What a request holds, and what it violates.

    Attributes:
        parameters: those that were sent and could be read.
        body: None if there was none that could be read.
    """

    violations: list[Violation] = field(default_factory=list)
    parameters: ReadParameters = field(default_factory=ReadParameters)
    body: ReadBody | None = None


class RequestValidator:
    """Validates the requests of one operation."""

    def __init__(self, operation: Operation, contract: Contract, core: OpenapiCore) -> None:
        self._operation = operation
        self._core = core
        self._security = SecurityValidator(operation, contract)
        self._parameters = list(_parameters(operation, contract))
        body = operation.request_body
        self._body = None if body is None else RequestBody(operation, contract.schemas.for_requests)

    def validate(self, request: Request, body: bytes | None) -> ReadRequest:
        """Return what a request holds, and what is wrong with it.

        Args:
            body: without its content coding; None if that is not known.
        """
        values = ReadParameters()
        found = self._security.violations(request) + self._read_parameters(request, values)
        read = None if body is None else self._read_body(request, body, found)
        if not self._accepts(values, read):
            found += self._violations(values, read)
        return ReadRequest(found, values, read)

    def _read_parameters(self, request: Request, values: ReadParameters) -> list[Violation]:
        try:
            pairs = decode_form(request.query_string, "query") if request.query_string else []
        except BadRequest as problem:
            return [Violation(part="query", rule="encoding", detail=problem.detail)]
        found = (each.read(request, pairs, values) for each in self._parameters)
        return [each for each in found if each is not None]

    def _read_body(self, request: Request, body: bytes, found: list[Violation]) -> ReadBody | None:
        if self._body is None:
            return None
        try:
            return self._body.read(request, body, found)
        except BadRequest as problem:
            found.append(self._body.violation("encoding", problem.detail))
            return None

    def _accepts(self, values: ReadParameters, body: ReadBody | None) -> bool:
        sent = [each for each in self._parameters if each.name in values[each.place]]
        return all(each.schema.accepts(values[each.place][each.name]) for each in sent) and (
            body is None or self._body is None or self._body.schema(body).accepts(body.value)
        )

    def _violations(self, values: ReadParameters, body: ReadBody | None) -> list[Violation]:
        """Ask openapi-core about what the filters do not accept."""
        errors = self._errors(values, body)
        found = []
        for each in self._parameters:
            error = errors.get((each.place, each.name))
            if error is not None and each.name in values[each.place]:
                found += each.schema.violations(values[each.place][each.name], error)
        error = errors.get(("body", ""))
        if error is not None and body is not None and self._body is not None:
            found += self._body.schema(body).violations(body.value, error)
        return found

    def _errors(self, values: ReadParameters, body: ReadBody | None) -> Mapping[tuple[str, str], Exception]:
        """Return openapi-core's errors by place and name; where it cannot validate, any may be wrong."""
        if body is not None and is_large(body.value):
            return _Undecided()
        try:
            errors = self._core.request_errors(self._operation, values, body)
        except Exception:  # noqa: BLE001 -- whatever openapi-core stumbles over, the other engine still validates
            return _Undecided()
        return {
            (getattr(each, "location", "body"), getattr(each, "name", "")): each
            for each in errors
            if type(each.__cause__).__name__ != EMPTY
        }


class _Undecided(dict[tuple[str, str], Exception]):
    """Errors of which nobody knows."""

    def get(self, _key: Any, _default: Any = None) -> Exception:
        return UNDECIDED


def _parameters(operation: Operation, contract: Contract) -> Iterator[ParameterValidator]:
    schemas = contract.schemas.for_requests
    compiled = compile_parameters(operation.parameters, schemas.of)
    for each, definition in zip(compiled, operation.parameters, strict=True):
        pointer = operation.pointers.parameters[each.location, each.name]
        media_type, content = next(iter(definition.get("content", {}).items()), ("", None))
        keys = ["schema"] if content is None else ["content", media_type, "schema"]
        schema = schemas.in_media_type(definition if content is None else content)
        validator = SchemaValidator(schema, each.location, each.name, pointers.join(pointer, *keys))
        yield ParameterValidator(each, validator, pointer)
