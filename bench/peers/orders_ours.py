"""Ours, typed: requests and responses validated by the contract."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from orders_structs import METHODS, ORDERS, Card, Change, Order, Status, Stored, Transfer

from contract_first import Upload, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Photo(Struct):
    """The form of an upload."""

    photo: Upload
    caption: str = ""


async def list_orders(status: Status | None, since: dt.date | None, limit: int) -> list[Order]:
    """List orders."""
    return ORDERS[:limit]


async def create_order(body: Order) -> Order:
    """Make an order."""
    return body


async def get_order(order_id: int) -> Order:
    """Return an order."""
    return ORDERS[order_id - 1]


async def change_order(order_id: int, body: Change) -> Order:
    """Change an order."""
    return ORDERS[order_id - 1]


async def delete_order(order_id: int) -> None:
    """Delete an order."""


async def put_photo(order_id: int, body: Photo) -> Stored:
    """Take a photo."""
    return Stored(len(await body.photo.read()))


async def pay(body: Card | Transfer) -> Card | Transfer:
    """Take a payment."""
    return body


async def list_methods() -> list[Card | Transfer]:
    """List methods of payment."""
    return METHODS


async def export_lines() -> AsyncIterator[str]:
    """Export lines."""
    for order in ORDERS:
        yield f"{order.id},{order.customer}\n"


async def get_version() -> str:
    """Return a version."""
    return "1"


HANDLERS = {
    function.__name__: function
    for function in (
        *(list_orders, create_order, get_order, change_order, delete_order, put_photo),
        *(pay, list_methods, export_lines, get_version),
    )
}
app = create_app(Path(__file__).parents[1] / "orders.yaml", HANDLERS)
