"""The types of a contract are Python that mypy takes, and say what the schemas say."""

import subprocess
import sys
import typing

import pytest

from contract_first.contract import ContractError
from contract_first.contract.contract import Contract
from contract_first.contract.models import write_models

STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}
PET_REF = {"$ref": "#/components/schemas/Pet"}
PET = {"type": "object", "required": ["name"], "properties": {"name": STRING, "child": PET_REF}}
HOSTILE = {
    'a"""b': {"type": "object", "properties": {'x"""\n': STRING, "class": INTEGER}},
    "a b": {"enum": ["'", '"', "\\", "a | b", "]", "\n"]},
    "a-b": STRING,
    "class": STRING,
    "str": {"type": "array", "items": INTEGER},
    "Any": STRING,
    "1": STRING,
    "é": {"type": "object", "properties": {"é": STRING, "__private": STRING, "1": STRING}},
    "": {"enum": []},
    "Itself": {"$ref": "#/components/schemas/Itself"},
    "One": {"anyOf": [{"$ref": "#/components/schemas/Other"}, STRING]},
    "Other": {"allOf": [{"$ref": "#/components/schemas/One"}]},
    "Json": {
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "array", "items": {"$ref": "#/components/schemas/Json"}},
            {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Json"}},
        ]
    },
    "Twice": {
        "allOf": [{"properties": {"a": {"$ref": "#/components/schemas/Twice"}}, "type": "object"}] * 2
        + [{"properties": {"a": {"type": "object", "$ref": "#/components/schemas/Twice"}}}]
    },
    "Anything": True,
    "Nothing": False,
    "Floats": {"enum": [1.5, None, {"a": 1}]},
}


@pytest.fixture
def types(minimal):
    """Returns the source of the types of some schemas."""

    def source(**schemas):
        minimal["components"] = {"schemas": schemas}
        return write_models(Contract(minimal, "pets"))

    return source


def declared(source):
    """Return the names of a source, as Python reads it."""
    module = {"__name__": "declared"}
    exec(compile(source, "types.py", "exec"), module)  # noqa: S102 -- to read them is the point
    return module


@pytest.mark.parametrize(
    ("schema", "alias"),
    [
        (STRING, "str"),
        ({"type": ["number", "null"]}, "float | None"),
        ({"enum": ["a", 1, True, None]}, "Literal['a', 1, True] | None"),
        ({"const": "a"}, "Literal['a']"),
        ({"type": "array", "items": PET_REF}, "list[Pet]"),
        ({"anyOf": [PET_REF, STRING], "x-order": 1}, "Pet | str"),
        ({"type": "array"}, "list[Any]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": INTEGER}, "dict[str, int]"),
        ({"anyOf": [PET_REF, NULL]}, "Pet | None"),
        ({"oneOf": [PET_REF, STRING, STRING]}, "Pet | str"),
        ({"allOf": [PET_REF], "description": "A pet", "default": {}}, "Pet"),
        ({}, "Any"),
        ({"anyOf": [STRING, {}]}, "Any"),
    ],
)
def test_alias(types, schema, alias):
    """A schema that is no object with properties is an alias of what it allows."""
    assert f"Tested: TypeAlias = {alias}" in types(Pet=PET, Tested=schema)


def test_object(types):
    """An object is a TypedDict in which what is not required may be missing; those in it have names too."""
    inner = {"type": "object", "properties": {"street": STRING}, "required": ["street"]}
    source = types(Pet=PET | {"properties": PET["properties"] | {"home": inner}})
    module = declared(source)
    assert module["Pet"].__required_keys__ == {"name"}
    assert module["Pet"].__optional_keys__ == {"child", "home"}
    assert typing.get_type_hints(module["Pet"], module)["home"] is module["PetHome"]


def test_properties_make_an_object(types):
    """What has properties is an object, though no type says so, as it is in what the mock responds with."""
    source = types(Tested={"properties": {"a": STRING, "b": {"items": STRING, "properties": {"c": {}}}}})
    module = declared(source)
    assert module["Tested"].__annotations__.keys() == {"a", "b"}
    assert typing.get_type_hints(module["Tested"], module)["b"] is module["TestedB"]


def test_allof_is_merged(types):
    """An object that is put together from others has all their properties."""
    source = types(Pet=PET, Cat={"allOf": [PET_REF, {"type": "object", "properties": {"lives": INTEGER}}]})
    assert list(declared(source)["Cat"].__annotations__) == ["name", "child", "lives"]


def test_openapi_30(types, minimal):
    """The dialect of OpenAPI 3.0 is understood."""
    minimal["openapi"] = "3.0.3"
    assert "Tested: TypeAlias = str | None" in types(Tested={"type": "string", "nullable": True})


@pytest.fixture
def check(mypy_cache, tmp_path):
    """Let Python read the types, and mypy and ruff check them."""

    def checked(source):
        declared(source)
        path = tmp_path / "types_of_pets.py"
        path.write_text(source)
        mypy = ["mypy", "--strict", "--config-file=", "--cache-dir", mypy_cache]
        for tool in (mypy, ["ruff", "check", "--isolated", "--no-cache", "--select", "F,I"]):
            command = [sys.executable, "-m", *tool, path]
            result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
            assert result.returncode == 0, result.stdout

    return checked


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_hostile_names_and_recursion(types, minimal, check, version):
    """Whatever schemas are called and however they recur, the types are Python that mypy takes, strictly."""
    minimal["openapi"] = version
    minimal["info"]["title"] = 'a"""\n\\'
    check(types(**HOSTILE, Pet=PET))


@pytest.mark.parametrize("schemas", [{}, {"Name": STRING}, {"Pet": PET}, {"a": PET | {"required": []}}])
def test_only_what_is_needed_is_imported(types, check, schemas):
    """A linter finds no import that few types do not use, and none missing."""
    check(types(**schemas))


def test_too_deep(types):
    """What is nested too deep is an error that says so."""
    deep = STRING
    for _ in range(2000):
        deep = {"type": "array", "items": deep}
    with pytest.raises(ContractError, match="nested deeper"):
        types(Deep=deep)


def test_too_many(types, monkeypatch):
    """Objects that share what no component is are repeated, up to a limit."""
    monkeypatch.setattr("contract_first.contract.models.declarations.MOST_SCHEMAS", 1000)
    levels = {
        f"l{level}": {
            "type": "object",
            "properties": {key: {"$ref": f"#/components/schemas/S/properties/l{level + 1}"} for key in "ab"},
        }
        for level in range(30)
    }
    with pytest.raises(ContractError, match="#/components/schemas: holds more than 1000 schemas"):
        types(S={"type": "object", "properties": levels | {"l30": STRING}})


def test_types_behind_anchors_and_ids(types):
    """Schemas that are referred to by their names are named, not ``Any``."""
    source = types(
        Status={"$anchor": "status", "enum": ["a", "b"]},
        Pet={"$id": "urn:pet", **PET, "properties": {"name": STRING}},
        Shop={
            "type": "object",
            "required": ["status", "pet"],
            "properties": {"status": {"$ref": "#status"}, "pet": {"$ref": "urn:pet"}},
        },
    )
    assert "    status: 'Status'" in source
    assert "    pet: 'Pet'" in source
