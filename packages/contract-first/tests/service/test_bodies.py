import pytest

from contract_first.service import Limits

ANYTHING = {}
PHOTO = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "default": "front"},
        "size": {"$ref": "#/components/schemas/Size"},
        "tags": {"type": "array", "items": {"type": "object", "properties": {"n": {"default": 1}}}},
        "next": {"$ref": "#/components/schemas/Photo"},
    },
}
SCHEMAS = {"schemas": {"Photo": PHOTO, "Size": {"type": "integer", "default": 3}}}

NOT_JSON = [
    b"{",
    b"nul",
    b"{'a': 1}",
    b'{"a": 1,}',
    b'{"a": NaN}',
    b"Infinity",
    b"01",
    b"1e400",
    b"-1e400",
    b'"\n"',
    b'"\xff"',
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b"\xef\xbb\xbf{}",
    '{"a": 1}'.encode("utf-16"),
    b'{"a": 1} x',
    b" ",
    b"\x00",
    b"1" * 5000,
]


@pytest.mark.parametrize("raw", NOT_JSON, ids=lambda raw: repr(raw[:12]))
def test_what_is_not_json_is_a_400(raw, reading):
    """A JSON body is RFC 8259 in UTF-8, finite numbers and whole characters, or a bad request."""
    response = reading(ANYTHING).post("/", raw)
    assert (response.status, response.json["error_code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"\n null \n", None),
        (b'"\\u0000\\ud83d\\udc4d"', "\0👍"),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"18446744073709551616", 2**64),
        (b"-0.0", 0.0),
        (b"1e-400", 0.0),
        (b'{"": {"__proto__": []}}', {"": {"__proto__": []}}),
    ],
)
def test_json_that_is_odd_is_read_all_the_same(raw, value, reading):
    """Integers keep every digit, and of a repeated name the last value is both validated and handed over."""
    app = reading(ANYTHING)
    assert app.post("/", raw).status == 204
    assert app.seen == {"body": value}


def test_the_value_that_is_validated_is_the_value_that_is_handed_over(reading):
    """A repeated name cannot hide a value from the schema."""
    schema = {"properties": {"n": {"maximum": 5}}}
    assert reading(schema).post("/", b'{"n": 9, "n": 1}').status == 204
    assert reading(schema).post("/", b'{"n": 1, "n": 9}').status == 422


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"next":', b"}")])
@pytest.mark.parametrize("schema", [ANYTHING, {"$ref": "#/components/schemas/Photo"}, {"items": False}])
def test_nesting_is_bounded(opening, closing, schema, reading):
    """A deeply nested body is a 400 (or refused by its schema), at any depth and under any schema."""
    app = reading(schema, components=SCHEMAS)
    for levels in (201, 1_000, 9_000, 100_000):
        assert app.post("/", opening * levels + b"null" + closing * levels).status == 400
    assert app.post("/", opening * 200 + b"{}" + closing * 200).status == 400
    assert app.post("/", opening * 199 + b"{}" + closing * 199).status in {204, 422}
    assert app.post("/", b"[" + b"{}," * 2000 + b"{}]").status in {204, 422}


def test_defaults_are_filled_in_at_every_depth(reading):
    """A property that is left out has its default, in objects, in arrays and through recursion."""
    app = reading({"$ref": "#/components/schemas/Photo"}, components=SCHEMAS)
    app.post("/", {"tags": [{}, {"n": 2}], "next": {"type": "back", "next": {}}, "size": 9})
    assert app.seen["body"] == {
        "type": "front",
        "tags": [{"n": 1}, {"n": 2}],
        "size": 9,
        "next": {"type": "back", "size": 3, "next": {"type": "front", "size": 3}},
    }


def test_a_default_belongs_to_one_request(reading):
    """What a handler does to a default does not reach the next request."""
    app = reading({"properties": {"tags": {"type": "array", "default": []}}})
    for _ in range(2):
        app.post("/", {})
        assert app.seen["body"] == {"tags": []}
        app.seen["body"]["tags"].append("changed by a handler")


@pytest.mark.parametrize(
    ("declared", "sent", "status"),
    [
        ("application/json", "application/json", 204),
        ("application/json", "Application/JSON ; charset=latin-1", 204),
        ("application/json; charset=utf-8", "application/json", 204),
        ("application/json", "application/vnd.x+json", 415),
        ("application/vnd.x+json", "application/vnd.x+json; v=2", 204),
        ("application/*", "application/vnd.x+json", 204),
        ("*/*", "application/json", 204),
        ("*/*", None, 204),
        ("application/json", "text/json", 415),
        ("application/json", "application/json, text/plain", 415),
        ("application/json", "json", 415),
        ("application/json", "", 415),
        ("application/json", None, 415),
        ("application/*", "text/plain", 415),
    ],
)
def test_the_content_type_selects_the_media_type(declared, sent, status, reading):
    """A body is read as the declared media type, or range, that its Content-Type means; none is a 415."""
    app = reading({"type": "object"}, declared)
    response = app.post("/", {}, sent)
    assert response.status == status
    if status == 415:
        assert response.headers["accept"] == declared
        assert declared in response.json["detail"]
        assert response.json["detail"].endswith(f"; it came as {sent or 'no Content-Type'}.")


