"""Scanner Enrichment: enrich scanned items with product data."""

from typing import Any

from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import BadRequest, Conflict
from contract_first.service.messages.request import Request
from scanner_api.access.callers import Caller, actor_of, reachable_capture, reachable_proposal, require_secret
from scanner_api.scanning.scans.proposals import ProposalStatus
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.proposals import AppliedError, NoProductError, ProposalStore

from .representations import proposal_representation


async def list_proposals(
    id_: str, caller: Caller, captures: CaptureStore, proposals: ProposalStore
) -> list[dict[str, Any]]:
    """Return the proposals of a capture, oldest first."""
    require_secret(caller)
    capture = (await reachable_capture(captures, caller, id_)).capture
    return [proposal_representation(proposal) for proposal in await proposals.of_capture(capture.id)]


async def review_proposal(
    proposal_id: str, body: dict[str, Any], caller: Caller, proposals: ProposalStore
) -> dict[str, Any]:
    """Accept or reject a proposal; the decision may change until the proposal is applied.

    Raises:
        Conflict: the proposal has been applied.
    """
    require_secret(caller)
    record = await reachable_proposal(proposals, caller, proposal_id)
    try:
        decision = ProposalStatus(body["status"])
        reviewed = await proposals.review(record.proposal.id, decision, [record.session_id])
    except AppliedError:
        raise Conflict("The proposal has been applied to its product; it cannot be reviewed again.") from None
    return proposal_representation(reviewed)


async def apply_proposals(
    id_: str,
    caller: Caller,
    request: Request,
    captures: CaptureStore,
    proposals: ProposalStore,
    proxies: TrustedProxies,
) -> list[dict[str, Any]]:
    """Write the accepted proposals of a capture to its product, each once; return those of this call.

    They are the organization's from now on; others see the catalogue's product as before.

    Raises:
        BadRequest: the capture has no linked product.
    """
    require_secret(caller)
    capture = (await reachable_capture(captures, caller, id_)).capture
    try:
        turns = capture.session_id, capture.product_short_id or ""
        applied = await proposals.apply(capture.id, actor_of(caller, request, proxies), turns)
    except NoProductError:
        raise BadRequest("The capture has no linked product; retry once it is COMPLETED.") from None
    return [proposal_representation(proposal) for proposal in applied]
