"""The mock of a contract over HTTP: journal, faults and control, and a contract that changes."""

from __future__ import annotations

import json
import queue

import httpx2
import pytest
from typer.testing import CliRunner

from contract_first.cli.tree import app
from contract_first.contract import Contract, ContractError
from contract_first.contract.schemas import schema as schemas
from contract_first.contract.schemas.validator import Validator
from contract_first.mock import contract_mock

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "7"},
    "paths": {"/pets": {"get": {"responses": {"204": {"description": ""}, "503": {"description": ""}}}}},
}
NUMBER = {"application/json": {"schema": {"type": "integer"}}}
NUMBERS = {"/numbers": {"get": {"responses": {"200": {"description": "", "content": NUMBER}}}}}
PATIENCE_SECONDS = 30


def write(path, document):
    """Write a document, whole from one moment to the next."""
    new = path.with_suffix(".new")
    new.write_text(document if isinstance(document, str) else json.dumps(document))
    new.replace(path)


@pytest.fixture
def file(tmp_path):
    """Return the file of a contract."""
    path = tmp_path / "pets.json"
    write(path, DOCUMENT)
    return path


@pytest.fixture(scope="module")
def running():
    """Run the mock of the contract above."""
    with contract_mock(Contract(DOCUMENT, "pets")) as mock, httpx2.Client(trust_env=False) as client:
        yield mock, client


def test_what_a_client_has_to_know(running):
    """The ready line has the URLs, and what the contract calls itself."""
    mock, client = running
    assert json.loads(mock.line()) == {
        "api": mock.api,
        "control": f"{mock.api}/_mock",
        "title": "Pets",
        "version": "7",
        "operations": 1,
    }
    assert client.get(f"{mock.control}/seeds").json()["api"] == mock.api
    assert "/pets" in client.get(f"{mock.control}/responses").text


def test_journal_and_faults(running):
    """Exchanges are in the journal; a fault applies with the contract's own response."""
    mock, client = running
    scope = {"X-Mock-Scope": "journal and faults"}
    assert client.get(f"{mock.api}/pets", headers=scope).status_code == 204
    struck = client.get(f"{mock.api}/pets", headers={**scope, "X-Mock-Fault": "status=503"})
    assert (struck.status_code, struck.headers["X-Mock-Answer"]) == (503, "generated")
    found = client.get(f"{mock.control}/journal", params={"scope": scope["X-Mock-Scope"]}).json()
    assert [each["status"] for each in found["exchanges"]] == [204, 503]
    assert {each["operation"] for each in found["exchanges"]} == {"get_pets"}


@pytest.mark.parametrize("authentication", [True, False])
def test_no_credential_is_missed_where_none_is_asked_for(authentication):
    """A request without one violates the contract, but for a mock that does not ask."""
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    document = {**DOCUMENT, "security": [{"key": []}], "components": {"securitySchemes": schemes}}
    running = contract_mock(Contract(document, "pets"), authentication=authentication)
    with running as mock, httpx2.Client(trust_env=False) as client:
        assert client.get(f"{mock.api}/pets").status_code == (401 if authentication else 204)
        (exchange,) = client.get(f"{mock.control}/journal").json()["exchanges"]
        assert [each["part"] for each in exchange["verdict"]["request"]] == ["security"] * authentication


def test_what_is_below_the_base_path_of_a_server_is_recorded_as_it_was_sent():
    """Journal, faults and problems name the path with its base path, and the operation is known."""
    based = {**DOCUMENT, "servers": [{"url": "https://pets.test/v 2"}]}
    with contract_mock(Contract(based, "pets")) as mock, httpx2.Client(trust_env=False) as client:
        assert client.get(f"{mock.api}/v%202/pets").status_code == 204
        assert client.delete(f"{mock.api}/v%202/pets").json()["instance"] == "/v%202/pets"
        found = client.get(f"{mock.control}/journal", params={"path": "/v%202/*"}).json()["exchanges"]
        assert [each["url"] for each in found] == [f"{mock.api}/v%202/pets"] * 2
        assert [each["operation"] for each in found] == ["get_pets", ""]
        fault = {"match": {"path": "/v 2/pets", "operation": "get_pets"}, "effect": {"status": 503}}
        assert client.post(f"{mock.control}/faults", json=fault).status_code == 201
        assert client.get(f"{mock.api}/v%202/pets").status_code == 503


