"""Compares the messages of an operation: parameters, bodies, responses and their headers."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from contract_first.contract.contract import Contract
from contract_first.contract.document.anatomy import STYLES
from contract_first.contract.document.media_types import essence, is_xml, ranges_for
from contract_first.contract.operation import Operation
from contract_first.contract.schemas.parts import Part

from .changes import Difference
from .effort import Effort
from .lifetime import is_over, sunset_changes
from .rules import Side
from .schemas import SchemaComparison

FIRST_ERROR = "4"

Origin = Callable[[str], str]


class MessageComparison:
    """Compares the messages of operations of two contracts."""

    def __init__(self, old: Contract, new: Contract, effort: Effort) -> None:
        self._schemas = SchemaComparison(old, new, effort)
        self._in_xml = SchemaComparison(old, new, effort, is_xml=True)
        self._old, self._new = old.origin, new.origin

    def differences(self, old: Operation, new: Operation) -> Iterator[Difference]:
        """Yield the differences of requests and responses of two operations."""
        yield from self._parameters(_parameters(old, self._old), _parameters(new, self._new))
        yield from self._body(_body(old, self._old), _body(new, self._new))
        yield from self._responses(old, new, Side.RESPONSE)

    def differences_of_received(self, old: Operation, new: Operation) -> Iterator[Difference]:
        """Yield the differences of two requests that clients receive, and of the responses that they send."""
        before, now = _body(old, self._old), _body(new, self._new)
        if before and now:
            yield from self._content(before, now, Side.RESPONSE)
        yield from self._responses(old, new, Side.REQUEST)

    def _parameters(self, old: Mapping[Any, Part], new: Mapping[Any, Part]) -> Iterator[Difference]:
        for key in (key for key in old if key not in new):
            yield Difference.of(f"parameter-removed{'-after-sunset' * is_over(old[key].node)}", old[key])
        for key, at in new.items():
            if key in old:
                yield from self._parameter(old[key], at)
            else:
                yield Difference.of(f"{'required-' * (at.node.get('required') is True)}parameter-added", at)

    def _parameter(self, old: Part, new: Part) -> Iterator[Difference]:
        yield from _requirement("parameter", old, new)
        styles = _style(old.node), _style(new.node)
        if styles[0] != styles[1]:
            yield Difference.of("parameter-style-changed", new, f"{styles[1]}, was {styles[0]}")
        if (is_deprecated := new.node.get("deprecated", False)) != old.node.get("deprecated", False):
            yield Difference.of(f"parameter-{'' if is_deprecated else 'un'}deprecated", new)
        yield from sunset_changes(old, new)
        yield from self._schemas.differences(_schema(old), _schema(new), Side.REQUEST)

    def _body(self, old: Part | None, new: Part | None) -> Iterator[Difference]:
        if old and new:
            yield from _requirement("request-body", old, new)
            yield from self._content(old, new, Side.REQUEST)
        elif old:
            yield Difference.of("request-body-removed", old)
        elif new:
            yield Difference.of(f"{'required-' * (new.node.get('required') is True)}request-body-added", new)

    def _content(self, old: Part, new: Part, side: Side) -> Iterator[Difference]:
        before, now = _media_types(old), _media_types(new)
        for name, at in before.items():
            names = (name, *ranges_for(essence(name))) if side is Side.REQUEST else (name,)
            if media_type_now := next((media_type for media_type in names if media_type in now), None):
                schemas = self._in_xml if is_xml(essence(name)) else self._schemas
                yield from schemas.differences(_schema(at), _schema(now[media_type_now]), side)
                yield from _encodings(at, now[media_type_now]) if side is Side.REQUEST else ()
            else:
                yield Difference.of(f"{side}-media-type-removed", at)
        for name in (name for name in now if name not in before):
            yield Difference.of(f"{side}-media-type-added", now[name])

    def _responses(self, old: Operation, new: Operation, side: Side) -> Iterator[Difference]:
        responses = _responses(old, self._old), _responses(new, self._new)
        for status in dict.fromkeys(chain(*responses)):
            before, now = (side.get(status) or side.get(f"{status[0]}XX") for side in responses)
            subject = "error" if status[0] >= FIRST_ERROR else "status"
            if before and now:
                if side is Side.RESPONSE:
                    yield from self._headers(_headers(old, before), _headers(new, now))
                yield from self._content(before, now, side)
            elif side is Side.REQUEST:
                continue
            elif before:
                yield Difference.of(f"response-{subject}-removed", before)
            elif now:
                yield Difference.of(f"response-{subject}-added", now)

    def _headers(self, before: Mapping[str, Part], now: Mapping[str, Part]) -> Iterator[Difference]:
        for name in (name for name in before if name not in now):
            yield Difference.of("response-header-removed", before[name])
        for name, at in now.items():
            if name in before:
                yield from _requirement("response-header", before[name], at)
                yield from self._schemas.differences(_schema(before[name]), _schema(at), Side.RESPONSE)
            else:
                yield Difference.of("response-header-added", at)


def _requirement(subject: str, old: Part, new: Part) -> Iterator[Difference]:
    """Compare whether a part is required."""
    if (is_required := new.node.get("required", False)) != old.node.get("required", False):
        yield Difference.of(f"{subject}-became-{'required' if is_required else 'optional'}", new)


def _encodings(old: Part, new: Part) -> Iterator[Difference]:
    """Yield parts of a form that are encoded differently, without saying how."""
    before, now = (holder.node.get("encoding", {}) for holder in (old, new))
    for name in before | now:
        if before.get(name) != now.get(name):
            holder = new if name in now else old
            yield Difference.of("request-encoding-changed", holder.below("encoding", name, where=f" .{name}"))


def _parameters(operation: Operation, origin: Origin) -> dict[Any, Part]:
    """Return the parameters by location and name; those of a path by position, as names may change."""
    positions = {name: index for index, name in enumerate(re.findall(r"\{([^{}]+)\}", operation.path))}
    parameters = {}
    for parameter in operation.parameters:
        name, place = parameter["name"], parameter["in"]
        key = {"path": positions.get(name, name), "header": name.lower()}.get(place, name)
        pointer = operation.pointers.parameters[place, name]
        parameters[place, key] = Part(parameter, pointer, f"{place} parameter {name}", origin)
    return parameters


def _body(operation: Operation, origin: Origin) -> Part | None:
    if operation.request_body is None:
        return None
    return Part(operation.request_body, operation.pointers.request_body, "request body", origin)


def _responses(operation: Operation, origin: Origin) -> dict[str, Part]:
    return {
        status: Part(response, operation.pointers.responses[status], f"response {status}", origin)
        for status, response in operation.responses.items()
    }


def _headers(operation: Operation, response: Part) -> dict[str, Part]:
    return {
        name.lower(): replace(
            response,
            node=header,
            pointer=operation.pointers.headers[response.pointer, name],
            where=f"{response.where} header {name}",
        )
        for name, header in response.node.get("headers", {}).items()
        if name.lower() != "content-type"
    }


def _media_types(holder: Part) -> dict[str, Part]:
    return {
        _media_type(name): holder.below("content", name, where=f" {name}")
        for name in holder.node.get("content", {})
    }


def _media_type(name: str) -> str:
    return re.sub(r"\s", "", name).lower()


def _schema(holder: Part) -> Part | None:
    """Return the schema of a media type, parameter or header, also if it is in a ``content``."""
    if content := holder.node.get("content"):
        holder = holder.below("content", next(iter(content)))
    return holder.below("schema", where=" ") if "schema" in holder.node else None


def _style(parameter: Mapping[str, Any]) -> str:
    """Return the style of a parameter, with OpenAPI's defaults written out."""
    if content := parameter.get("content"):
        return _media_type(next(iter(content)))
    style = parameter.get("style", STYLES[parameter["in"]])
    return f"{style}{'*' * parameter.get('explode', style == 'form')}"
