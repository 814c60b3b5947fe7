"""Handlers take and return models of every kind, which are written from the contract."""

import dataclasses
import datetime as dt
import enum
import sys
import types
import uuid
from typing import Annotated, Any, Literal, TypedDict

import attrs
import msgspec
import pydantic
import pytest

from contract_first import Upload
from contract_first.contract import Contract
from contract_first.contract.models import KINDS, write_models
from contract_first.service import ResolverError

KIND = {"cat": {"const": "cat"}, "dog": {"const": "dog"}}
PETS = {
    "Cat": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": KIND["cat"], "lives": {"type": "integer", "default": 9}},
    },
    "Dog": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": KIND["dog"], "born": {"type": "string", "format": "date"}},
    },
    "Pet": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]},
    "Order": {
        "type": "object",
        "required": ["id", "made_at", "pets"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "made_at": {"type": "string", "format": "date-time"},
            "pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
            "note": {"type": "string"},
            "parent": {"$ref": "#/components/schemas/Order"},
            "status": {"enum": ["new", "sold"], "default": "new"},
        },
    },
}
ORDER_REF = {"$ref": "#/components/schemas/Order"}
ORDER = {
    "id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "made_at": "2026-04-09T10:00:00Z",
    "pets": [{"kind": "cat", "lives": 9}, {"kind": "dog", "born": "2020-01-31"}],
    "parent": {
        "id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf7",
        "made_at": "2026-04-08T10:00:00Z",
        "pets": [],
        "status": "new",
    },
    "status": "sold",
}


@pytest.fixture
def models(monkeypatch):
    """Import the models of a kind as a module."""

    def imported(kind, schemas):
        document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}
        source = write_models(Contract({**document, "components": {"schemas": schemas}}, "t"), kind)
        module = types.ModuleType(f"models_{kind}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(source, "models.py", "exec"), vars(module))  # noqa: S102 -- to import them is the point
        return module

    return imported


@pytest.fixture
def taking_orders(serve):
    """Bind an operation that takes and returns orders to a handler."""

    def bound(handler, schema=ORDER_REF, media_type="application/json", **options):
        content = {media_type: {"schema": schema}}
        operation = {
            "operationId": "order",
            "requestBody": {"required": True, "content": content},
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}},
        }
        components = {"schemas": PETS}
        return serve({"/": {"post": operation}}, {"order": handler}, components=components, **options)

    return bound


def annotated(annotation, seen=None):
    """Return a handler that returns its body, annotated so."""

    async def order(body):
        if seen is not None:
            seen.append(body)
        return body

    order.__annotations__ = {"body": annotation}
    return order


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_written_models(models, taking_orders, kind):
    """What is written from a contract is what its handlers take, and may return unchanged."""
    seen = []
    module = models(kind, PETS)
    response = taking_orders(annotated(module.Order, seen)).post("/", ORDER)
    assert (response.status, response.json) == (200, ORDER), response.body
    (order,) = seen
    if kind == "typeddict":
        assert order == ORDER
        return
    assert isinstance(order, module.Order)
    assert getattr(order, "id_" if hasattr(order, "id_") else "id") == uuid.UUID(ORDER["id"])
    assert order.made_at == dt.datetime(2026, 4, 9, 10, tzinfo=dt.UTC)
    assert [type(pet).__name__ for pet in order.pets] == ["Cat", "Dog"]
    assert order.pets[1].born == dt.date(2020, 1, 31)


class Status(enum.Enum):
    """Whether it is there."""

    NEW = "new"
    SOLD = "sold"


@attrs.define
class AttrsOrder:
    """An order of which some members are of interest."""

    id: uuid.UUID
    status: Status
    pets: list[Any]


class TypedOrder(TypedDict):
    """The same as a TypedDict, of values that are made."""

    id: uuid.UUID
    status: Status
    pets: list[Any]


@dataclasses.dataclass
class DataOrder:
    """The same as a dataclass."""

    id: uuid.UUID
    status: Status
    pets: list[Any]


