"""Scanner Resolve and Scanner Freshness, over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from scanner_api.scanning.catalogue.products import shipped_products

PRODUCT = next(product for product in shipped_products() if product.brick)


def test_resolve_tells_where_a_url_leads(api, mock):
    """A URL that responds is its own end, after no redirects."""
    url = f"{mock.api}/healthz"
    assert api.post("/resolve-url", json={"url": url}).json() == {
        "initial_url": url,
        "final_url": url,
        "hops": 0,
        "error_message": "",
        "succeeded": True,
        "chain": [url],
    }


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "ftp://example.com/", "nonsense", "http://169.254.169.254/latest", "\0"]
)
def test_a_failure_to_resolve_is_a_response(api, url):
    """Whatever is wrong with a URL, and wherever it must not lead, the response is a 200 that says so."""
    response = api.post("/resolve-url", json={"url": url})
    resolution = response.json()
    assert response.status_code == 200
    assert (resolution["succeeded"], resolution["final_url"], resolution["chain"]) == (False, url, [])
    assert resolution["error_message"]


def test_a_redirect_is_saved_last(api):
    """Rules of a product are appended in order; the same URL again is a 409."""
    capture = api.finished(api.capture(api.session(), PRODUCT.gtin)["id"])
    path = f"/captures/{capture['id']}/save-redirect"
    url = f"https://example.com/{capture['id']}"
    saved = api.post(path, json={"url": url})
    assert (saved.status_code, saved.json()["url"]) == (201, url)
    assert saved.json()["product_short_id"] == capture["product_short_id"]
    assert api.post(path, json={"url": url}).status_code == 409
    assert api.post(path, json={"url": url + "/2"}).json()["order_index"] == saved.json()["order_index"] + 1


def test_redirects_of_another_organization_tell_nothing(api, other):
    """A URL that others have saved for the product is no conflict, and their rules take no places."""
    saved = {}
    for name, client in (("own", api), ("other", other)):
        capture = client.finished(client.capture(client.session(), PRODUCT.gtin)["id"])
        path = f"/captures/{capture['id']}/save-redirect"
        response = client.post(path, json={"url": "https://example.com/both"})
        assert response.status_code == 201
        saved[name] = response.json()
    assert saved["own"]["product_short_id"] == saved["other"]["product_short_id"]
    assert saved["other"]["order_index"] == 0


def test_redirects_saved_at_once_have_places_of_their_own(api):
    """Order is dense and unique however many save at once."""
    capture = api.finished(api.capture(api.session(), PRODUCT.gtin)["id"])
    path = f"/captures/{capture['id']}/save-redirect"
    urls = [f"https://example.com/{capture['id']}/{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        places = sorted(
            threads.map(lambda url: api.post(path, json={"url": url}).json()["order_index"], urls)
        )
    assert places == list(range(places[0], places[0] + 6))


def test_a_redirect_needs_a_product_and_an_http_url(api):
    """Without a product it is a 400; another scheme, or none, is a 422."""
    lost = api.finished(api.capture(api.session(), "nothing")["id"])
    found = api.finished(api.capture(api.session(), PRODUCT.gtin)["id"])
    refused = api.post(f"/captures/{lost['id']}/save-redirect", json={"url": "https://example.com/"})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "bad_request")
    for url in ("javascript:alert(1)", "//example.com", "https://", "https://a b/"):
        refused = api.post(f"/captures/{found['id']}/save-redirect", json={"url": url})
        assert refused.status_code == 422, url


def test_thresholds_follow_the_products_category(anonymous):
    """A known GTIN gets its category's thresholds, to anyone who asks, in any spelling."""
    known = anonymous.get("/freshness-thresholds", params={"gtin": PRODUCT.gtin})
    spelled = anonymous.get(
        "/freshness-thresholds", params={"gtin": f"{PRODUCT.gtin[1:4]}-{PRODUCT.gtin[4:]}"}
    )
    assert known.status_code == 200
    assert known.json()["source"] == "global-default"
    assert known.json()["criticalDays"] <= known.json()["warningDays"]
    assert spelled.json() == known.json()


@pytest.mark.parametrize("gtin", ["0", "4006381333932", "not a gtin", "\0", "١٢٣"])
def test_thresholds_of_anything_else_are_the_fallback(anonymous, gtin):
    """An unknown or malformed GTIN still gets a usable set."""
    response = anonymous.get("/freshness-thresholds", params={"gtin": gtin})
    assert response.status_code == 200
    assert response.json()["source"] in {"global-fallback", "built-in"}
    assert response.json()["categoryLabel"]


def test_a_wrong_credential_does_not_hide_the_thresholds(anonymous):
    """The operation is anonymous: a wrong key is ignored."""
    response = anonymous.get("/freshness-thresholds", params={"gtin": "1"}, headers={"X-API-Key": "wrong"})
    assert response.status_code == 200
