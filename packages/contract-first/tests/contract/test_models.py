"""The types of a contract, of each kind, are Python that mypy takes, and say what the schemas say."""

import subprocess
import sys
import typing
from itertools import product
from pathlib import Path

import pytest

from contract_first.contract import ContractError
from contract_first.contract.contract import Contract
from contract_first.contract.models import KINDS, Models, differences, write_models

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
    module = {"__name__": "__main__"}  # a module that there is, as dataclasses look it up
    exec(compile(source, "types.py", "exec"), module)  # noqa: S102 -- to read them is the point
    return module


@pytest.mark.parametrize(
    ("schema", "alias"),
    [
        (STRING, "str"),
        ({"type": ["number", "null"]}, "float | None"),
        ({"enum": ["a", 1, True, None]}, 'Literal["a", 1, True] | None'),
        ({"const": "a"}, 'Literal["a"]'),
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
    assert '    status: "Status"' in source
    assert '    pet: "Pet"' in source


REF = "#/components/schemas/"
DISTINGUISHED = {
    "Cat": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"const": "cat"}, "list": {"type": "array"}},
    },
    "Dog": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}, "date": STRING}},
    "Pet": {"oneOf": [{"$ref": f"{REF}Cat"}, {"$ref": f"{REF}Dog"}]},
    "Bike": {"type": "object", "required": ["type"], "properties": {"type": STRING, "gears": INTEGER}},
    "Car": {"type": "object", "required": ["type"], "properties": {"type": STRING}},
    "Vehicle": {
        "oneOf": [{"$ref": f"{REF}Bike"}, {"$ref": f"{REF}Car"}],
        "discriminator": {"propertyName": "type", "mapping": {"two": f"{REF}Bike", "four": f"{REF}Car"}},
    },
    "Order": {
        "type": "object",
        "required": ["id", "pets", "note"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "made_at": {"type": "string", "format": "date-time"},
            "date": {"type": "string", "format": "date"},
            "birth": {"type": "string", "format": "date"},
            "warningDays": {"type": "integer", "default": 3},
            "pets": {"type": "array", "items": {"$ref": f"{REF}Pet"}},
            "vehicle": {"$ref": f"{REF}Vehicle"},
            "note": {"type": ["string", "null"]},
            "tags": {"type": "array", "items": STRING, "default": []},
            "labels": {"type": "object", "default": {}},
            "state": {"enum": ["new", "sold"], "default": "new"},
            "due": {"type": "string", "format": "date", "default": "2026-01-31"},
            "mixed": {"enum": ["a", 1, True, None]},
            "either": {"anyOf": [{"type": "string", "format": "date"}, STRING]},
            "objects": {"anyOf": [PET, {"type": "object", "properties": {"a": STRING}}]},
            "photo": {"type": "string", "format": "binary"},
            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
            "home": {"type": "object", "properties": {"street": STRING}},
            "model_name": STRING,
            "copy": STRING,
            "x-" + "long_" * 5: STRING,
        },
    },
    "Orders": {"type": "array", "items": {"$ref": f"{REF}Order"}},
    "Json": HOSTILE["Json"],
    "Many": {"anyOf": [{"$ref": f"{REF}Orders"}, {"$ref": f"{REF}Json"}]},
}
EXPECTED = {
    "msgspec": [
        'class Cat(Struct, kw_only=True, tag_field="kind", tag="cat"):\n    list_: "list[Any]',
        'class Bike(Struct, kw_only=True, tag_field="type", tag="two"):\n    gears: "int | UnsetType"',
        'warning_days: int = field(default=3, name="warningDays")',
        'objects: "dict[str, Any] | UnsetType" = UNSET',
        'either: "str | UnsetType" = UNSET',
        'photo: "Upload | UnsetType" = UNSET',
        'file: "Upload | UnsetType" = UNSET',
        "Pet: TypeAlias = Cat | Dog",
    ],
    "pydantic": [
        'Field(default=3, validation_alias="warningDays", serialization_alias="warningDays")',
        'either: "dt.date | str | None" = None',
        'state: \'Literal["new", "sold"]\' = "new"',
        'model_name_: "str | None" = Field(',
    ],
    "typeddict": ['"warningDays": NotRequired[int],'],
}


