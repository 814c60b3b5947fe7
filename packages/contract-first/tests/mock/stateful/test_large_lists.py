"""A page of a long list takes no more work than one of a short list."""

from __future__ import annotations

import pytest

from contract_first.mock.stateful import store as stores
from contract_first.mock.stateful import views

from .conftest import LISTED, NEW_PET, PET, in_path, in_query, names, operation, ref

QUERIES = [
    in_query("kind"),
    *(in_query(name, "integer") for name in ("limit", "page", "offset")),
    *(in_query(name) for name in ("sort", "order", "starting_after")),
]
SHOP = in_path("shopId")
PATHS = {
    "/pets": {
        "get": operation(LISTED, parameters=QUERIES),
        "post": operation(ref("Pet"), status="201", body=NEW_PET),
    },
    "/pets/{petId}": {"parameters": [in_path("petId", "integer")], "get": operation(ref("Pet"))},
    "/shops/{shopId}/toys": {
        "parameters": [SHOP],
        "get": operation(LISTED, parameters=QUERIES),
        "post": operation(ref("Pet"), status="201", body=NEW_PET),
    },
    "/shops/{shopId}/toys/{toyId}": {
        "parameters": [SHOP, in_path("toyId", "integer")],
        "get": operation(ref("Pet")),
    },
}


@pytest.fixture
def shop(remembering, monkeypatch):
    """Return a mock with so many pets and toys, and the items that are read from its store from now on."""
    read, original = [], views.item_of
    for module in (stores, views):
        monkeypatch.setattr(module, "item_of", lambda *row: read.append(row[1]) or original(*row))

    def make(count):
        mock = remembering(PATHS, {"Pet": PET})
        mock.post("/pets", {"name": "0", "kind": "cat"})
        for shop in "ab":
            mock.post(f"/shops/{shop}/toys", {"name": f"{shop}0", "kind": "cat"})
        first = {item.key: item for path in PATHS for item in mock.memory.store.all(path)}
        for path in ("/pets", "/shops/{shopId}/toys"):
            for item in mock.memory.store.all(path):
                for number in range(1, count):
                    kind = "cat" if number % 2 == 0 else "dog"
                    value = {**item.value, "id": number + 1000, "name": f"{number}", "kind": kind}
                    mock.memory.store.add(path, str(number + 1000), item.parents, value)
        assert first
        read.clear()
        return mock, read

    return make


@pytest.mark.parametrize("path", ["/pets", "/shops/a/toys"])
@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("limit=5", 5),
        ("limit=5&page=3", 5),
        ("limit=5&offset=17", 5),
        ("limit=5&starting_after=1010", 5),
        ("limit=5&sort=-name", 5),
        ("limit=5&kind=dog&sort=name&page=2", 5),
        ("limit=5&order=desc", 5),
    ],
)
def test_a_page_is_read_and_no_more(path, query, most, shop):
    """Once a list has been filtered or sorted; the length of the list makes no difference."""
    shown = []
    for count in (40, 400):
        mock, read = shop(count)
        shown.append(mock.get(f"{path}?{query}"))
        read.clear()
        assert mock.get(f"{path}?{query}") == shown[-1]
        assert len(read) == most == len(shown[-1])
    assert "name" in query or "order" in query or names(shown[0]) == names(shown[1])


def test_pages_are_those_of_the_list(shop):
    """In any order, by any cursor; and a list that has changed is read again."""
    mock, _ = shop(40)
    everything = mock.get("/pets?limit=1000")
    assert len(everything) == 40
    for order in ("", "&sort=name", "&sort=-name", "&kind=dog", "&order=desc"):
        whole = mock.get(f"/pets?limit=1000{order}")
        pages = [mock.get(f"/pets?limit=7&page={number}{order}") for number in range(1, 8)]
        assert [pet for page in pages for pet in page] == whole
        key = whole[9]["id"]
        assert mock.get(f"/pets?limit=3&starting_after={key}{order}") == whole[10:13]
    made = mock.post("/pets", {"name": "~", "kind": "dog"})
    assert mock.get("/pets?limit=1&sort=-name") == [made]
    assert made in mock.get("/pets?limit=1000&kind=dog")
    assert len(mock.get("/pets?limit=1000")) == 41


def test_what_is_loaded_is_listed(shop, tmp_path):
    """Nothing is remembered of how the items were before."""
    mock, _ = shop(10)
    file = tmp_path / "items"
    mock.memory.store.save(file)
    before = mock.get("/pets?limit=1000&sort=-name")
    mock.memory.store.clear()
    assert mock.get("/pets?limit=1000&sort=-name") == []
    mock.memory.store.load(file)
    assert mock.get("/pets?limit=1000&sort=-name") == before


def test_items_of_other_parents_stay_apart(shop):
    """A shop shows its own toys."""
    mock, _ = shop(10)
    assert len(mock.get("/shops/a/toys?limit=1000")) == len(mock.get("/shops/b/toys?limit=1000")) == 10
    assert [toy["name"] for toy in mock.get("/shops/b/toys?limit=1")] == ["b0"]
