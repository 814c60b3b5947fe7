"""What tests of lenient reading share."""

import json
from copy import deepcopy

import pytest

from contract_first.contract import ContractError, load_contract

OK = {"200": {"description": "OK"}}


GET = {"responses": OK}


DOCUMENT = {"info": {"title": "Pets", "version": "1"}, "paths": {"/pets": {"get": GET}}}


@pytest.fixture
def lenient(write):
    """Loads a document leniently, and returns contract and defects as (pointer, action)."""

    def load(document, version="3.0.3", **members):
        whole = {"openapi": version, **deepcopy(DOCUMENT), **deepcopy(document), **members}
        path = write(json.dumps(whole, indent=1))
        with pytest.raises(ContractError):
            load_contract(path)
        contract = load_contract(path, lenient=True)
        again = write(contract.document, "again.json")
        assert load_contract(again).document == contract.document, "what it became is valid"
        assert all(each.line and each.source == str(path) for each in contract.defects)
        return contract, [(each.pointer, each.action) for each in contract.defects]

    return load


def parameters(*listed):
    """Return a document with the parameters of a path."""
    return {"paths": {"/pets/{id}": {"get": {"parameters": listed, "responses": OK}}}}


def schema(node):
    """Return a document with a schema."""
    return {"components": {"schemas": {"Pet": node}}}


PET = "/components/schemas/Pet"


GET_PETS = "/paths/~1pets/get"


BOTH = pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
