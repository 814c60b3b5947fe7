"""Violations of ``oneOf`` and ``anyOf``: those of the alternative that the value was meant for."""

from __future__ import annotations

from copy import deepcopy

import pytest

from contract_first.contract import Contract
from contract_first.contract.document.parsing import containers_of


def kind(schema, **members):
    """Return the schema of an object of a kind."""
    return {"type": "object", "required": ["kind", *members], "properties": {"kind": schema, **members}}


CAT = kind({"const": "cat"}, size={"type": "integer"})
DOG = kind({"type": "string", "enum": ["dog", "hound"]}, color={"enum": ["brown"]})
UNTOLD = kind({"type": "string"}, size={"type": "integer"})
REFERENCES = [{"$ref": f"#/components/schemas/{name}"} for name in ("Cat", "Dog", "Bird")]
CONSTANT = {"oneOf": [CAT, DOG]}
MAPPED = {
    "oneOf": REFERENCES,
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "d": "Dog"}},
}


def violations(schema, value, openapi="3.1.0"):
    """Return the violations of a value, as path and detail."""
    schemas = {
        "Cat": CAT,
        "Dog": DOG,
        "Bird": UNTOLD,
        "Pet": schema,
        "Pets": {"items": {"$ref": "#/components/schemas/Pet"}},
    }
    if openapi == "3.0.3":
        schemas = {**schemas, "Cat": kind({"enum": ["cat"]}, size={"type": "integer"})}
    contract = Contract({"openapi": openapi, "components": {"schemas": schemas}}, "pets.yaml")
    schema = contract.schemas.named("Pets" if isinstance(value, list) else "Pet")
    return [(wrong.name, wrong.detail) for wrong in schema.violations(value, "body", "", "")]


SIZE, KIND = '"size" is a required property', "is none of "
VIOLATIONS = [
    (CONSTANT, {"kind": "cat"}, [("", SIZE)]),
    (CONSTANT, {"kind": "cow"}, [("/kind", KIND + "cat, dog, hound")]),
    (CONSTANT, [{"kind": "cow"}], [("/0/kind", KIND + "cat, dog, hound")]),
    ({"anyOf": [CAT, DOG, {"type": "string"}]}, {"kind": "cat"}, [("", SIZE)]),
    (MAPPED, {"kind": "cat"}, [("", SIZE)]),
    (MAPPED, {"kind": "Bird"}, [("", SIZE)]),
    (MAPPED, {"kind": "cow"}, [("/kind", KIND + "cat, d, Bird")]),
    (MAPPED, [{}], [("/0/kind", "is missing; expected one of cat, d, Bird")]),
]


@pytest.mark.parametrize(("schema", "value", "expected"), VIOLATIONS)
def test_the_violations_are_those_of_the_alternative_that_was_meant(schema, value, expected):
    """A constant or the discriminator says which it is; a name that is none is the violation."""
    assert violations(schema, value) == expected


@pytest.mark.parametrize("value", [{"kind": "cat"}, {"kind": "cow"}])
def test_discriminators_of_openapi_3_0(value):
    """The dialect of 3.0 has the same."""
    assert violations(MAPPED, value, "3.0.3") == violations(MAPPED, value)


