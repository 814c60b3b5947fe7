"""The operations that the Scanner's mock adds to the control API."""

from typing import Any, Final

import msgspec

from scanner_api.storage.catalogue.products import StoredProduct

from .drawings.symbols import bars_of, matrix_of
from .pipeline import PipelineRule
from .state import State

RESOLVER: Final = "https://id.gs1.org"
"""GS1's own domain for Digital Links, which the page never asks."""


async def get_pipeline(state: State) -> dict[str, Any]:
    return state.room.pipeline.described()


async def set_pipeline(body: dict[str, Any], state: State) -> dict[str, Any]:
    """Replace delay and rules of the pipeline, and return them."""
    rules = msgspec.convert(body.get("rules", []), tuple[PipelineRule, ...])
    pipeline = state.room.pipeline
    pipeline.change(body.get("delay_seconds", 0), rules)
    return pipeline.described()


async def list_products(page: int, page_size: int, state: State) -> dict[str, Any]:
    """Return a page of the catalogue, with the symbols that a scanner reads."""
    products, total = await state.products(page, page_size)
    return {"products": [_with_symbols(product) for product in products], "total": total}


def _with_symbols(product: StoredProduct) -> dict[str, Any]:
    link = f"{RESOLVER}/01/{product.gtin}"
    return {
        "gtin": product.gtin,
        "name": product.name,
        "brand_name": product.brand_name,
        "bars": bars_of(product.gtin),
        "link": link,
        "qr": matrix_of(link),
    }
