"""Scanner Freshness: resolve color-coded freshness-chip thresholds for a scanned GTIN."""

from typing import Any

from scanner_api.access.callers import Caller
from scanner_api.scanning.catalogue.freshness import shipped_layer, thresholds
from scanner_api.storage.catalogue.freshness import FreshnessStore
from scanner_api.storage.catalogue.products import ProductStore


async def get_freshness_thresholds(
    gtin: str, caller: Caller | None, products: ProductStore, freshness: FreshnessStore
) -> dict[str, Any]:
    """Return the thresholds of a GTIN; one that is malformed or unknown gets the fallback.

    The rules of the caller's organization apply if the caller has exactly one.
    """
    brick = await _brick(gtin, products)
    organization = next(iter(caller.organizations)) if caller and len(caller.organizations) == 1 else None
    rules = await freshness.rules(organization) if organization else {}
    everyone = {**shipped_layer(), **await freshness.rules("")}
    source, rule = thresholds(brick, rules, everyone)
    return {
        "warningDays": rule.warning_days,
        "criticalDays": rule.critical_days,
        "categoryLabel": rule.category_label,
        "source": source,
    }


async def _brick(gtin: str, products: ProductStore) -> str:
    from scanner_api.scanning.codes.gtin import GtinError, normalise  # noqa: PLC0415 -- slow to import

    try:
        product = await products.by_gtin(normalise(gtin))
    except GtinError:
        return ""
    return "" if product is None else product.brick
