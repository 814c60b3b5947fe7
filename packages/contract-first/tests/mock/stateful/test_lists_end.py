"""Lists that clients read to their end: by any parameters for pages, with links and facts that agree."""

import re

import pytest

from .conftest import in_path, in_query, operation

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
THING = {"type": "object", "required": ["id", "name"], "properties": {"id": NUMBER, "name": TEXT}}
THINGS = {"type": "array", "items": THING}
HREF = {"type": "object", "properties": {"href": TEXT}}
NEW = {"type": "object", "properties": {"name": TEXT}}


def of_list(around, *parameters, name="data", required=(), headers=()):
    """Return the paths of a collection whose list is among these members."""
    members = {**({name: THINGS} if name else {}), **around}
    listed = {"type": "object", "required": [*members, *required], "properties": members} if name else THINGS
    get = operation(listed, parameters=parameters)
    get["responses"]["200"]["headers"] = dict(headers)
    return {
        "/things": {"get": get, "post": operation(THING, status="201", body=NEW)},
        "/things/{id}": {"get": operation(THING, parameters=[in_path("id", "integer")])},
    }


def walk(mock, target, following):
    """Follow a list to its end; return the names on each page."""
    pages = []
    while target and len(pages) < 9:
        body = mock.get(target)
        pages.append([thing["name"] for thing in (body if isinstance(body, list) else body["data"])])
        target = following(mock, body)
    return pages


@pytest.fixture(params=["stored", "seeded"])
def listing(request, remembering):
    """Return what serves a list of five things, with and without memory."""

    def serve(paths):
        if request.param == "seeded":
            return remembering(paths, items=5, remembers=False)
        mock = remembering(paths)
        for number in range(5):
            mock.post("/things", {"name": f"n{number}"})
        return mock

    return serve


def test_a_count_in_a_list_is_of_all_items(listing):
    """As a parameter it selects a page; the list has the number of its items by that name."""
    first = listing(of_list({"count": NUMBER})).get("/things?count=2")
    assert (len(first["data"]), first["count"]) == (2, 5)


@pytest.mark.parametrize(
    ("query", "size"),
    [("page=2&per_page=2", 2), ("offset=2&limit=2", 2), ("skip=2&take=2", 2), ("pageNumber=2&pageSize=2", 2)],
)
def test_parameters_that_the_document_lacks(listing, query, size):
    """The well-known ones select a page all the same."""
    mock = listing(of_list({}))
    everything = mock.get("/things")["data"]
    assert mock.get(f"/things?{query}")["data"] == everything[2 : 2 + size]
    assert mock.get("/things?per_page=2&page=9")["data"] == []
    assert mock.get("/things?limit=zero&offset=-1")["data"] == everything
    assert mock.get(f"/things?after={everything[1]['id']}")["data"] == everything[2:]


def test_a_count_selects_a_page(remembering):
    """Though the items have a member of that name; the list is named like the resource's last word."""
    folder = {"type": "object", "properties": {"id": TEXT, "count": NUMBER, "name": TEXT}}
    links = {"type": "array", "items": HREF}
    listed = {"type": "object", "properties": {"links": links, "folders": {"type": "array", "items": folder}}}
    count = in_query("count", "integer", default=10)
    post = operation(folder, status="201", body=NEW)
    read = operation(folder, parameters=[in_path("folder_id")])
    paths = {
        "/campaign-folders": {"get": operation(listed, parameters=[count]), "post": post},
        "/campaign-folders/{folder_id}": {"get": read},
    }
    mock = remembering(paths)
    created = [mock.post("/campaign-folders", {"name": f"n{number}"})["id"] for number in range(3)]
    assert [folder["id"] for folder in mock.get("/campaign-folders")["folders"]] == created
    assert [folder["id"] for folder in mock.get("/campaign-folders?count=2")["folders"]] == created[:2]


def test_a_filter_of_such_a_name_is_none(listing):
    """A parameter that the document has stays what it is."""
    mock = listing(of_list({}, in_query("page", "string")))
    assert mock.get("/things?page=2")["data"] == mock.get("/things")["data"]


