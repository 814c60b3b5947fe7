"""Collections are recognised by scored readings, which lines of a file overrule."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.check.checks.stored.collections import collections
from contract_first.contract import Contract, ContractError
from contract_first.mock import contract_mock
from contract_first.recognition import BY_PATHS, Corrections, recognize

PET = {"type": "object", "properties": {"id": {"type": "string"}, "code": {"type": "string"}}}
FALSE = {"x-mock-collection": False}


def operation(name, schema=PET, status="200", **parts):
    """Return an operation, and what it responds with; nothing of any shape without a schema."""
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"operationId": name, "responses": {status: {"description": "OK", **content}}, **parts}


def document(**paths):
    """Return a document of pets, and of other paths."""
    one = [{"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}]
    body = {"content": {"application/json": {"schema": PET}}}
    pets = {
        "/pets": {
            "get": operation("list_pets", {"type": "array", "items": PET}),
            "post": operation("create_pet", status="201", requestBody=body),
        },
        "/pets/{petId}": {"parameters": one, "get": operation("get_pet"), "delete": operation("drop", None)},
        "/bring-in": {"post": operation("bring_in", requestBody=body)},
    }
    info = {"title": "Pets", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": {**pets, **paths}}


def corrected(tmp_path, *lines, contract=None):
    """Return what is recognised with these lines of ``[collections]``, of which the first is the third."""
    path = tmp_path / "contract-first.toml"
    path.write_text("\n".join(["# mine", "[collections]", *lines]), "utf-8")
    return recognize(Contract(contract or document(), "pets.json"), Corrections.read(path))


def test_a_line_overrules(tmp_path):
    """A path is left out, a key is another member, an operation elsewhere creates items."""
    assert corrected(tmp_path, '"/pets" = false', '"/pets/{petId}" = false').collections == {}
    assert corrected(tmp_path, '"/pets/{petId}" = {key = "code"}').collections["/pets"].key == "code"
    marked = corrected(tmp_path, '"POST /bring-in" = {path = "/pets", role = "create"}')
    assert [role.action for role in marked.roles["bring_in"]] == ["create"]
    assert marked.readings["bring_in"][0].score > marked.readings["create_pet"][0].score


def test_a_line_overrules_a_mark_of_the_document(tmp_path):
    """What the document leaves out is there again; a line for an operation comes before one for its path."""
    contract = document()
    contract["paths"]["/pets"] |= FALSE
    assert "/pets" not in corrected(tmp_path, contract=contract).collections
    lines = '"/pets" = false', '"GET /pets" = {}', '"POST /pets" = {}'
    assert corrected(tmp_path, *lines, contract=contract).roles.keys() >= {"list_pets", "create_pet"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"/cats" = false', "'/cats': the contract has no such path or operation; there are: /pets"),
        ('"PUT /pets" = false', "the contract has no such path or operation; there are: POST /pets"),
        ('"/pets/{petId}" = {key = "name"}', "items have no member 'name'; there are: id, code"),
        ('"POST /bring-in" = {path = "/pets", role = "make"}', "expected false, {key: ...}, or {path: ..."),
        ('"POST /bring-in" = {path = "/cats", role = "create"}', "/cats is no collection; there are: /pets"),
        ('"/pets" = 1', "expected false, "),
        ('"/pets" = {owner = "ann"}', "; owner: caller"),
        ('"/bring-in" = {owner = "caller"}', "/bring-in is no collection; there are: /pets"),
        ('"/cats" = {owner = "caller"}', "the contract has no such path or operation; there are: /pets"),
        ('"POST /bring-in" = {path = ["/pets"], role = "create"}', "expected false, "),
    ],
)
def test_a_line_that_names_nothing(tmp_path, line, reason):
    """The error has file and line, and what is there instead."""
    with pytest.raises(ContractError) as raised:
        corrected(tmp_path, "", line)
    assert str(raised.value).startswith(f"{tmp_path / 'contract-first.toml'}:4: [collections] ")
    assert reason in raised.value.reason


def test_the_line_is_that_of_the_table(tmp_path):
    """The same name may stand before it, as a value."""
    path = tmp_path / "contract-first.toml"
    path.write_text('only = ["/cats"]\n[collections]\n"/cats" = false\n', "utf-8")
    with pytest.raises(ContractError, match=r"contract-first\.toml:3: "):
        recognize(Contract(document(), "pets.json"), Corrections.read(path))


def test_a_collection_below_a_path_without_one():
    """A POST at the path of its items' parent creates one, and changes no parent."""
    names = ("owner", "petId")
    owner, pet = (
        {"name": each, "in": "path", "required": True, "schema": {"type": "string"}} for each in names
    )
    body = {"content": {"application/json": {"schema": PET}}}
    paths = {
        "/pets/{owner}": {
            "parameters": [owner],
            "get": operation("list_pets", {"type": "array", "items": PET}),
            "post": operation("create_pet", requestBody=body),
        },
        "/pets/{owner}/{petId}": {"parameters": [owner, pet], "get": operation("get_pet")},
    }
    roles = recognize(Contract({**document(), "paths": paths}, "pets.json")).roles
    assert {name: role.action for name, (role,) in roles.items()} == {
        "list_pets": "list",
        "create_pet": "create",
        "get_pet": "read",
    }


