"""Requests as they were sent: but in JSON, a value of any generated type is a text."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from schemathesis import Case, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure, Severity
from schemathesis.openapi.checks import RejectedPositiveData

from contract_first.check.exchange import Message, MessageViolation, RecordedExchange
from contract_first.check.target import Target
from contract_first.check.validation import ExchangeValidator
from contract_first.check.validation.requests import ReadRequest
from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES
from contract_first.contract.document.media_types import essence, is_json
from contract_first.service.request.coercion import Coercion

from .identity import attach

OF_TYPES: Final = {"type", *ALTERNATIVES}
BOOLEANS: Final = {"true", "false", "yes", "no", "on", "off", "t", "f", "y", "n"}
DATA: Final = (AcceptedNegativeData, RejectedPositiveData)


class SentTexts:
    """Tells which failures are none, since what was sent is another than what was generated.

    The integer 0 among strings is sent as a text, an array of one number as that number, an empty array
    not at all, and OpenAPI defines no text for a parameter that is null, nor for an array or object inside
    one. Of two objects in a query whose members have one name, a value is sent that is read as both's. Of a
    body that nothing here reads, such as YAML, none can tell. Which schema a discriminator names is not asked
    where JSON is generated, nor are formats of which Schemathesis knows none, such as ``uint64``.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._has_discriminators = target.contract.schemas.resources.have_discriminators
        self._validator = ExchangeValidator(target.contract, target.url, authentication=False)

    def refute(self, failure: Failure, case: Case[Any], response: Response) -> bool:
        """Return whether what was accepted conforms as it was sent, or what was rejected violates."""
        if isinstance(failure, DATA) and self._has_nested(case):
            return True
        if isinstance(failure, AcceptedNegativeData):
            validated = self._validator.validate(_exchange(response))
            violations = validated.validation.request
            attach(failure, violations)
            if validated.request and all(_is_coerced(it, validated.request) for it in violations):
                failure.severity = Severity.LOW
            return not violations and not validated.validation.unjudged
        if isinstance(failure, RejectedPositiveData):
            if any(map(_is_null, _parameters(case))) or self._has_name_of_several(case):
                return True
            media_type = essence(case.media_type or "")
            is_another = media_type and (self._has_discriminators or not is_json(media_type))
            return any(
                violation.rule == "format" or (is_another and violation.part == "body")
                for violation in self._validator.verdict(_exchange(response)).request
            )
        return False

    def _has_nested(self, case: Case[Any]) -> bool:
        """Return whether an array or object is inside a parameter, also where its members have names."""
        operation = self._target.by_label.get(case.operation.label)
        declared = {parameter["name"] for parameter in operation.parameters} if operation else None
        arrays = {name for name, value in (case.query or {}).items() if isinstance(value, list)}
        is_in_array = any(isinstance(value, dict | list) for value in _parameters(case))
        return is_in_array or (declared is not None and not arrays <= declared)

    def _has_name_of_several(self, case: Case[Any]) -> bool:
        """Return whether a query has a name by which more than one parameter is sent."""
        names: Counter[str] = Counter()
        operation = self._target.by_label.get(case.operation.label)
        for parameter in operation.parameters if operation else ():
            if parameter["in"] == "query":
                coercion = Coercion([self._target.contract.schemas.in_media_type(parameter)])
                is_exploded = parameter.get("style", "form") == "form" and parameter.get("explode", True)
                has_members = is_exploded and coercion.takes_object
                names.update(coercion.properties if has_members else [parameter["name"]])
        return any(names[name] > 1 for name in case.query or ())


def _is_coerced(violation: MessageViolation, request: ReadRequest) -> bool:
    """Return whether a value is of another type, but frameworks read it as the declared one."""
    if violation.rule not in OF_TYPES:
        return False
    value: Any = request.parameters.get((violation.part, violation.where))
    if violation.part == "body" and request.body is not None:
        value = pointers.lookup(request.body.value, violation.where)
    text = str(value).lower()
    is_number = text.replace(".", "", 1).removeprefix("-").isdecimal()
    return text in BOOLEANS or is_number


def _parameters(case: Case[Any]) -> Iterator[Any]:
    """Yield the values of parameters, and of arrays each item."""
    for holder in (case.path_parameters, case.query, case.headers, case.cookies):
        for value in (holder or {}).values():
            yield from value if isinstance(value, list) else [value]


def _is_null(value: Any) -> bool:
    """Return whether a value is null, or the text that is sent for it."""
    return value in (None, "null")


def _exchange(response: Response) -> RecordedExchange:
    request = response.request
    content = request.body
    body = content if isinstance(content, bytes) else str(content or "").encode()
    headers = [(name, str(value)) for name, value in request.headers.items()]
    return RecordedExchange(
        started=datetime.now(UTC),
        milliseconds=0,
        method=request.method or "",
        url=request.url or "",
        status=response.status_code,
        request=Message(headers=headers, body=body, body_bytes=len(body)),
        response=Message(),
    )