@pytest.mark.parametrize(
    ("around", "following"),
    [
        ({"next": {**TEXT, "nullable": True}}, lambda body: body["next"]),
        ({"links": {"type": "object", "properties": {"next": TEXT}}}, lambda body: body["links"].get("next")),
        (
            {"_links": {"type": "object", "properties": {"next": HREF}}},
            lambda body: body["_links"].get("next", {}).get("href"),
        ),
        (
            {"links": {"type": "array", "items": {"type": "object", "required": ["rel", "href"],
              "properties": {"rel": {"type": "string", "enum": ["next"]}, "href": TEXT}}}},
            lambda body: next((link["href"] for link in body["links"] if link["rel"] == "next"), ""),
        ),
        (
            {"paging": {"type": "object", "properties": {"next": {"type": "object", "required": ["after"],
              "properties": {"after": TEXT, "link": TEXT}}}}},
            lambda body: body["paging"].get("next", {}).get("link"),
        ),
    ],
)  # fmt: skip
def test_the_last_page_has_no_next_link(listing, around, following):
    """In whatever form it is, and each before has one that leads to the next."""
    mock = listing(of_list(around, in_query("limit", "integer"), in_query("after")))
    everything = [thing["name"] for thing in mock.get("/things")["data"]]

    def target(_mock, body):
        return (following(body) or "").removeprefix("http://api.test")

    assert walk(mock, "/things?limit=2", target) == [everything[:2], everything[2:4], everything[4:]]


def test_a_cursor_in_an_object(listing):
    """What has the cursor of the next page is not there on the last one."""
    after = {"type": "object", "required": ["after"], "properties": {"after": TEXT}}
    around = {"paging": {"type": "object", "properties": {"next": after}}}
    mock = listing(of_list(around, in_query("limit", "integer"), in_query("after")))

    def target(_mock, body):
        cursor = body["paging"].get("next", {}).get("after")
        return cursor and f"/things?limit=2&after={cursor}"

    assert [len(page) for page in walk(mock, "/things?limit=2", target)] == [2, 2, 1]


def test_the_link_in_a_header(listing):
    """The declared ``Link`` leads to each page, and no further."""
    link = {"Link": {"schema": TEXT, "example": '<https://api.example.com/things?page=2>; rel="next"'}}
    mock = listing(
        of_list({}, in_query("page", "integer"), in_query("per_page", "integer"), name="", headers=link)
    )

    def target(mock, _body):
        match = re.search(r'<http://api.test([^>]*)>; rel="next"', mock.response.headers.get("link", ""))
        return match and match[1]

    assert [len(page) for page in walk(mock, "/things?per_page=2", target)] == [2, 2, 1]
    mock.get("/things")
    assert "link" not in mock.response.headers


FACTS = {
    "total": NUMBER, "count": NUMBER, "total_pages": NUMBER, "page": NUMBER, "has_more": {"type": "boolean"},
    "next": {**TEXT, "nullable": True},
}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "facts"),
    [
        ("limit=2", (5, 2, 3, 1, True)),
        ("limit=2&page=3", (5, 1, 3, 3, False)),
        ("limit=2&page=4", (5, 0, 3, 4, False)),
        ("limit=0", (5, 0, 0, 1, False)),
    ],
)
def test_what_is_said_of_a_page_agrees(listing, query, facts):
    """Total, count, pages, page, whether there is more, and the link to that."""
    mock = listing(of_list(FACTS, in_query("limit", "integer"), in_query("page", "integer")))
    body = mock.get(f"/things?{query}")
    assert tuple(body[name] for name in ("total", "count", "total_pages", "page", "has_more")) == facts
    assert len(body["data"]) == facts[1]
    assert bool(body["next"]) == facts[4]


def test_a_sort_by_what_items_lack_changes_nothing(remembering):
    """Nor in reverse; one by a member does."""
    mock = remembering(of_list({}, in_query("sort")))
    for name in ("b", "a", "c"):
        mock.post("/things", {"name": name})
    assert [thing["name"] for thing in mock.get("/things?sort=-price")["data"]] == ["b", "a", "c"]
    assert [thing["name"] for thing in mock.get("/things?sort=-name")["data"]] == ["c", "b", "a"]