@pytest.mark.parametrize("value", [{}, {"kind": 5}, 5])
def test_a_value_that_was_meant_for_none_violates_the_alternatives(value):
    """Nothing tells which of them it was meant for."""
    schema = {"oneOf": [UNTOLD, kind({"type": "string"}, color={"type": "string"})]}
    (violation,) = violations(schema, value)
    assert violation == ("", "value is not valid under any of the schemas listed in the 'oneOf' keyword")


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_a_discriminator_chooses_where_nothing_else_does(openapi):
    """A value is of the alternative that it names alone; one that names none is of none."""
    pets = {
        "Plain": UNTOLD,
        "Sized": {"allOf": [kind({"type": "string"}, age={"type": "integer"})]},
        "Pet": {
            "oneOf": [{"$ref": "#/components/schemas/Plain"}, {"$ref": "#/components/schemas/Sized"}],
            "discriminator": {"propertyName": "kind", "mapping": {"s": "Sized"}},
        },
    }
    pet = Contract({"openapi": openapi, "components": {"schemas": pets}}, "pets.yaml").schemas.named("Pet")
    for value in (
        {"kind": "Plain", "size": 1},
        {"kind": "s", "age": 1, "size": 1},
        {"kind": "Sized", "age": 1},
    ):
        assert not list(pet.violations(value, "body", "", ""))
    for value, expected in (
        ({"kind": "Plain", "age": 1}, ("", SIZE)),
        ({"kind": "cow", "age": 1}, ("/kind", KIND + "s, Plain")),
        ({"age": 1}, ("/kind", "is missing; expected one of s, Plain")),
    ):
        assert [(wrong.name, wrong.detail) for wrong in pet.violations(value, "body", "", "")] == [expected]


@pytest.mark.parametrize(
    "pet",
    [
        {**UNTOLD, "discriminator": {"propertyName": "kind"}},
        {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Bird"}],
            "discriminator": {"propertyName": "kind"},
        },
        {**MAPPED, "oneOf": REFERENCES[2:]},
        {
            **MAPPED,
            "oneOf": REFERENCES[2:],
            "discriminator": {"propertyName": "kind", "defaultMapping": "Bird"},
        },
    ],
)
def test_a_discriminator_that_may_name_others_chooses_nothing(pet):
    """A base, values that a schema lists, a mapping to others and a default leave all as the schemas say."""
    schemas = {"Cat": CAT, "Dog": DOG, "Bird": UNTOLD, "Pet": pet}
    contract = Contract({"openapi": "3.2.0", "components": {"schemas": schemas}}, "pets.yaml")
    assert not list(contract.schemas.named("Pet").violations({"kind": "parrot", "size": 1}, "body", "", ""))


@pytest.mark.parametrize("mapping", [5, {"cat": 5}])
def test_a_mapping_that_is_none_leads_nowhere(mapping):
    """The meta-schema of OpenAPI 3.1 allows any; a value has the name of its alternative."""
    schema = {"oneOf": REFERENCES[2:], "discriminator": {"propertyName": "kind", "mapping": mapping}}
    assert violations(schema, {"kind": "Bird", "size": 1}) == []
    assert violations(schema, {"kind": "cat", "size": 1}) == [("/kind", KIND + "Bird")]


def chosen_of(openapi, *alternatives, mapping=None):
    """Return the schema that a discriminator, ``kind``, chooses from: A, B and so on."""
    schemas = dict(zip("AB", alternatives, strict=True))
    discriminator = {"propertyName": "kind", "mapping": mapping or {}}
    references = [{"$ref": f"#/components/schemas/{name}"} for name in schemas]
    schemas["Pet"] = {"oneOf": references, "discriminator": discriminator}
    return Contract({"openapi": openapi, "components": {"schemas": schemas}}, "").schemas.for_requests.named(
        "Pet"
    )


def accepts(schema, value):
    """Tell whether a value has no violation."""
    return not list(schema.violations(value, "body", "", ""))


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "pattern": "^cat$"}, {"kind": "cat"}),
        ({"type": "string", "maxLength": 0}, {"kind": ""}),
        ({"type": "string", "format": "date"}, {"kind": "2026-04-09"}),
        ({"not": {"enum": ["A"]}}, {"kind": "cat"}),
        ({"type": "integer"}, {"kind": 1}),
    ],
)
def test_a_discriminator_whose_values_a_schema_limits_chooses_nothing(openapi, schema, value):
    """What names an alternative would conform to none, and the schemas distinguish them."""
    pet = chosen_of(openapi, kind(schema, a={"type": "integer"}), kind(schema, b={"type": "integer"}))
    assert accepts(pet, {**value, "a": 1})
    assert not accepts(pet, value)


