"""Links of generated responses lead to the mock itself, and a query says which items there are."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

from .conftest import document_of

TEXT, COUNT = {"type": "string"}, {"type": "integer"}
URI = {"type": "string", "format": "uri"}
ARTIST = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        **dict.fromkeys(("id", "name", "country"), TEXT),
        **dict.fromkeys(("href", "website", "tracks_url"), URI),
        "tracks": {"type": "object", "properties": {"url": URI, "total": COUNT}},
    },
}
TRACK = {
    "type": "object",
    "properties": {"number": COUNT, "title": TEXT, "url": URI, "artist": ARTIST, "_links": {}},
}
TRACK["properties"]["_links"] = {
    "type": "object",
    "properties": {"self": {"type": "object", "properties": {"href": URI}}},
}


def list_of(item):
    """Return the schema of a page."""
    facts = dict.fromkeys(("limit", "offset", "total"), COUNT)
    links = {name: {"type": ["string", "null"], "format": "uri"} for name in ("href", "next", "previous")}
    return {"type": "object", "properties": {**facts, **links, "items": {"type": "array", "items": item}}}


def get(schema, *names, **types):
    """Return a path item of a GET with optional query parameters."""
    content = {"application/json": {"schema": schema}}
    queries = [{"name": name, "in": "query", "schema": types.get(name, TEXT)} for name in names]
    return {"get": {"parameters": queries, "responses": {"200": {"description": "", "content": content}}}}


def at(item, **parameters):
    """Return a path item with path parameters."""
    paths = [{"name": n, "in": "path", "required": True, "schema": s} for n, s in parameters.items()]
    return {**item, "parameters": paths}


IDS = {"type": "array", "items": TEXT}
FOUND = {
    "type": "object",
    "properties": {"artists": list_of(ARTIST), "tracks": list_of(TRACK)},
}
PAGE = ("limit", "offset")
COUNTS = dict.fromkeys(PAGE, COUNT)
PATHS = {
    "/artists/{id}": at(get(ARTIST), id=TEXT),
    "/artists": get({"type": "array", "items": ARTIST}, "ids", "country", "fields", "sort", ids=IDS),
    "/artists/{artist}/tracks": at(get(list_of(TRACK), *PAGE, **COUNTS), artist=TEXT),
    "/artists/{artist}/tracks/{number}": at(get(TRACK), artist=TEXT, number=COUNT),
    "/search": get(FOUND, "q", "type", *PAGE, **COUNTS),
}


@pytest.fixture(scope="module")
def api():
    """Serve it below a base path; return what gets the JSON of a URL."""
    document = document_of(PATHS, servers=[{"url": "https://api.music.test/v1"}])
    with contract_mock(Contract(document, "test")) as mock, httpx2.Client(trust_env=False) as client:

        def fetch(url):
            response = client.get(url if url.startswith("http") else f"{mock.api}/v1{url}")
            assert response.status_code == 200, response.text
            return response.json()

        fetch.base = f"{mock.api}/v1"
        yield fetch


def test_a_link_leads_to_its_item(api):
    """By its key, below the base path that the client used; what is no link of an item stays."""
    artist = api("/artists/abc")
    assert (artist["id"], artist["href"]) == ("abc", f"{api.base}/artists/abc")
    assert artist["website"].startswith("https://www.example.com/")
    assert artist["tracks_url"] == artist["tracks"]["url"] == f"{artist['href']}/tracks"
    for artist in api("/artists"):
        assert artist["href"] == f"{api.base}/artists/{artist['id']}"
        assert api(artist["href"])["id"] == artist["id"]


def test_stored_items_have_the_links_of_generated_ones():
    """Also those of what is in them, and of what is created."""
    name = {"type": "object", "properties": {"name": TEXT}}
    created = {"201": {"description": "", "content": {"application/json": {"schema": ARTIST}}}}
    create = {"requestBody": {"content": {"application/json": {"schema": name}}}, "responses": created}
    paths = {**PATHS, "/artists": {**PATHS["/artists"], "post": create}}
    contract, pages = Contract(document_of(paths), "test"), []
    for stateful in (False, True):
        with contract_mock(contract, stateful=stateful) as mock:
            base = f"{mock.api}/artists"
            pages.append(httpx2.get(base, trust_env=False).text.replace(mock.api, "HERE"))
            artist = httpx2.post(base, json={"name": "Ada"}, trust_env=False).json()
            assert artist["tracks"]["url"] == f"{base}/{artist['id']}/tracks"
    assert pages[0] == pages[1]
    assert "HERE/artists/" in pages[0]


def test_links_have_the_parameters_of_their_request(api):
    """Of what stands beside them, else of the path."""
    for track in api("/artists/abc/tracks")["items"]:
        own = f"{api.base}/artists/abc/tracks/{track['number']}"
        assert (track["url"], track["_links"]["self"]["href"]) == (own, own)
        assert track["artist"]["href"] == f"{api.base}/artists/{track['artist']['id']}"
        assert api(own)["number"] == track["number"]


def test_pages_lead_to_each_other(api):
    """The next one with what was asked for, the last one to none; totals agree."""
    page = api("/artists/abc/tracks?limit=2")
    assert [page[name] for name in ("limit", "offset", "total", "previous")] == [2, 0, 3, None]
    assert len(page["items"]) == 2
    assert page["href"] == f"{api.base}/artists/abc/tracks?limit=2"
    assert page["next"] == f"{api.base}/artists/abc/tracks?limit=2&offset=2"
    last = api(page["next"])
    assert [last[name] for name in ("limit", "offset", "total", "next")] == [2, 2, 3, None]
    numbers = [track["number"] for track in (*page["items"], *last["items"])]
    assert len(set(numbers)) == 3


def test_a_page_that_a_query_makes_leads_on_with_the_path_of_its_request(mocked):
    """Also where without a query the response has no link with the path's parameter."""
    ids = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT}}}
    page = {"type": "object", "properties": {"items": ids, "next": {**URI, "type": ["string", "null"]}}}
    app = mocked({"/pets/{pet}/toys": at(get(page, *PAGE, **COUNTS), pet=TEXT)})
    assert app.get("/pets/7/toys").json["next"] is None
    assert app.get("/pets/7/toys?limit=2").json["next"].endswith("/pets/7/toys?limit=2&offset=2")


