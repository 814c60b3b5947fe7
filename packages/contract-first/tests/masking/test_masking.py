"""Secrets are masked wherever they stand in an exchange, and nothing else is."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

import pytest

from contract_first.contract import Contract
from contract_first.masking import Masking
from contract_first.masking.tokens import mask

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
KEY = "pet_key_" + "Ab3" * 11
SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
}


def m(secret):
    """Return the mask of a text."""
    return mask(secret.encode()).decode()


def masked(text):
    """Return a text with the mask of what it has in double brackets."""
    return re.sub(
        r"\[\[(.*?)\]\]", lambda match: mask(match[1].encode(), unquote(match[1]).encode()).decode(), text
    )


def declaring(schemes):
    """Return the masking of a contract with these security schemes."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {},
        "components": {"securitySchemes": schemes},
    }
    return Masking(Contract(document, "pets"))


MASKING = declaring(SCHEMES)
SHOP = declaring(
    {
        name: {"type": "apiKey", "in": place, "name": name}
        for name, place in {"X-Shop-Key": "header", "shop_session": "cookie", "shop_key": "query"}.items()
    }
)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("X-API-Key", "csb_secret", "[[csb_secret]]"),
        ("Authorization", f"Bearer {JWT}", f"Bearer [[{JWT}]]"),
        ("authorization", "secret", "[[secret]]"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=A, Signature=secret",
            "AWS4-HMAC-SHA256 [[Credential=A, Signature=secret]]",
        ),
        ("Proxy-Authorization", "Basic c2VjcmV0", "Basic [[c2VjcmV0]]"),
        ("Cookie", "sessionid=secret; theme=secret", "sessionid=[[secret]]; theme=[[secret]]"),
        ("Cookie", "secret", "[[secret]]"),
        ("Set-Cookie", "sessionid=secret; Path=/; HttpOnly", "sessionid=[[secret]]; Path=/; HttpOnly"),
        ("X-Amz-Security-Token", "secret", "[[secret]]"),
        (
            "Location",
            "http://s3/b/k?X-Amz-Signature=secret&a=b",
            "http://s3/b/k?X-Amz-Signature=[[secret]]&a=b",
        ),
        ("Referer", "http://app/?token=secret", "http://app/?token=[[secret]]"),
        ("Link", "<http://app/?page=2&token=secret", "<http://app/?page=2&token=[[secret]]"),
        ("X-Note", f"it was {JWT}", f"it was [[{JWT}]]"),
        ("X-Note", f"it was {KEY}.", f"it was [[{KEY}]]."),
        ("Accept", "*/*", "*/*"),
        ("Idempotency-Key", "secret", "secret"),
    ],
)
def test_headers(name, value, shown):
    """Credentials in headers are masked; what kind they are of is still reported."""
    assert MASKING.headers([(name, value)]) == [(name, masked(shown))]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h/p", "http://h/p"),
        ("http://h/p?a=1&b=%20x", "http://h/p?a=1&b=%20x"),
        ("http://h/p?x-amz-signature=secret", "http://h/p?x-amz-signature=[[secret]]"),
        ("http://h/p?X-Amz-%53ignature=secret&x", "http://h/p?X-Amz-%53ignature=[[secret]]&x"),
        ("http://h/p?ACCESS_TOKEN=secret&token", "http://h/p?ACCESS_TOKEN=[[secret]]&token"),
        ("http://h/p?sig=a%2Fb", "http://h/p?sig=[[a%2Fb]]"),
        ("http://me:secret@h/p#id_token=secret", "http://me:[[secret]]@h/p#id_token=[[secret]]"),
        (f"http://h/{KEY}/p?key={JWT}", f"http://h/[[{KEY}]]/p?key=[[{JWT}]]"),
    ],
)
def test_urls(url, shown):
    """Secrets in a query are masked, however their names are spelled; the rest is as it was sent."""
    assert MASKING.url(url) == masked(shown)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"upload_fields": {"policy": "eyJ9", "x-amz-signature": "secret", "key": "a"}}),
        '{"X-Amz-Signature" : "secret", "a": 1}',
        '{"access_token":"secret',
        r'{"password": "\"secret", "a": 1}',
        "grant_type=x&client_secret=secret&a=1",
        "refresh_token=secret",
        'a\r\nContent-Disposition: form-data; name="x-amz-signature"\r\n\r\nsecret\r\n--b',
        "<SignatureProvided>secret</SignatureProvided>",
    ],
)
def test_bodies(body):
    """Secrets in JSON, forms and S3's XML are masked, also in bodies that are cut; the length stays."""
    shown = MASKING.body(body.encode())
    assert b"secret" not in shown.replace(b"client_secret", b"")
    assert len(shown) == len(body)
    assert m("secret").encode() in shown or m(r"\"secret").encode() in shown