@pytest.mark.parametrize(
    "others",
    [{"properties": {"kind": {"type": "string", "readOnly": True}}}, {"additionalProperties": False}],
)
def test_a_discriminator_that_is_not_sent_chooses_nothing(others):
    """A property that is read-only, or that a closed schema lacks, is not expected of requests."""
    alternatives = [
        {
            "type": "object",
            "required": [name],
            **others,
            "properties": {name: {}, **others.get("properties", {})},
        }
        for name in "ab"
    ]
    assert accepts(chosen_of("3.0.3", *alternatives), {"a": 1})


def test_a_mapping_may_give_the_name_of_a_component_to_another():
    """The mapping decides; a name that it does not have is that of the component."""
    text = {"type": "string"}
    alternatives = kind(text, a={}), kind(text, b={})
    swapped = chosen_of("3.1.0", *alternatives, mapping={"A": "B", "B": "A"})
    assert accepts(swapped, {"kind": "A", "b": 1})
    assert not accepts(swapped, {"kind": "A", "a": 1})
    shared = chosen_of("3.1.0", *alternatives, mapping={"A": "B"})
    assert accepts(shared, {"kind": "B", "b": 1})
    assert not accepts(shared, {"kind": "A", "a": 1})


@pytest.mark.parametrize(
    ("openapi", "nullable"), [("3.0.3", {"nullable": True}), ("3.1.0", {"type": ["object", "null"]})]
)
def test_an_alternative_may_be_null(openapi, nullable):
    """Null has no discriminator; it is of the alternative that allows it."""
    text = {"type": "string"}
    assert accepts(chosen_of(openapi, {**kind(text, a={}), **nullable}, kind(text, b={})), None)
    assert not accepts(chosen_of(openapi, kind(text, a={}), kind(text, b={})), None)


def test_many_names_are_not_all_listed():
    """A violation stays short."""
    schema = {"oneOf": [kind({"const": f"k{number}"}, size={}) for number in range(99)]}
    ((_, detail),) = violations(schema, {"kind": "x", "size": 1})
    assert detail.endswith("k19 ...")


FAMILY = {
    "Pet": {
        **kind({"type": "string"}),
        "properties": {"kind": {"type": "string"}, "friend": {"$ref": "#/components/schemas/Pet"}},
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat"}},
    },
    "Cat": {
        "allOf": [
            {"$ref": "#/components/schemas/Pet"},
            {"type": "object", **kind({}, size={"type": "integer"})},
        ]
    },
    "Lion": {"allOf": [{"$ref": "#/components/schemas/Cat"}, {"required": ["mane"]}]},
    "Fish": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"required": ["color"]}]},
    "Pets": {"items": {"$ref": "#/components/schemas/Pet"}},
    "Home": {
        "properties": {
            "pet": {"allOf": [{"$ref": "#/components/schemas/Pet"}], "description": "Who lives there."}
        }
    },
}
AZURE = {"x-ms-discriminator-value": "fish"}
CHAINED = {"allOf": [{}, {"discriminator": {"propertyName": "kind"}}]}
MANE, COLOR = '"mane" is a required property', '"color" is a required property'


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Pet", {"kind": "cat", "size": 1}, []),
        ("Pet", {"kind": "cat"}, [("", SIZE)]),
        ("Pet", {"kind": "Cat"}, [("", SIZE)]),
        ("Pet", {"kind": "Lion"}, [("", SIZE), ("", MANE)]),
        ("Pet", {"kind": "Pet"}, []),
        ("Pet", {"kind": "Fish", "color": 1, "friend": {"kind": "cat"}}, [("/friend", SIZE)]),
        ("Pets", [{"kind": "Fish"}], [("/0", COLOR)]),
        ("Home", {"pet": {"kind": "Fish"}}, [("/pet", COLOR)]),
        ("Cat", {"kind": "Lion", "size": 1}, [("", MANE)]),
        ("Cat", {"kind": "cat", "size": 1}, []),
        (
            "Pet",
            {"friend": {}},
            [("", '"kind" is a required property'), ("/friend", '"kind" is a required property')],
        ),
    ],
)
def test_a_discriminator_chooses_among_those_that_inherit(openapi, name, value, expected):
    """A value of the base is one of the schema that it names, wherever it stands."""
    schema = Contract({"openapi": openapi, "components": {"schemas": FAMILY}}, "pets.yaml").schemas.named(
        name
    )
    assert {(wrong.name, wrong.detail) for wrong in schema.violations(value, "body", "", "")} == {*expected}


