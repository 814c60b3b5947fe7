"""Analysis of a redirect chain: ``qr_analysis`` of a capture."""

from enum import StrEnum
from typing import Any, Final

from scanner_api.scanning.codes import digital_links, gtin

from .destinations import RefusedURL, read_url
from .redirects import Resolution


class ResolverType(StrEnum):
    """Who resolves the code."""

    CLOSIENT = "CLOSIENT"
    GS1_DL = "GS1_DL"
    URL_SHORTENER = "URL_SHORTENER"
    DIRECT = "DIRECT"
    UNKNOWN = "UNKNOWN"


_CLOSIENT_DOMAINS: Final = ("closient.com", "closient.dev")
_SHORTENERS: Final = frozenset(
    {
        "bit.ly", "buff.ly", "cutt.ly", "dub.sh", "flowcode.com", "goo.gl", "is.gd", "l.ead.me", "lnkd.in",
        "me-qr.com", "ow.ly", "qr.io", "qr1.be", "qrco.de", "qrto.org", "rb.gy", "rebrand.ly", "s.id",
        "scnv.io", "shorturl.at", "short.io", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "u.to", "v.gd",
    }
)  # fmt: skip


def analyse(resolution: Resolution) -> dict[str, Any]:
    """Return the ``qr_analysis`` of a chain: hops with their headers, who resolves it, and the GTIN in it.

    ``hop_count`` counts ``hops``: every URL that responded. ``extracted_gtin`` and ``error_message`` are None
    where there is none.
    """
    urls = list(dict.fromkeys([resolution.initial_url, *resolution.chain, resolution.final_url]))
    resolver_url, resolver_type = _resolver(urls, resolution)
    return {
        "initial_url": resolution.initial_url,
        "final_url": resolution.final_url,
        "hops": [
            {"url": hop.url, "status_code": hop.status_code, "headers": hop.headers}
            for hop in resolution.hops
        ],
        "hop_count": len(resolution.hops),
        "resolver_domain": _host(resolver_url),
        "resolver_type": resolver_type,
        "is_closient_resolver": resolver_type is ResolverType.CLOSIENT,
        "extracted_gtin": next(filter(None, map(_gtin, urls)), None),
        "error_message": resolution.error_message or None,
    }


def _resolver(urls: list[str], resolution: Resolution) -> tuple[str, ResolverType]:
    """Return the URL that resolves the code, and of what type it is; the more specific type wins."""
    for url in urls:
        if _is_closient(_host(url)):
            return url, ResolverType.CLOSIENT
    for url in urls:
        if digital_links.read_digital_link(url):
            return url, ResolverType.GS1_DL
    for url in urls:
        if _host(url).removeprefix("www.") in _SHORTENERS:
            return url, ResolverType.URL_SHORTENER
    is_direct = resolution.succeeded and not resolution.redirects
    return urls[0], ResolverType.DIRECT if is_direct else ResolverType.UNKNOWN


def _is_closient(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in _CLOSIENT_DOMAINS)


def _host(url: str) -> str:
    try:
        return read_url(url).host
    except RefusedURL:
        return ""


def _gtin(url: str) -> str:
    try:
        return gtin.normalise(digital_links.read_digital_link(url).get(digital_links.GTIN, ""))
    except gtin.GtinError:
        return ""