def test_there_is_no_state(running):
    """A reset clears the journal; snapshots are refused, since there is nothing to keep."""
    mock, client = running
    client.get(f"{mock.api}/pets")
    assert client.post(f"{mock.control}/clock", json={"freeze": True}).json()["frozen"]
    assert client.post(f"{mock.control}/state/reset", json={}).status_code == 204
    assert client.get(f"{mock.control}/journal").json()["exchanges"] == []
    assert not client.get(f"{mock.control}/clock").json()["frozen"]
    assert client.get(f"{mock.control}/state").json().get("sessions", []) == []
    assert client.post(f"{mock.control}/state/snapshot", json={"name": "a"}).status_code == 409
    assert client.post(f"{mock.control}/state/restore", json={"name": "a"}).status_code == 404


def test_a_reset_restarts_dynamic_responses():
    """They are another each time, and the same ones in the same order after a reset."""
    with (
        contract_mock(Contract({**DOCUMENT, "paths": NUMBERS}, "numbers")) as mock,
        httpx2.Client(trust_env=False) as client,
    ):
        drawn = []
        for _ in range(2):
            asked = [client.get(f"{mock.api}/numbers", headers={"Prefer": "dynamic=true"}) for _ in range(5)]
            drawn.append([each.json() for each in asked])
            client.post(f"{mock.control}/state/reset", json={}).raise_for_status()
        assert drawn[0] == drawn[1]
        assert len(set(drawn[0])) > 1


def test_a_contract_that_changes_is_loaded_again(file):
    """A change is served; a broken file leaves what there was, and says why."""
    sentences = queue.Queue()
    changed = {**DOCUMENT, "paths": {"/dogs": DOCUMENT["paths"]["/pets"]}}
    with (
        contract_mock(str(file), watch=True, tell=sentences.put) as mock,
        httpx2.Client(trust_env=False) as client,
    ):
        write(file, "{")
        assert "stays as it was" in (said := sentences.get(timeout=PATIENCE_SECONDS))
        assert str(file) in said
        assert client.get(f"{mock.api}/pets").status_code == 204
        write(file, changed)
        assert "Reloaded" in sentences.get(timeout=PATIENCE_SECONDS)
        assert client.get(f"{mock.api}/pets").status_code == 404
        assert client.get(f"{mock.api}/dogs").status_code == 204


def test_a_broken_contract_does_not_start(file):
    """The error names the file and the part."""
    write(file, {**DOCUMENT, "paths": {"/pets": {"get": {}}}})
    with pytest.raises(ContractError, match="responses"), contract_mock(str(file), strict=True):
        pass


def test_a_defect_disables_one_operation(file):
    """The mock of what is not valid starts, lists each defect, and what is not understood is 501."""
    write(file, {**DOCUMENT, "paths": {"/pets": {"get": {"responses": {"200": {}}}, "put": []}}})
    sentences = queue.Queue()
    with (
        contract_mock(str(file), tell=sentences.put) as mock,
        httpx2.Client(trust_env=False, base_url=mock.api) as client,
    ):
        assert client.get("/pets").status_code == 200
        disabled = client.put("/pets")
        defects = client.get("/_mock/defects").json()["defects"]
    listing = f"contract-first contract lint {file}"
    message = f"{file} has 2 defects: 1 repaired, 1 operation disabled; list them by: {listing}"
    assert sentences.get_nowait() == message
    assert disabled.status_code == 501
    place = f"{file}:1#/paths/~1pets/put: [] is not of type"
    assert place in disabled.json()["detail"]
    assert [(each["pointer"], each["action"]) for each in defects] == [
        ("/paths/~1pets/get/responses/200", "repaired"),
        ("/paths/~1pets/put", "operation disabled"),
    ]


def test_a_contract_without_paths_starts(file):
    """A document of webhooks has no operations: nothing is found, and the pages are there."""
    write(file, {"openapi": "3.1.0", "info": DOCUMENT["info"], "webhooks": {}})
    with contract_mock(str(file)) as mock, httpx2.Client(trust_env=False, base_url=mock.api) as client:
        paths = ("/", "/openapi.json", "/docs", "/_mock/responses", "/_mock/journal")
        assert [client.get(path).status_code for path in paths] == [307, 200, 200, 200, 200]


