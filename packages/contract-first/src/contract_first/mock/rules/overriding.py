"""The responses of overrides: their own, or patches of the one that would have been sent."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from contract_first.contract import Contract, Operation
from contract_first.mock.override import Patch, Respond
from contract_first.mock.responses.exchange import SANDBOX
from contract_first.mock.templates.filling import TemplateError, has_templates
from contract_first.mock.templates.process import TEMPLATES
from contract_first.service.clock import Clock
from contract_first.service.messages.response import Rendered
from contract_first.service.request.sequences import body_of_items, is_sequence
from contract_first.service.response.error_members import Member

from .lists import ListAgreement, schema_of
from .registry import Injection
from .request import ApiRequest
from .responses import Headers, with_fields

FIELD_VALUE = r"[\t\x20-\x7e\x80-\xff]*"
NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
TYPED = frozenset({"body", "members"})
"""Members whose values need not be texts."""
Part = TypeVar("Part", Respond, Patch)


class OverrideError(ValueError):
    """A response cannot be overridden; the message says why."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class Overriding:
    """Makes the response of an override to a request, with its templates filled in."""

    def __init__(self, injection: Injection, request: ApiRequest, clock: Clock) -> None:
        self._injection = injection
        self._request = request
        self._clock = clock

    async def rendered(self, respond: Respond) -> Rendered:
        """Return a response of its own; raises OverrideError."""
        filled = await self._filled(respond) if respond.templates else respond
        return rendered(filled, self._request.route.operation)

    async def patch(self, patch: Patch) -> Patch:
        """Return a patch; raises OverrideError."""
        return await self._filled(patch)

    async def _filled(self, part: Part) -> Part:
        members = msgspec.to_builtins(part)
        if not has_templates(members):
            return part
        context, seed = self._describe(), self._injection.seed
        try:
            filled = await asyncio.to_thread(TEMPLATES.filled, members, TYPED, context, seed)
            return msgspec.convert(filled, type(part))
        except (TemplateError, msgspec.ValidationError) as error:
            raise OverrideError(str(error)) from None

    def _describe(self) -> dict[str, Any]:
        """Return what templates can name."""
        return {
            "request": self._request.described(),
            "item": self._request.item,
            "now": self._clock.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
            "counter": self._injection.number,
        }


def rendered(respond: Respond, operation: Operation | None) -> Rendered:
    """Return a response to a request for an operation; raises OverrideError."""
    status = respond.status or (HTTPStatus.OK if operation is None else operation.success)
    content, media_type = respond.content()
    fields = [SANDBOX, *([(b"content-type", media_type.encode())] if media_type else [])]
    raw = _raw(respond.headers)
    kind = raw.get(b"content-type", b"").decode("latin-1")
    if respond.body is not msgspec.UNSET and is_sequence(kind):
        content = body_of_items(respond.body, kind, are_events=False)
    return _framed(status, with_fields(fields, raw), content)


def patched(patch: Patch, response: Rendered, operation: Operation | None, contract: Contract) -> Rendered:
    """Return a response of an operation after a patch; raises OverrideError."""
    head = patched_head(patch, response)
    if not patch.is_of_body:
        return head
    try:
        agreed = ListAgreement(response, operation, contract).agreed
        return _framed(head.status, head.headers, patch.patched(response.body, agreed))
    except ValueError as error:
        raise OverrideError(str(error)) from None


def with_meaning(request: ApiRequest, meaning: str, value: Any, place: str, response: Rendered) -> Rendered:
    """Return an error with another value of what has a meaning in it.

    Args:
        place: pointer to a member for it, in an error that has none; empty to leave such an error as it is.
    """
    try:
        error = msgspec.json.decode(response.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return response
    declared = schema_of(response, request.route.operation, request.contract)
    schemas = filter(None, (declared, request.contract.schemas.in_media_type({})))
    place = next(filter(None, (Member(schema, "", error).place(meaning) for schema in schemas)), place)
    return patched(Patch(members={place: value}), response, None, request.contract) if place else response


def patched_head(patch: Patch, response: Rendered) -> Rendered:
    """Return a response after a patch of its status and its fields; raises OverrideError."""
    changes = {name.lower(): value for name, value in patch.headers.items()}
    headers = [pair for pair in response.headers if pair[0].decode("latin-1") not in changes]
    added = {name: value for name, value in changes.items() if value is not None}
    return Rendered(patch.status or response.status, [*headers, *_raw(added).items()], response.body)


def _raw(headers: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Return header fields as they are sent; raises OverrideError for a value that none can have."""
    fields = {}
    for name, value in headers.items():
        if not re.fullmatch(FIELD_VALUE, value):
            raise OverrideError(f"/headers/{name}: the value cannot be sent in a header")
        fields[name.lower().encode("latin-1")] = value.encode("latin-1")
    return fields


def _framed(status: int, headers: Headers, content: bytes) -> Rendered:
    """Return a response with the length of its body, which some statuses do not have."""
    if status in NO_BODY:
        bare = [pair for pair in headers if pair[0] not in {b"content-length", b"content-type"}]
        return Rendered(status, bare, b"")
    return Rendered(status, with_fields(headers, {b"content-length": b"%d" % len(content)}), content)