def test_a_name_that_is_nobodys():
    """It is refused, unless the base or one that inherits lists the names itself."""
    listed = {"allOf": [{"$ref": "#/components/schemas/Pet"}, kind({"enum": ["fish"]})]}
    for family, rules in ((FAMILY, ["enum"]), ({**FAMILY, "Fish": listed}, [])):
        contract = Contract({"openapi": "3.0.3", "components": {"schemas": family}}, "pets.yaml")
        wrong = contract.schemas.named("Pet").violations({"kind": "fish"}, "body", "", "")
        assert [violation.rule for violation in wrong] == rules


def test_bases_of_one_text_have_heirs_of_their_own():
    """Each value is one of the heirs of the base that it is declared to be of."""
    family = {
        **FAMILY,
        "Person": deepcopy(FAMILY["Pet"]),
        "Keeper": {"allOf": [{"$ref": "#/components/schemas/Person"}, {"required": ["shift"]}]},
    }
    schemas = Contract({"openapi": "3.0.3", "components": {"schemas": family}}, "pets.yaml").schemas
    fish, keeper = {"kind": "Fish", "color": 1}, {"kind": "Keeper", "shift": 1}
    for name, values in (("Pet", (fish, keeper)), ("Person", (keeper, fish))):
        assert [schemas.named(name).validator.is_valid(value) for value in values] == [True, False]
        assert [schemas.accepts(schemas.named(name).node, value) for value in values] == [True, False]


def test_heirs_that_are_too_many_are_not_chosen():
    """A base whose heirs lead to more than a bundle may hold is validated by itself."""
    part = {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"required": ["color"]}]}
    heirs = {f"Heir{number}": part for number in range(2000)}
    family = {"Pet": FAMILY["Pet"], **heirs}
    contract = Contract({"openapi": "3.0.3", "components": {"schemas": family}}, "pets.yaml")
    assert contract.schemas.named("Pet").validator.is_valid({"kind": "Heir1"})


def reference(name):
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def heir(base, *required, **others):
    """Return a component that inherits from a base, and requires members."""
    return {"allOf": [reference(base), {"required": [*required]}], **others}


def contract_of(openapi="3.1.0", **family):
    """Return a contract of a base with a discriminator, ``kind``, and of its heirs."""
    base = {**kind({"type": "string"}), "discriminator": {"propertyName": "kind"}}
    return Contract({"openapi": openapi, "components": {"schemas": {"Pet": base, **family}}}, "pets.yaml")


def test_the_places_of_a_base_share_the_conditions_of_its_heirs():
    """A bundle has a part more for each place and each heir, not for each heir at each place."""
    heirs = {f"Heir{number}": heir("Pet", "color") for number in range(200)}
    root = {"properties": {f"pet{number}": reference("Pet") for number in range(200)}}
    contract = contract_of(**heirs, Root=root)
    schemas = contract.schemas
    assert containers_of(schemas.bundler.bundle(schemas.named("Root").node)) < 200 * 20
    assert not accepts(schemas.named("Root"), {"pet199": {"kind": "Heir199"}})
    assert not accepts(schemas.named("Root"), {"pet199": {"kind": "Heir200", "color": 1}})


@pytest.mark.parametrize("own", [{"properties": {"kind": {"const": "fish"}}}, AZURE, {"enum": ["fish"]}])
def test_an_heir_may_say_itself_what_names_it(own):
    """A constant, an enumeration of one and Azure's keyword are values of the discriminator."""
    if "enum" in own:
        own = {"properties": {"kind": own}}
    schemas = contract_of(Fish=heir("Pet", "color", **own)).schemas
    pet = schemas.named("Pet")
    assert accepts(pet, {"kind": "fish", "color": 1})
    assert [wrong.detail for wrong in pet.violations({"kind": "fish"}, "body", "", "")] == [COLOR]
    (chosen,) = schemas.heirs.of(pet.node)
    assert chosen["properties"] == {"kind": {"enum": ["fish"]}}