@pytest.mark.parametrize("secret", [JWT, KEY])
def test_tokens_and_keys_anywhere(secret):
    """What looks like a JWT or an API key is masked wherever it stands, and nothing around it."""
    shown = MASKING.body(f'["{secret}", "eyJ not one", "csb_neither"]'.encode())
    assert shown == f'["{m(secret)}", "eyJ not one", "csb_neither"]'.encode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer opaque/credential=="),
        ("authorization", "opaque/credential=="),
        ("X-Shop-Key", "opaque/credential=="),
        ("Cookie", "theme=light; shop_session=opaque/credential=="),
        ("Set-Cookie", "shop_session=opaque/credential==; Path=/; HttpOnly"),
    ],
)
def test_what_is_presented_is_masked_elsewhere(name, value):
    """What a header presents as a credential is masked wherever it stands in it, however spelled."""
    masking = SHOP.knowing([(name, value)])
    shown, spelled = m("opaque/credential=="), m("opaque%2Fcredential%3D%3D")
    assert masking.url("/opaque/credential==?k=opaque%2Fcredential%3D%3D") == f"/{shown}?k={spelled}"
    assert json.loads(masking.body(b'{"k": "opaque/credential=="}')) == {"k": shown}
    assert masking.fields([("note", "opaque/credential==")]) == [("note", shown)]


@pytest.mark.parametrize(
    ("name", "value"), [("X-API-Key", "test"), ("Cookie", "consent=everything-accepted"), ("Accept", "*/*")]
)
def test_words_are_not_masked_elsewhere(name, value):
    """A credential as short as a word, and a cookie that is none, mean something else elsewhere."""
    masking = MASKING.knowing([(name, value)])
    assert (
        masking.body(b'["test", "everything-accepted", "*/*"]') == b'["test", "everything-accepted", "*/*"]'
    )


def test_masked_json_is_json():
    """A body with masked members is as valid as before: its validation is that of what was sent."""
    body = json.dumps({"token": 'a\\"b', "n": {"x-amz-signature": "s" * 64}}).encode()
    assert json.loads(MASKING.body(body))["n"]["x-amz-signature"] == m("s" * 64)
    urls = [{"url": "https://s3.test/a?b=c&X-Amz-Signature=secret"}, r"?a&token=sec\"ret&b=c"]
    shown = json.loads(MASKING.body(json.dumps(urls).encode()))
    assert shown == [
        {"url": "https://s3.test/a?b=c&X-Amz-Signature=" + m("secret")},
        "?a&token=" + m(json.dumps('sec\\"ret')[1:-1]) + "&b=c",
    ]


