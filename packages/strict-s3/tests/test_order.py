"""Lists: each page as of all sorted names, and at the cost of its own size."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_s3.messages.orders import Order
from strict_s3.objects.listing import list_objects
from strict_s3.store.ordered import Keys, Ordered
from strict_s3.store.records import StoredVersions

NAMES = st.lists(st.text("ab/\U0010ffff", max_size=5), unique=True, max_size=30)
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@given(names=NAMES, start=st.text("ab/\U0010ffff", max_size=4))
def test_names_since_and_beyond_one(names, start):
    """The names from one on, and those behind a prefix, are those of the sorted list."""
    ordered = Ordered(sorted(names), lambda name: [name] * 2)
    assert [name for name, _ in ordered.since(start)][::2] == [
        name for name in sorted(names) if name >= start
    ]
    behind = [name for name in sorted(names) if name > start and not name.startswith(start)]
    assert [name for name, _ in ordered.beyond(start)][::2] == behind


@given(names=NAMES, gone=st.data())
def test_keys_stay_in_order(names, gone):
    """However versions come and go, the names are those of the objects, in order."""
    keys = Keys()
    for number, name in enumerate(names):
        (keys.place if number % 2 else keys.setlist)(name, [object()])
    for name in gone.draw(st.lists(st.sampled_from(names), unique=True)) if names else []:
        keys.discard(name)
    assert keys.names == sorted(dict.keys(keys))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with 2,000 objects in 20 folders, as of the start: each is a record."""
    from strict_s3.buckets.buckets import FirstBucket  # noqa: PLC0415 -- moto's import takes its time
    from strict_s3.buckets.events import Events  # noqa: PLC0415 -- the same
    from strict_s3.objects.store import Store  # noqa: PLC0415 -- the same
    from strict_s3.store.archive import Archive  # noqa: PLC0415 -- the same
    from strict_s3.store.records import Version  # noqa: PLC0415 -- the same

    root = tmp_path_factory.mktemp("data")
    first = [FirstBucket("photos", "us-east-1")]
    store = Store(Archive(root), first, Events({}, "123456789012"))
    (root / "photos" / "objects" / "one.bin").write_bytes(b"x")
    with store._archive.transaction():
        for number in range(2000):
            version = Version(
                id="null", file="one.bin", size=1, etag="e", last_modified="2026-12-01T00:00:00"
            )
            store._archive.save_object("photos", f"{number // 100:02}/{number:04}", [version])
    store.close()
    reopened = Store(Archive(root), first, Events({}, "123456789012"))
    yield reopened
    reopened.close()


@pytest.mark.parametrize(
    ("query", "listed", "most"),
    [
        ({"prefix": "07/07", "max-keys": "10"}, 10, 11),
        ({"delimiter": "/"}, 20, 20),
        ({"start-after": "19/1995"}, 4, 5),
    ],
    ids=["prefix", "delimiter", "end"],
)
def test_a_page_costs_its_size(store, monkeypatch, query, listed, most):
    """No more objects are looked at than are on the page, and one behind it; none is held as a model."""
    looked_at = []
    models = StoredVersions.models
    monkeypatch.setattr(StoredVersions, "models", lambda versions: looked_at.append(1) or models(versions))
    order = Order("GET", "photos", "", (("list-type", "2"), *query.items()))
    response = list_objects(store._backend, order)
    root = ET.fromstring(b"".join(response.body))  # noqa: S314 -- ours
    assert int(root.findtext(f"{NAMESPACE}KeyCount")) == listed
    assert len(looked_at) <= most
    assert all(versions._models is None for versions in dict.values(store._backend._keys("photos")))


def test_what_was_stored_is_held_as_a_record(store):
    """After a change an object is held as its record again, of which moto's model is made when asked for."""
    store.change_object(Order("DELETE", "photos", "00/0000"))
    assert "00/0000" not in store._backend._keys("photos").names
    body = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    store.change_object(Order("PUT", "photos", "00/0001", (("tagging", ""),), {}, "us-east-1", body))
    assert isinstance(store._backend._keys("photos").versions("00/0001"), StoredVersions)
    assert store.tags("photos", "00/0001", "") == {"a": "b"}
