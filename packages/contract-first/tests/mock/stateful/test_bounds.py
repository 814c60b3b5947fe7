"""Lists are filtered by bounds of numbers and times."""

import pytest

from .conftest import LISTED, PETS, in_query, names, operation, ref


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("created_at[gte]=2026-02-01", "bc"),
        ("created_at[gt]=2026-02-01", "c"),
        ("filter[created_at][gte]=2026-02-01", "bc"),
        ("filter[created_at][gte]=2026-02-01&filter[created_at][lt]=2026-03-01", "b"),
        ("created_at[lte]=2026-02-01", "ab"),
        ("created_after=2026-02-01T13:00:00%2B01:00&createdBefore=2026-02-28", "b"),
        ("CreatedAt>=2026-02-02", "c"),
        ("CreatedAt<=2026-02-01", "ab"),
        ("created_at=2026-02-01", "b"),
        ("from=2026-02-01&to=2026-02-01", "b"),
        ("start_date=2026-02-02", "c"),
        ("since=2026-02-02", "c"),
        ("since=soon", "abc"),
        ("seen_until=2026-01-31", "a"),
        ("seen_before=1769817600", "a"),
        ("seen_on_from=x", "abc"),
        ("min_weight=2", "bc"),
        ("since_id=2", "c"),
        ("after=2026-02-01", "bc"),
        ("start=2026-03-01", "c"),
        ("vaccinated_to=1", "abc"),
        ("weight_max=3", "ab"),
        ("price_min=10", "bc"),
        ("filter[weight_min]=2.5&filter[created_at_lt]=2026-03-01", "b"),
        ("ids=1,3", "ac"),
        ("vaccinated=false", "abc"),
    ],
)
def test_a_list_within_bounds(remembering, query, found):
    """A member's name with the word of a bound, or one without a member, bounds numbers and times."""
    members = {
        "name": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "seen_on": {"type": "string"},
        "weight": {"type": "number"},
        "price": {"type": "string"},
        "vaccinated": {"type": "boolean"},
    }
    created = {"type": "object", "properties": {"gte": {"type": "string"}, "lt": {"type": "string"}}}
    bounds = {"weight_min": {"type": "number"}, "created_at_lt": {"type": "string"}, "created_at": created}
    inner = {"type": "object", "properties": bounds}
    pet = {"type": "object", "properties": {"id": {"type": "integer"}, **members}}
    named = "CreatedAt> CreatedAt< created_after createdBefore from to start_date since seen_until created_at"
    texts = [in_query(each) for each in (*named.split(), "seen_on_from")]
    named = ("min_weight", "weight_max", "seen_before", "since_id", "vaccinated_to")
    numbers = [in_query(each, "number") for each in named]
    texts += [in_query(each, format="date") for each in ("after", "start")]
    texts += [in_query(f"created_at[{each}]") for each in ("gt", "gte", "lte")]
    texts += [in_query(each) for each in ("price_min", "ids")]
    texts += [in_query("vaccinated", "boolean", default=False)]
    texts += [{"name": "filter", "in": "query", "style": "deepObject", "explode": True, "schema": inner}]
    listing = operation(LISTED, parameters=[*texts, *numbers])
    made = operation(ref("Pet"), status="201", body=pet)
    mock = remembering({**PETS, "/pets": {"get": listing, "post": made}}, {"Pet": pet})
    for number, month in enumerate(("Jan", "Feb", "Mar")):
        seen, created = f"Fri, 1 {month} 2026 00:00:00 GMT", f"2026-0{number + 1}-01T12:00:00Z"
        pet = {
            "name": "abc"[number],
            "weight": (1.5, 2.5, 10**400)[number],
            "seen_on": seen,
            "created_at": created,
        }
        pet["price"] = ("9.50", "10.00", "10.50")[number]
        mock.post("/pets", pet)
    assert names(mock.get(f"/pets?{query}")) == list(found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from=2026-12-01", "b"),
        ("start_date=2026-12-01&end_date=2026-12-31", "b"),
        ("to=2026-01-31", "a"),
        ("start_before=2026-01-31", "a"),
        ("since=2026-11-26", "ab"),
        ("since=2026-11-27", ""),
    ],
)
def test_what_takes_place_is_listed_by_its_start(remembering, query, found):
    """Days bound the start of items that have one, not their creation; who asks since a time, the change."""
    times = ("start_time", "end_time", "created_at", "updated_at")
    time = {"type": "string", "format": "date-time"}
    members = {"id": {"type": "integer"}, "name": {"type": "string"}, **dict.fromkeys(times, time)}
    event, start = {"type": "object", "properties": members}, {"type": "string", "format": "date-time"}
    body = {"type": "object", "properties": {"name": {"type": "string"}, "start_time": start}}
    queries = [in_query(each) for each in ("from", "to", "since", "start_date", "end_date", "start_before")]
    listing = operation(LISTED, parameters=queries)
    mock = remembering(
        {**PETS, "/pets": {"get": listing, "post": operation(ref("Pet"), body=body)}}, {"Pet": event}
    )
    for name, month in (("a", "01"), ("b", "12")):
        mock.post("/pets", {"name": name, "start_time": f"2026-{month}-20T10:00:00Z"})
    assert names(mock.get(f"/pets?{query}")) == list(found)
