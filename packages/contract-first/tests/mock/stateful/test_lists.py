"""Lists hold what is stored: filtered, sorted, one page at a time, in the envelope of the contract."""

from __future__ import annotations

import pytest

from .conftest import LISTED, PET, PETS, in_path, in_query, names, operation, ref


@pytest.fixture
def filled(pets):
    """Return a mock with five pets."""
    for name, kind, tags in (
        ("c", "cat", ["x"]),
        ("a", "dog", []),
        ("e", "cat", ["y"]),
        ("b", "dog", ["x", "y"]),
        ("d", "cat", []),
    ):
        pets.post("/pets", {"name": name, "kind": kind, "tags": tags})
    return pets


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "caebd"),
        ("?kind=dog", "ab"),
        ("?tags=x", "cb"),
        ("?kind=all", "caebd"),
        ("?sort=name", "abcde"),
        ("?sort=-name", "edcba"),
        ("?sort=name:desc", "edcba"),
        ("?limit=2", "ca"),
        ("?limit=2&page=2", "eb"),
        ("?limit=2&page=9", ""),
        ("?limit=0", ""),
        ("?sort=name&kind=cat&limit=1&page=2", "d"),
        ("?sort=unknown", "caebd"),
    ],
)
def test_a_list_is_as_its_query_asks(filled, query, found):
    """Query parameters of the name of a member filter, others sort and page."""
    assert names(filled.get(f"/pets{query}")) == list(found)


@pytest.mark.parametrize("name", ["q", "query", "search"])
@pytest.mark.parametrize(
    ("text", "found"),
    [("SHEP", ["Shepherd"]), ("cat", ["Concatenated", "Tom"]), ("x", []), ("", 3), ("name:x", 3)],
)
def test_a_list_is_searched(remembering, name, text, found):
    """A search finds texts in any case; what an API's own query language says is not understood."""
    listing = operation(LISTED, parameters=[in_query(name)])
    pet = {**PET, "properties": {each: PET["properties"][each] for each in ("id", "name", "kind")}}
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": pet})
    for each, kind in (("Shepherd", "dog"), ("Concatenated", "dog"), ("Tom", "cat")):
        mock.post("/pets", {"name": each, "kind": kind})
    seen = names(mock.get(f"/pets?{name}={text}"))
    assert found in (seen, len(seen))


def test_an_empty_list(pets):
    """Nothing is there that nobody created."""
    assert pets.get("/pets") == []


def test_pages_by_the_last_key(remembering):
    """A list after the key of an item goes on behind it, and the envelope says whether there is more."""
    envelope = {
        "type": "object",
        "required": ["data", "has_more", "url"],
        "properties": {
            "data": LISTED,
            "has_more": {"type": "boolean"},
            "url": {"type": "string", "pattern": "^/pets"},
            "total_count": {"type": "integer"},
        },
    }
    queries = [in_query("limit", "integer"), in_query("starting_after"), in_query("ending_before")]
    listing = operation(envelope, parameters=queries)
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET})
    ids = [mock.post("/pets", {"name": each})["id"] for each in "abcde"]
    first = mock.get("/pets?limit=2")
    assert (names(first["data"]), first["has_more"], first["total_count"]) == (["a", "b"], True, 5)
    assert first["url"].startswith("/pets")
    last = mock.get(f"/pets?limit=2&starting_after={ids[3]}")
    assert (names(last["data"]), last["has_more"]) == (["e"], False)
    assert names(mock.get(f"/pets?limit=2&ending_before={ids[3]}")["data"]) == ["b", "c"]


def test_pages_by_a_token_of_any_name(remembering):
    """What says that a page is the last, and where the next one begins, is true under other names as well."""
    text = {"type": "string", "nullable": True}
    members = {"data": LISTED, "done": {"type": "boolean"}, "iterator": text, "prevIterator": text}
    envelope = {"type": "object", "required": list(members), "properties": members}
    listing = operation(envelope, parameters=[in_query("limit", "integer"), in_query("iterator")])
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET})
    for each in "abc":
        mock.post("/pets", {"name": each})
    first = mock.get("/pets?limit=2")
    assert (first["done"], first["iterator"], first["prevIterator"]) == (False, "2", None)
    last = mock.get(f"/pets?limit=2&iterator={first['iterator']}")
    assert (names(last["data"]), last["done"], last["iterator"]) == (["c"], True, None)


def test_links_lead_through_pages(remembering):
    """HAL's ``_links`` have the URLs of the page and of its neighbours, and no link where there is none."""
    link = {"type": "object", "required": ["href"], "properties": {"href": {"type": "string"}}}
    links = {"type": "object", "properties": dict.fromkeys(("self", "next", "prev"), ref("Link"))}
    counts = dict.fromkeys(("itemsTotal", "pagesTotal"), {"type": "integer"})  # noqa: RUF024 -- read only
    envelope = {"type": "object", "properties": {"data": LISTED, "_links": links, **counts}}
    listing = operation(envelope, parameters=[in_query("page", "integer"), in_query("pageSize", "integer")])
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET, "Link": link})
    for each in "abc":
        mock.post("/pets", {"name": each})
    first = mock.get("/pets?pageSize=2")
    assert (first["itemsTotal"], first["pagesTotal"]) == (3, 2)
    own, following = "http://api.test/pets?pageSize=2", "http://api.test/pets?pageSize=2&page=2"
    assert first["_links"] == {"self": {"href": own}, "next": {"href": following}}
    assert mock.get("/pets?pageSize=2&page=2")["_links"].keys() == {"self"}


