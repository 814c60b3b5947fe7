"""Files of products and seeds that the Scanner's mock begins with, again after each reset."""

from __future__ import annotations

import httpx2
import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_mocks import scanner_mock
from scanner_mocks.seed_files import SeedFileError, seed_data_of

PRODUCTS = "code\tproduct_name\tbrands\n4006381333931\tPen\tExample\n1\tWrong\tExample\n"
SEEDS = """
organizations: [Third]
sessions: [{status: COMPLETED, organization: Third}, {status: EXPIRED}]
freshness: [{category: Anything, warning_days: 9, critical_days: 2}]
"""


def test_a_mock_begins_with_files(tmp_path):
    """Products of Open Food Facts are scanned, organizations have keys, and a reset has all of it again."""
    (products := tmp_path / "food.tsv").write_text(PRODUCTS)
    (seed_data := tmp_path / "seeds.yaml").write_text(SEEDS)
    sentences = []
    with (
        scanner_mock(products=products, seed_data=seed_data, tell=sentences.append) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        assert sentences == [f"{products}:3 skipped: A GTIN has 8, 12, 13 or 14 digits."]
        for _ in range(2):
            listed = client.get("/_mock/products?page_size=100").json()["products"]
            assert [p["name"] for p in listed if p["gtin"] == "04006381333931"] == ["Pen"]
            headers = {"X-API-Key": mock.keys["Third"]}
            sessions = client.get("/scanner/api/v1/sessions", headers=headers).json()["data"]
            assert [session["status"] for session in sessions] == ["COMPLETED"]
            assert client.post("/_mock/state/reset", json={}).status_code == 204


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sesions: []", "unknown field `sesions`"),
        ("sessions: [{status: DONE}]", r"'DONE' - at `\$.sessions\[0\].status`"),
        (
            "sessions: [{organization: Third}]",
            r"expected one of the file's organizations \(none\), got 'Third'",
        ),
        ("freshness: [{category: x, warning_days: 1, critical_days: 2}]", "critical_days <= warning_days"),
    ],
)
def test_seeds_that_cannot_be_used(tmp_path, text, reason):
    """The error names the file, what is wrong, and where."""
    (path := tmp_path / "seeds.yaml").write_text(text)
    with pytest.raises(SeedFileError, match=rf"seeds\.yaml: .*{reason}"):
        seed_data_of(None, path, print)


def test_products_that_cannot_be_used(tmp_path):
    """A file without any product is refused."""
    (path := tmp_path / "food.csv").write_text("gtin,name\n1,x\n")
    with pytest.raises(SeedFileError, match="none of its rows can be used"):
        seed_data_of(path, None, lambda _: None)
    with pytest.raises(SeedFileError, match="cannot be read"):
        seed_data_of(tmp_path / "none.csv", None, print)


def test_another_contract_has_no_products(tmp_path):
    """A mock without handlers says that it has no catalogue."""
    (path := tmp_path / "food.csv").write_text(PRODUCTS)
    (contract := tmp_path / "api.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
        "paths: {/a: {get: {responses: {'200': {description: It.}}}}}"
    )
    done = CliRunner().invoke(app, ["mock", str(contract), "--products", str(path)])
    assert (done.exit_code, "--products is for contracts with handlers" in done.output) == (2, True)