# members that are called like what declares them, or like a type
MEMBERS = {"field": STRING, "from": STRING, "Pet": PET_REF, "Other": PET_REF, "größe": STRING}
ALIKE = {
    "Pet": PET,
    "Error": {"type": "object", "required": ["field"], "properties": MEMBERS},
    "Named": {"type": "object", "properties": {"Pet": PET_REF, "Other": PET_REF}},
    "Tags": {
        "type": "object",
        "properties": {"field": STRING, "tags": {"type": "array", "items": STRING, "default": []}},
    },
}
SCHEMAS = {
    "distinguished": DISTINGUISHED,
    "hostile": {**HOSTILE, "Pet": PET},
    "alike": ALIKE,
    "nothing": {},
    "name": {"Name": STRING},
    "pet": {"Pet": PET},
    "optional": {"a": PET | {"required": []}},
}


def test_what_is_written_is_python(minimal, mypy_cache, tmp_path):
    """By any names of schemas, and by any recursion of them, mypy takes the types, and ruff the imports.

    The formatter changes nothing where names are short.
    """
    minimal["info"]["title"] = 'a"""b\n\\'
    for (name, schemas), kind in product(SCHEMAS.items(), KINDS):
        for version in ("3.0.3", "3.1.0"):
            document = minimal | {"openapi": version, "components": {"schemas": schemas}}
            source = write_models(Contract(document, "pets"), kind)
            declared(source)
            (tmp_path / f"{name}_{kind}_{version.replace('.', '_')}.py").write_text(source)
    settings = Path(__file__).parents[1] / "mypy.ini"
    for tool in (
        ["mypy", "--config-file", settings, "--cache-dir", mypy_cache, "."],
        ["ruff", "check", "--isolated", "--no-cache", "--select", "F,I", "."],
        ["ruff", "format", "--isolated", "--line-length", "110", "--diff", *tmp_path.glob("distinguished_*")],
    ):
        command = [sys.executable, "-m", *tool]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
        assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_models(minimal, kind):
    """Unions are distinguished, dates and defaults are Python's own."""
    minimal["components"] = {"schemas": DISTINGUISHED}
    source = write_models(Contract(minimal, "pets"), kind)
    for text in EXPECTED[kind]:
        assert text in source


def test_a_class_of_two_values_has_no_tag(minimal):
    """A discriminator may map several values to one schema; a Struct's tag is one value."""
    kinds = {name: {"type": "object", "required": ["kind"], "properties": {"kind": STRING}} for name in "AB"}
    mapping = {"a": f"{REF}A", "b": f"{REF}B", "c": f"{REF}B"}
    kinds["Either"] = {
        "oneOf": [{"$ref": f"{REF}{name}"} for name in "AB"],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    minimal["components"] = {"schemas": kinds}
    assert "tag" not in write_models(Contract(minimal, "pets"), "msgspec")


def test_what_goes_one_way(minimal):
    """What is readOnly is required of responses alone: a model may lack it, but for those read strictly."""
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "readOnly": True}},
    }
    minimal["components"] = {"schemas": {"Pet": schema}}
    assert 'id_: "str | None" = Field(' in write_models(Contract(minimal, "pets"), "pydantic")
    assert "id_: str = Field(" in write_models(Contract(minimal, "pets", strict=True), "pydantic")


def test_types_of_any_schema(minimal):
    """A schema that is no component has an annotation, and its objects classes in the module."""
    minimal["components"] = {"schemas": {"Pet": PET}}
    models = Models(Contract(minimal, "pets"), "msgspec")
    assert models.annotation({"type": "array", "items": PET_REF}, "Pets") == "list[Pet]"
    assert models.annotation({"type": "object", "properties": {"a": STRING}}, "CreateBody") == "CreateBody"
    assert "class CreateBody(Struct" in models.module()


def test_differences(minimal):
    """What differs is named; layout, order, quotes, methods and classes of one's own are no difference."""
    minimal["components"] = {"schemas": DISTINGUISHED}
    source = write_models(Contract(minimal, "pets"), "msgspec")
    own = "class Own:\n    x: int = 1\n"
    same = source.replace('"str | UnsetType" = UNSET', "UnsetType | str = UNSET").replace(
        "Cat | Dog", "Dog | Cat"
    )
    assert list(differences(source, own + same)) == []
    other = (
        source.replace('gears: "int |', 'gears: "str |')
        .replace("class Car(", "class Lorry(")
        .replace("    made_at:", "    made:")
        .replace('tag="two"', 'tag="2"')
    )
    assert list(differences(source, other)) == [
        "Bike tag: expected 'two', got '2'",
        "Bike.gears: expected UnsetType | int = UNSET, got UnsetType | str = UNSET",
        "Car: is in the contract alone",
        "Order.made_at: is in the contract alone",
        "Order.made: is not in the contract",
    ]
    as_dicts = write_models(Contract(minimal, "pets"))
    assert list(differences(as_dicts, as_dicts.replace("lower", "upper"))) == []