@pytest.mark.parametrize("annotation", [AttrsOrder, DataOrder, TypedOrder, TypedOrder | None])
def test_models_of_ones_own(taking_orders, annotation):
    """Enums, dates and UUIDs are made in attrs' classes, dataclasses and TypedDicts of one's own."""
    seen = []

    async def order(body):
        seen.append(body)
        return ORDER

    order.__annotations__ = {"body": annotation}
    assert taking_orders(order).post("/", ORDER).status == 200
    members = seen[0] if isinstance(seen[0], dict) else {"status": seen[0].status, "id": seen[0].id}
    assert (members["status"], members["id"]) == (Status.SOLD, uuid.UUID(ORDER["id"]))


class StructFilters(msgspec.Struct, rename="camel"):
    """Parameters of a query."""

    born_since: dt.date
    limit: int = 5


@dataclasses.dataclass
class DataFilters:
    """Parameters of a query."""

    born_since: dt.date
    limit: int = 5


@attrs.define
class AttrsFilters:
    """Parameters of a query."""

    born_since: dt.date
    limit: int = 5


class ModelFilters(pydantic.BaseModel):
    """Parameters of a query."""

    born_since: dt.date = pydantic.Field(alias="bornSince")
    limit: int = 5


class DictFilters(TypedDict):
    """Parameters of a query."""

    born_since: dt.date
    limit: int


@pytest.fixture
def filtering(serve):
    """Bind an operation with three parameters in its query, and one in its path, to a handler."""

    def bound(handler):
        parameters = [
            {"in": "path", "name": "kind", "required": True, "schema": {"type": "string"}},
            {"in": "query", "name": "bornSince", "schema": {"type": "string"}},
            {"in": "query", "name": "limit", "schema": {"type": "integer"}},
            {"in": "query", "name": "sort", "schema": {"type": "string"}},
        ]
        operation = {
            "operationId": "pets",
            "parameters": parameters,
            "responses": {"204": {"description": ""}},
        }
        return serve({"/{kind}": {"get": operation}}, {"pets": handler})

    return bound


@pytest.mark.parametrize("kind", [StructFilters, DataFilters, AttrsFilters, ModelFilters, DictFilters])
def test_parameters_of_the_query_as_one_object(filtering, kind):
    """``query`` has those that its class has; one that cannot be made is a 422 that names it."""
    seen = {}

    async def pets(kind, query, sort):
        seen.update(kind=kind, query=query, sort=sort)

    pets.__annotations__ = {"query": kind}
    app = filtering(pets)
    assert app.get("/cat?bornSince=2026-01-31&limit=7&sort=name").status == 204
    born = "bornSince" if kind is ModelFilters else "born_since"
    assert seen == {"kind": "cat", "query": kind(**{born: dt.date(2026, 1, 31)}, limit=7), "sort": "name"}
    assert app.get("/cat?bornSince=x&limit=1").errors[0][:2] == ("query", "bornSince")
    if kind is not DictFilters:
        assert app.get("/cat?bornSince=2026-01-31").status == 204
        assert seen["query"].limit == 5


def test_an_object_lacks_no_parameter_of_the_query(filtering):
    """One that neither the handler nor the class has fails the start."""

    async def pets(kind, query): ...

    pets.__annotations__ = {"query": DataFilters}
    with pytest.raises(ResolverError, match="lacks 'sort'"):
        filtering(pets)


def test_parameters(serve):
    """Parameters are what they are annotated with; one that cannot be made is a 422 that names it."""
    seen = {}

    class Range(msgspec.Struct):
        at_least: int
        at_most: int = 9

    async def listed(since, ids, between, status):
        seen.update(since=since, ids=ids, between=between, status=status)

    listed.__annotations__ = {
        "since": dt.date,
        "ids": set[uuid.UUID],
        "between": Range | None,
        "status": Literal["new"] | None,
    }
    object_schema = {"type": "object", "properties": {"at_least": {"type": "integer"}}}
    parameters = [
        {"in": "query", "name": "since", "required": True, "schema": {"type": "string"}},
        {"in": "query", "name": "ids", "schema": {"type": "array", "items": {"type": "string"}}},
        {"in": "query", "name": "between", "style": "deepObject", "schema": object_schema},
        {"in": "query", "name": "status", "schema": {"type": "string"}},
    ]
    operation = {"operationId": "listed", "parameters": parameters, "responses": {"204": {"description": ""}}}
    app = serve({"/": {"get": operation}}, {"listed": listed})
    number = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    response = app.get(f"/?since=2026-01-31&ids={number}&between[at_least]=3")
    assert response.status == 204, response.body
    assert seen == {
        "since": dt.date(2026, 1, 31),
        "ids": {uuid.UUID(number)},
        "between": Range(3, 9),
        "status": None,
    }
    refused = app.get("/?since=tomorrow")
    assert refused.status == 422
    assert [(error["in"], error["name"]) for error in refused.json["errors"]] == [("query", "since")]
    refused = app.get("/?since=2026-01-31&ids=a")
    assert [error["name"] for error in refused.json["errors"]] == ["ids/0"]


