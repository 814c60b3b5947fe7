"""Scanner Resolve: follow QR redirect chains, and save where they lead as a redirect of the product."""

from typing import Any

from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import BadRequest, Conflict, ServiceUnavailable
from contract_first.service.messages.request import Request
from scanner_api.access.callers import Caller, actor_of, reachable_capture, require_secret
from scanner_api.problems import invalid
from scanner_api.scanning.links.destinations import RefusedURL, read_url
from scanner_api.scanning.links.redirects import TOTAL_SECONDS, RedirectFollower
from scanner_api.storage.catalogue.redirect_rules import RedirectRuleStore
from scanner_api.storage.database import DuplicateError
from scanner_api.storage.scans.captures import CaptureStore

from .representations import rule_representation


async def resolve_url(body: dict[str, Any], caller: Caller, redirects: RedirectFollower) -> dict[str, Any]:
    """Follow the redirects of a URL; failures are in ``error_message`` of a 200.

    Raises:
        ServiceUnavailable: as many as its organization may follow at once are waiting already.
    """
    require_secret(caller)
    subscriber = next(iter(caller.organizations)) if len(caller.organizations) == 1 else caller.credential
    if redirects.is_busy(subscriber):
        raise ServiceUnavailable(
            "Too many URLs of yours are being followed.", retry_after_seconds=int(TOTAL_SECONDS)
        )
    resolution = await redirects.follow(body["url"], subscriber)
    return {
        "initial_url": resolution.initial_url,
        "final_url": resolution.final_url,
        "hops": resolution.redirects,
        "error_message": resolution.error_message,
        "succeeded": resolution.succeeded,
        "chain": resolution.chain,
    }


async def save_redirect(
    short_id: str,
    body: dict[str, Any],
    caller: Caller,
    request: Request,
    captures: CaptureStore,
    redirect_rules: RedirectRuleStore,
    proxies: TrustedProxies,
) -> dict[str, Any]:
    """Append a URL to the organization's redirect rules for a capture's product.

    Raises:
        ValidationFailed: the URL is not an absolute http(s) URL.
        BadRequest: the capture has no linked product.
        Conflict: the organization has a rule of the product for this URL already.
    """
    require_secret(caller)
    record = await reachable_capture(captures, caller, short_id)
    try:
        read_url(body["url"])
    except RefusedURL as error:
        raise invalid("/url", "format", str(error)) from None
    product = record.capture.product_short_id
    if product is None:
        raise BadRequest("The capture has no linked product; retry once it is COMPLETED.")
    try:
        rule = await redirect_rules.append(
            record.organization_id, product, body["url"], actor_of(caller, request, proxies)
        )
    except DuplicateError:
        raise Conflict("The product has a redirect rule for this URL already.") from None
    return rule_representation(rule)
