import json

import pytest

from scanner_api.scanning.links.qr_analysis import analyse
from scanner_api.scanning.links.redirects import Hop, Resolution

GTIN = "09521234543213"
SHOP = "https://shop.example/tea"


def resolution(*urls, error_message=""):
    """Return what came of following the first URL over the others."""
    hops = tuple(Hop(url, 302, {"location": "x"}) for url in urls[:-1])
    if error_message:
        return Resolution(urls[0], urls[0], hops, error_message)
    return Resolution(urls[0], urls[-1], (*hops, Hop(urls[-1], 200, {})))


def test_the_analysis_has_every_key_of_the_reference():
    """A chain becomes exactly the documented object, ready for JSON."""
    analysis = analyse(resolution(f"https://id.gs1.org/01/{GTIN}", SHOP))
    assert json.loads(json.dumps(analysis)) == {
        "initial_url": f"https://id.gs1.org/01/{GTIN}",
        "final_url": SHOP,
        "hops": [
            {"url": f"https://id.gs1.org/01/{GTIN}", "status_code": 302, "headers": {"location": "x"}},
            {"url": SHOP, "status_code": 200, "headers": {}},
        ],
        "hop_count": 2,
        "resolver_domain": "id.gs1.org",
        "resolver_type": "GS1_DL",
        "is_closient_resolver": False,
        "extracted_gtin": GTIN,
        "error_message": None,
    }


@pytest.mark.parametrize(
    ("urls", "resolver_type", "domain"),
    [
        ([SHOP], "DIRECT", "shop.example"),
        (["https://a.example/x", SHOP], "UNKNOWN", "a.example"),
        (["https://bit.ly/3abc", SHOP], "URL_SHORTENER", "bit.ly"),
        (["https://WWW.bit.ly/3abc", SHOP], "URL_SHORTENER", "www.bit.ly"),
        (["https://bit.ly/3abc", f"https://brand.example/01/{GTIN}"], "GS1_DL", "brand.example"),
        ([f"https://brand.example/01/{GTIN}"], "GS1_DL", "brand.example"),
        (
            ["https://bit.ly/3abc", f"https://www.closient.com/01/{GTIN}", SHOP],
            "CLOSIENT",
            "www.closient.com",
        ),
        (["https://closient.com/x"], "CLOSIENT", "closient.com"),
        (["https://notclosient.com/x"], "DIRECT", "notclosient.com"),
        (["https://closient.com.evil.example/x"], "DIRECT", "closient.com.evil.example"),
    ],
)
def test_the_resolver_is_named_and_classified(urls, resolver_type, domain):
    """The most telling hop decides: ours, then a Digital Link, then a shortener, else how it was reached."""
    analysis = analyse(resolution(*urls))
    assert (analysis["resolver_type"], analysis["resolver_domain"]) == (resolver_type, domain)
    assert analysis["is_closient_resolver"] is (resolver_type == "CLOSIENT")


@pytest.mark.parametrize(
    ("urls", "gtin"),
    [
        ([SHOP], None),
        ([SHOP, f"https://shop.example/gtin/{GTIN}"], GTIN),
        (["https://shop.example/01/09521234543214", f"https://shop.example/01/{GTIN}"], GTIN),
        (["https://shop.example/01/09521234543214"], None),
        (["https://shop.example/01/96385074"], "00000096385074"),
    ],
)
def test_the_first_valid_gtin_of_the_chain_is_extracted(urls, gtin):
    """Any hop may carry the GTIN; one with a wrong check digit does not count."""
    assert analyse(resolution(*urls))["extracted_gtin"] == gtin


@pytest.mark.parametrize("url", [SHOP, "http://[", "not a url", "http://closient.com@evil.example/", ""])
def test_a_failed_chain_is_reported(url):
    """A failure is an analysis as well: unknown resolver, the initial URL as the final one, the reason."""
    analysis = analyse(Resolution(url, url, error_message="It failed."))
    assert (analysis["resolver_type"], analysis["hop_count"]) == ("UNKNOWN", 0)
    assert (analysis["final_url"], analysis["error_message"]) == (url, "It failed.")


def test_a_failed_chain_still_tells_what_is_known():
    """The type and the GTIN of a Digital Link are known even if nothing responds."""
    url = f"https://id.gs1.org/01/{GTIN}"
    analysis = analyse(Resolution(url, url, error_message="It failed."))
    assert (analysis["resolver_type"], analysis["extracted_gtin"]) == ("GS1_DL", GTIN)
