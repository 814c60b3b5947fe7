"""What the console lists and changes, in a real browser: items, scopes, overrides and captures."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from contract_first.mock import contract_mock

zxingcpp = pytest.importorskip("zxingcpp", exc_type=ImportError)
pytestmark = pytest.mark.programs
ROOT = Path(__file__).parents[2]

PETS = """
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      operationId: list_pets
      responses: {"200": {description: All., content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Pet"}}}}}}
    post:
      operationId: add_pet
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses: {"201": {description: It., content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
  /pets/{id}:
    get:
      operationId: get_pet
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: It., content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
components:
  schemas: {Pet: {type: object, required: [name], properties: {id: {type: integer, readOnly: true}, name: {type: string}}}}
"""  # noqa: E501 -- compact, as in documents


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """Run a mock that remembers, and has scopes."""
    document = tmp_path_factory.mktemp("contract") / "pets.yaml"
    document.write_text(PETS)
    with contract_mock(str(document), stateful=True, isolate=True, items=0) as running:
        yield running


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Run the mock of a contract with many operations."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        f"/thing-{number}/{{id}}": {
            method: {
                "tags": [f"tag {number % 40}"],
                "operationId": f"{method}_{number}",
                "parameters": [parameter],
                "responses": {"200": {"description": "It."}},
            }
            for method in ("get", "delete")
        }
        for number in range(500)
    }
    document = tmp_path_factory.mktemp("contract") / "large.json"
    document.write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths})
    )
    with contract_mock(str(document)) as running:
        yield running


@pytest.fixture(scope="module")
def services():
    """Run a mock of several contracts to each of which there was a request; return the URL of its console."""
    files = [
        str(ROOT / "examples" / "compose" / "services" / f"{name}.yaml") for name in ("orders", "billing")
    ]
    with contract_mock(files, stateful=True) as running, httpx2.Client(trust_env=False) as client:
        for service, path in (("orders", "/orders"), ("billing", "/invoices")):
            client.get(running.services[service].url + path)
        yield f"{running.control}/console"


class Scenes(dict):
    """What was seen in each scene; one that failed fails the tests that look at it, and no others."""

    def __getitem__(self, scene):
        outcome = super().__getitem__(scene)
        assert "failure" not in outcome, outcome["failure"]
        return outcome


@pytest.fixture(scope="module")
def seen(mock, pets, large, services, drive):
    """Return what was seen in each scene."""
    urls = {"MOCK": mock.api, "PETS": pets.api, "LARGE": large.api, "SERVICES": services}
    return Scenes(drive("console", "panels.js", **urls))


def test_items_are_created_edited_and_deleted(seen):
    """What the page changes, the API has; what does not conform is refused with its place."""
    items = seen["items"]
    assert items["invalid"]
    assert items["shown"] == '{"name":"<b>Rex</b>","id":1}'
    assert "/value/id" in items["refusal"]
    assert (items["edited"], items["deleted"]) == (["Tom"], [])


def test_a_scope_is_looked_at_and_removed(seen):
    """The page shows items and exchanges of a scope that is chosen, and all others once that is gone."""
    assert seen["scopes"]["marks"] == ["a/b"]
    assert (seen["scopes"]["inAll"], seen["scopes"]["after"]) == ("0 items", "0 items")


def test_overrides_are_put_in_order(seen):
    """The override that was moved up applies, and after it the other one."""
    assert seen["overrides"] == {"first": True, "statuses": [503, 418, 503]}


def test_captures_are_held_released_and_failed(seen):
    """Of two that are held one fails, and one comes to its end; then neither has buttons."""
    assert seen["pipeline"]["rows"] == ["FAILED", "COMPLETED"]
    assert seen["pipeline"]["buttons"] == 0


def test_a_session_expires_and_a_value_is_proposed(seen):
    """A button has a session expire, and a form proposes a value for a capture."""
    assert (seen["pipeline"]["expired"], seen["pipeline"]["proposals"]) == ("EXPIRED", ["Soups"])


def test_an_operation_of_a_large_document_is_found_and_tried(seen):
    """A thousand operations are a short page; a filter leaves those that have all its words, to be tried."""
    explorer = seen["explorer"]
    assert explorer["closed"] == 0
    assert explorer["height"] < 4000
    assert explorer["shown"] == ["/thing-7/{id}"]
    assert explorer["status"] == "200"


def test_a_sheet_of_products_is_read_by_a_scanner(seen):
    """A scanner reads the bar code and the QR code of a product from the screen."""
    products = seen["products"]
    with Image.open(BytesIO(base64.b64decode(products["picture"]))) as picture:
        texts = {barcode.text for barcode in zxingcpp.read_barcodes(picture.convert("L"))}
    gtin = products["gtin"]
    assert texts == {gtin.removeprefix("000000"), f"https://id.gs1.org/01/{gtin}"}
    assert products["pages"] == ["page 1 of 3", "page 2 of 3"]
    assert not products["printed"]


def test_every_control_is_reached_on_a_narrow_screen(seen):
    """At 320 and 360 pixels, with narrow, plain, large and wide letters, in every panel."""
    reach = seen["reach"]
    assert reach["unreached"] == {}
    assert set(reach["counts"]) == {"#upload", "#products", "#faults", "#objects", "#state", "#journal"}


@pytest.mark.parametrize("scene", ["items", "scopes", "pipeline", "responses", "products"])
def test_accessible(seen, scene):
    """axe-core finds nothing serious, in the dark and on a phone."""
    assert seen[scene]["found"] == []


@pytest.mark.parametrize("scene", ["items", "pipeline", "responses", "products"])
def test_narrow(seen, scene):
    """Nothing is wider than a screen of 360 pixels."""
    assert seen[scene]["width"] == 360


def test_nothing_fails_and_nobody_else_is_asked(seen, mock, pets, large, services):
    """No script fails, and the pages load from the mocks and their S3 alone."""
    assert seen["complaints"] == []
    assert {origin for origin in seen["asked"] if origin != "null"} <= {
        mock.api,
        mock.s3,
        pets.api,
        large.api,
        services.removesuffix("/_mock/console"),
    }


def test_an_exchange_on_a_phone(seen):
    """The page opens on the journal; bodies are before headers, and what a rule asked for is no violation."""
    phone = seen["phone"]
    assert phone["view"] == "journal"
    assert phone["asked"].startswith("by rule: response status")
    assert phone["violating"] == 0
    assert phone["parts"] == ["h3", "p", "pre", "details"]
    assert (phone["unfolded"], phone["width"], phone["found"]) == (0, 390, [])


def test_a_switch_of_services(seen):
    """All services at first; then exchanges and collections of one, within the width of a phone."""
    services = seen["services"]
    assert (services["all"], services["one"]) == (["billing", "orders"], ["billing"])
    assert (services["collections"], services["title"]) == (1, "Console · Invoices")
    assert (services["width"], services["end"] <= 390 - 14, services["found"]) == (390, True, [])
