"""Documented responses with another value and other fields."""

from collections.abc import Mapping
from typing import Any

from openapi_mock.responses.documented import DocumentedResponse
from openapi_mock.responses.envelopes import Page
from openapi_mock.responses.rendering import with_value
from openapi_service.responses import Rendered


def fields_of(page: Page) -> dict[bytes, str]:
    """Return what fields of a response say of a page; those without a value are not sent."""
    link = f'<{page.next_url}>; rel="next"' if page.next_url else ""
    total = str(page.total)
    return {b"link": link, b"x-next": page.next_url or "", b"x-total-count": total, b"x-total": total}


def rendered(documented: DocumentedResponse, value: Any, fields: Mapping[bytes, str]) -> Rendered:
    """Return a documented response with another value; as it is, where that would violate its schema."""
    body, schema = documented.body, documented.schema
    if schema is None or body.media_type is None or not schema.conforms(value):
        return documented.rendered
    return with_fields(with_value(documented.rendered, value, body.media_type, schema), fields)


def with_fields(rendered: Rendered, fields: Mapping[bytes, str]) -> Rendered:
    """Return a response whose documented fields say what is so; those that would say nothing are left out."""
    changed = [
        (name, fields[name].encode("latin-1", "replace") if name in fields else field)
        for name, field in rendered.headers
    ]
    headers = [(name, field) for name, field in changed if field]
    return Rendered(rendered.status, headers, rendered.body)
