"""Responses that show stored items: the contract's own, with the items and the page in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import MISSING
from contract_first.generation.rendering import with_value
from contract_first.mock.responses.documented import DocumentedResponse
from contract_first.mock.responses.exchange import Arguments
from contract_first.mock.shape.envelopes import ListPage, enclosed
from contract_first.mock.shape.fields import Fields
from contract_first.recognition import Role
from contract_first.recognition.ways import name_at, placed, within
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered

from .entity_tags import tag_of
from .values import Values

Parents = Mapping[str, str]


class Renderer:
    """Renders the items of one operation.

    Args:
        shape: of the members that requests select.
        origin: returns the URL of the API as the client of the current request reaches it.
    """

    def __init__(
        self, operation: Operation, role: Role, values: Values, shape: Fields, origin: Callable[[], str]
    ) -> None:
        self._depth = operation.path.rstrip("/").count("/")
        self._role = role
        self._values = values
        self._shape = shape
        self._origin = origin

    def inner(self, value: Any) -> Any:
        """Return the item or the list in the value of a response."""
        return within(value, self._role.envelope)

    def item(
        self,
        value: dict[str, Any],
        parents: Parents,
        documented: DocumentedResponse,
        request: Request,
        arguments: Arguments,
    ) -> Rendered:
        """Return the response that shows an item."""
        base, schema = documented.body.value, self._role.schema
        url = self._url(value, parents, request)
        fields = {b"location": url, b"etag": tag_of(value)}
        if schema is None or documented.schema is None or not isinstance(base, dict | list):
            return with_fields(documented.rendered, fields)
        represented = self._values.represented(
            self._values.with_url(value, url), schema, self.inner(base), url
        )
        return self._rendered(documented, base, represented, arguments, fields)

    def items(
        self,
        items: Iterable[tuple[dict[str, Any], Parents]],
        documented: DocumentedResponse,
        request: Request,
        arguments: Arguments,
        page: ListPage | None = None,
    ) -> Rendered:
        """Return the response that shows several items, each with its parents."""
        base, schema, envelope = documented.body.value, self._role.schema, self._role.envelope
        if schema is None or documented.schema is None:
            return documented.rendered
        inner = self.inner(base)
        example = (inner[0] if isinstance(inner, list) and inner else None) or {}
        located = [
            self._values.with_url(value, self._url(value, parents, request)) if self._values.urls else value
            for value, parents in items
        ]
        around, fields = base, {} if page is None else _fields_of(page)
        if envelope and isinstance(base, dict) and page is not None:
            shown_page = page._replace(items=[value for value, _ in items])
            around = enclosed(base, documented.schema, shown_page, name_at(envelope))

        rendered = partial(self._rendered, documented, around, arguments=arguments, fields=fields)
        response = rendered([self._values.shown(value, schema) for value in located])
        if response is documented.rendered:  # one of them violates the schema
            response = rendered([self._values.represented(value, schema, example) for value in located])
        names = [name for name, _ in response.headers]
        if page is not None and page.is_cut and response is not documented.rendered and b"link" not in names:
            response.headers.append((b"link", fields[b"link"].encode("latin-1", "replace")))
        return response

    def list_url(self, request: Request) -> str:
        """Return the URL of a request as its client has it."""
        query = request.query_string.decode("latin-1")
        return f"{self._origin()}{request.path}{f'?{query}' if query else ''}"

    def _url(self, value: Mapping[str, Any], parents: Parents, request: Request) -> str:
        """Return the URL of an item, where the client called this API."""
        base_path = request.path.rstrip("/").rsplit("/", self._depth)[0]
        return f"{self._origin()}{base_path}{self._role.collection.path_of(value, parents)}"

    def _rendered(
        self,
        documented: DocumentedResponse,
        base: Any,
        inner: Any,
        arguments: Arguments,
        fields: Mapping[bytes, str],
    ) -> Rendered:
        """Return a response around an item or a list, with the members that a request selects."""
        schema, shape = documented.schema, self._shape
        value = self._around(documented, base, inner)
        if shape.places and schema is not None:
            selected = shape.selected(self._role.schema or schema, arguments, inner)
            shaped = shape.expanded(schema, arguments, self._around(documented, base, selected))
            value = shaped if schema.conforms(shaped) else value
        return _rendered(documented, value, fields)

    def _around(self, documented: DocumentedResponse, base: Any, represented: Any) -> Any:
        """Return a response around an item or a list; of alternatives, the one that has its place."""
        schema, envelope = documented.schema, self._role.envelope
        value = placed(base, envelope, represented)
        if schema is None or within(base, envelope[:1]) is not None or schema.conforms(value):
            return value
        repaired = self._values.repaired(schema, placed(None, envelope, represented))
        return value if repaired is MISSING else repaired


def _fields_of(page: ListPage) -> dict[bytes, str]:
    """Return the response headers of a page; those without a value are left out."""
    link = f'<{page.next_url}>; rel="next"' if page.next_url else ""
    total = str(page.total)
    return {b"link": link, b"x-next": page.next_url or "", b"x-total-count": total, b"x-total": total}


def _rendered(documented: DocumentedResponse, value: Any, fields: Mapping[bytes, str]) -> Rendered:
    """Return a documented response with another value; as it is, where that would violate its schema."""
    body, schema = documented.body, documented.schema
    if schema is None or body.media_type is None or not schema.conforms(value):
        return documented.rendered
    return with_fields(with_value(documented.rendered, value, body.media_type, schema), fields)


def with_fields(rendered: Rendered, fields: Mapping[bytes, str]) -> Rendered:
    """Return a response with other values of its documented fields; fields without a value are left out."""
    changed = [
        (name, fields[name].encode("latin-1", "replace") if name in fields else field)
        for name, field in rendered.headers
    ]
    headers = [(name, field) for name, field in changed if field]
    return Rendered(rendered.status, headers, rendered.body)