@pytest.mark.parametrize("kind", ["msgspec", "pydantic"])
def test_a_form_with_a_file(models, taking_orders, kind):
    """A form is a model too, and its file an Upload with name, media type, size and content."""
    schema = {
        "type": "object",
        "required": ["photo"],
        "properties": {
            "photo": {"type": "string", "format": "binary"},
            "taken": {"type": "string", "format": "date"},
        },
    }
    seen = []

    async def order(body):
        photo = body.photo
        content = b"".join([chunk async for chunk in photo.chunks(2)])
        seen.append((type(photo), photo.name, photo.media_type, photo.size, content, body.taken))
        return {"photo": ""}

    order.__annotations__ = {"body": models(kind, {"Photo": schema}).Photo}
    body = (
        b'--x\r\nContent-Disposition: form-data; name="photo"; filename="../a/pet.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n12345\r\n"
        b'--x\r\nContent-Disposition: form-data; name="taken"\r\n\r\n2026-01-31\r\n--x--\r\n'
    )
    app = taking_orders(order, schema, "multipart/form-data")
    response = app.post("/", body, "multipart/form-data; boundary=x")
    assert response.status == 200, response.body
    assert seen == [(Upload, "pet.jpg", "image/jpeg", 5, b"12345", dt.date(2026, 1, 31))]


async def test_an_upload_is_saved(tmp_path):
    """It is written to a path that is not there yet."""
    from io import BytesIO  # noqa: PLC0415 -- of this test alone

    upload = Upload(BytesIO(b"abc"), size=3, filename="a")
    await upload.read()
    await upload.save(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"abc"
    with pytest.raises(FileExistsError):
        await upload.save(tmp_path / "a")


@dataclasses.dataclass
class Cat:
    """A cat."""

    kind: Literal["cat"]
    lives: int


@dataclasses.dataclass
class Dog:
    """A dog."""

    kind: Literal["dog"]
    born: dt.date


@dataclasses.dataclass
class Nameless:
    """Of no kind."""

    born: dt.date


@dataclasses.dataclass
class Kennel:
    """Pets, and a kennel in it."""

    pets: "dict[str, Cat | Dog | None]"
    inner: "Kennel | None" = None


def test_unions_of_dataclasses(taking_orders):
    """The value of a literal chooses the class, however deep; what is wrong in it is said with its place."""
    seen = []

    async def order(body):
        seen.append(body)
        return body

    order.__annotations__ = {"body": Kennel}
    app = taking_orders(order, {"type": "object"})
    kennel = {"pets": {"a": {"kind": "cat", "lives": 1}, "b": None}, "inner": {"pets": {}, "inner": None}}
    assert app.post("/", kennel).json == kennel
    assert seen == [Kennel({"a": Cat("cat", 1), "b": None}, Kennel({}))]
    for pet, pointer in [
        ({"kind": "dog", "born": "never"}, "/inner/pets/c/born"),
        ({"kind": "bird"}, "/inner/pets/c/kind"),
        ({"kind": "cat"}, "/inner/pets/c"),
        (5, "/inner/pets/c"),
    ]:
        refused = app.post("/", {"pets": {}, "inner": {"pets": {"c": pet}}})
        assert refused.status == 422
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer], refused.body


class Custom:
    """What no JSON is."""


class NeedsCustom(msgspec.Struct):
    """What has one."""

    custom: Custom


