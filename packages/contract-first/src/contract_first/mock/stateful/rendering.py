"""Responses that show stored items: the contract's own, with the items and the page in it."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from contract_first.contract import Operation
from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.generation.rendering import with_fields
from contract_first.mock.responses.exchange import Exchange
from contract_first.mock.shape.envelopes import ListPage, enclosed
from contract_first.mock.shape.fields import Fields, in_place
from contract_first.mock.shape.links import EXAMPLE, HERE, Links
from contract_first.recognition import Role
from contract_first.recognition.ways import name_at, placed, within
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered

from .entity_tags import tag_of
from .files import File
from .values import Values

OK = 200
Parents = Mapping[str, str]


class Renderer:
    """Renders the items of one operation in the responses of exchanges.

    Args:
        fields: of the members that requests select.
        links: of the contract.
        origin: returns the URL of the API as the client of the current request reaches it.
    """

    def __init__(
        self,
        operation: Operation,
        role: Role,
        values: Values,
        fields: Fields,
        links: Links,
        origin: Callable[[], str],
    ) -> None:
        self._depth = operation.path.rstrip("/").count("/")
        self._role, self._values, self._fields, self._origin = role, values, fields, origin
        self._linked = partial(links.linked, path=operation.path, holder=name_at(role.envelope[:1]))

    def item(self, exchange: Exchange, value: dict[str, Any], parents: Parents) -> None:
        """Show an item."""
        base, schema, values = exchange.documented.body.value, self._role.schema, self._values
        url = self._url(value, parents, exchange.request)
        if schema is not None and isinstance(base, dict | list):
            inner = within(base, self._role.envelope)
            represented = values.represented(values.with_url(value, url), schema, inner, url)
            exchange.rendered = self._rendered(exchange, base, represented)
        set_fields(exchange, {b"location": url, b"etag": tag_of(value)})

    def items(
        self,
        exchange: Exchange,
        items: Iterable[tuple[dict[str, Any], Parents]],
        page: ListPage | None = None,
    ) -> None:
        """Show several items, each with its parents."""
        base, schema, envelope = exchange.documented.body.value, self._role.schema, self._role.envelope
        whole, values, fields = exchange.documented.schema, self._values, dict[bytes, str]()
        if schema is None or whole is None:
            return
        inner = within(base, envelope)
        example = (inner[0] if isinstance(inner, list) and inner else None) or {}
        located = [
            values.with_url(value, self._url(value, parents, exchange.request)) if values.urls else value
            for value, parents in items
        ]
        if page is not None:
            fields = page.fields
            if envelope and isinstance(base, dict):
                base = enclosed(base, whole, page._replace(items=located), name_at(envelope))
        rendered = self._rendered(exchange, base, [values.shown(value, schema) for value in located])
        if rendered is None:  # one of them violates the schema
            represented = [values.represented(value, schema, example) for value in located]
            rendered = self._rendered(exchange, base, represented)
        if rendered is None:
            return
        exchange.rendered = rendered
        set_fields(exchange, fields)
        if page is not None and page.is_cut and b"link" not in dict(exchange.rendered.headers):
            exchange.rendered.headers.append((b"link", fields[b"link"].encode("latin-1", "replace")))

    def list_url(self, request: Request) -> str:
        """Return the URL of a request as its client has it."""
        query = request.query_string.decode("latin-1")
        return f"{self._origin()}{request.path}{f'?{query}' if query else ''}"

    def _url(self, value: Mapping[str, Any], parents: Parents, request: Request) -> str:
        """Return the URL of an item, where the client called this API."""
        base_path = request.path.rstrip("/").rsplit("/", self._depth)[0]
        return f"{self._origin()}{base_path}{self._role.collection.path_of(value, parents)}"

    def _rendered(self, exchange: Exchange, base: Any, inner: Any) -> Rendered | None:
        """Return a response around an item or a list, with the members that a request selects.

        None where that would violate its schema.
        """
        schema, fields = exchange.documented.schema, self._fields
        if schema is None:
            return None
        value = self._around(schema, base, inner)
        if fields.places:
            selected = fields.selected(self._role.schema or schema, exchange.places, inner)
            expanded = fields.expanded(schema, exchange.places, self._around(schema, base, selected))
            value = expanded if schema.conforms(expanded) else value
        rendered = exchange.documented.rendered_with(value)
        if rendered is None or not any(url.encode() in rendered.body for url in (EXAMPLE, HERE)):
            return rendered
        linked = self._linked(value, arguments=in_place("path", exchange.places))
        return exchange.documented.rendered_with(linked) or rendered

    def _around(self, schema: Schema, base: Any, inner: Any) -> Any:
        """Return a response around an item or a list; of alternatives, the one that has its place."""
        envelope = self._role.envelope
        value = placed(base, envelope, inner)
        if within(base, envelope[:1]) is not None or schema.conforms(value):
            return value
        repaired = self._values.repaired(schema, placed(None, envelope, inner))
        return value if repaired is MISSING else repaired


def set_file(exchange: Exchange, file: File) -> None:
    """Show a file, of its own media type unless the contract says one."""
    media_type = exchange.documented.body.media_type or "*/*"
    if "*" in media_type or is_json(essence(media_type)):
        media_type = file.media_type or "application/octet-stream"
    length = str(len(file.content)).encode()
    headers = [(b"content-type", media_type.encode()), (b"content-length", length)]
    exchange.rendered = Rendered(OK, headers, file.content)


def set_fields(exchange: Exchange, fields: Mapping[bytes, str]) -> None:
    """Give documented fields of a response other values; those without a value are left out."""
    exchange.rendered = with_fields(exchange.rendered or exchange.documented.rendered, fields)
