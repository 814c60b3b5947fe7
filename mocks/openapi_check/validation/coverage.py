"""How much of a contract has been exercised: operations, statuses, parameters and values of enumerations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from openapi_check.report import OperationCoverage
from openapi_service.media_types import is_json

from .content_codings import NotDecoded, decoded
from .enumerations import enumerations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_check.exchange import Exchange
    from openapi_contract import Contract, Operation
    from openapi_contract.schemas import Schemas

    from .court import ReadParameters
    from .enumerations import Enumeration
    from .exchange_judge import Judgement

MOST_UNDOCUMENTED = 20


class Coverage:
    """Counts what exchanges exercise of a contract."""

    def __init__(self, contract: Contract) -> None:
        self._counted = {each.operation_id: _Counted(each, contract.schemas) for each in contract.operations}

    @property
    def operations(self) -> list[OperationCoverage]:
        """What has been exercised so far, in the order of the contract."""
        return [each.coverage for each in self._counted.values()]

    def record(self, exchange: Exchange, judgement: Judgement) -> None:
        """Count an exchange."""
        if judgement.operation_id and judgement.request is not None:
            counted = self._counted[judgement.operation_id]
            body = judgement.request.body
            counted.request(judgement.request.parameters, None if body is None else body.value)
            counted.answer(exchange)


class _Counted:
    """One operation, and where its enumerations are."""

    def __init__(self, operation: Operation, schemas: Schemas) -> None:
        self._operation = operation
        self._parameters = [(each["in"], each["name"]) for each in operation.parameters]
        self._places = list(_of_parameters(operation, schemas))
        content = {} if operation.request_body is None else operation.request_body.get("content", {})
        self._bodies = list(_of_content(content, schemas))
        self._answers = {
            code: list(_of_content(response.get("content", {}), schemas)) if code.startswith("2") else []
            for code, response in operation.responses.items()
        }
        self.coverage = OperationCoverage(
            operation=operation.operation_id,
            method=operation.method.upper(),
            path=operation.path,
            statuses=dict.fromkeys(operation.responses, 0),
            parameters=dict.fromkeys((f"{place} {name}" for place, name in self._parameters), 0),
            values=dict(self._values()),
        )

    def _values(self) -> Iterator[tuple[str, dict[str, int]]]:
        for place, name, each in self._places:
            yield f"{place} {name}{each.pointer}", dict.fromkeys(each.values, 0)
        for each in self._bodies:
            yield f"body {each.pointer}", dict.fromkeys(each.values, 0)
        for code, listed in self._answers.items():
            for each in listed:
                yield f"{code} {each.pointer}", dict.fromkeys(each.values, 0)

    def request(self, parameters: ReadParameters, body: Any) -> None:
        """Count what a request exercises."""
        self.coverage.calls += 1
        for place, name in self._parameters:
            self.coverage.parameters[f"{place} {name}"] += name in parameters[place]
        for place, name, each in self._places:
            if name in parameters[place]:
                self._count(f"{place} {name}{each.pointer}", each, parameters[place][name])
        for each in self._bodies:
            self._count(f"body {each.pointer}", each, body)

    def answer(self, exchange: Exchange) -> None:
        """Count what an answer exercises."""
        code = self._operation.response_key(exchange.status)
        if code is None:
            self._undocumented(exchange.status)
            return
        self.coverage.statuses[code] += 1
        if self._answers[code]:
            value = _json_body(exchange)
            for each in self._answers[code]:
                self._count(f"{code} {each.pointer}", each, value)

    def _undocumented(self, status: int) -> None:
        counts = self.coverage.undocumented
        if status and (str(status) in counts or len(counts) < MOST_UNDOCUMENTED):
            counts[str(status)] = counts.get(str(status), 0) + 1

    def _count(self, place: str, enumeration: Enumeration, value: Any) -> None:
        counts = self.coverage.values[place]
        for text in enumeration.found_in(value):
            counts[text] += 1


def _of_parameters(operation: Operation, schemas: Schemas) -> Iterator[tuple[str, str, Enumeration]]:
    for each in operation.parameters:
        content = next(iter(each.get("content", {}).values()), each)
        for found in enumerations(schemas.in_media_type(content)):
            yield each["in"], each["name"], found


def _of_content(content: Mapping[str, Any], schemas: Schemas) -> Iterator[Enumeration]:
    """Yield the enumerations of a body, whatever its media type."""
    found: dict[tuple[str, ...], Enumeration] = {}
    for media_type in content.values():
        for each in enumerations(schemas.in_media_type(media_type)):
            known = found.get(each.steps, each)
            values = dict.fromkeys((*known.values, *each.values))
            found[each.steps] = each._replace(values=tuple(values))
    yield from found.values()


def _json_body(exchange: Exchange) -> Any:
    message = exchange.response
    if not message.whole or not is_json(message.media_type):
        return None
    try:
        return msgspec.json.decode(decoded(message))
    except (NotDecoded, ValueError, RecursionError):
        return None
