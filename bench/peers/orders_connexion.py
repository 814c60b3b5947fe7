"""Connexion 3 as it comes, on the same contract, its request and response validation on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import connexion
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from msgspec import to_builtins
from orders_structs import METHODS as STRUCTS_OF_METHODS
from orders_structs import ORDERS as STRUCTS

ORDERS: list[dict[str, Any]] = to_builtins(STRUCTS)
METHODS: list[dict[str, Any]] = to_builtins(STRUCTS_OF_METHODS)


async def list_orders(limit: int, status: str | None = None, since: str | None = None) -> Any:
    """List orders."""
    return ORDERS[:limit]


async def create_order(body: dict[str, Any]) -> Any:
    """Make an order."""
    return body, 201


async def get_order(order_id: int) -> Any:
    """Return an order."""
    return ORDERS[order_id - 1]


async def change_order(order_id: int, body: dict[str, Any]) -> Any:
    """Change an order."""
    return ORDERS[order_id - 1]


async def delete_order(order_id: int) -> Any:
    """Delete an order."""
    return None, 204


async def put_photo(order_id: int, photo: Any) -> Any:
    """Take a photo."""
    return {"size": len(await photo.read())}


async def pay(body: dict[str, Any]) -> Any:
    """Take a payment."""
    return body


async def list_methods() -> Any:
    """List methods of payment."""
    return METHODS


async def export_lines() -> Any:
    """Export lines; a string, as Connexion validates no stream."""
    text = "".join(f"{order['id']},{order['customer']}\n" for order in ORDERS)
    return text, 200, {"Content-Type": "text/csv"}


async def get_version() -> Any:
    """Return a version."""
    return "1"


HANDLERS = SimpleNamespace(**globals())
app = connexion.AsyncApp(
    __name__,
    specification_dir=Path(__file__).parents[1],
    swagger_ui_options=SwaggerUIOptions(swagger_ui=False),
    resolver=Resolver(lambda name: getattr(HANDLERS, name)),
)
app.add_api("orders.yaml", validate_responses=True)
