"""The operations that the Scanner's mock adds to the control API."""

from typing import Any, Final
from uuid import UUID

import msgspec

from contract_first.mock.journal.events import Events
from contract_first.service.messages.problems import Conflict, NotFound
from scanner_api.operations.representations import proposal_representation
from scanner_api.scanning.scans.proposals import Proposal, ProposalStatus
from scanner_api.storage.catalogue.products import StoredProduct

from .drawings.symbols import bars_of, matrix_of
from .processing.pipeline import PipelineRule
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
    async with state.using() as service:
        products, total = await service.stores.products.page(page=page, page_size=page_size)
    return {"products": [_with_symbols(product) for product in products], "total": total}


async def expire_session(id_: str, state: State, events: Events) -> None:
    """Have an ACTIVE session expire now; raises NotFound, or Conflict for any other."""
    async with state.using() as service:
        if not await service.stores.sessions.expire(id_):
            session = await service.stores.sessions.get(id_)
            if session is None:
                raise NotFound(f"There is no session {id_!r}.")
            raise Conflict(f"The session is {session.status}; expected ACTIVE.")
    events.publish("state", {"change": "expire"})


async def add_proposals(id_: str, body: dict[str, Any], state: State, events: Events) -> dict[str, Any]:
    """Add proposals to a capture, and return all that it has; raises NotFound."""
    async with state.using() as service:
        stores, draw = service.stores, state.room.randomness.source("chosen proposals")
        record = await stores.captures.get(id_)
        if record is None:
            raise NotFound(f"There is no capture {id_!r}.")
        product = await stores.products.by_gtin(record.capture.gtin, record.organization_id)
        proposals = [
            Proposal(
                id=str(UUID(bytes=draw(16), version=4)),
                capture_id=id_,
                current_value=str(getattr(product, chosen["field_name"], "")),
                status=ProposalStatus.PENDING,
                metadata={},
                created=state.clock.now(),
                **{**chosen, "confidence": f"{chosen['confidence']:.2f}"},
            )
            for chosen in body["proposals"]
        ]
        await stores.proposals.add_many(proposals)
        stored = await stores.proposals.of_capture(id_)
    events.publish("state", {"change": "proposals"})
    return {"proposals": [proposal_representation(proposal) for proposal in stored]}


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
