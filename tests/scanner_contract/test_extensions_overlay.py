"""The overlays that add what the vendor promises in prose, and say which operation follows which."""

import json
import re
import subprocess
import sys

import pytest

from scanner_contract.loading import PACKAGED, load_contract

CREDENTIALS = [{"APIKeyHeaderAuth": []}, {"OAuthTokenAuth": []}, {"SessionAuth": []}]


@pytest.fixture(scope="module", params=[True, False], ids=["with extensions", "vendor only"])
def contract(request):
    """Each variant of the packaged contract."""
    return load_contract(extensions=request.param)


def places(contract):
    """Return the operations of a contract by method and path."""
    return {(each.method, each.path): each for each in contract.operations}


def test_extensions_are_marked():
    """The operations that the vendor has not are exactly those that say they are extensions."""
    vendor = places(load_contract(extensions=False))
    operations = places(load_contract())
    own = {place for place, each in operations.items() if each.definition.get("x-provenance") == "extension"}
    assert own
    assert own == operations.keys() - vendor.keys()
    assert vendor.keys() < operations.keys()


def test_extensions_are_in_the_vendors_style():
    """An extension has one tag of the vendor's, its credentials, and an operationId whose tail is its own."""
    contract = load_contract()
    tags = {tag["name"] for tag in contract.document["tags"]}
    vendor = places(load_contract(extensions=False))
    extensions = [each for each in contract.operations if (each.method, each.path) not in vendor]
    tails = [each.operation_id.partition("_endpoints_")[2] for each in contract.operations]
    assert len(set(tails)) == len(tails)
    for each in extensions:
        assert set(each.tags) < tags
        assert len(each.tags) == 1
        assert list(each.security) == CREDENTIALS
        assert re.match(r"apps_scanner_api_[a-z]+_endpoints_", each.operation_id)


def test_overlays_change_nothing_of_the_vendors(contract):
    """What the vendor's document says of an operation is still said, whatever is added to its responses.

    An optional header is added to what is not idempotent by its method.
    """
    vendor = json.loads(PACKAGED.read_bytes())
    for path, item in vendor["paths"].items():
        for method, operation in item.items():
            effective = dict(contract.document["paths"][path][method])
            responses = effective.pop("responses")
            # an overlay may ask for a role of a key; the schemes are the vendor's
            effective["security"] = [{name: [] for name in each} for each in effective["security"]]
            if method in {"post", "patch"}:
                assert effective["parameters"].pop() == {"$ref": "#/components/parameters/IdempotencyKey"}
                assert not contract.document["components"]["parameters"]["IdempotencyKey"].get("required")
            said = {"parameters": [], **operation, "responses": None}
            assert {"parameters": [], **effective, "responses": None} == said
            for status, response in operation["responses"].items():
                effective_response = {name: responses[status][name] for name in response}
                assert without_examples(effective_response) == without_examples(response)
    schemas = contract.document["components"]["schemas"]
    theirs = vendor["components"]["schemas"]
    assert without_limits({name: schemas[name] for name in theirs}, theirs) == theirs


def without_examples(response):
    """Return a response without examples, of which the vendor's document has none."""
    media_types = response.get("content", {}).items()
    content = {
        name: {key: part for key, part in media_type.items() if key != "examples"}
        for name, media_type in media_types
    }
    return {**response, "content": content}


def without_limits(value, vendor):
    """Return a part of the contract without the limits that ours adds, and what is said of them."""
    if isinstance(value, dict) and isinstance(vendor, dict):
        limits = {"maxLength", "maxItems", "x-max-bytes", "x-max-depth"} - vendor.keys()
        return {
            key: without_limits(part, vendor.get(key)) for key, part in value.items() if key not in limits
        }
    if isinstance(value, list) and isinstance(vendor, list):
        return [without_limits(*pair) for pair in zip(value, vendor, strict=True)]
    return vendor if isinstance(value, str) and value.startswith(f"{vendor} ") else value


def links(contract):
    """Yield every link: the operation that has it, its name and itself."""
    for operation in contract.operations:
        for response in operation.responses.values():
            for name, link in response.get("links", {}).items():
                yield operation, name, contract.resolve(link)


def test_links_lead_to_operations(contract):
    """Every link leads to an operation of the same variant that has each parameter which the link gives."""
    operations = {each.operation_id: each for each in contract.operations}
    for _, name, link in links(contract):
        target = operations[link["operationId"]]
        assert link["operationId"].endswith(f"_{name}")
        assert set(link.get("parameters", {})) <= {each["name"] for each in target.parameters}
        assert "requestBody" not in link or target.request_body is not None


def test_links_take_from_the_request_what_it_has(contract):
    """What a link takes from the path of the request is a parameter of the operation that has the link."""
    for operation, _, link in links(contract):
        taken = re.findall(r"\$request\.path\.(\w+)", json.dumps(link))
        assert set(taken) <= {each["name"] for each in operation.parameters if each["in"] == "path"}


@pytest.mark.parametrize(
    ("start", "reached"),
    [
        ("create_session", {"get_session", "get_session_status", "end_session", "submit_session"}),
        ("create_session", {"create_capture", "get_presigned_upload_url", "list_captures", "list_photos"}),
        ("create_capture", {"get_capture", "list_proposals", "apply_proposals"}),
        ("get_presigned_upload_url", {"register_photo"}),
        ("register_photo", {"update_photo", "reorder_photos"}),
    ],
)
def test_links_tell_what_comes_next(start, reached):
    """From one step of a scanner app the links lead to the next."""
    found = {name for operation, name, _ in links(load_contract()) if operation.operation_id.endswith(start)}
    assert found >= reached


@pytest.mark.parametrize("extensions", [True, False])
def test_start_imports_no_validator(extensions):
    """Neither variant costs a start the import of what validates documents."""
    program = (
        "import sys; from scanner_contract import load_contract;"
        f"load_contract(extensions={extensions}); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 -- the project's own command
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert loaded.isdisjoint({"openapi_spec_validator", "jsonschema_rs", "jsonschema", "prance"})
