"""The orders as msgspec's Structs, for ours and Litestar."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

Status = Literal["new", "paid", "sent"]


class Address(Struct):
    """An address."""

    street: Annotated[str, Meta(max_length=100)]
    city: Annotated[str, Meta(max_length=100)]
    zip: Annotated[str, Meta(max_length=10)]
    country: Annotated[str, Meta(min_length=2, max_length=2)]


class Line(Struct, omit_defaults=True):
    """What is ordered."""

    sku: Annotated[str, Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, Meta(ge=1)]
    price: Annotated[float, Meta(ge=0)]
    note: Annotated[str, Meta(max_length=200)] | None = None


class Order(Struct, omit_defaults=True):
    """An order."""

    id: Annotated[int, Meta(ge=1)]
    status: Status
    made_at: dt.datetime
    customer: Annotated[str, Meta(min_length=1, max_length=100)]
    billing: Address
    shipping: Address
    lines: Annotated[list[Line], Meta(max_length=100)]
    email: Annotated[str, Meta(max_length=100)] | None = None
    tags: list[Annotated[str, Meta(max_length=20)]] = []


class Change(Struct):
    """A change of an order."""

    status: Status


class Stored(Struct):
    """What is known of a photo."""

    size: int


class Card(Struct, tag_field="kind", tag="card"):
    """A card."""

    number: Annotated[str, Meta(min_length=12)]


class Transfer(Struct, tag_field="kind", tag="transfer"):
    """A transfer."""

    iban: Annotated[str, Meta(min_length=15)]


def order(number: int) -> Order:
    """Return an order of ten lines."""
    address = Address("1 Main Street", "Springfield", "12345", "US")
    lines = [Line(f"sku-{index}", index + 1, 9.99, "a note") for index in range(10)]
    made_at = dt.datetime(2026, 4, 9, 10, tzinfo=dt.UTC)
    return Order(
        number, "new", made_at, "Ann Example", address, address, lines, "ann@shop.example", ["a", "b"]
    )


ORDERS = [order(number) for number in range(1, 21)]
METHODS = [Card("4111111111111111"), Transfer("DE89370400440532013000")]
