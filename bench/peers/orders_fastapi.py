"""FastAPI with pydantic, as its docs advise: requests and responses are validated by their models."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import FastAPI, File, Form, Path, Query, UploadFile
from fastapi.responses import StreamingResponse
from msgspec import to_builtins
from orders_structs import METHODS as STRUCTS_OF_METHODS
from orders_structs import ORDERS as STRUCTS
from orders_structs import Status
from pydantic import BaseModel, Field, TypeAdapter

OrderId = Annotated[int, Path(ge=1)]


class Address(BaseModel):
    """An address."""

    street: str = Field(max_length=100)
    city: str = Field(max_length=100)
    zip: str = Field(max_length=10)
    country: str = Field(min_length=2, max_length=2)


class Line(BaseModel):
    """What is ordered."""

    sku: str = Field(min_length=1, max_length=40)
    quantity: int = Field(ge=1)
    price: float = Field(ge=0)
    note: str | None = Field(default=None, max_length=200)


class Order(BaseModel):
    """An order."""

    id: int = Field(ge=1)
    status: Status
    made_at: dt.datetime
    customer: str = Field(min_length=1, max_length=100)
    email: str | None = Field(default=None, max_length=100)
    billing: Address
    shipping: Address
    lines: list[Line] = Field(max_length=100)
    tags: list[Annotated[str, Field(max_length=20)]] = []


class Change(BaseModel):
    """A change of an order."""

    status: Status


class Stored(BaseModel):
    """What is known of a photo."""

    size: int


class Card(BaseModel):
    """A card."""

    kind: Literal["card"]
    number: str = Field(min_length=12)


class Transfer(BaseModel):
    """A transfer."""

    kind: Literal["transfer"]
    iban: str = Field(min_length=15)


Payment = Annotated[Card | Transfer, Field(discriminator="kind")]
ORDERS = TypeAdapter(list[Order]).validate_python(to_builtins(STRUCTS))
METHODS = TypeAdapter(list[Payment]).validate_python(to_builtins(STRUCTS_OF_METHODS))
app = FastAPI()


@app.get("/orders")
async def list_orders(
    status: Status | None = None,
    since: dt.date | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[Order]:
    """List orders."""
    return ORDERS[:limit]


@app.post("/orders", status_code=201)
async def create_order(order: Order) -> Order:
    """Make an order."""
    return order


@app.get("/orders/{order_id}")
async def get_order(order_id: OrderId) -> Order:
    """Return an order."""
    return ORDERS[order_id - 1]


@app.patch("/orders/{order_id}")
async def change_order(order_id: OrderId, change: Change) -> Order:
    """Change an order."""
    return ORDERS[order_id - 1]


@app.delete("/orders/{order_id}", status_code=204)
async def delete_order(order_id: OrderId) -> None:
    """Delete an order."""


@app.put("/orders/{order_id}/photo")
async def put_photo(
    order_id: OrderId, photo: Annotated[UploadFile, File()], caption: Annotated[str, Form()] = ""
) -> Stored:
    """Take a photo."""
    return Stored(size=len(await photo.read()))


@app.post("/payments")
async def pay(payment: Payment) -> Payment:
    """Take a payment."""
    return payment


@app.get("/payments/methods")
async def list_methods() -> list[Payment]:
    """List methods of payment."""
    return METHODS


@app.get("/export")
async def export_lines() -> StreamingResponse:
    """Export lines."""

    async def lines() -> AsyncIterator[str]:
        for order in ORDERS:
            yield f"{order.id},{order.customer}\n"

    return StreamingResponse(lines(), media_type="text/csv")


@app.get("/version")
async def get_version() -> str:
    """Return a version."""
    return "1"
