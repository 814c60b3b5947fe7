"""Generated values look like what the property's name says, where the schema accepts that."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

import pytest

from contract_first.vocabulary import names
from contract_first.vocabulary.subjects import LOCALITIES, Subject

EMAIL = r"[a-z]+\.[a-z]+@example\.com"
WORD = r"[A-Z][a-z]+"
URL = r"https://www\.example/\S+"
IMAGE = r"https://\S+\.png"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
DATE = r"\d{4}-\d\d-\d\d"
SENTENCE = r"[A-Z].+\."
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
STRINGS = {
    **dict.fromkeys(("email", "contactEmail", "user-email", "emails"), EMAIL),
    **dict.fromkeys(("phone", "mobile_number", "homePhone"), r"\+\d{8,15}"),
    **dict.fromkeys(("first_name", "firstName", "last_name", "family_name"), WORD),
    **dict.fromkeys(("full_name", "displayName", "author", "name", "title"), rf"{WORD} {WORD}"),
    **dict.fromkeys(("username", "nickname"), r"[a-z]+\d+"),
    **dict.fromkeys(("url", "website", "html_url", "homePageUrl"), URL),
    **dict.fromkeys(("avatar", "avatar_url", "image", "imageUrl", "photoUrls", "logo"), IMAGE),
    **dict.fromkeys(("created_at", "updatedAt", "created", "last_login", "timestamp"), MOMENT),
    **dict.fromkeys(("birthday", "start_date", "created_on"), DATE),
    **dict.fromkeys(("description", "summary", "note", "message"), SENTENCE),
    **dict.fromkeys(("id", "userId", "uuid"), UUID),
    **dict.fromkeys(("city", "billing_city", "country"), r"[A-Z][A-Za-z ]+"),
    **dict.fromkeys(("country_code", "countryCode"), "[A-Z]{2}"),
    **dict.fromkeys(("postcode", "zip_code", "postalCode"), r"[A-Z0-9][A-Z0-9 -]+"),
    **dict.fromkeys(("street", "address"), r"\d+ [A-Z][a-z]+ [A-Z][a-z]+"),
    **dict.fromkeys(("latitude", "lng"), r"-?\d+\.\d{6}"),
    **dict.fromkeys(("price", "total_amount"), r"\d+(\.\d\d)?"),
    **dict.fromkeys(("currency", "currencyCode"), "[A-Z]{3}"),
    **dict.fromkeys(("status", "orderStatus"), "active|pending|completed"),
    "slug": r"[a-z]+-[a-z]+",
    **dict.fromkeys(("color", "backgroundColour"), "#[0-9a-f]{6}"),
    **dict.fromkeys(("mime_type", "contentType"), r"\w+/\w+"),
    "file_name": r"\w+\.pdf",
    **dict.fromkeys(("language", "lang"), "[a-z]{2}"),
    "locale": "[a-z]{2}-[A-Z]{2}",
    **dict.fromkeys(("timezone", "time_zone"), r"UTC|\w+/\w+"),
    **dict.fromkeys(("ip", "ipAddress", "remote_ip"), r"192\.0\.2\.\d+"),
    "user_agent": r"\w+/\d.*",
    **dict.fromkeys(("company", "companyName"), rf"{WORD} (Ltd|GmbH|Inc\.)"),
    **dict.fromkeys(("domain", "hostname"), r"\w+\.example"),
    "version": r"\d\.\d\.\d",
    "sha256": "[0-9a-f]{64}",
}
UNIX_TIME = (1_704_067_200, 1_767_225_600)
NUMBERS = {
    **dict.fromkeys(("created_at", "created", "expiresAt", "timestamp"), UNIX_TIME),
    "timestamp_ms": (UNIX_TIME[0] * 1000, UNIX_TIME[1] * 1000),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "price": (1, 200),
    "year": (2000, 2025),
    "age": (18, 90),
    "quantity": (1, 50),
    "rating": (1, 5),
    "pageNumber": (1, 1),
}


@pytest.fixture(scope="module")
def sent(responding_with):
    """Respond with an object of these properties, for a seed."""

    def make(properties, seed=""):
        schema = {"type": "object", "properties": properties}
        return responding_with(schema, seed=seed).get().json

    return make


@pytest.mark.parametrize("seed", ["", "a", "b"])
def test_strings(seed, sent):
    """In camel case, in snake case, with something before it, in the plural: the end of the name counts."""
    found = sent({name: {"type": "string"} for name in STRINGS}, seed)
    assert [name for name in STRINGS if not re.fullmatch(STRINGS[name], found[name])] == []


@pytest.mark.parametrize("kind", ["integer", "number"])
def test_numbers(kind, sent):
    """A Unix time is a moment, a price has cents."""
    found = sent({name: {"type": kind} for name in NUMBERS})
    assert [name for name, (low, high) in NUMBERS.items() if not low <= found[name] <= high] == []
    if kind == "number":
        assert found["price"] == round(found["price"], 2)


def test_items_go_by_the_name_of_their_list(sent):
    """A list of emails holds emails."""
    found = sent({"emails": {"type": "array", "items": {"type": "string"}, "minItems": 2}})
    assert all(re.fullmatch(EMAIL, each) for each in found["emails"])


def test_the_schema_has_the_last_word(sent):
    """A pattern, a length, a format, bounds and multiples are kept; the name counts as far as they allow."""
    properties = {
        "email": {"type": "string", "pattern": "^[a-z]{4}$"},
        "city": {"type": "string", "maxLength": 2},
        "phone": {"type": "string", "format": "uuid"},
        "avatar": {"type": "string", "format": "uri"},
        "created": {"type": "integer", "maximum": 10},
        "price": {"type": "number", "multipleOf": 0.5, "exclusiveMinimum": 300},
        "timestamp": {"type": "integer", "format": "int8"},
        "contact": {"type": "string", "format": "phone-number"},
    }
    found = sent(properties)
    assert re.fullmatch("[a-z]{4}", found["email"])
    assert len(found["city"]) <= 2
    assert re.fullmatch(UUID, found["phone"])
    assert re.fullmatch(IMAGE, found["avatar"])
    assert found["created"] <= 10
    assert found["price"] > 300
    assert found["price"] % 0.5 == 0
    assert found["timestamp"] <= 127
    assert re.fullmatch(r"\+\d+", found["contact"])


def test_the_same_seed_makes_the_same_values(sent):
    """Another seed makes others."""
    properties = {name: {"type": "string"} for name in STRINGS}
    assert sent(properties, "a") == sent(properties, "a")
    assert sent(properties, "a") != sent(properties, "b")


def test_a_name_that_says_nothing():
    """It is left to the schema, however long or odd it is."""
    for name in ("", "_", "xyz", "é" * 9, "a_" * 10_000):
        assert names.text(name, Subject(Random(1))) is None  # noqa: S311 -- the same value in each
        assert names.number(name, Subject(Random(1))) is None  # noqa: S311 -- the same


TEXTS = ("first_name", "last_name", "name", "email", "city", "country", "currency", "created_at", "expiresAt")
SEVERAL = {
    **{name: {"type": "string"} for name in (*TEXTS, "owner_email", "owner_name", "title", "slug")},
    "updated": {"type": "integer"},
    "min_price": {"type": "number"},
    "max_price": {"type": "number"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "tags_count": {"type": "integer"},
    "address": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("city", "country_code")},
    },
    "price": {"type": "object", "properties": {"currency": {}, "value": {"type": "string"}}},
    "links": {"type": "object", "properties": {"self": {"type": "string"}}},
}


@pytest.mark.parametrize("seed", ["", "a", "b", "c"])
def test_the_members_of_an_object_agree(seed, sent):
    """They are about one person, one place and one thing, which is created before it changes and expires."""
    found = sent(SEVERAL, seed)
    first, last = found["first_name"], found["last_name"]
    assert (found["name"], found["email"]) == (f"{first} {last}", f"{first}.{last}@example.com".lower())
    assert found["owner_email"] == f"{found['owner_name'].replace(' ', '.').lower()}@example.com"
    assert found["slug"] == found["title"].lower().replace(" ", "-")
    place = next(each for each in LOCALITIES if each.city == found["city"])
    assert (found["country"], found["currency"]) == (place.country, place.currency)
    assert found["address"] == {"city": place.city, "country_code": place.country_code}
    created, expires = (datetime.fromisoformat(found[name]) for name in ("created_at", "expiresAt"))
    assert created < datetime.fromtimestamp(found["updated"], UTC) < expires
    assert found["min_price"] <= found["max_price"]
    assert found["tags_count"] == len(found["tags"])
    assert re.fullmatch(r"\d+\.\d\d", found["price"]["value"])
    assert found["links"]["self"] == "http://localhost/"


def test_members_need_not_agree(responding_with):
    """The schema takes precedence."""
    properties = {"items": {"type": "array", "minItems": 3, "maxItems": 3}, "count": {"type": "integer"}}
    schema = {"required": ["items", "count"], "not": {"properties": {"count": {"const": 3}}}}
    assert responding_with({"type": "object", "properties": properties} | schema).get().json["count"] != 3


SHOWN = {
    "id": 7,
    "sku": "AB-123",
    "uid": "rex",
    "day": "2024-05-06T07:08:09Z",
    "year": 1999,
    "at": 1_700_000_000,
    "humidity": 100,
    "temperature": -2.5,
    "rate": 1.5e-07,
    "large": 10**400,
    "status_code": 200,
    "city": "Oslo",
    "open": True,
    "more": {"size": 90, "numbers": [1, 2, 3]},
}


def test_items_are_like_the_examples_of_their_schema(responding_with):
    """The first is as its author wrote it; others differ in numbers, days and identifiers, not in words."""
    item = {"type": "object", "properties": {name: {"example": each} for name, each in SHOWN.items()}}
    first, *others = responding_with({"type": "array", "items": item}).get().json
    assert first == SHOWN
    assert len({other["id"] for other in others} | {7}) == 3
    assert [other["sku"] for other in others] == ["AB-124", "AB-125"]
    assert [other["uid"] for other in others] == ["rex-2", "rex-3"]
    for other in others:
        assert other["id"] > 7
        assert 1e-07 < other["rate"] < 2e-07
        assert (other["large"], other["status_code"]) == (10**400, 200)
        assert re.fullmatch(r"2024-0[345]-\d\dT07:08:09Z", other["day"])
        assert 1995 <= other["year"] <= 1999
        assert 1_690_000_000 < other["at"] < 1_700_000_000
        assert 80 <= other["humidity"] <= 100
        assert -2.5 <= other["temperature"] <= -2
        assert (other["city"], other["open"], other["more"]["numbers"]) == ("Oslo", True, [1, 2, 3])


def test_items_take_the_values_of_an_enum_in_turn(responding_with):
    """Members that list as many values go together."""
    listed = {name: {"enum": [f"{name}{number}" for number in range(3)]} for name in "ab"}
    found = responding_with({"type": "array", "items": {"type": "object", "properties": listed}}).get().json
    assert found == [{"a": f"a{number}", "b": f"b{number}"} for number in range(3)]


HEADERS = {
    "ETag": r'"[0-9a-f]{16}"',
    "Link": r'<https://[^>]+>; rel="next"',
    "Content-Disposition": r'attachment; filename="\w+\.pdf"',
    "Last-Modified": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
    "Location": r"/\w+",
    "Retry-After": "1",
    "X-Tenant-Id": UUID,
    "X-Tag": r"\w+",
}


@pytest.mark.parametrize("kind", ["string", "integer"])
def test_response_fields(kind, responding):
    """A field of a response is written as its standard says, so that clients read it; none waits long."""
    named = HEADERS if kind == "string" else {"Retry-After": "1", "X-Quantity": r"\d\d?"}
    fields = {name: {"schema": {"type": kind}} for name in named}
    found = responding({"200": {"description": "", "headers": fields}}).get().headers
    assert [name for name in named if not re.fullmatch(named[name], found[name.lower()])] == []


@pytest.mark.parametrize("envelope", [None, "data"])
def test_a_thing_is_called_what_its_path_says(envelope, mocked):
    """Its name is that of such a thing, and a text is a sentence about it; also in a list of them."""
    texts = {name: {"type": "string"} for name in ("name", "description", "comment", "object")}
    thing = {"type": "object", "properties": texts}
    many = {"type": "array", "items": thing}
    bodies = {"/v1/custom-fields/{id}": thing, "/v1/custom-fields": many, "/v1/custom-fields/search": many}
    if envelope:
        bodies = {path: {"type": "object", "properties": {envelope: body}} for path, body in bodies.items()}

    def operation(body):
        content = {"application/json": {"schema": body}}
        return {"get": {"responses": {"200": {"description": "", "content": content}}}}

    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {path: operation(body) for path, body in bodies.items()}
    paths["/v1/custom-fields/{id}"]["get"]["parameters"] = [identifier]
    app = mocked(paths)
    for path in ("/v1/custom-fields/1", "/v1/custom-fields", "/v1/custom-fields/search"):
        body = app.get(path).json[envelope] if envelope else app.get(path).json
        for value in body if isinstance(body, list) else [body]:
            assert re.fullmatch(r"[A-Z][a-z]+ Custom Field", value["name"])
            assert value["description"].startswith(f"{value['name']} ")
            assert "custom field" in value["comment"]
            assert value["object"] == "custom_field"


def test_descriptions_say_what_values_are(sent):
    """Where names do not; a number tells texts apart of which nothing is known."""
    descriptions = {
        "qux": "As an ISO 4217 code",
        "quux": "The colour, e.g. `teal`",
        "corge": "",
        "widget_id": "A snowflake",
        "grault": "In the smallest currency unit",
    }
    properties = {
        name: {"type": "integer" if name == "grault" else "string", "description": description}
        for name, description in descriptions.items()
    }
    values = sent(properties)
    assert values["qux"] in {place.currency for place in LOCALITIES}
    assert values["quux"] == "teal"
    assert re.fullmatch(r"Corge \d+", values["corge"])
    assert re.fullmatch(r"\d{17,19}", values["widget_id"])
    assert values["grault"] >= 500


def test_what_should_not_be_there_is_left_out(sent, responding_with):
    """Deprecated members, and those that exclude others that are there; what is required is there."""
    described = {
        "amount": "",
        "percent": "Cannot be set together with `amount`.",
        "old": "**Deprecated**: use `amount`.",
        "older": "",
        "card": "Mutually exclusive with `bank`.",
        "bank": "An account",
        "cash": "Only one of wire or cash is there.",
    }
    properties = {name: {"type": "integer", "description": text} for name, text in described.items()}
    properties["older"]["deprecated"] = True
    assert sent(properties).keys() == {"amount", "card", "cash"}
    required = {"type": "object", "properties": properties, "required": ["old", "percent"]}
    assert responding_with(required).get().json.keys() >= {"old", "percent"}


def test_a_description_lists_the_values(sent):
    """One of them is taken, even where the name says something; names of other members are no values."""
    descriptions = {
        "funding": "Can be `credit`, `debit` (with a PIN), or `unknown`.",
        "status": 'One of "open" | "shut".',
        "kind": "`C` = the copyright, `P` = the sound recording",
        "url": "Either `status` or `url` is there.",
        "day": "As `YYYY-MM-DD` or `YYYY`",
        "seed": "As in the `seed_artists`, `seed_tracks` or `seed_genres` parameter.",
        "id": "Of `a`, `b`, or `c`.",
    }
    values = sent({name: {"type": "string", "description": text} for name, text in descriptions.items()})
    assert values["funding"] in {"credit", "debit", "unknown"}
    assert values["status"] in {"open", "shut"}
    assert values["kind"] in {"C", "P"}
    assert values["url"].startswith("https://")
    assert "YYYY" not in values["day"]
    assert not values["seed"].startswith("seed_")
    assert values["id"] not in {"a", "b", "c"}


def test_identifiers_have_the_prefix_of_what_they_identify(responding_with):
    """By what an object says that it is; an identifier that an object could stand for has that one's."""
    objects = {
        name: {
            "type": "object",
            "properties": {"id": {"type": "string"}, "object": {"type": "string", "enum": [name]}},
        }
        for name in ("customer", "billing.payment_intent")
    }
    charge = {
        "type": "object",
        "properties": {
            "object": {"const": "charge"},
            "id": {"type": "string"},
            "customer": {"anyOf": [{"type": "string"}, objects["customer"]]},
            "intents": {
                "type": "array",
                "items": {"oneOf": [{"type": "string"}, objects["billing.payment_intent"]]},
            },
            "owner": {"type": "string", "description": "ID of the owner."},
        },
    }
    value = responding_with(charge).get().json
    texts = [value["id"], value["customer"], *value["intents"]]
    prefixes = ["cha", "cus", *["pi"] * len(value["intents"])]
    assert all(
        re.fullmatch(rf"{prefix}_\w{{24}}", text) for prefix, text in zip(prefixes, texts, strict=True)
    )
    assert len(value["intents"]) == len({*value["intents"]}) > 1
    assert re.fullmatch(r"[0-9a-f-]{36}", value["owner"])


