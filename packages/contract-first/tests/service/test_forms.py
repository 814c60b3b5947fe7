import encodings.aliases
import gc
from urllib.parse import urlencode

import pytest

from contract_first.service import Limits

FILE = {"type": "string", "format": "binary"}
BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}
"""A file in OpenAPI 3.1, as FastAPI writes it."""
FORM = {
    "type": "object",
    "properties": {
        "photo": FILE,
        "photos": {"type": "array", "items": FILE},
        "files": {"type": "array", "items": BYTES},
        "optional": {"anyOf": [FILE, {"type": "null"}]},
        "attachment": {"type": "string", "contentMediaType": "image/png"},
        "anything": {},
        "count": {"type": "integer", "default": 7},
        "name": {"type": "string"},
        "a/b": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "integer"}},
        "meta": {"type": "object", "properties": {"a": {"type": "integer"}}},
        "metas": {"type": "array", "items": {"type": "object"}},
        "deep": {"type": "object", "properties": {"x": {"type": "integer"}}},
    },
}
ENCODING = {"deep": {"style": "deepObject", "explode": True}}
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def part(name, content, filename=None, media_type=None):
    """Return a part of a multipart body, up to the next boundary."""
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    head = f"Content-Disposition: {disposition}\r\n"
    head += "" if media_type is None else f"Content-Type: {media_type}\r\n"
    return head.encode() + b"\r\n" + (content if isinstance(content, bytes) else content.encode())


def send(app, *parts, end=b"--B--\r\n", media_type="multipart/form-data; boundary=B"):
    """Send parts as a multipart body."""
    return app.post("/", b"".join(b"--B\r\n" + each + b"\r\n" for each in parts) + end, media_type)


@pytest.fixture(scope="module")
def app(reading):
    """An operation that takes the multipart form."""
    return reading(FORM, MULTIPART, encoding=ENCODING)


def fields(app):
    """Return what the handler got, files by their name and size."""

    def plain(value):
        if isinstance(value, list):
            return [plain(each) for each in value]
        return (value.filename, value.size) if hasattr(value, "filename") else value

    return {name: plain(value) for name, value in app.seen["body"].items()}


SENT = [
    ([part("photo", b"\xff\x00", "é.jpg")], {"photo": ("é.jpg", 2), "count": 7}),
    ([part("photos", "1", "a"), part("photos", "22", "b")], {"photos": [("a", 1), ("b", 2)], "count": 7}),
    ([part("photos", "1", "a")], {"photos": [("a", 1)], "count": 7}),
    ([part("files", "1", "a")], {"files": [("a", 1)], "count": 7}),
    ([part("optional", "1", "a")], {"optional": ("a", 1), "count": 7}),
    ([part("optional", "", "")], {"count": 7}),
    (
        [part("attachment", "1", "a"), part("anything", "2", "b")],
        {"attachment": ("a", 1), "anything": ("b", 1), "count": 7},
    ),
    ([part("attachment", "1"), part("anything", "2")], {"attachment": "1", "anything": "2", "count": 7}),
    ([part("count", "5"), part("tags", "1"), part("tags", "2")], {"count": 5, "tags": [1, 2]}),
    ([part("name", "a b+c%20d\r\n-- e")], {"name": "a b+c%20d\r\n-- e", "count": 7}),
    ([part("meta", ' {"a": 1}')], {"meta": {"a": 1}, "count": 7}),
    ([part("meta", '{"a": 1}', "blob", "application/json")], {"meta": {"a": 1}, "count": 7}),
    ([part("metas", '{"a": 1}'), part("metas", '{"a": 2}')], {"metas": [{"a": 1}, {"a": 2}], "count": 7}),
    ([part("metas", '[{"a": 1}]'), part("tags", "[1]")], {"metas": [{"a": 1}], "tags": [1], "count": 7}),
    ([part("deep[x]", "5")], {"deep": {"x": 5}, "count": 7}),
    (
        [part("unknown", "1"), part("unknown", "2"), part("other", "3", "f")],
        {"unknown": "2", "other": ("f", 1), "count": 7},
    ),
]


@pytest.mark.parametrize(("parts", "expected"), SENT)
def test_a_multipart_body_is_an_object(parts, expected, app):
    """Parts become properties: text by its schema, JSON as JSON, files as files, several of one as a list."""
    assert send(app, *parts).status == 204
    assert fields(app) == expected


def test_headers_of_a_file(reading):
    """One that the encoding requires has to be there."""
    header = {"X-Checksum": {"required": True, "schema": {}}, "X-Other": {"schema": {}}}
    app = reading(FORM, MULTIPART, encoding={"photo": {"headers": header}})
    sent = part("photo", "1", "a")
    assert send(app, sent).errors == [("body", "/photo", "required")]
    assert send(app, b"x-checksum: 1\r\n" + sent).status == 204


