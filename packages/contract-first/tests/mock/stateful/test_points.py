"""Items that are put, asked for and deleted many at once, as a vector database has its points."""

import pytest

from .conftest import in_path, operation, ref

KEY = {"anyOf": [{"type": "integer"}, {"type": "string", "format": "uuid"}]}
KEYS = {"type": "array", "items": KEY}
POINT = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": KEY, "payload": {"type": "object"}, "shard": {}},
}
ONE, MANY = ({"type": "object", "properties": {"result": schema}} for schema in (ref("Point"), ref("Page")))
PAGE = {
    "type": "object",
    "required": ["points"],
    "properties": {
        "points": {"type": "array", "items": ref("Point")},
        "next_page_offset": {"nullable": True, **KEY},
    },
}
NEW = {
    "type": "object",
    "required": ["id", "vector"],
    "properties": {**POINT["properties"], "vector": {"type": "array", "items": {"type": "number"}}},
}
DONE = {"type": "object", "properties": {"result": {"type": "object", "properties": {"status": {}}}}}
BATCH = {"type": "object", "required": ["batch"], "properties": {"batch": {"type": "object"}}}
PUT = {
    "type": "object",
    "required": ["points"],
    "properties": {"points": {"type": "array", "items": NEW}, "shard": {}},
}
SCROLL = {
    "type": "object",
    "properties": {"limit": {"type": "integer"}, "offset": KEY, "filter": {"type": "object"}},
}
CHOSEN = {
    "anyOf": [
        {"type": "object", "required": ["points"], "properties": {"points": KEYS}},
        {"type": "object", "required": ["filter"], "properties": {"filter": {"type": "object"}}},
    ]
}
BY_KEYS = {"type": "object", "required": ["ids"], "properties": {"ids": KEYS, "payload": {"type": "boolean"}}}
FOUND = {"type": "object", "properties": {"result": {"type": "array", "items": ref("Point")}}}


@pytest.fixture
def points(remembering):
    """Return a mock with two collections of points."""
    name = in_path("name")
    listed = {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}
    collection = {"get": operation(DONE), "put": operation(DONE, body={}), "delete": operation(DONE)}
    paths = {
        "/collections": {"get": operation({"type": "object", "properties": {"collections": listed}})},
        "/collections/{name}": {"parameters": [name], **collection},
        "/collections/{name}/points": {
            "parameters": [name],
            "put": operation(DONE, body={"anyOf": [BATCH, PUT]}),
            "post": operation(FOUND, body=BY_KEYS),
        },
        "/collections/{name}/points/scroll": {"parameters": [name], "post": operation(MANY, body=SCROLL)},
        "/collections/{name}/points/delete": {
            "parameters": [name, {"name": "wait", "in": "query", "schema": {"type": "boolean"}}],
            "post": operation(DONE, body=CHOSEN),
        },
        "/collections/{name}/points/{id}": {
            "parameters": [name, {**in_path("id"), "schema": KEY}],
            "get": operation(ONE),
        },
    }
    mock = remembering(paths, {"Point": POINT, "Page": PAGE})
    for cats_or_dogs in ("cats", "dogs"):
        mock("PUT", f"/collections/{cats_or_dogs}", {})
    return mock


def test_what_was_put_is_read_scrolled_and_deleted(points):
    """The response to PUT shows none of them; what is put again is changed."""
    path = "/collections/cats/points"
    sent = [{"id": key, "vector": [0.5], "payload": {"n": key}} for key in range(5)]
    status, done = points("PUT", path, {"points": sent})
    assert (status, "points" in done) == (200, False)
    assert points.get(f"{path}/3")["result"] == {"id": 3, "payload": {"n": 3}, "shard": None}
    points("PUT", path, {"points": [{"id": 3, "vector": [0.5], "payload": {"n": "new"}}]})
    assert points.get(f"{path}/3")["result"]["payload"] == {"n": "new"}
    keys, body = [], {"limit": 2}
    while body.get("offset", 0) is not None:
        page = points.post(f"{path}/scroll", body)["result"]
        keys.append([point["id"] for point in page["points"]])
        body["offset"] = page.get("next_page_offset")
    assert keys == [[0, 1], [2, 3], [4]]
    assert [point["id"] for point in points.post(path, {"ids": [4, 1, 9]})["result"]] == [1, 4]
    points.post(f"{path}/delete?wait=true", {"points": [0, 3]})
    points.post(f"{path}/delete", {"filter": {"must": []}})
    page = points.post(f"{path}/scroll", {})["result"]
    assert [point["id"] for point in page["points"]] == [1, 2, 4]
    assert points("GET", f"{path}/3")[0] == 404
    assert points.post("/collections/dogs/points/scroll", {})["result"]["points"] == []


def test_a_search_lists_what_its_body_asks_for(remembering):
    """It is below the path of the collection, and its body has the conditions and the page."""
    order = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("id", "state", "note")},
    }
    filters = {"type": "object", "properties": {"filter": {"type": "object"}}}
    search = {"type": "object", "properties": {"cursor": {}, "limit": {"type": "integer"}, "query": filters}}
    paths = {
        "/orders": {"post": operation(ref("Order"), body=ref("Order"))},
        "/orders/search": {
            "post": operation(
                {"type": "object", "properties": {"orders": {"type": "array", "items": ref("Order")}}},
                body=search,
            )
        },
        "/orders/{id}": {"parameters": [in_path("id")], "get": operation(ref("Order"))},
    }
    mock = remembering(paths, {"Order": order})
    made = [mock.post("/orders", {"state": state}) for state in ("open", "done", "open")]
    assert mock.post("/orders/search", {})["orders"] == made
    body = {"query": {"filter": {"state": ["open"]}}}
    assert mock.post("/orders/search", body)["orders"] == made[::2]
    assert mock.post("/orders/search", body | {"limit": 1})["orders"] == made[:1]