class Model(pydantic.BaseModel, arbitrary_types_allowed=False):
    """A model of pydantic's."""

    name: str


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (Custom, "Custom is no class that can be made of JSON"),
        (NeedsCustom, "Custom is no class that can be made of JSON"),
        (list[Cat | Nameless], "more than one dataclass"),
        (Model | Custom, "Unable to generate pydantic-core schema"),
    ],
)
def test_what_cannot_be_made_fails_the_start(taking_orders, annotation, reason):
    """One sentence names the operation, the argument and why."""
    with pytest.raises(
        ResolverError, match=r"handler of 'order' cannot take 'body' as it is annotated"
    ) as error:
        taking_orders(annotated(annotation))
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pydantic.dataclasses.dataclass
class Checked:
    """A dataclass of pydantic's, with a check of its own."""

    id: uuid.UUID
    made_at: pydantic.AwareDatetime

    @pydantic.field_validator("made_at")
    @classmethod
    def in_the_past(cls, made_at):
        """Refuse the future."""
        if made_at.year > 2026:
            raise ValueError("is not in the past")
        return made_at


def test_what_else_pydantic_makes(taking_orders):
    """Its dataclasses and types are made by it, and what they refuse is a 422 that says where."""
    seen = []

    async def order(body):
        seen.append(body)
        return ORDER

    order.__annotations__ = {"body": Checked}
    app = taking_orders(order)
    assert app.post("/", ORDER).status == 200
    assert isinstance(seen[0], Checked)
    refused = app.post("/", ORDER | {"made_at": "2027-01-01T00:00:00Z"})
    assert [error["pointer"] for error in refused.json["errors"]] == ["/made_at"]


@pytest.mark.parametrize("annotation", [Annotated[dict[str, Any], "said"], object, "dict[str, Any]"])
def test_what_needs_no_conversion(taking_orders, annotation):
    """Annotations of JSON values leave a body as it is."""
    seen = []
    assert taking_orders(annotated(annotation, seen)).post("/", ORDER).status == 200
    assert seen[0]["id"] == ORDER["id"]


@pytest.mark.parametrize("annotation", ["list[Missing]", "dataclasses.Missing", "list[", "body:"])
def test_what_type_checkers_alone_know_fails_the_start(taking_orders, annotation):
    """A handler that says what it takes is never handed something else: the sentence names what to import."""
    with pytest.raises(ResolverError) as error:
        taking_orders(annotated(annotation))
    message = str(error.value)
    assert message.startswith(f"The handler of 'order' annotates 'body' with {annotation!r}, which cannot be")
    assert f"import it in {__name__}, and not under `if TYPE_CHECKING:`" in message


def test_a_collaborator_that_type_checkers_alone_know_fails_the_start(serve):
    """A parameter that is to be found by its class says where that is missing."""

    async def read(database): ...

    read.__annotations__ = {"database": "Database"}
    operation = {"operationId": "read", "responses": {"204": {"description": ""}}}
    with pytest.raises(ResolverError, match=r"handler of 'read' annotates 'database' with 'Database'"):
        serve({"/": {"get": operation}}, {"read": read})


def test_an_integer_may_have_a_point(taking_orders):
    """1.0 is an integer to JSON Schema, and so to a model."""
    assert taking_orders(annotated(Cat), {"$ref": "#/components/schemas/Cat"}).post(
        "/", b'{"kind": "cat", "lives": 1.0}'
    ).json == {"kind": "cat", "lives": 1}


@dataclasses.dataclass
class Sparse:
    """An object that may lack members."""

    id: str
    note: str | None = None
    remark: str | None = None


@pytest.mark.parametrize("returned", [Sparse("a"), [Sparse("a")], {"one": Sparse("a")}])
def test_none_of_a_model_is_left_out(responding, returned):
    """A member that is None in a model is absent where the contract has no null, and null where it has."""
    item = {
        "type": "object",
        "required": ["id", "remark"],
        "properties": {
            "id": {"type": "string"},
            "note": {"type": "string"},
            "remark": {"type": ["string", "null"]},
        },
    }
    schemas = {list: {"type": "array", "items": item}, dict: {"type": "object", "properties": {"one": item}}}
    content = {"application/json": {"schema": schemas.get(type(returned), item)}}
    expected = {"id": "a", "remark": None}
    response = responding({"200": {"description": "", "content": content}}, returned).get("/")
    assert response.status == 200, response.body
    assert response.json == {list: [expected], dict: {"one": expected}}.get(type(returned), expected)


def test_none_of_a_dictionary_is_a_violation(responding):
    """A dictionary could lack the member: its null is what the handler means."""
    schema = {"type": "object", "properties": {"note": {"type": "string"}}}
    content = {"application/json": {"schema": schema}}
    assert responding({"200": {"description": "", "content": content}}, {"note": None}).get("/").status == 500