@pytest.mark.parametrize(
    "body",
    [
        '{"url": "https://a.test/?password=SECRET&x=1"}',
        r'{"url": "https://a.test/?x=1\u0026password=SECRET", "a": 1}',
        'data: {"url": "https://a.test/?a=1&password=SECRET"}\n\n',
        'event: x\ndata: {"url": "https://a.test/?a=1&password=SECRET"}\n\n',
        'data: [\ndata: "?password=SECRET"]\n\n',
        '\ufeff{"url": "?a=1&password=SECRET"}',
        '{"a": 1}\n{"url": "?a=1&password=SECRET"}\n',
        '\x1e{"url": "?a=1&password=SECRET"}\n',
        '--b\r\nContent-Disposition: form-data; name="j"\r\n\r\n{"a":\r\n"?a&password=SECRET"}\r\n--b--\r\n',
    ],
)
def test_json_stays_whole_wherever_it_stands(body):
    """A secret in it ends at the quotation mark: in events, lines, parts, and behind a byte order mark."""
    assert MASKING.body(body.encode()).decode() == body.replace("SECRET", m("SECRET"))


@pytest.mark.parametrize("front", ["[a]=1", "{a}", "[1]", '"a"', "data: {}", '{"a": "', "<a>?a"])
def test_what_only_begins_like_json_shows_no_end_of_a_secret(front):
    """In a form a quotation mark is a character like any other."""
    body = f'{front}&password=hun"ter2'
    assert MASKING.body(body.encode()).decode() == front + "&password=" + m('hun"ter2')


def test_names_of_a_contract():
    """What another contract's security schemes call a key is masked too, in header and query."""
    assert SHOP.headers([("x-shop-key", "secret")]) == [("x-shop-key", m("secret"))]
    assert SHOP.url("/?shop_key=secret") == f"/?shop_key={m('secret')}"


def test_a_hostile_body_takes_no_time():
    """A body that is all beginnings of members is looked through in one pass."""
    body = (b'"token":"' * 7000) + b"\\" * 1000
    assert len(MASKING.body(body)) == len(body)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_xml_in_utf_16(encoding):
    """It is masked as in any other encoding, even cut."""
    document = "\ufeff<a><password>hunter2-of-nobody</password><b>n\u00e9</b></a>"
    masked = Masking().body(document.encode(encoding))
    assert len(masked) == len(document.encode(encoding))
    assert masked.decode(encoding).startswith("\ufeff<a><password>***")
    assert masked.decode(encoding).endswith("</password><b>n\u00e9</b></a>")
    assert "hunter2" not in Masking().body(document.encode(encoding)[:-3]).decode(encoding, "replace")


def test_xml_in_a_part_of_a_body():
    """The boundaries and the other parts stay."""
    part = b"--x\r\n\r\n<?xml version='1.0'?><a>%b</a>\r\n--x\r\n\r\nplain\r\n--x--\r\n"
    masked = Masking().body(part % b"<password>hunter2</password><b>2</b>")
    assert masked.startswith((part % b"<password>***").split(b"</a>")[0])
    assert b"hunter2" not in masked
    assert masked.endswith(b"</password><b>2</b></a>\r\n--x\r\n\r\nplain\r\n--x--\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "<a>https://a.test/?password=SECRET</a>",
        '<a href="https://a.test/?password=SECRET"/>',
        "url: 'https://a.test/?password=SECRET'\n",
        '{"url": "https://a.test/?password=SECRET" , "cut": "h',
        "curl --data 'password=SECRET' https://a.test",
        "x <https://a.test/?password=SECRET> y",
    ],
)
def test_what_is_around_a_parameter_stays(text):
    """Tags, quotation marks and brackets end its value, also where the text is cut."""
    assert MASKING.body(text.encode()).decode() == text.replace("SECRET", m("SECRET"))


def test_a_form_has_quotation_marks_in_its_values():
    """Even such as end a text elsewhere."""
    shown = MASKING.body(b'a=1&password=x"}y&b=2').decode()
    assert shown == "a=1&password=" + m('x"}y') + "&b=2"


def test_secrets_in_json_in_a_header():
    """A header's value is looked through as a body is."""
    ((_, shown),) = MASKING.headers([("X-Context", '{"token": "SECRET"}')])
    assert json.loads(shown) == {"token": m("SECRET")}
