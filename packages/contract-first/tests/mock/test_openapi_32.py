"""What is new in OpenAPI 3.2 is mocked and validated: QUERY and other methods, whole queries, sequences."""

import json
from copy import deepcopy

import httpx2
import pytest

from contract_first.contract import ContractError, load_contract
from contract_first.mock import contract_mock

SELF = "https://pets.test/openapi.json"
EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "string"}, "event": {"const": "pet"}},
}
WHOLE_QUERY = {
    "type": "object",
    "required": ["n"],
    "properties": {"n": {"type": "integer"}, "t": {"type": "array", "items": {"type": "string"}}},
}
PETS = {
    "openapi": "3.2.0",
    "$self": SELF,
    "info": {"title": "Pets", "version": "1"},
    "tags": [{"name": "animals", "kind": "nav"}, {"name": "pets", "parent": "animals"}],
    "components": {
        "schemas": {
            "Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
        },
        "mediaTypes": {"Pets": {"itemSchema": {"$ref": f"{SELF}#/components/schemas/Pet"}}},
    },
    "paths": {
        "/pets": {
            "query": {
                "parameters": [
                    {
                        "name": "all",
                        "in": "querystring",
                        "content": {"application/x-www-form-urlencoded": {"schema": WHOLE_QUERY}},
                    }
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/jsonl": {"$ref": "#/components/mediaTypes/Pets"}},
                    }
                },
            },
            "post": {
                "requestBody": {"content": {"application/jsonl": {"$ref": "#/components/mediaTypes/Pets"}}},
                "responses": {"204": {"description": ""}},
            },
            "additionalOperations": {"COPY": {"responses": {"204": {"description": ""}}}},
        },
        "/json": {
            "get": {
                "parameters": [
                    {
                        "name": "all",
                        "in": "querystring",
                        "content": {"application/json": {"schema": WHOLE_QUERY}},
                    }
                ],
                "responses": {"204": {"description": ""}},
            }
        },
        "/events": {
            "get": {
                "responses": {
                    "200": {"description": "", "content": {"text/event-stream": {"itemSchema": EVENT}}}
                }
            }
        },
        "/sequence": {
            "get": {
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json-seq": {"itemSchema": {"type": "integer"}}},
                    }
                }
            }
        },
    },
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of the mock of a contract of 3.2."""
    path = tmp_path_factory.mktemp("pets") / "pets.json"
    path.write_text(json.dumps(PETS))
    with (
        contract_mock(str(path), strict=True) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        yield client
        violating = client.get("/_mock/journal?violations=true").json()["exchanges"]
    assert [each for each in violating if each["status"] not in {400, 405, 422}] == [], "the mock conforms"


def test_methods(client):
    """QUERY and methods of their own are routed, and no others."""
    assert client.request("QUERY", "/pets", params={"n": 1}).status_code == 200
    assert client.request("COPY", "/pets").status_code == 204
    assert client.put("/pets").headers["allow"] == "COPY, OPTIONS, POST, QUERY"


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("QUERY", "/pets?n=1&t=a&t=b", 200),
        ("QUERY", "/pets?n=x", 422),
        ("QUERY", "/pets?t=a", 422),
        ("GET", "/json?%7B%22n%22%3A1%7D", 204),
        ("GET", "/json?%7B%22n%22%3A%22x%22%7D", 422),
        ("GET", "/json?n=1", 400),
    ],
)
def test_whole_query(client, method, url, status):
    """A parameter in the querystring is all of it, as a form or as JSON."""
    assert client.request(method, url).status_code == status


def test_lines(client):
    """JSON Lines are validated item by item, and made of items that conform."""
    headers = {"Content-Type": "application/jsonl"}
    assert client.post("/pets", content=b'{"name":"a"}\n\n{"name":"b"}', headers=headers).status_code == 204
    refused = client.post("/pets", content=b'{"name":"a"}\n{"name":5}\n', headers=headers)
    assert refused.json()["errors"][0]["pointer"] == "/1/name"
    items = client.request("QUERY", "/pets?n=1").text.splitlines()
    assert len(items) > 1
    assert all(json.loads(item)["name"] for item in items)


def test_events(client):
    """Events have the fields of their schema, and end with an empty line."""
    response = client.get("/events")
    assert response.headers["content-type"] == "text/event-stream"
    *events, rest = response.text.split("\n\n")
    assert rest == ""
    assert len(events) > 1
    assert all(min(each.split("\n")).startswith("data: ") for each in events)


def test_text_sequence(client):
    """Each item of a JSON text sequence stands behind a record separator."""
    _, *items = client.get("/sequence").text.split("\x1e")
    assert all(isinstance(json.loads(item), int) for item in items)


def test_explorer(client):
    """The explorer has the document."""
    assert client.get("/docs").status_code == 200
    assert client.get("/openapi.json").json()["openapi"] == "3.2.0"


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([{"name": "a", "parent": "b"}], "The parent tag 'b' is no tag"),
        ([{"name": "a", "parent": "b"}, {"name": "b", "parent": "a"}], "of a circle"),
    ],
)
def test_parents_of_tags(write, tags, reason):
    """A tag that has no such parent is refused, or loses it."""
    path = write({**deepcopy(PETS), "tags": tags})
    with pytest.raises(ContractError, match=reason):
        load_contract(path)
    assert {each.action for each in load_contract(path, lenient=True).defects} == {"left out"}
