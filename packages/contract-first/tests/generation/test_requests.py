"""Samples of requests: valid, always the same, and sent as their operation declares."""

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.generation.requests import Samples, spelled
from contract_first.mock import contract_mock
from contract_first.testing import sample_requests

OBJECT = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 3}}}


def contract(path="/pets", method="get", openapi="3.1.0", schemas=None, **operation):
    """Return a contract of one operation."""
    responses = {"responses": {"204": {"description": "None."}}}
    return Contract(
        {
            "openapi": openapi,
            "info": {"title": "Pets", "version": "1"},
            "paths": {path: {method: responses | operation}},
            "components": {"schemas": schemas or {}},
        },
        "pets.json",
    )


def sample(served):
    """Return the sample of a contract's only operation."""
    return Samples(served).request(served.operations[0])


@pytest.mark.parametrize(
    ("parameter", "value", "pairs"),
    [
        ({"in": "path"}, 3, [("p", "3")]),
        ({"in": "path"}, [1, 2], [("p", "1,2")]),
        ({"in": "path", "explode": True}, {"a": 1, "b": 2}, [("p", "a=1,b=2")]),
        ({"in": "path", "style": "label", "explode": True}, [1, 2], [("p", ".1.2")]),
        ({"in": "path", "style": "matrix"}, [1, 2], [("p", ";p=1,2")]),
        ({"in": "path", "style": "matrix", "explode": True}, {"a": 1, "b": 2}, [("p", ";a=1;b=2")]),
        ({"in": "query"}, [1, 2], [("p", "1"), ("p", "2")]),
        ({"in": "query", "explode": False}, {"a": 1}, [("p", "a,1")]),
        ({"in": "query", "style": "pipeDelimited", "explode": False}, [1, 2], [("p", "1|2")]),
        ({"in": "query", "style": "deepObject", "explode": True}, {"a": 1}, [("p[a]", "1")]),
        ({"in": "query", "content": {"application/json": {}}}, {"a": 1}, [("p", '{"a": 1}')]),
        ({"in": "header"}, [True, None], [("p", "true,null")]),
        ({"in": "cookie"}, "a", [("p", "a")]),
    ],
)
def test_styles(parameter, value, pairs):
    """A parameter is spelled by its style (OpenAPI 3.1, section 4.8.12)."""
    assert spelled({"name": "p", **parameter}, value) == pairs


@pytest.mark.parametrize(
    "media_type", ["application/json", "multipart/form-data", "application/xml", "text/csv"]
)
def test_a_mock_accepts_each(media_type):
    """A request that is sent is one that a service accepts, with parameters of every place."""
    schema = {"type": "string"} if media_type == "text/csv" else OBJECT
    parameters = [
        {"in": "path", "name": "id", "required": True, "schema": {"type": "integer", "minimum": 3}},
        {"in": "query", "name": "kind", "required": True, "schema": {"enum": ["a b"]}},
        {"in": "header", "name": "X-Trace", "required": True, "schema": {"type": "string"}},
        {"in": "cookie", "name": "mood", "required": True, "schema": {"type": "boolean"}},
    ]
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    served = contract("/pets/{id}", "put", parameters=parameters, requestBody=body)
    with contract_mock(served) as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        response = sample(served).send(client)
    assert response.status_code == 204, response.text


def test_an_example_comes_first():
    """What the contract gives as an example is sent, as long as it is valid."""
    body = {"content": {"application/json": {"schema": OBJECT, "example": {"name": "Rex"}}}}
    assert sample(contract(method="post", requestBody=body)).body == {"name": "Rex"}
    body["content"]["application/json"]["example"] = {"name": 1}
    assert sample(contract(method="post", requestBody=body)).body != {"name": 1}


def test_a_header_field_that_clients_send_by_themselves():
    """The request has a value that the contract allows, in place of the client's."""
    field = {"name": "Accept-Encoding", "in": "header", "schema": {"enum": ["base64"]}}
    assert sample(contract(parameters=[field])).fields == {"Accept-Encoding": "base64"}


def test_where_there_is_none():
    """An operation whose request cannot be valid has no sample."""
    served = contract(
        method="post", requestBody={"required": True, "content": {"application/json": {"schema": False}}}
    )
    assert sample(served) is None
    assert sample_requests(served) == []


def test_what_is_expected():
    """All successes, and 404 where the path names an item; else the first redirection or error."""
    path = [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}]
    assert sample(contract("/pets/{id}", parameters=path)).expected == (204, 404)
    responses = {
        "302": {"description": ""},
        "default": {"description": "", "content": {"application/problem+json": {}}},
    }
    assert sample(contract(responses=responses)).expected == (302,)


def test_an_heir_by_its_discriminator():
    """A base's discriminator names the schema whose members the value has."""
    kind = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    pet = {**kind, "discriminator": {"propertyName": "kind"}}
    inherited = [{"$ref": "#/components/schemas/Pet"}]
    cat = {"allOf": [*inherited, {"required": ["lives"], "properties": {"lives": {"type": "integer"}}}]}
    body = {"content": {"application/json": {"schema": inherited[0]}}}
    served = contract(method="post", requestBody=body, schemas={"Pet": pet, "Cat": cat})
    value = sample(served).body
    assert value["kind"] in {"Cat", "Pet"}
    assert value["kind"] == "Pet" or isinstance(value["lives"], int)