def test_an_envelope_has_the_numbers_of_pages(remembering):
    """It says which page comes next and which came before, null where there is none, and how many items."""
    number = {"type": "integer", "nullable": True}
    names_ = ("page", "per_page", "previous_page", "next_page", "last_page", "total_entries")
    meta = {"type": "object", "properties": dict.fromkeys(names_, number)}
    envelope = {"type": "object", "properties": {"pets": LISTED, "meta": meta}}
    listing = operation(envelope, parameters=[in_query("page", "integer"), in_query("per_page", "integer")])
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET})
    for name in "abc":
        mock.post("/pets", {"name": name})
    found = [list(mock.get(f"/pets?per_page=1&page={page}")["meta"].values()) for page in (1, 2, 3)]
    assert found == [[1, 1, None, 2, 3, 3], [2, 1, 1, 3, 3, 3], [3, 1, 2, None, 3, 3]]


def test_a_url_leads_to_the_next_page(remembering):
    """Envelope, what it says of pages, and Link have the next page, and none after the last."""
    meta = {
        "type": "object",
        "properties": {
            "page": {"type": "integer"},
            "page_size": {"type": "integer"},
            "next_page_url": {"type": "string", "format": "uri", "nullable": True},
            "key": {"type": "string"},
        },
    }
    envelope = {"type": "object", "properties": {"pets": LISTED, "meta": meta}}
    listing = operation(
        envelope, parameters=[in_query("PageSize", "integer"), in_query("Page", "integer", minimum=0)]
    )
    link = {"schema": {"type": "string"}, "example": '<https://api.test/?page=2>; rel="next"'}
    listing["responses"]["200"]["headers"] = {"Link": link}
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET})
    for name in "abc":
        mock.post("/pets", {"name": name})
    first = mock.get("/pets?PageSize=2")
    url = "http://api.test/pets?PageSize=2&Page=1"
    assert first["meta"] == {"page": 0, "page_size": 2, "next_page_url": url, "key": "pets"}
    assert mock.response.headers["link"] == f'<{url}>; rel="next"'
    last = mock.get("/pets?PageSize=2&Page=1")
    assert (names(last["pets"]), last["meta"]["next_page_url"]) == (["c"], None)
    assert "link" not in mock.response.headers


def test_a_list_elsewhere_has_the_same_items(remembering):
    """A search below the collection, and a list below another item, hold what belongs there."""
    order = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "petId": {"type": "integer"}},
    }
    orders = {"type": "array", "items": ref("Order")}
    paths = {
        **PETS,
        "/pets/findByKind": {
            "get": operation(LISTED, parameters=[in_query("kind", "array", items={"type": "string"})])
        },
        "/orders": {"post": operation(ref("Order"), body={"type": "object"})},
        "/orders/{orderId}": {"parameters": [in_path("orderId", "integer")], "get": operation(ref("Order"))},
        "/pets/{petId}/orders": {"parameters": [in_path("petId", "integer")], "get": operation(orders)},
    }
    mock = remembering(paths, {"Pet": PET, "Order": order})
    for kind in ("cat", "dog", "cat"):
        mock.post("/pets", {"name": kind, "kind": kind})
    assert names(mock.get("/pets/findByKind?kind=cat")) == ["cat", "cat"]
    made = mock.post("/orders", {"petId": 2})
    mock.post("/orders", {"petId": 3})
    assert mock.get("/pets/2/orders") == [made]


def test_a_summary_shows_its_own_members(remembering):
    """A list of summaries has the members of the summary, and no others."""
    summary = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    }
    listing = operation({"type": "array", "items": ref("Summary")})
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET, "Summary": summary})
    made = mock.post("/pets", {"name": "Rex", "kind": "dog"})
    assert mock.get("/pets") == [{"id": made["id"], "name": "Rex"}]


