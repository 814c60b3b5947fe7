"""Requests of one operation: read as the service reads them, then validated as it validates them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contract_first.check.exchange import MessageViolation
from contract_first.contract import Contract, Operation
from contract_first.contract.document import pointers
from contract_first.contract.schemas.schema import Schemas
from contract_first.service.access.security import PresentedCredentials, alternatives_of
from contract_first.service.messages.problems import BadRequest
from contract_first.service.messages.request import Request
from contract_first.service.request.coercion import RepeatedError
from contract_first.service.request.decoding import decode_form
from contract_first.service.request.parameters import Parameter, QueryPairs, compile_parameters

from .bodies import ReadBody, RequestBody
from .schemas import SchemaValidator

IN_REQUESTS = frozenset({"apiKey", "http", "oauth2", "openIdConnect"})
"""Security schemes whose credential is in the request; not so that of others (``mutualTLS``)."""
ReadParameters = dict[tuple[str, str], Any]
"""JSON values by place and name, such as ``("query", "limit")``."""


@dataclass
class ReadRequest:
    """The values of a request, and its violations.

    Attributes:
        parameters: those that were sent and could be read.
        body: None if there was none that could be read.
    """

    violations: list[MessageViolation] = field(default_factory=list)
    parameters: ReadParameters = field(default_factory=dict)
    body: ReadBody | None = None


class SecurityValidator:
    """Validates that a request presents credentials of the right form; their validity is not verified."""

    def __init__(self, operation: Operation, contract: Contract) -> None:
        schemes = contract.security_schemes
        in_requests = {name for name, scheme in schemes.items() if scheme["type"] in IN_REQUESTS}
        self._credentials = PresentedCredentials(schemes)
        self._alternatives = [alternative & in_requests for alternative in alternatives_of(operation)]
        holder = operation.pointer if "security" in operation.definition else ""
        self._pointer = contract.origin(pointers.join(holder, "security"))

    def violations(self, request: Request) -> list[MessageViolation]:
        """Return that no alternative is satisfied, if so; an empty credential satisfies none."""
        if not self._alternatives:
            return []
        try:
            presented = {name for name, value in self._credentials.of(request).items() if value.strip()}
        except BadRequest:  # of the query, which is validated by itself
            presented = set()
        if any(alternative <= presented for alternative in self._alternatives):
            return []
        expected = " or ".join(" with ".join(sorted(alternative)) for alternative in self._alternatives)
        detail = f"the request presents no credential for {expected}"
        return [MessageViolation(part="security", rule="required", detail=detail, pointer=self._pointer)]


class ParameterValidator:
    """One declared parameter."""

    def __init__(self, parameter: Parameter, schema: SchemaValidator, pointer: str) -> None:
        self.key = parameter.location, parameter.name
        self.schema = schema
        self._parameter = parameter
        self._missing = schema.missing(pointer)

    def read(self, request: Request, pairs: QueryPairs, values: ReadParameters) -> MessageViolation | None:
        """Add the parameter to the values; return the violation if it is missing or unreadable."""
        try:
            text = self._parameter.read(request, pairs)
            if text is not None:
                values[self.key] = self._parameter.coerce(text)
        except RepeatedError:
            return self.schema.violation("repeated", "takes one value and was sent more than once")
        except BadRequest as problem:
            return self.schema.violation("encoding", problem.detail)
        return self._missing if text is None and self._parameter.required else None


class RequestValidator:
    """Validates the requests of one operation."""

    def __init__(self, operation: Operation, contract: Contract) -> None:
        schemas = contract.schemas.view(formats=True).for_requests
        self._security = SecurityValidator(operation, contract)
        self._parameters = list(_parameters(operation, schemas))
        self._body = None if operation.request_body is None else RequestBody(operation, schemas)

    def validate(self, request: Request, body: bytes | None) -> ReadRequest:
        """Return the values of a request, and its violations.

        Args:
            body: without its content coding; None if that is not known.
        """
        read = ReadRequest(self._security.violations(request))
        read.violations += self._read_parameters(request, read.parameters)
        if body is not None and self._body is not None:
            read.body = self._body.read(request, body, read.violations)
        for parameter in self._parameters:
            if parameter.key in read.parameters:
                read.violations += parameter.schema.violations(read.parameters[parameter.key])
        if read.body is not None:
            read.violations += read.body.schema.violations(read.body.value)
        return read

    def _read_parameters(self, request: Request, values: ReadParameters) -> Iterator[MessageViolation]:
        try:
            pairs = decode_form(request.query_string, "query") if request.query_string else []
        except BadRequest as problem:
            yield MessageViolation(part="query", rule="encoding", detail=problem.detail)
            return
        for parameter in self._parameters:
            if (violation := parameter.read(request, pairs, values)) is not None:
                yield violation


def _parameters(operation: Operation, schemas: Schemas) -> Iterator[ParameterValidator]:
    compiled = compile_parameters(operation.parameters, schemas.of)
    for parameter, definition in zip(compiled, operation.parameters, strict=True):
        location, name = parameter.location, parameter.name
        pointer = operation.pointers.parameters[location, name]
        media_type, content = next(iter(definition.get("content", {}).items()), ("", None))
        keys = ["schema"] if content is None else ["content", media_type, "schema"]
        schema = schemas.in_media_type(definition if content is None else content)
        validator = SchemaValidator(schema, location, name, pointers.join(pointer, *keys))
        yield ParameterValidator(parameter, validator, pointer)