@pytest.mark.parametrize("text", ["[collections", "collections = 1", "\ud800"])
def test_a_file_that_has_no_such_table(tmp_path, text):
    """It is named in the error."""
    path = tmp_path / "mock.toml"
    path.write_text(text, "utf-8", errors="surrogatepass")
    with pytest.raises(ContractError, match=r"mock\.toml: "):
        Corrections.read(path)


def test_readings_have_scores_and_reasons():
    """All that an operation may do is there, the best first."""
    lists = operation("of_shop", {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}})
    contract = document(**{"/shops/{shopId}/pets": {"get": lists}})
    contract["components"] = {"schemas": {"Pet": PET}}
    contract["paths"]["/pets/{petId}"]["get"] = operation("get_pet", {"$ref": "#/components/schemas/Pet"})
    readings = recognize(Contract(contract, "pets.json")).readings
    assert [reading.score for reading in readings["get_pet"]] == [6]
    assert [(reading.score, reading.reason) for reading in readings["of_shop"]] == [(3, "lists Pet")]


@pytest.mark.parametrize("end", ["", "/", ".json"])
def test_what_a_check_finds(end):
    """Paths with a slash or a suffix at their end, and those without a schema, which no mock stores."""
    item = [{"name": "thing", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths = {
        f"/things{end}": {"post": operation("create", None), "get": operation("list", None)},
        f"/things/{{thing}}{end}": {"parameters": item, "get": operation("read", None)},
    }
    contract = Contract({**document(), "paths": paths}, "things.json")
    (collection,) = collections(recognize(contract, least=BY_PATHS), contract.operations)
    assert [collection.create.operation_id, collection.list.operation_id] == ["create", "list"]
    assert collection.key_of({"thing": "a", "id": "b"}) == "a"
    assert recognize(contract).stored == {}


def test_a_key_in_metadata_is_one_of_a_check():
    """What holds the key of an item is recognised, as Kubernetes has it."""
    pod = {"type": "object", "properties": {"metadata": {"type": "object", "properties": {"name": {}}}}}
    pod["properties"]["metadata"]["properties"]["name"] = {"type": "string"}
    pod["properties"]["kind"] = {"type": "string"}
    name = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths = {
        "/pods": {"post": operation("create", pod)},
        "/pods/{name}": {"parameters": name, "get": operation("read", pod)},
    }
    contract = Contract({**document(), "paths": paths}, "pods.json")
    (collection,) = collections(recognize(contract, least=BY_PATHS), contract.operations)
    assert collection.key_of({"metadata": {"name": "a"}}) == "a"


@pytest.mark.parametrize("stateful", [True, False])
def test_a_mock_of_corrected_collections(tmp_path, stateful):
    """``collections`` names the file; what is wrong in it ends the start."""
    path = tmp_path / "mock.toml"
    path.write_text('[collections]\n"POST /bring-in" = {path = "/pets", role = "create"}\n', "utf-8")
    contract = Contract(document(), "pets.json")
    with contract_mock(contract, stateful=True, collections=path) as mock:
        pet = httpx2.post(f"{mock.api}/bring-in", json={"code": "x"}).json()
        assert httpx2.get(f"{mock.api}/pets/{pet['id']}").json() == pet
    path.write_text('[collections]\n"/cats" = false\n', "utf-8")
    with (
        pytest.raises(ContractError, match=r"mock\.toml:2: "),
        contract_mock(contract, stateful=stateful, collections=path),
    ):
        pass
