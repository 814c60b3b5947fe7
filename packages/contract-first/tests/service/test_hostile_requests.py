"""Whatever bytes come in, a request ends in a response that is not a 500."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

QUIET = settings(max_examples=150, deadline=None)
COLOURS = {"type": "array", "items": {"type": "integer"}}
POINT = {"type": "object", "properties": {"x": {"type": "integer"}}}

# bytes that a server hands on in a target: no space, no control character, no fragment
target_bytes = st.lists(
    st.sampled_from([*b"%%%&=+;,.[]{}|/?:@!$'()*~-_\"<>\\^`abAB019", *range(0x80, 0x100)]), max_size=30
).map(bytes)
escapes = st.sampled_from(
    [
        b"%",
        b"%z",
        b"%0",
        b"%00",
        b"%zz",
        b"%FF",
        b"%C3",
        b"%C3%A9",
        b"%ED%A0%80",
        b"\xc3",
        b"\xff",
        b"%2",
        b"%25",
    ]
)
queries = st.lists(
    st.one_of(target_bytes, escapes, st.just(b"n="), st.just(b"p[x]="), st.just(b"&")), max_size=8
).map(b"".join)


@pytest.fixture(scope="module")
def app(serve):
    """An operation with parameters of every kind."""
    parameters = [
        {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}},
        {"in": "query", "name": "n", "schema": {"type": "integer"}},
        {"in": "query", "name": "c", "schema": COLOURS, "style": "pipeDelimited", "explode": False},
        {"in": "query", "name": "p", "schema": POINT, "style": "deepObject"},
        {"in": "query", "name": "o", "schema": POINT, "explode": False},
        {"in": "query", "name": "j", "content": {"application/json": {}}},
        {"in": "header", "name": "X-H", "schema": COLOURS},
        {"in": "header", "name": "X-J", "content": {"application/json": {}}},
        {"in": "cookie", "name": "k", "schema": {"type": "integer"}},
    ]
    styled = [
        {"in": "path", "name": "m", "required": True, "schema": POINT, "style": "matrix", "explode": True},
        {"in": "path", "name": "l", "required": True, "schema": COLOURS, "style": "label"},
    ]
    types = ["application/json", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"]
    content = {media_type: {"schema": {"type": ["object", "string"]}} for media_type in types}
    schemes = {
        "basic": {"type": "http", "scheme": "basic"},
        "query": {"type": "apiKey", "in": "query", "name": "key"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    }
    response = {"responses": {"204": {"description": ""}}}
    return serve(
        {
            "/a/{id}": {"get": {"operationId": "plain", "parameters": parameters, **response}},
            "/s/{m}/{l}": {"get": {"operationId": "styled", "parameters": styled, **response}},
            "/b": {"post": {"operationId": "body", "requestBody": {"content": content}, **response}},
        },
        components={"securitySchemes": schemes},
    )


@QUIET
@given(target_bytes, queries)
@example(b"a%zz", b"")
@example(b"%FF", b"n=%FF")
@example(b"a", b"%ED%A0%80=1")
@example(b"a", b"unknown=%zz")
@example(b"a", b"n=1&key=%C3")
def test_any_target_is_handled(app, path, query):
    """Broken percent-encoding and broken UTF-8, in names or values, known or not, are never a 500."""
    response = app("GET", b"/a/" + path + b"?" + query)
    assert response.status in {204, 400, 404, 422}
    if b"%zz" in path + query or b"\xff" in path + query:
        assert response.status in {400, 404}


@QUIET
@given(target_bytes, target_bytes)
def test_any_styled_path_is_handled(app, matrix, label):
    """Matrix and label values that are none are a 4xx."""
    assert app("GET", b"/s/" + matrix + b"/" + label).status in {204, 400, 404, 422}


header_bytes = st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\0\r\n"))
names = st.sampled_from(
    [b"x-h", b"x-j", b"cookie", b"accept", b"authorization", b"x-request-id", b"content-type"]
)


@QUIET
@given(st.lists(st.tuples(names, header_bytes), max_size=5))
@example([(b"cookie", b'k="1; k=2; \xff=\xff; ;;==; k')])
@example([(b"authorization", b""), (b"authorization", b"Basic"), (b"authorization", b"\xff \xff")])
@example([(b"x-j", b"[" * 5000)])
def test_any_header_is_handled(app, fields):
    """Header fields of any bytes, repeated or not, get a success or a 4xx."""
    assert app("GET", "/a/b", headers=fields).status in {204, 400, 406, 422}


content_types = st.sampled_from(
    [
        b"application/json",
        b"text/plain",
        b"text/plain; charset=\xff",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=B",
        b"multipart/form-data; boundary=\xff",
        b"multipart/form-data",
        b";",
        b"/",
    ]
)
PIECES = [
    b"--B",
    b"--B--",
    b"\r\n",
    b'Content-Disposition: form-data; name="f"',
    b'; filename="x"',
    b"\r\n\r\n",
    b"{}",
    b"=",
    b"&",
    b"%zz",
]
bodies = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=12).map(b"".join)


@QUIET
@given(content_types, bodies)
def test_any_body_is_handled(app, content_type, body):
    """Bodies of any bytes under any Content-Type get a success or a 4xx."""
    response = app("POST", "/b", body, {b"content-type": content_type})
    assert response.status in {204, 400, 415, 422}