@pytest.mark.parametrize(
    ("coding", "status"), [("identity", 204), ("Identity", 204), ("gzip", 415), ("identity, gzip", 415)]
)
def test_content_codings_are_refused(coding, status, reading):
    """A compressed body is a 415, and no bomb."""
    headers = {"content-type": "application/json", "content-encoding": coding}
    response = reading(ANYTHING)("POST", "/", b"{}", headers)
    assert response.status == status
    assert response.headers.get("accept-encoding") == ("identity" if status == 415 else None)


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"]
)
def test_a_file_of_any_media_type(media_type, openapi, reading):
    """What is declared as binary is handed over as it came."""
    app = reading({"type": "string", "format": "binary"}, "*/*", openapi=openapi)
    assert app.post("/", b"\xff{", media_type).status == 204
    assert app.seen == {"body": b"\xff{"}


def test_text_bodies(reading):
    """Text is UTF-8, handed over as str, and validated by its schema."""
    app = reading({"maxLength": 2}, "text/plain")
    assert app.post("/", "äö".encode(), "text/plain; charset=UTF-8").status == 204
    assert app.seen == {"body": "äö"}
    assert app.post("/", b"abc", "text/plain").errors == [("body", "", "maxLength")]
    assert app.post("/", b"\xff", "text/plain").status == 400
    assert app.post("/", b"\xff", 'text/plain; charset="utf-16"').status == 415


def test_a_binary_text(reading):
    """It is a text all the same: of any text, a character is what it is made of."""
    app = reading({"type": "string", "format": "binary", "maxLength": 2}, "text/csv")
    assert app.post("/", "äö".encode(), "text/csv").status == 204
    assert app.seen == {"body": "äö"}
    assert app.post("/", b"abc", "text/csv").errors == [("body", "", "maxLength")]
    assert app.post("/", b"\xff", "text/csv").status == 400


def test_other_bodies_are_bytes(reading):
    """What is neither JSON, text nor a form is handed over as it is, for no schema can validate it."""
    app = reading({"type": "string", "format": "binary", "maxLength": 1}, "application/octet-stream")
    assert app.post("/", b"\x00\xff", "application/octet-stream").status == 204
    assert app.seen == {"body": b"\x00\xff"}


def test_an_empty_body(reading):
    """A required body that is not there is a 422; one that is not required is None, of any media type."""
    assert reading(ANYTHING).post("/", b"").errors == [("body", "", "required")]
    optional = reading({"type": "object"}, required=False)
    for media_type in ("application/json", None, "text/plain"):
        assert optional.post("/", b"", media_type).status == 204
        assert optional.seen == {"body": None}


def test_an_empty_file(reading):
    """No bytes are a body where the media type says what they are, and they need not be JSON or XML."""
    app = reading({}, "application/octet-stream")
    assert app.post("/", b"", "application/octet-stream").status == 204
    assert app.seen == {"body": b""}
    assert app.post("/", b"", None).errors == [("body", "", "required")]


def test_an_empty_form(reading):
    """A form without fields is an empty body; it is validated where a form is required."""
    form = "application/x-www-form-urlencoded"
    app = reading({"type": "object", "properties": {"name": {"type": "string"}}}, form)
    assert app.post("/", b"", form).status == 204
    assert app.seen == {"body": {}}
    assert app.post("/", b"", None).errors == [("body", "", "required")]
    app = reading({"type": "object", "required": ["name"]}, form)
    assert app.post("/", b"", form).status == 422


def chunks(*bodies):
    """Return the ASGI messages of a body in chunks."""
    messages = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    return [*messages, {"type": "http.request", "body": b"", "more_body": False}]


def test_a_body_in_chunks_is_one_body(reading):
    """Empty chunks at any place, and a value cut in two, change nothing."""
    app = reading(ANYTHING)
    headers = {"content-type": "application/json"}
    assert app("POST", "/", headers=headers, events=chunks(b"", b'{"a', b"", b'": 1}', b"")).status == 204
    assert app.seen == {"body": {"a": 1}}


@pytest.mark.parametrize("length", [None, "100", "0", "-1", "9" * 30, "x", "\N{SUPERSCRIPT TWO}"])
def test_a_body_is_within_its_limit(length, reading):
    """A body over the limit is a 413 as soon as it is, whatever Content-Length says or does not say."""
    app = reading(ANYTHING, limits=Limits(body=100))
    headers = {"content-type": "application/json", **({} if length is None else {"content-length": length})}
    exactly, endless = chunks(b'"' + b"x" * 98 + b'"'), chunks(b" " * 60, b" " * 41, b"never asked for")
    assert app("POST", "/", headers=headers, events=exactly).status == 204
    response = app("POST", "/", headers=headers, events=endless)
    assert (response.status, response.headers["connection"]) == (413, "close")
    assert "100 bytes" in response.json["detail"]
    assert b"never asked for" in endless[2]["body"]


def test_a_length_over_the_limit_is_refused_unread(reading):
    """A Content-Length over the limit is a 413 before a byte is read."""
    app = reading(ANYTHING, limits=Limits(body=100))
    headers = {"content-type": "application/json", "content-length": "101"}
    assert app("POST", "/", headers=headers, events=[{"type": "no message is asked for"}]).status == 413


def test_a_client_that_goes_away_gets_no_response(reading):
    """A disconnect in the middle of a body ends the request quietly, without calling the handler."""
    app = reading(ANYTHING)
    events = [*chunks(b"[")[:1], {"type": "http.disconnect"}]
    assert app("POST", "/", headers={"content-type": "application/json"}, events=events) is None
    assert app.seen == {}