def test_a_value_of_several_heirs_names_none():
    """Of heirs with the same constant none is chosen; each still has its own name."""
    pet = contract_of(Fish=heir("Pet", "color", **AZURE), Shark=heir("Pet", "size", **AZURE)).schemas.named(
        "Pet"
    )
    assert accepts(pet, {"kind": "fish"})
    assert not accepts(pet, {"kind": "Shark"})


@pytest.mark.parametrize(
    ("openapi", "nullable"),
    [("3.0.3", {"type": "string", "nullable": True}), ("3.1.0", {"type": ["string", "null"]})],
)
def test_the_discriminator_may_be_null(openapi, nullable):
    """Only texts are names; whether it may be null, the schema says."""
    base = {**kind(nullable), "discriminator": {"propertyName": "kind"}}
    pet = contract_of(openapi, Pet=base, Fish=heir("Pet", "color")).schemas.named("Pet")
    assert accepts(pet, {"kind": None})
    assert not accepts(pet, {"kind": "cow"})
    strict = contract_of(openapi, Fish=heir("Pet", "color")).schemas.named("Pet")
    assert len(list(strict.violations({"kind": None}, "body", "", ""))) == 1


def test_the_default_mapping_has_the_names_that_are_nobodys():
    """OpenAPI 3.2: what names no schema, or has no name, is of the default."""
    base = {
        "properties": {"kind": {"type": "string"}},
        "discriminator": {"propertyName": "kind", "defaultMapping": "Fish"},
    }
    pet = contract_of("3.2.0", Pet=base, Fish=heir("Pet", "color"), Cat=heir("Pet")).schemas.named("Pet")
    for value in ({"kind": "cow", "color": 1}, {"color": 1}, {"kind": "Cat"}, {"kind": "Pet"}, "cow"):
        assert accepts(pet, value)
    for value in ({"kind": "cow"}, {}):
        assert [wrong.detail for wrong in pet.violations(value, "body", "", "")] == [COLOR]


@pytest.mark.parametrize(("name", "values"), [("Pet", {"Dog", "Pet", "Hound"}), ("Dog", {"Dog", "Hound"})])
def test_heirs_have_discriminators_of_their_own(name, values):
    """They choose among the heirs of these, wherever the first base is asked for."""
    breed = {"properties": {"breed": {"type": "string"}}, "discriminator": {"propertyName": "breed"}}
    dog = {"allOf": [reference("Pet"), breed]}
    schema = contract_of(Dog=dog, Hound=heir("Dog", "nose")).schemas.named(name)
    assert accepts(schema, {"kind": "Dog", "breed": "Dog"})
    assert accepts(schema, {"kind": "Dog", "breed": "Hound", "nose": 1})
    for value in ({"breed": "Hound"}, {"breed": "Pet"}, {"breed": "cow"}):
        assert not accepts(schema, {"kind": "Dog", **value})
    (wrong,) = schema.violations({"kind": "cow"}, "body", "", "")
    assert all(value in wrong.detail for value in values)
    assert wrong.pointer == "/components/schemas/Pet/discriminator"


def test_a_chain_of_many_discriminators_chooses_none():
    """Each of so many components and discriminators would choose among all below it."""
    chain = {f"C{number + 1}": deepcopy(CHAINED) for number in range(60)}
    for number, component in enumerate(chain.values()):
        component["allOf"][0] = reference(f"C{number}")
    base = {"properties": {"kind": {"type": "string"}}, "discriminator": {"propertyName": "kind"}}
    schemas = contract_of(C0=base, **chain).schemas
    assert not accepts(schemas.named("C40"), {"kind": "cow"})
    assert accepts(schemas.named("C55"), {"kind": "cow"})
