"""Shops that lose, change or confuse what they store."""

from __future__ import annotations

from itertools import count

from wrong_bends import (
    CREATE,
    DELETE,
    HEAD,
    LIST,
    PATCH,
    PUT,
    READ,
    Row,
    as_if,
    asked,
    header,
    listed,
    member,
    replied,
    rewritten,
    sets,
    without,
)
from wrong_shop import KEY, Asked, Reply, Shop

NUMBERS = count(1000)


def _read_side_effect(reply: Reply, _request: Asked, shop: Shop) -> None:
    owner, item = shop.items[reply.body["id"]]
    shop.items[item["id"]] = owner, {**item, "size": 3 + item["size"] % 50}


def _drop_all(_reply: Reply, _request: Asked, shop: Shop) -> None:
    shop.items.clear()


def _undo(reply: Reply, _request: Asked, shop: Shop) -> None:
    shop.items.pop(reply.body["id"])


ROWS: list[Row] = [
    ("what is created is not there", "stored_things: there", replied(CREATE, _undo)),
    ("other id in GET", "stored_things: there", member(READ, "id", lambda number: number + 1)),
    (
        "an id of its own in each GET",
        "stored_things: there",
        member(READ, "id", lambda _: next(NUMBERS)),
    ),
    ("the same id twice", "stored_things: ids", member(CREATE, "id", 1)),
    (
        "another text is stored",
        "stored_things: same",
        rewritten(CREATE, lambda _, now: {**now, "name": "another"}),
    ),
    (
        "a text is stored in capitals",
        "stored_things: same",
        rewritten(CREATE, lambda _, now: {**now, "name": now["name"] + " "}),
    ),
    (
        "a nested object is lost",
        "stored_things: same",
        rewritten(CREATE, lambda _, now: {**now, "owner": {"name": "no"}}),
    ),
    (
        "an array is sorted",
        "stored_things: same",
        rewritten(CREATE, lambda _, now: {**now, "tags": now["tags"][::-1]}),
    ),
    ("the default is missing", "not found: a member that may be missing may be", member(CREATE, "shelf")),
    ("another default", "stored_things: default", member(CREATE, "shelf", "old")),
    (
        "Location leads to another",
        "stored_things: location",
        replied(CREATE, lambda r, *_: r.headers.update(Location=f"/items/{r.body['id'] + 1}")),
    ),
    ("Location leads nowhere", "stored_things: location", header(CREATE, "Location", "/items/999999")),
    ("PUT changes nothing", "stored_things: same", as_if(PUT, "GET", 200)),
    ("PUT is not stored", "stored_things: same", rewritten(PUT, lambda before, _: before)),
    (
        "PUT changes the id",
        "stored_things: there",
        rewritten(PUT, lambda _, now: {**now, "id": now["id"] + 7}),
    ),
    (
        "PUT creates another",
        "not found: others may create things while a run goes on",
        replied(
            PUT,
            lambda r, a, s: s.items.update(
                {(n := next(s.numbers)): (a.headers["x-key"], {**r.body, "id": n})}
            ),
        ),
    ),
    ("PATCH changes nothing", "stored_things: same", as_if(PATCH, "GET", 200)),
    ("PATCH is not stored", "stored_things: same", rewritten(PATCH, lambda before, _: before)),
    (
        "PATCH clears what it does not name",
        "stored_things: partial",
        rewritten(PATCH, lambda _, now: {**now, "owner": {"name": "nobody"}}),
    ),
    (
        "PATCH changes when it was made",
        "stored_things: partial",
        rewritten(PATCH, lambda _, now: {**now, "made_at": "2001-01-01T00:00:00Z"}),
    ),
    (
        "PATCH returns what was before",
        "stored_things: same",
        replied(PATCH, lambda r, _, s: setattr(r, "body", s.before[r.body["id"]])),
    ),
    ("GET changes what is stored", "stored_things: same", replied(READ, _read_side_effect)),
    ("DELETE deletes nothing", "stored_things: gone", as_if(DELETE, "GET", 204)),
    ("DELETE deletes all", "stored_things: gone", replied(DELETE, _drop_all)),
    ("DELETE twice is a 422", "stored_things: gone", sets(DELETE, 404, status=422)),
    (
        "what is deleted is listed",
        "stored_things: gone",
        replied(DELETE, lambda _r, _a, s: s.ghosts.update({n: (KEY, item) for n, item in s.before.items()})),
    ),
    # conditions
    ("the same ETag for all", "stored_things: etag", header(READ, "ETag", '"1"')),
    (
        "another ETag in each GET",
        "stored_things: etag",
        replied(READ, lambda r, *_: r.headers.update(ETag=f'"{next(NUMBERS)}"')),
    ),
    ("another ETag in HEAD", "stored_things: etag", header(HEAD, "ETag", '"head"')),
    ("no ETag in HEAD", "stored_things: etag", header(HEAD, "ETag")),
    (
        "If-None-Match is ignored",
        "stored_things: precondition",
        asked(READ, lambda a, _: a.headers.pop("if-none-match", None) and None),
    ),
    (
        "If-Match is ignored",
        "stored_things: precondition",
        asked("P* /items/*", lambda a, _: a.headers.pop("if-match", None) and None),
    ),
    (
        "304 for any ETag",
        "stored_things: precondition",
        asked(READ, lambda a, _: Reply(304) if "if-none-match" in a.headers else None),
    ),
    # lists
    ("an empty list", "stored_things: list", listed(lambda *_: [])),
    (
        "the newest is not listed",
        "stored_things: list",
        replied(
            LIST,
            lambda r, a, _: a.query or r.body.update(total=r.body["total"] - 1, items=r.body["items"][:-1]),
        ),
    ),
    ("an item is listed twice", "stored_things: list", listed(lambda items, _: items[:1] * 2)),
    (
        "an item is as it was",
        "stored_things: list",
        listed(lambda items, _: [{**item, "name": "another"} for item in items]),
    ),
    (
        "another order in each call",
        "stored_things: order",
        replied(LIST, lambda r, _, s: s.requests % 2 and r.body["items"].reverse()),
    ),
    ("descending is ascending", "stored_things: order", without(LIST, "sort")),
    ("the total is one less", "stored_things: total", member(LIST, "total", lambda total: total - 1)),
    (
        "the total is that of the page",
        "stored_things: total",
        replied(LIST, lambda r, *_: r.body.update(total=len(r.body["items"]))),
    ),
    ("page_size is ignored", "stored_things: page", without(LIST, "page_size")),
    ("page is ignored", "stored_things: page", without(LIST, "page")),
    (
        "a page leaves one out",
        "stored_things: page",
        asked(LIST, lambda a, _: (a.query.get("page") == "2" and a.query.update(page="3")) or None),
    ),
    (
        "an empty second page",
        "stored_things: page",
        listed(lambda items, a: [] if a.query.get("page") == "2" else items),
    ),
    ("next leads to the same page", "stored_things: page", member(LIST, "next", "/items?page=1&page_size=1")),
    ("next leads nowhere", "stored_things: page", member(LIST, "next", "/item?page=2")),
    ("kind is ignored", "stored_things: filter", without(LIST, "kind")),
    (
        "kind is inverted",
        "stored_things: filter",
        asked(
            LIST,
            lambda a, _: (
                ("kind" in a.query and a.query.update(kind="pot" if a.query["kind"] == "cup" else "cup"))
                or None
            ),
        ),
    ),
    (
        "kind finds nothing",
        "stored_things: filter",
        listed(lambda items, a: [] if "kind" in a.query else items),
    ),
]