@pytest.mark.parametrize(
    "item", [ARTIST, {"type": "object", "required": ["name"], "properties": {"name": TEXT}}]
)
@pytest.mark.parametrize("names", [("after",), ("offset",), ()])
def test_next_urls_lead_through_a_list(item, names, mocked):
    """By the key of the last item, an offset, or a parameter of the mock where the contract has none."""
    path = get({**list_of(item), "required": ["items", "next"]}, "limit", *names, limit=COUNT, offset=COUNT)
    api = mocked({"/things": path})
    items, url = [], "/things?limit=2"
    while url:
        page = api.get(url).json
        items += page["items"]
        url = page["next"] and page["next"].removeprefix("http://localhost")
    assert items == api.get("/things").json["items"]


def test_a_cursor_is_the_key_of_the_last_item(mocked):
    """With it a request gets what is behind, as it does of a list that is remembered."""
    listing = {"type": "object", "properties": {"cursor": TEXT, "data": {"type": "array", "items": ARTIST}}}
    api = mocked({"/artists": get(listing, "limit", "cursor", limit=COUNT)})
    first, *others = api.get("/artists").json["data"]
    page = api.get("/artists?limit=1").json
    assert (page["data"], page["cursor"]) == ([first], first["id"])
    assert api.get(f"/artists?cursor={first['id']}").json["data"] == others


def test_a_text_that_could_page_filters(mocked):
    """Where items have a text of this name."""
    player = {"type": "object", "required": ["position"], "properties": {"position": TEXT}}
    api = mocked({"/players": get({"type": "array", "items": player}, "position")})
    assert {item["position"] for item in api.get("/players?position=goalkeeper").json} == {"goalkeeper"}


def test_a_search_has_the_types_that_are_asked_for(api):
    """And the page of each."""
    assert api("/search?q=x").keys() == {"artists", "tracks"}
    found = api("/search?q=x&type=artist&limit=1")
    assert found.keys() == {"artists"}
    assert (len(found["artists"]["items"]), found["artists"]["limit"]) == (1, 1)
    assert found["artists"]["next"] == f"{api.base}/search?q=x&type=artist&limit=1&offset=1"
    assert api("/search?type=artist,track").keys() == {"artists", "tracks"}
    assert api("/search?type=album").keys() == {"artists", "tracks"}


def test_a_search_has_items_of_the_name(api):
    """At any place of a list, without the words of the API's own language; of other text, all are there."""
    results = api("/search?q=joan%20label:ecm")
    for name, label in (("artists", "name"), ("tracks", "title")):
        first, *others = (item[label] for item in results[name]["items"])
        assert first == "joan"
        assert all(other.startswith("joan ") for other in others)
        assert len({*others}) == len(others)
    named = api("/search?q=label:ecm")["artists"]["items"][0]["name"]
    assert named == api("/search?q=%3F")["artists"]["items"][0]["name"] != "joan"


def test_what_an_item_says_of_its_id_is_said_of_the_id_that_was_asked_for(mocked):
    """In texts that repeat it, such as a URI of its own."""
    example = {"id": "2up3OPMp9Tb4", "uri": "music:album:2up3OPMp9Tb4", "name": "2up"}
    album = {
        "type": "object",
        "properties": {name: {"type": "string", "example": text} for name, text in example.items()},
    }
    value = mocked({"/albums/{id}": at(get(album), id=TEXT)}).get("/albums/other1").json
    assert value == {"id": "other1", "uri": "music:album:other1", "name": "2up"}