WRONG = [
    ([part("photo", "no file")], [("body", "/photo", "format")]),
    ([part("photos", "no file")], [("body", "/photos", "format")]),
    ([part("files", "no file")], [("body", "/files", "format")]),
    ([part("name", "1", "a")], [("body", "/name", "format")]),
    ([part("a/b", "1", "a")], [("body", "/a~1b", "format")]),
    ([part("photo", "1", "a"), part("photo", "2", "b")], [("body", "/photo", "repeated")]),
    ([part("count", "1"), part("count", "2")], [("body", "/count", "repeated")]),
    ([part("meta", "{}"), part("meta", "{}")], [("body", "/meta", "repeated")]),
    ([part("deep[x]", "1"), part("deep[x]", "2")], [("body", "/deep", "repeated")]),
    (
        [part("count", "x"), part("meta", '{"a": "x"}')],
        [("body", "/meta/a", "type"), ("body", "/count", "type")],
    ),
]


@pytest.mark.parametrize(("parts", "expected"), WRONG)
def test_a_part_that_is_wrong_is_named(parts, expected, app):
    """A 422 points at the property, whether its kind, its number or its value is wrong."""
    assert sorted(send(app, *parts).errors) == sorted(expected)


def test_a_file_reaches_the_handler_open(serve):
    """A handler can read an upload, and once it has responded the file is closed."""
    kept = []

    async def op(body):
        kept.append((await body["photo"].read(), body["photo"]))

    operation = {
        "operationId": "op",
        "requestBody": {"content": {MULTIPART: {"schema": FORM}}},
        "responses": {"204": {"description": ""}},
    }
    app = serve({"/": {"post": operation}}, {"op": op}, limits=Limits(upload=4_000_000))
    photo = b"\xff" * 3_000_000
    assert send(app, part("photo", photo, "p.jpg")).status == 204
    ((read, file),) = kept
    assert read == photo
    assert file.file.closed


UNREADABLE = {
    "no boundary in the type": {"media_type": MULTIPART},
    "an empty boundary": {"media_type": MULTIPART + "; boundary="},
    "another boundary": {"media_type": MULTIPART + "; boundary=C"},
    "an endless boundary": {"media_type": MULTIPART + "; boundary=" + "B" * 5000},
    "no closing boundary": {"end": b""},
    "cut in a part": {
        "end": b'--B\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n\xff'
    },
    "cut in a header": {"end": b"--B\r\nContent-Dispo"},
    "no name": {"parts": [b"Content-Disposition: form-data\r\n\r\nx"]},
    "no disposition": {"parts": [b"X: y\r\n\r\nx"]},
    "a header without a colon": {"parts": [b"nonsense\r\n\r\nx"]},
    "a header of bytes": {"parts": [b"\x00\xff: \xff\r\n\r\nx"]},
    "too many fields": {"parts": [part("n", "1")] * 1001},
    "too many files": {"parts": [part("photos", "1", "f")] * 1001},
    "too long a field": {"parts": [part("name", "x" * 65 * 1024)]},
    "a field that is not JSON": {"parts": [part("meta", "{")]},
    "JSON that is not UTF-8": {"parts": [part("meta", b'{"b": "\xff"}', "blob", "application/json")]},
    "text that is not UTF-8": {"parts": [part("name", b"\xff\x80")]},
    "a name that is not UTF-8": {"parts": [part("name", "x").replace(b"name=", b"name=\xff")]},
}


@pytest.mark.parametrize("how", UNREADABLE)
def test_what_is_no_form_is_a_400(how, app):
    """A multipart body that is malformed, cut off or too much is a bad request, and leaves no file open."""
    broken = {"parts": [part("photo", "x" * 10, "a")], **UNREADABLE[how]}
    response = send(app, *broken.pop("parts"), **broken)
    assert (response.status, response.json["error_code"]) == (400, "bad_request")
    gc.collect()


TEXTS = {"type": "array", "items": {"type": "string"}}
TEXT_OR_OBJECT = {"type": ["string", "object"]}


@pytest.mark.parametrize(
    ("schema", "sent", "read"),
    [
        (TEXTS, ["[draft] a"], ["[draft] a"]),
        (TEXTS, ['["a", "b"]'], ["a", "b"]),
        (TEXTS, ["{"], ["{"]),
        (TEXTS, ["{}"], ["{}"]),
        (TEXTS, ["[1]"], ["[1]"]),
        (TEXTS, ["{}", "a"], ["{}", "a"]),
        (TEXTS, ['["a"]', "b"], ['["a"]', "b"]),
        ({"type": "array", "items": TEXT_OR_OBJECT}, ["a", "{}"], ["a", {}]),
        ({"type": ["string", "array"]}, ["[1]"], [1]),
        (TEXT_OR_OBJECT, ["a"], "a"),
        (TEXT_OR_OBJECT, ['{"a": 1}'], {"a": 1}),
        (TEXT_OR_OBJECT, ["{"], "{"),
        ({"type": "string"}, ["{}"], "{}"),
    ],
)
@pytest.mark.parametrize("media_type", [URLENCODED, MULTIPART])
def test_a_text_that_begins_like_json(schema, sent, read, media_type, reading):
    """A text is read as JSON where its schema wants that, and as it is where it wants a text."""
    app = reading({"type": "object", "properties": {"t": schema}}, media_type)
    if media_type == MULTIPART:
        response = send(app, *(part("t", each) for each in sent))
    else:
        response = app.post("/", urlencode({"t": sent}, doseq=True).encode(), media_type)
    assert response.status == 204
    assert app.seen == {"body": {"t": read}}


