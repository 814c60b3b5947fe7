"""The packaged contract is the vendor's, and valid."""

import hashlib
import json
from pathlib import Path

import pytest

from contract_first.contract import ContractError
from contract_first.contract.reading.embedding import embed
from contract_first.contract.validation import validate
from scanner_contract import loading
from scanner_contract.loading import PACKAGED, load_contract

SEED = json.loads(Path(__file__).with_name("fixtures").joinpath("openapi-scanner.seed.json").read_bytes())
PRESIGNED = "/scanner/api/v1/sessions/{session_id}/presigned-upload-url"
VENDOR_SHA256 = "35d9870a29081969a63e857ea24462e8dff962c4c99f92ef2c4c7d1dbc57a8b8"


@pytest.fixture(scope="module")
def vendor():
    """The vendor's document as it is packaged, without overlays."""
    return json.loads(PACKAGED.read_bytes())


def test_vendor_document_is_unchanged():
    """The packaged document is the vendor's, byte for byte."""
    assert hashlib.sha256(PACKAGED.read_bytes()).hexdigest() == VENDOR_SHA256


@pytest.mark.parametrize("member", ["openapi", "info", "tags", "servers", "security"])
def test_frame_equals_the_seed(vendor, member):
    """Version, info, tags, servers and default security are the published ones."""
    assert vendor[member] == SEED[member]


def test_security_schemes_equal_the_seed(vendor):
    """The security schemes are the published ones."""
    assert vendor["components"]["securitySchemes"] == SEED["components"]["securitySchemes"]


def test_presigned_operation_equals_the_seed(vendor):
    """The published operation, and the schemas that the seed has, are in the contract as published."""
    assert vendor["paths"][PRESIGNED] == SEED["paths"][PRESIGNED]
    schemas = SEED["components"]["schemas"]
    assert {name: vendor["components"]["schemas"][name] for name in schemas} == schemas


def test_operations(vendor):
    """The vendor's operations are all there, one of them anonymous, each with an id whose tail is its own."""
    contract = load_contract(extensions=False)
    assert [(each.path, each.method) for each in contract.operations] == [
        (path, method) for path, item in vendor["paths"].items() for method in item
    ]
    assert [operation.path for operation in contract.operations if not operation.security] == [
        "/scanner/api/v1/freshness-thresholds"
    ]
    tails = {operation.operation_id.partition("_endpoints_")[2] for operation in contract.operations}
    assert len(tails) == len(contract.operations)
    assert "" not in tails


@pytest.mark.parametrize("extensions", [True, False])
def test_known_valid_contract_is_valid(extensions):
    """The digests that spare a start the validation are those of documents which pass it."""
    contract = load_contract(extensions=extensions)
    assert contract.digest in loading.KNOWN_VALID, "run `tox -e ledger`"
    before = json.dumps(contract.document)
    validate(embed(contract.document, contract.source))
    assert json.dumps(contract.document) == before


def test_changed_contract_is_validated(tmp_path):
    """Another document than the known one is validated, whatever its name and place."""
    changed = json.loads(PACKAGED.read_bytes())
    del changed["info"]["version"]
    path = tmp_path / PACKAGED.name
    path.write_text(json.dumps(changed))
    with pytest.raises(ContractError, match=r"/info: .version. is a required"):
        load_contract(path)