PERSON = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "boss": {"anyOf": [TEXT, {"$ref": "#/components/schemas/Person"}]},
    },
}
ORDER = {
    "type": "object",
    "required": ["id", "buyer"],
    "properties": {
        "id": TEXT,
        "note": TEXT,
        "buyer": {"anyOf": [TEXT, {"$ref": "#/components/schemas/Person"}]},
        "helpers": {
            "type": "array",
            "items": {"oneOf": [TEXT, {"$ref": "#/components/schemas/Person"}]},
        },
    },
}
ORDERS = {"type": "object", "properties": {"data": {"type": "array", "items": ORDER}}}
SCHEMAS = {"schemas": {"Person": PERSON, "Order": ORDER}}


def test_an_identifier_is_expanded_to_its_object(mocked):
    """At any place, also one that an expanded object has; what is no identifier stays."""
    names = {"expand": {"type": "array", "items": TEXT}}
    paths = {
        "/orders": get(ORDERS, "expand", **names),
        "/orders/{id}": at(get(ORDER, "expand", **names), id=TEXT),
    }
    app = mocked(paths, components=SCHEMAS)
    plain = app.get("/orders/a").json
    expanded = app.get("/orders/a?expand=buyer&expand=helpers&expand=note").json
    assert (expanded["buyer"]["id"], expanded["note"]) == (plain["buyer"], plain["note"])
    assert [helper["id"] for helper in expanded["helpers"]] == plain["helpers"]
    assert len({helper["name"] for helper in expanded["helpers"]}) > 1
    boss = app.get("/orders/a?expand=buyer.boss").json["buyer"]["boss"]
    assert boss.keys() >= {"id", "name"}
    before, after = (app.get(f"/orders{query}").json["data"] for query in ("", "?expand=data.buyer"))
    assert [order["buyer"]["id"] for order in after] == [order["buyer"] for order in before]
    unknown = app.get("/orders/a?expand=nothing&expand=id.name&expand=buyer.name.x.y.z").json
    assert unknown["buyer"]["id"] == plain["buyer"]


def test_a_query_says_what_items_are_like(api):
    """Which identifiers, values and members they have; what sorts them is not shown."""
    assert [artist["id"] for artist in api("/artists?ids=b&ids=a")] == ["b", "a"]
    assert [artist["id"] for artist in api("/artists?ids=x&ids=y&ids=z&ids=w")] == ["x", "y", "z", "w"]
    assert {artist["country"] for artist in api("/artists?country=Chile")} == {"Chile"}
    assert {*api("/artists?fields=id,name")[0]} == {"id", "name"}
    assert {*api("/artists?fields=id,country")[0]} == {"id", "name", "country"}  # the name is required
    assert api("/artists?fields=other") == api("/artists") == api("/artists?sort=name")


def test_a_list_names_its_first_and_last_item(mocked):
    """As OpenAI's do."""
    envelope = dict.fromkeys(("first_id", "last_id"), TEXT)
    envelope["data"] = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT}}}
    page = mocked({"/": get({"type": "object", "properties": envelope})}).get().json
    assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])


@pytest.mark.parametrize(("parameter", "member"), [("project_gid", "gid"), ("gid", "gid"), ("Sid", "sid")])
@pytest.mark.parametrize("envelope", [None, "data"])
def test_the_key_of_a_path_comes_back(parameter, member, envelope, mocked):
    """By its name, or its last word, also in an envelope."""
    thing = {"type": "object", "properties": {member: TEXT, "name": TEXT}}
    schema = {"type": "object", "properties": {envelope: thing}} if envelope else thing
    path = f"/things/{{{parameter}}}"
    value = mocked({path: at(get(schema), **{parameter: TEXT})}).get("/things/t-7").json
    assert (value[envelope] if envelope else value)[member] == "t-7"


def test_an_item_with_a_list_of_its_own_is_no_page(mocked):
    """What it says of totals, and its parts of their URLs, is not said of that list."""
    maker = {"type": "object", "required": ["id", "url"], "properties": {"id": TEXT, "url": URI}}
    order = {
        "type": "object",
        "required": ["id", "items"],
        "properties": {
            "id": TEXT,
            "total": {"type": "integer", "minimum": 500},
            "maker": maker,
            "script": {"type": "object", "properties": {"url": URI}},
            "items": {"type": "array", "items": {"type": "object", "properties": {"sku": TEXT}}},
        },
    }
    app = mocked(
        {"/orders/{id}/": at(get(order, "limit"), id=TEXT), "/makers/{id}/": at(get(maker), id=TEXT)}
    )
    value = app.get("/orders/a/").json
    assert value["total"] >= 500
    assert value["maker"]["url"].endswith(f"/makers/{value['maker']['id']}/")
    assert value["script"]["url"].startswith("https://www.example.com/")
