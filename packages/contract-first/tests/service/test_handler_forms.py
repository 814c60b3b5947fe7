"""What a handler may be, what it takes and what it returns."""

from __future__ import annotations

import copy
import dataclasses
import runpy
from pathlib import Path
from typing import TypedDict

import msgspec
import pydantic
import pytest

from contract_first.service import ResolverError, Response

petstore = runpy.run_path(str(Path(__file__).with_name("petstore.py")))
HANDLERS, served, ask = petstore["HANDLERS"], petstore["served"], petstore["ask"]


@pytest.mark.parametrize(
    ("returned", "status"),
    [
        (({"name": "a"}, 202), 202),
        (Response({"name": "a"}, status=202, headers={"X-Own": "1"}), 202),
        ({"name": "a"}, 201),
    ],
)
def test_what_a_handler_returns(returned, status):
    """A value, a value and its status, or a Response."""

    async def create_pet(body):
        assert body == {"name": "b", "age": 1}
        return returned

    response = ask(
        served(handlers={**HANDLERS, "createPet": create_pet}), "POST", "/pets", json={"name": "b"}
    )
    assert (response.status_code, response.json()) == (status, {"name": "a"})


def test_a_response_has_headers_of_its_own():
    """A handler may add to those of a response that it made, and copy it."""
    first, second = Response(1), Response(1)
    first.headers["X-Own"] = "1"
    assert (copy.deepcopy(first), second.headers) == (first, {})


class StructPet(msgspec.Struct):
    """A pet."""

    name: str
    age: int = 0


@dataclasses.dataclass
class DataclassPet:
    """A pet."""

    name: str
    age: int


class ModelPet(pydantic.BaseModel):
    """A pet, not older than 99."""

    name: str
    age: int = pydantic.Field(lt=100)


class TypedPet(TypedDict):
    """A pet."""

    name: str


@pytest.mark.parametrize("kind", [StructPet, DataclassPet, ModelPet])
def test_a_body_of_the_annotated_type(kind):
    """A handler gets and may return what it is annotated with; what that refuses is a 422 with its place."""

    async def create_pet(body: kind) -> kind:
        assert isinstance(body, kind)
        return body

    create_pet.__annotations__ = {"body": kind}
    app = served(handlers={**HANDLERS, "createPet": create_pet})
    made = ask(app, "POST", "/pets", json={"name": "Rex", "age": 7})
    assert (made.status_code, made.json()) == (201, {"name": "Rex", "age": 7})


@pytest.mark.parametrize("annotation", [TypedPet, dict, "dict[str, object]", None])
def test_a_body_that_stays_a_json_value(annotation):
    """A TypedDict describes the value as it is."""

    async def create_pet(body):
        assert type(body) is dict
        return body

    create_pet.__annotations__ = {} if annotation is None else {"body": annotation}
    assert ask(
        served(handlers={**HANDLERS, "createPet": create_pet}), "POST", "/pets", json={"name": "a"}
    ).is_success


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [(ModelPet, "/age"), (msgspec.defstruct("Strict", [("name", str), ("age", str)]), "/age")],
)
def test_what_the_type_refuses(kind, pointer):
    """A body that conforms to the contract and not to the handler's type is a 422 that says where."""

    async def create_pet(body):
        return body

    create_pet.__annotations__ = {"body": kind}
    refused = ask(
        served(handlers={**HANDLERS, "createPet": create_pet}),
        "POST",
        "/pets",
        json={"name": "a", "age": 100},
    )
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]


async def _leaves_out():
    """Take nothing."""


async def _asks(max_age, database):
    """Ask for what is not there."""


def _by_position(max_age, /):
    """Take it by position."""


async def _impossible(max_age, body: StructPet | DataclassPet):
    """Ask for a body where there is none."""


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (5, "not a function; it is of type int"),
        (_leaves_out, "max_age"),
        (_asks, "database"),
        (_by_position, "max_age"),
        (_impossible, "body"),
    ],
)
def test_a_handler_that_does_not_fit_fails_the_start(handler, said):
    """One sentence names the operation and says what is wrong."""
    with pytest.raises(ResolverError, match="'list pets'") as failure:
        served(handlers={**HANDLERS, "list_pets": handler})
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_body_that_cannot_be_made_fails_the_start():
    """A union that msgspec cannot tell apart is found when the handler is bound."""

    async def create_pet(body):
        return body

    create_pet.__annotations__ = {"body": StructPet | DataclassPet}
    with pytest.raises(ResolverError, match="'createPet' cannot take 'body'"):
        served(handlers={**HANDLERS, "createPet": create_pet})


def test_a_default_need_not_be_given():
    """An argument with a default is for the handler's own use."""

    async def list_pets(max_age, page_size=5, *_ignored):
        return [{"name": str(page_size), "age": max_age or 0}]

    assert ask(served(handlers={**HANDLERS, "list_pets": list_pets}), "GET", "/pets").json()[0]["name"] == "5"


@pytest.mark.parametrize(("sent", "received"), [("null", None), ("", 5), ("7", 7)])
def test_a_null_is_sent(sent, received):
    """It is not replaced by the default of a body that is not sent."""
    bodies = []

    async def note(body=5):
        bodies.append(body)

    content = {"application/json": {"schema": {"type": ["integer", "null"]}}}
    responses = {"204": {"description": ""}}
    operation = {"operationId": "note", "requestBody": {"content": content}, "responses": responses}
    contract = {**petstore["PETSTORE"], "paths": {"/notes": {"post": operation}}}
    headers = {"content-type": "application/json"}
    app = served(contract, handlers={"note": note})
    assert ask(app, "POST", "/notes", content=sent, headers=headers).status_code == 204
    assert bodies == [received]


def test_callables_of_every_kind():
    """A method, an object that is called and what a plain function returns to await."""

    class Pets:
        async def list_pets(self, max_age):
            return [{"name": "method", "age": max_age or 0}]

        async def __call__(self, body):
            return body

    async def later(name):
        return {"name": name}

    def awaited_later(pet_id):
        return later(pet_id)

    handlers = {
        **HANDLERS,
        "list_pets": Pets().list_pets,
        "createPet": Pets(),
        "petId_": awaited_later,
    }

    app = served(handlers=handlers)
    assert ask(app, "GET", "/pets").json()[0]["name"] == "method"
    assert ask(app, "POST", "/pets", json={"name": "a"}).status_code == 201
    assert ask(app, "GET", "/pets/b").json() == {"name": "b"}
