"""What is no JSON or YAML is read as far as it can be, and a defect has its place in the file."""

import json

import pytest

from contract_first.contract import ContractError, load_contract

from .conftest import DOCUMENT, GET, GET_PETS

YAML = """\
openapi: 3.0.3
info: {title: Pets, version: "1"}
x-ok: &ok
  description: OK
paths:
  /pets:
    get:
      responses:
        "200":
          <<: *ok
  /pets:
    put:
      operationId: a
      operationId: b
      responses: {"200": {description: !ours OK}}
"""


def test_yaml_that_is_not_json(write):
    """Of keys that stand twice objects are merged, merge keys are, and tags ignored, each with its line."""
    path = write(YAML, "pets.yaml")
    with pytest.raises(ContractError):
        load_contract(path)
    contract = load_contract(path, lenient=True)
    assert [(each.method, each.operation_id) for each in contract.operations] == [
        ("get", "get_pets"),
        ("put", "b"),
    ]
    assert [(each.line, each.pointer) for each in contract.defects] == [
        (10, "/paths/~1pets/get/responses/200/<<"),
        (11, "/paths/~1pets"),
        (14, "/paths/~1pets/put/operationId"),
        (15, "/paths/~1pets/put/responses/200/description"),
    ]


@pytest.mark.parametrize(("encoding", "e"), [("utf-8", b"\xc3\xa9"), ("utf-16", b""), ("utf-8", b"\xe9")])
def test_lines_of_keys_in_any_script(write, encoding, e):
    """A key may be written as it is or escaped, after texts of any length in bytes, some in Windows-1252."""
    paths = '{"/日本é": {"get": 1},\n"/\\u540d": {"get": 1}}'
    text = f'{{"openapi": "3.1.0", "info": {{"title": "é 😀", "version": "1"}},\n"paths": {paths}}}'
    raw = text.encode(encoding).replace("é".encode(), e)
    defects = load_contract(write(raw), lenient=True).defects
    assert [(each.line, each.pointer) for each in defects if each.pointer] == [
        (2, "/paths/~1日本é/get"),
        (3, "/paths/~1名/get"),
    ]


@pytest.mark.parametrize("text", ['{"openapi" "3.0.3"}', "{"])
def test_json_that_is_none(write, text):
    """It is refused with the words of JSON, if it is no YAML either."""
    with pytest.raises(ContractError, match="Invalid JSON at line 1"):
        load_contract(write(text), lenient=True)


TEXT = json.dumps({"openapi": "3.0.3", **DOCUMENT, "x-a": '/* // , } \\" é 😀'}, indent="\t")
PLAIN = json.dumps(json.loads(TEXT), ensure_ascii=False)
NEARLY = TEXT.replace("{\n", '{ // a "name":\n').replace("}\n", "},\n# a\n")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(f"/* a\n */ {NEARLY} /* b".encode(), "Invalid JSON", id="comments and commas"),
        pytest.param(TEXT.replace("OK", "a\tb\n").encode(), "Invalid JSON", id="control characters"),
        pytest.param(TEXT.replace("OK", "\\ud83d").encode(), "cannot express", id="half a character"),
        pytest.param(TEXT.encode("utf-16"), "is in UTF-16", id="UTF-16"),
        pytest.param(TEXT.encode("utf-16-le"), "is in UTF-16-LE", id="UTF-16 without a mark"),
        pytest.param(TEXT.replace("OK", "OK é").encode("cp1252"), "is not UTF-8 at byte", id="Windows-1252"),
        pytest.param(f"{PLAIN}\n---\na: 1".encode(), "holds more than one document", id="two documents"),
    ],
)
def test_text_that_is_nearly_right(write, raw, reason):
    """It is read for what it says, and the texts in it stay as they are; a strict reading refuses it."""
    path = write("", "pets.json")
    path.write_bytes(raw)
    with pytest.raises(ContractError):
        load_contract(path)
    contract = load_contract(path, lenient=True)
    assert [each.path for each in contract.operations] == ["/pets"]
    assert contract.document["x-a"] == json.loads(TEXT)["x-a"]
    (defect,) = contract.defects
    assert reason in defect.reason