# starlette looks the charset up; Python 3.15 warns of such a name, and 3.17 has none of them
@pytest.mark.filterwarnings("ignore:Support for non-ascii encoding names:DeprecationWarning")
def test_the_text_of_a_form_is_utf_8(app):
    """Whatever charset the Content-Type names, even one of Python's that is none, text is read as UTF-8."""
    python_only = ["undefined", "idna", "punycode", "raw_unicode_escape", "no such charset", "\xff"]
    for charset in [*sorted(set(encodings.aliases.aliases.values())), *python_only]:
        media_type = f"{MULTIPART}; boundary=B; charset={charset}"
        text = "é+2AA-\\ud800"
        assert send(app, part("name", text), media_type=media_type).status == 204, charset
        assert fields(app) == {"name": text, "count": 7}


def test_a_hostile_filename_is_only_a_name(app):
    """A filename reaches the handler as it was sent: quotes, slashes and characters of any script."""
    assert send(app, part("photo", "x", '../\\"€\\"/x.jpg')).status == 204
    assert app.seen["body"]["photo"].filename == '../"€"/x.jpg'


def test_a_file_is_not_validated_by_its_bytes(reading):
    """A schema's string keywords cannot validate a file, but minLength can ask for one that is not empty."""
    schema = {"type": "object", "properties": {"photo": {**FILE, "minLength": 1, "maxLength": 1000}}}
    app = reading(schema, MULTIPART)
    assert send(app, part("photo", b"\xff" * 5000, "a")).status == 204
    assert send(app, part("photo", b"", "a")).errors == [("body", "/photo", "minLength")]


def test_an_upload_is_within_its_own_limit(reading):
    """A body that may hold files has the limit for uploads."""
    app = reading(FORM, MULTIPART, limits=Limits(body=10, upload=1000))
    assert send(app, part("photo", b"x" * 500, "a")).status == 204
    assert send(app, part("photo", b"x" * 1000, "a")).status == 413


def test_an_urlencoded_body_is_an_object(reading):
    """Names and values are decoded, values coerced and validated by their schema, defaults filled in."""
    app = reading(FORM, URLENCODED, encoding={**ENCODING, "tags": {"explode": False}})
    raw = b"count=5&name=a+b%2B%C3%A9&tags=1,2&deep%5Bx%5D=5&meta=%7B%22a%22:1%7D&unknown=x+y"
    assert app.post("/", raw, URLENCODED).status == 204
    assert app.seen["body"] == {
        "count": 5,
        "name": "a b+é",
        "tags": [1, 2],
        "deep": {"x": 5},
        "meta": {"a": 1},
        "unknown": "x y",
    }
    assert app.post("/", b"&&", URLENCODED).status == 204
    assert app.seen["body"] == {"count": 7}


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"count=x", 422),
        (b"count=1&count=2", 422),
        (b"photo=x", 422),
        (b"name=%zz", 400),
        (b"%ff=1", 400),
        (b"unknown=%C3", 400),
        (b"\xff=1", 400),
        (b"meta=%7B", 400),
        (b"&" * 1000, 400),
    ],
)
def test_an_urlencoded_body_that_is_wrong(raw, status, reading):
    """What breaks the schema is a 422; what cannot be read, or is too much, a 400."""
    assert reading(FORM, URLENCODED).post("/", raw, URLENCODED).status == status


@pytest.mark.parametrize(
    ("declared", "sent", "taken"),
    [
        ("image/png, image/jpeg", "IMAGE/JPEG; a=b", True),
        ("image/png, image/jpeg", "image/gif", False),
        ("image/*", "image/gif", True),
        ("image/*", "text/plain", False),
        ("image/png", None, True),
        (None, "image/gif", True),
    ],
)
def test_a_file_has_a_media_type_of_its_encoding(declared, sent, taken, reading):
    """Where the contract tells which files a field takes, one that says it is another is refused."""
    encoding = {} if declared is None else {"photo": {"contentType": declared}}
    response = send(reading(FORM, MULTIPART, encoding=encoding), part("photo", "1", "a", sent))
    assert response.status == (204 if taken else 422)
    assert taken or response.errors == [("body", "/photo", "contentType")]