def test_a_pattern_that_cannot_be_read_is_left_out(file):
    """It is reported in a line, at start and at reload, and the rest of its schema still holds."""
    schema = {"type": "object", "patternProperties": {"(": {"properties": {"x": {"pattern": "["}}}}}
    text = {"type": "string", "pattern": r"\A[a-z]+\Z", "minLength": 3, "maxLength": 3}
    schema |= {"required": ["a"], "properties": {"a": text}, "maxProperties": 1}
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    write(file, {**DOCUMENT, "openapi": "3.1.0", "paths": {"/": {"get": {"responses": {"200": response}}}}})
    sentences = queue.Queue()
    with (
        contract_mock(str(file), tell=sentences.put, watch=True) as mock,
        httpx2.Client(trust_env=False) as client,
    ):
        sentence = sentences.get_nowait()
        defects = client.get(f"{mock.control}/defects").json()["defects"]
        assert len(client.get(mock.api).json()["a"]) == 3
        write(file, file.read_text() + " ")
        assert sentences.get(timeout=PATIENCE_SECONDS) == sentence
        assert "Reloaded" in sentences.get(timeout=PATIENCE_SECONDS)
    assert "has 2 defects: 2 left out" in sentence
    assert {each["reason"] for each in defects} == {"is not a regular expression."}
    schema = "/paths/~1/get/responses/200/content/application~1json/schema"
    assert [each["pointer"] for each in defects] == [
        f"{schema}/patternProperties/(",
        f"{schema}/properties/a/pattern",
    ]


def test_an_alternative_that_repeats_another_is_left_out(file):
    """To no value would its oneOf conform; annotations make no difference, and names of properties do."""
    cat = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    other = {**cat, "properties": {"title": {"type": "string", "maxLength": 3, "description": "a"}}}
    alternatives = [
        {"$ref": "#/components/schemas/Cat"},
        {**cat, "description": "the same"},
        {"type": "integer"},
        {"$ref": "#/components/schemas/Cat"},
        other,
    ]
    documented = {"description": "", "content": {"application/json": {"schema": {"oneOf": alternatives}}}}
    paths = {"/": {"get": {"responses": {"200": documented}}}}
    write(file, {**DOCUMENT, "paths": paths, "components": {"schemas": {"Cat": cat}}})
    sentences = queue.Queue()
    with contract_mock(str(file), tell=sentences.put) as mock, httpx2.Client(trust_env=False) as client:
        response = client.get(mock.api)
        defects = client.get(f"{mock.control}/defects").json()["defects"]
    assert response.status_code == 200
    assert "has 2 defects: 2 left out" in sentences.get_nowait()
    assert {each["reason"] for each in defects} == {"is the same as another alternative."}
    assert [each["pointer"].rpartition("/oneOf/")[2] for each in defects] == ["1", "3"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--watch"], "need a --contract"),
        (["--no-auth"], "need a --contract"),
        (["--contract", "https://pets.test/openapi.json", "--watch"], "needs a contract in a file"),
        (["--contract", "/nowhere/pets.json"], "cannot be read"),
    ],
)
def test_options_that_cannot_be(options, said):
    """The command ends at once, and says what is wrong."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["mock", "--port", "0", *options])
    assert result.exit_code in {1, 2}
    assert said in result.output


PET = {
    "title": "Once",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "mother": {"$ref": "#/components/schemas/Pet"},
    },
}
PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "post": {
                "parameters": [{"in": "query", "name": "n", "schema": {"title": "Once", "type": "integer"}}],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
                },
                "responses": {
                    "201": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                    }
                },
            }
        }
    },
    "components": {"schemas": {"Pet": PET}},
}


def test_a_running_mock_compiles_each_schema_once(monkeypatch):
    """Binding, value generation and the journal's validation share what is compiled of a contract."""
    compiled = []

    def counted(bundle, place, **options):
        compiled.append(json.dumps([bundle, options["validate_formats"], sorted(options["keywords"])]))
        return Validator(bundle, place, **options)

    monkeypatch.setattr(schemas, "Validator", counted)
    with contract_mock(Contract(PETS, "pets")) as mock, httpx2.Client(trust_env=False) as client:
        for name in ("Rex", "no"):
            for number in (1, "x"):
                client.post(f"{mock.api}/pets?n={number}", json={"name": name})
        journal = client.get(f"{mock.control}/journal").json()
    assert len(journal["exchanges"]) == 4
    of_pets = [each for each in compiled if "Once" in each]
    assert of_pets
    assert len(of_pets) == len(set(of_pets))


def test_a_path_parameter_of_several_segments(tmp_path):
    """Mock and journal read Google's ``{name=shelves/*}``; its value comes back in the response."""
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    shelf = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    success = {"200": {"description": "", "content": {"application/json": {"schema": shelf}}}}
    item = {"get": {"operationId": "getShelf", "parameters": [name], "responses": success}}
    file = tmp_path / "shelves.json"
    write(file, {**DOCUMENT, "paths": {"/v1/{name=shelves/*}": item}})
    with contract_mock(str(file)) as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        assert client.get("/v1/shelves/1").json() == {"name": "shelves/1"}
        (exchange,) = client.get("/_mock/journal").json()["exchanges"]
    assert (exchange["operation"], exchange["verdict"]["response"]) == ("getShelf", [])
