"""Litestar with msgspec, as its docs advise: requests are validated by their types, responses are not."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Litestar, delete, get, patch, post, put
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter
from litestar.response import Stream
from msgspec import Struct
from orders_structs import METHODS, ORDERS, Card, Change, Order, Status, Stored, Transfer


class Photo(Struct):
    """The form of an upload."""

    photo: UploadFile
    caption: str = ""


@get("/orders")
async def list_orders(
    status: Status | None = None,
    since: dt.date | None = None,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 20,
) -> list[Order]:
    """List orders."""
    return ORDERS[:limit]


@post("/orders")
async def create_order(data: Order) -> Order:
    """Make an order."""
    return data


@get("/orders/{order_id:int}")
async def get_order(order_id: Annotated[int, Parameter(ge=1)]) -> Order:
    """Return an order."""
    return ORDERS[order_id - 1]


@patch("/orders/{order_id:int}")
async def change_order(order_id: Annotated[int, Parameter(ge=1)], data: Change) -> Order:
    """Change an order."""
    return ORDERS[order_id - 1]


@delete("/orders/{order_id:int}")
async def delete_order(order_id: Annotated[int, Parameter(ge=1)]) -> None:
    """Delete an order."""


@put("/orders/{order_id:int}/photo")
async def put_photo(
    order_id: Annotated[int, Parameter(ge=1)],
    data: Annotated[Photo, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Stored:
    """Take a photo."""
    return Stored(len(await data.photo.read()))


@post("/payments", status_code=200)
async def pay(data: Card | Transfer) -> Card | Transfer:
    """Take a payment."""
    return data


@get("/payments/methods")
async def list_methods() -> list[Card | Transfer]:
    """List methods of payment."""
    return METHODS


@get("/export")
async def export_lines() -> Stream:
    """Export lines."""

    async def lines() -> AsyncIterator[str]:
        for order in ORDERS:
            yield f"{order.id},{order.customer}\n"

    return Stream(lines(), media_type="text/csv")


@get("/version")
async def get_version() -> str:
    """Return a version."""
    return "1"


app = Litestar(
    [
        *(list_orders, create_order, get_order, change_order, delete_order, put_photo),
        *(pay, list_methods, export_lines, get_version),
    ],
    openapi_config=None,
)