def test_filters_in_brackets(remembering):
    """JSON:API's ``filter[name]`` and ``sort`` find members in ``attributes``; objects filter, too."""
    attributes = {"type": "object", "properties": {"title": {"type": "string"}, "stars": {"type": "integer"}}}
    article = {"type": "object", "properties": {"id": {"type": "string"}, "attributes": attributes}}
    one = {"type": "object", "required": ["data"], "properties": {"data": ref("Article")}}
    listed = {"type": "object", "properties": {"data": {"type": "array", "items": ref("Article")}}}
    chosen = {"name": "filter", "in": "query", "style": "deepObject", "explode": True, "schema": attributes}
    queries = [in_query("filter[title]"), in_query("filter[stars]", "integer"), in_query("sort"), chosen]
    paths = {
        "/articles": {"get": operation(listed, parameters=queries), "post": operation(one, body=one)},
        "/articles/{id}": {"parameters": [in_path("id")], "get": operation(one)},
    }
    mock = remembering(paths, {"Article": article})
    for title, stars in (("b", 1), ("a", 2), ("c", 1)):
        mock.post("/articles", {"data": {"attributes": {"title": title, "stars": stars}}})

    def titles(query):
        return [each["attributes"]["title"] for each in mock.get(f"/articles?{query}")["data"]]

    assert titles("sort=-title") == ["c", "b", "a"]
    assert titles("filter[title]=a") == ["a"]
    assert titles("filter[stars]=1") == ["b", "c"]
    assert titles("filter[stars]=2&filter[title]=b") == []


def test_the_next_page_has_all_that_was_asked(remembering):
    """A parameter that was sent several times, or empty, is in the URL of the next page as often."""
    queries = [in_query("page", "integer"), in_query("limit", "integer"), in_query("kind")]
    tags = {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
    envelope = {"type": "object", "properties": {"pets": LISTED, "next": {"type": "string"}}}
    listing = operation(envelope, parameters=[*queries, tags])
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET})
    for name, tag in (("a", "x"), ("b", "y"), ("c", "z")):
        mock.post("/pets", {"name": name, "tags": [tag]})
    first = mock.get("/pets?tags=x&tags=y&kind=&limit=1")
    assert first["next"] == "http://api.test/pets?tags=x&tags=y&kind=&limit=1&page=2"
    last = mock.get(first["next"].removeprefix("http://api.test"))
    assert names(last["pets"]) == ["b"]
    assert "next" not in last, "no URL is the empty text"


def test_a_page_as_spring_describes_it(remembering):
    """Counts and flags are those of the page; pages count from 0."""
    counts = ("number", "size", "totalElements", "totalPages", "numberOfElements")
    flags = ("first", "last", "empty")
    members = {each: {"type": "integer"} for each in counts} | {each: {"type": "boolean"} for each in flags}
    page = {"type": "object", "properties": {"content": LISTED, **members}}
    queries = [in_query("page", "integer", default=0), in_query("size", "integer", default=20)]
    listing = operation(page, parameters=queries)
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET})
    for name in "abc":
        mock.post("/pets", {"name": name})
    found = mock.get("/pets?page=1&size=2")
    assert names(found.pop("content")) == ["c"]
    assert list(map(found.get, counts)) == [1, 2, 3, 2, 1]
    assert list(map(found.get, flags)) == [False, True, False]


def test_pages_by_the_members_of_an_object(remembering):
    """JSON:API's ``page[number]`` and ``page[size]`` may be declared as one object."""
    number = {"type": "integer"}
    page = {"type": "object", "properties": {"number": number, "size": number}}
    query = {"name": "page", "in": "query", "style": "deepObject", "explode": True, "schema": page}
    envelope = {"type": "object", "properties": {"data": LISTED, "next": {"type": "string"}}}
    listing = operation(envelope, parameters=[query])
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": listing}}, {"Pet": PET})
    for name in "abc":
        mock.post("/pets", {"name": name})
    first = mock.get("/pets?page[number]=1&page[size]=2")
    assert names(first["data"]) == ["a", "b"]
    assert names(mock.get(first["next"].removeprefix("http://api.test"))["data"]) == ["c"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("position=wing", "b"),
        ("size=M", "a"),
        ("direction=inbound", "a"),
        ("order=desc", "cba"),
        ("sort=name&order=desc", "cba"),
        ("limit=1&start=1", "b"),
        ("name=%E6%97%A5%E6%9C%AC", ""),
        ("name=*", "abc"),
        ("%E5%B9%B4%E9%BD%A2=9", "c"),
    ],
)
def test_what_pages_elsewhere_filters(remembering, query, found):
    """A text that items have filters by its name, in any script, though others page or sort by that name."""
    direction = {"type": "string", "enum": ["inbound", "outbound"]}
    texts = {each: {"type": "string"} for each in ("name", "position", "size", "order", "名前", "年齢")}
    member = {"type": "object", "properties": {"id": {"type": "integer"}, **texts, "direction": direction}}
    queries = [in_query(each) for each in ("name", "position", "size", "order", "sort", "年齢")]
    numbers = [in_query(each, "integer") for each in ("limit", "start")]
    listing = operation(LISTED, parameters=[*queries, in_query("direction", **direction), *numbers])
    made = operation(ref("Pet"), status="201", body=member)
    mock = remembering({**PETS, "/pets": {"get": listing, "post": made}}, {"Pet": member})
    mock.post("/pets", {"name": "a", "size": "M", "direction": "inbound", "position": "goalkeeper"})
    mock.post("/pets", {"name": "b", "size": "L", "direction": "outbound", "position": "wing"})
    made = {"name": "c", "名前": "x", "年齢": "9"}
    assert mock.post("/pets", made).items() >= made.items()
    assert names(mock.get(f"/pets?{query}")) == list(found)
