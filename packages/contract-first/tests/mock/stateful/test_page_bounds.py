"""A page of a list ends at a number of items and of bytes, and what follows it can be asked for."""

from __future__ import annotations

import re

import pytest

from contract_first.mock.shape.pages import MOST_ON_PAGE, MOST_PAGE_BYTES
from contract_first.mock.stateful import store as stores
from contract_first.mock.stateful import views

from .conftest import LISTED, NEW_PET, PET, PETS, in_path, in_query, operation, ref

LARGE = "x" * 3_900_000
NEXT = re.compile(r'<http://api\.test(.+)>; rel="next"')
ENVELOPE = {
    "type": "object",
    "required": ["data", "total_pages", "next_page"],
    "properties": {
        "data": LISTED,
        "total_pages": {"type": "integer"},
        "page": {"type": "integer"},
        "next_page": {"type": "integer", "nullable": True},
    },
}


def numbered(*names):
    """Return parameters that are integers."""
    return [in_query(name, "integer") for name in names]


@pytest.fixture
def listing(remembering):
    """Return a mock whose list has these parameters, and pets with texts of these lengths."""

    def make(parameters, lengths, schema=LISTED):
        pets = {"get": operation(schema, parameters=parameters), "post": PETS["/pets"]["post"]}
        mock = remembering({**PETS, "/pets": pets}, {"Pet": PET})
        first = mock.post("/pets", {"name": "0", "kind": "cat"})
        mock.memory.store.clear()
        for number, length in enumerate(lengths, 1):
            value = {**first, "id": number, "name": LARGE[:length], "kind": ("cat", "dog")[number % 2]}
            mock.memory.store.add("/pets", str(number), {}, value)
        return mock

    return make


def link(mock):
    """Return the target of the link to the next page in the latest response; None without one."""
    field = mock.response.headers.get("link")
    return field and NEXT.fullmatch(field)[1]


def followed(mock, target):
    """Return the identifiers on each page, from one on and by its links."""
    pages = []
    while target:
        pages.append([pet["id"] for pet in mock.get(target)])
        assert len(mock.response.body) <= MOST_PAGE_BYTES + 1000
        target = link(mock)
    return pages


def test_a_list_without_parameters_is_sent_in_pages_of_a_thousand(listing):
    """And its links lead through all of them; a list that fits has none."""
    mock = listing([], [1] * (2 * MOST_ON_PAGE + 1))
    pages = followed(mock, "/pets")
    assert [*map(len, pages)] == [MOST_ON_PAGE, MOST_ON_PAGE, 1]
    assert [number for page in pages for number in page] == [*range(1, 2 * MOST_ON_PAGE + 2)]
    assert followed(listing([], [1] * MOST_ON_PAGE), "/pets") == [[*range(1, MOST_ON_PAGE + 1)]]


@pytest.mark.parametrize(
    ("names", "query"),
    [
        ((), ""),
        (("limit",), "?limit=3"),
        (("limit", "offset"), "?limit=4"),
        (("limit", "page"), "?limit=4"),
        (("limit", "page"), ""),
        (("limit", "starting_after"), "?limit=4"),
    ],
)
def test_a_page_ends_at_its_bytes(listing, names, query):
    """Its link leads on, with the contract's own parameters where it has any."""
    mock = listing(numbered(*names), [3_900_000] * 5)
    target = f"/pets{query}"
    assert followed(mock, target) == [[1, 2], [3, 4], [5]]
    mock.get(target)
    assert any(f"{name}=" in link(mock) for name in names[1:] or ["__offset"])


def test_pages_have_numbers_of_their_own(listing):
    """A client that counts pages gets every item once, and the number of pages is theirs."""
    lengths = [1] * 5 + [3_900_000] * 3 + [1] * 5
    mock = listing(numbered("per_page", "page"), lengths, ENVELOPE)
    first = mock.get("/pets?per_page=4")
    assert first["total_pages"] == 4
    pages = [first, *(mock.get(f"/pets?per_page=4&page={number}") for number in (2, 3, 4, 5))]
    assert [[pet["id"] for pet in page["data"]] for page in pages] == [
        [1, 2, 3, 4],
        [5, 6, 7],
        [8, 9, 10, 11],
        [12, 13],
        [],
    ]
    assert [page["next_page"] for page in pages] == [2, 3, 4, None, None]


def test_a_page_before_an_item_ends_at_it(listing):
    """What does not fit is before it."""
    mock = listing([in_query("limit", "integer"), in_query("before")], [3_900_000] * 5)
    assert [pet["id"] for pet in mock.get("/pets?limit=4&before=5")] == [3, 4]
    assert [pet["id"] for pet in mock.get("/pets?limit=4&before=3")] == [1, 2]


@pytest.mark.parametrize("query", ["", "?kind=dog&sort=-id", "?limit=4&page=2"])
def test_what_is_on_other_pages_is_not_read(listing, monkeypatch, query):
    """The sizes of items decide, once a list is in its order."""
    names = ("limit", "page") if "page" in query else ()
    mock = listing([in_query("kind"), in_query("sort"), *numbered(*names)], [3_900_000] * 7)
    mock.get(f"/pets{query}")
    read, original = [], views.item_of
    for module in (stores, views):
        monkeypatch.setattr(module, "item_of", lambda *row: read.append(row[1]) or original(*row))
    assert [str(pet["id"]) for pet in mock.get(f"/pets{query}")] == read
    assert len(read) == 2


def test_items_below_others_are_bounded(remembering):
    """By the path of their creation."""
    shop = in_path("shopId")
    mock = remembering(
        {
            "/shops/{shopId}/toys": {
                "parameters": [shop],
                "get": operation(LISTED),
                "post": operation(ref("Pet"), status="201", body=NEW_PET),
            },
            "/shops/{shopId}/toys/{toyId}": {
                "parameters": [shop, in_path("toyId", "integer")],
                "get": operation(ref("Pet")),
            },
        },
        {"Pet": PET},
    )
    made = [mock.post("/shops/a/toys", {"name": LARGE, "kind": "cat"})["id"] for _ in range(3)]
    mock.post("/shops/b/toys", {"name": "b", "kind": "cat"})
    assert followed(mock, "/shops/a/toys") == [made[:2], made[2:]]


@pytest.mark.parametrize("text", ["x", "-1", "9" * 16, "%D9%A3"])
def test_an_offset_that_is_no_number_is_refused(listing, text):
    """With what was expected."""
    mock = listing([], [1])
    status, _ = mock("GET", f"/pets?__offset={text}")
    assert status == 400
    reason = mock.response.headers["x-mock-refusal"]
    assert reason.startswith("The query asks for __offset=")
    assert reason.endswith("expected a number of up to 15 digits.")
