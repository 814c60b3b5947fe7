"""Which function handles which operation."""

from __future__ import annotations

import pytest

from contract_first.contract import Contract
from contract_first.service import ResolverError, create_app
from contract_first.service.names import handler_name, handler_named


def operation(operation_id, path="/pets/{petId}"):
    """Return the operation of a contract that has one, with this operationId."""
    definition = {"responses": {}, **({"operationId": operation_id} if operation_id is not None else {})}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {path: {"get": definition}},
    }
    (found,) = Contract(document, "test").operations
    return found


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("get_pet", "get_pet"),
        ("listPets", "listPets"),
        ("list", "list"),
        ("find pet by id", "find_pet_by_id"),
        ("pets/list", "pets_list"),
        ("Pets.findByStatus", "pets_find_by_status"),
        ("2nd-try", "_2nd_try"),
        ("class", "class_"),
        ("_list", "list"),
        ("__2fa", "_2fa"),
        ("_class", "class_"),
        ("__", "get_pets__petId_"),
        ("найти", "найти"),
        ("🐶", "get_pets__petId_"),
        ("", "get_pets__petId_"),
        (None, "get_pets__petId_"),
    ],
)
def test_every_operation_has_a_name_that_python_takes(operation_id, name):
    """A Python name stays as it is; any other is spelled as arguments are, or is method and path."""
    assert handler_name(operation(operation_id)) == name
    assert name.isidentifier()


def test_a_handler_is_named_by_the_longest_tail():
    """``apps_x_list_things`` is ``list_things`` where there is one, not ``things``."""
    names = {"things", "list_things", "by_id"}
    assert handler_named(operation("apps_x_list_things"), names) == "list_things"
    assert handler_named(operation("apps_x_list_thing"), names) is None
    assert handler_named(operation("find pet by id"), names) == "by_id"
    assert handler_named(operation("find pet by id"), {*names, "find pet by id"}) == "find pet by id"


def test_a_function_keeps_the_name_that_connexion_imports():
    """What is behind the last full stop of an operationId, in any spelling."""
    assert handler_named(operation("shop.pets.getPet"), {"getPet", "pet"}) == "getPet"
    assert handler_named(operation("shop.pets.getPet"), {"getPet", "get_pet"}) == "get_pet"


@pytest.mark.parametrize(
    "operation_id", ["listPets", "list-pets", "list pets", "pets/list", "ListPets", "list_pets"]
)
def test_spellings_of_one_name(operation_id):
    """However a document spells it, a handler is called as Python spells it."""
    assert handler_named(operation(operation_id), {"list_pets", "pets", "list"}) == "list_pets"


def two(first, second):
    """Return a contract of two operations."""
    responses = {"responses": {"204": {"description": ""}}}
    methods = {"get": {"operationId": first, **responses}, "put": {"operationId": second, **responses}}
    return Contract(
        {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/": methods}}, "test"
    )


async def nothing():
    """Respond with nothing."""


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [("listPets", "list-pets", "list_pets"), ("pets_list", "dogs_list", "list")],
)
def test_a_handler_that_two_operations_would_share(first, second, name):
    """The start fails, and names both."""
    with pytest.raises(ResolverError) as failure:
        create_app(two(first, second), {name: nothing})
    assert all(repr(operation_id) in str(failure.value) for operation_id in (first, second, name))
    names = {first: nothing, second: nothing}
    create_app(two(first, second), names)


def test_a_handler_called_by_an_operation_id_is_of_that_operation():
    """Another operation that only ends so has none."""
    with pytest.raises(ResolverError, match=r"No handler for operationId 'shop\.pets\.getPet'"):
        create_app(two("shop.pets.getPet", "getPet"), {"getPet": nothing})
    create_app(two("shop.pets.getPet", "getPet"), {"getPet": nothing, "get_pet": nothing})