def test_the_member_that_another_one_names_is_there(responding_with):
    """Of several that the values of an enum name; in each item of a list, another one."""
    inner = {"type": "object", "properties": {"last4": {"type": "string"}}}
    method = {
        "type": "object",
        "properties": {
            "card": inner,
            "bank": inner,
            "other": inner,
            "type": {"type": "string", "enum": ["card", "bank"]},
        },
    }
    first, second, _ = responding_with({"type": "array", "items": method}).get().json
    assert [first.keys(), second.keys()] == [{"card", "other", "type"}, {"bank", "other", "type"}]
    assert [first["type"], second["type"]] == ["card", "bank"]


def test_keys_of_a_map_are_what_its_description_says(sent):
    """Else words, each once."""
    amounts = {"type": "object", "additionalProperties": {"type": "integer"}}
    described = {**amounts, "description": "By ISO 4217 code"}
    values = sent({"amounts": described, "labels": amounts | {"minProperties": 30}})
    assert values["amounts"].keys() <= {place.currency for place in LOCALITIES}
    assert len(values["labels"]) == 30


def test_objects_far_in_are_not_empty(responding_with):
    """They have a few members that hold no others; the whole stays small."""
    leaf = {"type": "object", "properties": {f"name{number}": {"type": "string"} for number in range(9)}}
    for _ in range(7):
        leaf = {"type": "object", "properties": {"inner": leaf}, "required": ["inner"]}
    value = responding_with(leaf).get().json
    for _ in range(7):
        value = value["inner"]
    assert len(value) == 5