def test_json_in_a_file_of_yaml(write):
    """It is read as JSON, whose escapes YAML does not know."""
    contract = load_contract(write(TEXT, "pets.yaml"), lenient=True)
    assert contract.document["x-a"] == json.loads(TEXT)["x-a"]
    assert not contract.defects


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<!DOCTYPE html>\n<p>a: b", "is HTML or XML; expected an object in JSON or YAML"),
        (b"\x1f\x8b\x08\x00\xff", "is not UTF-8 at byte 1"),
        (b'{"a": ' + b"9" * 5000 + b"}", "holds an integer of more than 4300 digits"),
        (b"#%RAML 1.0\ntitle: A\n/pets: {}", "is RAML; convert it to OpenAPI"),
        (b'"""Pets."""\ntype Query @a {\n  pets: [Pet!]!\n}', "is a schema of GraphQL; expected a contract"),
        (b'{"asyncapi": "3.0.0", "info": {}}', "is AsyncAPI, which describes messages"),
        (b'{"arazzo": "1.0.1", "info": {}}', "is Arazzo, .* give one of its sourceDescriptions"),
        (b'{"overlay": "1.0.0", "actions": []}', "is an Overlay; .* by --overlay"),
        (b'{"info": {"_postman_id": "1"}, "item": []}', "is a Postman collection; convert it to OpenAPI"),
        (b'{"consumer": {}, "provider": {}, "interactions": []}', "is a Pact, .* give the provider's"),
        (b'{"openapi": "3.1.0", "info": {}, "paths": [{}]}', "/paths: is an array; expected an object"),
    ],
)
def test_what_is_no_document(write, raw, reason):
    """It is refused in a sentence that says what it is."""
    path = write("", "pets.json")
    path.write_bytes(raw)
    with pytest.raises(ContractError, match=reason):
        load_contract(path, lenient=True)


def test_json_with_a_comma_too_many(write):
    """It is read as YAML, and keys that stand twice are merged there."""
    text = json.dumps({"openapi": "3.0.3", **DOCUMENT}, indent=1)
    path = write(text.replace('"version": "1"', '"version": "0",\n"version": "1",'))
    contract = load_contract(path, lenient=True)
    assert contract.version == "1"
    assert [(each.line, each.pointer) for each in contract.defects] == [(6, "/info/version")]


def test_document_of_many_files(write):
    """References where none may be are followed through files, and defects name the file that they are in."""
    write("# Welcome", "texts/welcome.md")
    write(
        {"responses": {"200": {"$ref": "../parts/ok.json"}}, "description": {"$ref": "../texts/a.json#/b"}},
        "paths/list.json",
    )
    write({"b": "All pets"}, "texts/a.json")
    write(
        {"description": "OK", "content": {"application/json": {"schema": {"type": "money"}}}}, "parts/ok.json"
    )
    path = write(
        {
            "openapi": "3.0.3",
            "info": {"title": "Pets", "version": "1", "description": {"$ref": "texts/welcome.md"}},
            "tags": [{"name": "pets", "description": {"$ref": "texts/a.json#/b"}}],
            "paths": {"/pets": {"get": {"$ref": "paths/list.json"}}},
        }
    )
    contract = load_contract(path, lenient=True)
    assert contract.document["info"]["description"] == "# Welcome"
    assert contract.document["tags"][0]["description"] == "All pets"
    assert contract.document["paths"]["/pets"]["get"]["description"] == "All pets"
    assert contract.operations[0].responses["200"]["description"] == "OK"
    last = contract.defects[-1]
    assert last.source.endswith("parts/ok.json")
    assert (last.pointer, last.action) == ("/content/application~1json/schema/type", "left out")


def test_places_are_those_of_the_file(lenient):
    """What was left out of an array before does not move the places of what comes after it."""
    listed = [
        {"name": name, "in": where, "schema": {"type": "text"}}
        for name, where in [("a", "body"), ("b", "query"), ("c", "body"), ("d", "query")]
    ]
    _, found = lenient({"paths": {"/pets": {"get": {**GET, "parameters": listed}}}})
    assert found == [
        (f"{GET_PETS}/parameters/0", "left out"),
        (f"{GET_PETS}/parameters/1/schema/type", "repaired"),
        (f"{GET_PETS}/parameters/2", "left out"),
        (f"{GET_PETS}/parameters/3/schema/type", "repaired"),
    ]


def test_places_behind_what_was_left_out(write):
    """Where an item of an array is in the file is known, also if others were left out before it."""
    wrong = {"in": "body", "name": "b", "schema": {}}
    right = [{"in": "query", "name": name, "schema": {"type": "integer"}} for name in "pq"]
    both = {"oneOf": [{"pattern": "("}, {"pattern": "("}, {"allOf": [{"type": "money"}, {"minimum": 1}]}]}
    listed = [wrong, right[0], wrong, {**right[1], "schema": both}]
    paths = {"/pets": {"get": {"parameters": listed, **GET}}}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, "paths": paths}), lenient=True)
    at = f"{GET_PETS}/parameters"
    assert [each["name"] for each in contract.operations[0].parameters] == ["p", "q"]
    assert contract.origin(f"{at}/0/schema") == f"{at}/1/schema"
    assert contract.origin(f"{at}/1/schema/oneOf/0") == f"{at}/3/schema/oneOf/0"
    assert contract.origin(f"{at}/1/schema/oneOf/1/allOf/1") == f"{at}/3/schema/oneOf/2/allOf/1"


def test_places_behind_what_is_repeated(write):
    """So is where an item is before which equal ones stood."""
    listed = [{"in": "query", "name": name, "schema": {"type": "integer"}} for name in "ppq"]
    contract = load_contract(
        write({"openapi": "3.0.3", **DOCUMENT, "paths": {"/pets": {"get": {"parameters": listed, **GET}}}}),
        lenient=True,
    )
    assert contract.origin(f"{GET_PETS}/parameters/1") == f"{GET_PETS}/parameters/2"
