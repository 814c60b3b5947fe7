"""Configurations of which a bucket has several, by ID: stored and shown, without an effect here."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from strict_s3.messages.errors import S3Error, invalid_argument
from strict_s3.messages.operations import ROOTS
from strict_s3.messages.orders import Order
from strict_s3.messages.response import Response
from strict_s3.messages.xml import Element, content_of, parse

from .shapes import conform, shapes

MOST = 1000
"""How many a bucket may have of a kind."""
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


KINDS: Mapping[str, str] = {
    "analytics": "ListBucketAnalyticsConfigurationResult",
    "intelligent-tiering": "ListBucketIntelligentTieringConfigurationsOutput",
    "inventory": "ListInventoryConfigurationsResult",
    "metrics": "ListMetricsConfigurationsResult",
}
"""The root of a list of a kind, by the parameter of a query that names it."""


def read(order: Order, stored: Mapping[str, str]) -> Response:
    """Return the configuration that an order names, or all of its kind; `stored` has their content by ID."""
    selector = order.query[0][0]
    root = ROOTS[selector]
    if not order.has("id"):
        all_of_kind = {root: [Element(content) for _, content in sorted(stored.items())]}
        return Response.of_root(KINDS[selector], {"IsTruncated": False, **all_of_kind})
    content = stored.get(order.parameter("id"))
    if content is None:
        raise _missing()
    return Response.of_root(root, Element(content))


def change(order: Order, stored: dict[str, str]) -> Response:
    """Put or delete the configuration that an order names."""
    name = order.parameter("id")
    if order.method == "DELETE":
        if stored.pop(name, None) is None:
            raise _missing()
        return Response(HTTPStatus.NO_CONTENT)
    if len(stored) >= MOST and name not in stored:
        message = "You are attempting to create a new configuration but have already reached the limit."
        raise S3Error(400, "TooManyConfigurations", message)
    stored[name] = _content(order.query[0][0], name, order.body)
    return Response(HTTPStatus.OK)


def _content(kind: str, name: str, body: bytes) -> str:
    """Return what is in the root of a document, or raise `S3Error`."""
    root = parse(body)
    conform(root, shapes()[kind])
    if root.findtext("Id") != name or not _ID.fullmatch(name):
        raise invalid_argument("The configuration ID is not valid, or not that of the document.", "id", name)
    return str(content_of(root))  # which can be saved


def _missing() -> S3Error:
    return S3Error(404, "NoSuchConfiguration", "The specified configuration does not exist.")
