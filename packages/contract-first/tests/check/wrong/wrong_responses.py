"""Shops of which one status, header field or body is not what the contract or HTTP has."""

from __future__ import annotations

import json
from http import HTTPStatus

import httpx2
from wrong_bends import (
    ABSENT,
    CREATE,
    DELETE,
    ERROR,
    HEADERS,
    LIST,
    MEDIA_TYPE,
    PATCH,
    PUT,
    READ,
    REPORT,
    SCHEMA,
    SESSION,
    STATUS,
    Row,
    asked,
    header,
    keys,
    listed,
    member,
    preflight,
    raises,
    replied,
    sets,
)
from wrong_shop import OTHER_KEY, PAGE, Asked, Reply, Shop, problem

OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}


def _utf(request: Asked, _shop: Shop) -> Reply | None:
    try:
        json.loads(request.body.decode() or "0")
    except ValueError:
        return problem(500)
    return None


def _any_json(request: Asked, shop: Shop) -> None:
    """Take what is no JSON for what was created before."""
    if request.body.endswith(b": "):
        request.body = vars(shop)["latest"]
    vars(shop)["latest"] = request.body


def _any_type(request: Asked, _shop: Shop) -> None:
    if request.body:
        request.headers["content-type"] = "application/json"


def _cached(request: Asked, shop: Shop) -> Reply | None:
    """Respond to who shows no key, or a wrong one, with what was last read."""
    reply = shop.reply(request)
    if reply.status == HTTPStatus.OK:
        vars(shop)["last"] = reply
    return vars(shop).get("last", reply) if reply.status == HTTPStatus.UNAUTHORIZED else None


ROWS: list[Row] = [
    # statuses
    ("200 for 201", STATUS, sets(CREATE, status=200)),
    ("202 for 201", STATUS, sets(CREATE, status=202)),
    ("200 for 204", STATUS, sets(DELETE, status=200)),
    ("204 for 200", STATUS, sets(PATCH, status=204, body=b"")),
    ("500 for 404", ERROR, sets(READ, 404, status=500)),
    ("500 for a body in UTF-16", ERROR, asked(CREATE, _utf)),
    ("500 for a body that is no UTF-8, of PUT", ERROR, asked(PUT, _utf)),
    (
        "500 for a list without items",
        ERROR,
        replied(LIST, lambda r, *_: r.body["items"] or setattr(r, "status", 500)),
    ),
    ("500 for a second deletion", ERROR, sets(DELETE, 404, status=500)),
    ("301 to another host", STATUS, sets(READ, status=301, headers={"Location": "https://shop.example/"})),
    (
        "307 to itself",
        STATUS,
        replied(LIST, lambda r, *_: (setattr(r, "status", 307), r.headers.update(Location="/items"))),
    ),
    # negotiation and methods
    ("what is no JSON is taken", "http_semantics: json", asked(CREATE, _any_json)),
    ("any media type is JSON", "http_semantics: 415", asked("", _any_type)),
    (
        "Accept is ignored",
        "http_semantics: 406",
        asked(LIST, lambda a, _: a.headers.update({"accept": "*/*"})),
    ),
    ("HEAD is a 405", "http_semantics: head", sets("HEAD /items*", status=405)),
    ("HEAD is a 204", "http_semantics: head", sets("HEAD /items*", status=204)),
    (
        "HEAD has another media type",
        "http_semantics: head",
        header("HEAD /items*", "Content-Type", "text/plain"),
    ),
    (
        "a stack trace in a refusal",
        "delivery: trace",
        member("", "detail", "Traceback (most recent call last): ...", 404, 422),
    ),
    # CORS
    (
        "preflight without the method",
        "http_semantics: preflight",
        preflight(Access_Control_Allow_Methods="GET"),
    ),
    (
        "preflight without the header",
        "http_semantics: preflight",
        preflight(Access_Control_Allow_Headers="Accept"),
    ),
    ("response without its origin", "http_semantics: origin", header(LIST, "Access-Control-Allow-Origin")),
    (
        "cookies of every origin, in a preflight",
        "http_semantics: open cookies",
        preflight(**{name.replace("-", "_"): value for name, value in OPEN.items()}),
    ),
    (
        "cookies of every origin",
        "http_semantics: open cookies",
        replied(LIST, lambda r, *_: r.headers.update(OPEN)),
    ),
    (
        "cookies of any origin that asks",
        "http_semantics: open cookies",
        replied(
            LIST,
            lambda r, a, _: r.headers.update(
                {**OPEN, "Access-Control-Allow-Origin": a.headers.get("origin", PAGE)}
            ),
        ),
    ),
    # caching
    ("public", "delivery: cache", header(READ, "Cache-Control", "public, max-age=60")),
    ("max-age", "delivery: cache", header(LIST, "Cache-Control", "max-age=60")),
    ("s-maxage", "delivery: cache", header(REPORT, "Cache-Control", "s-maxage=60")),
    ("cookie for scripts", "delivery: cookie", header(SESSION, "Set-Cookie", "sid=a-session; Secure")),
    # authentication
    ("GET for everybody", "security_alternatives: none", keys(LIST, "")),
    ("POST for everybody", "security_alternatives: none", keys(CREATE, "")),
    ("DELETE for everybody", "security_alternatives: none", keys(DELETE, "")),
    ("any key that begins right", "security_alternatives: wrong", keys("", "shop-key")),
    ("403 for 401", "security_alternatives: none", sets("", 401, status=403)),
    ("404 for 401", "security_alternatives: none", sets(REPORT, 401, status=404)),
    ("401 for a right key", "security_alternatives: alone", sets(REPORT, status=401)),
    ("a cache for everybody", "security_alternatives: none", asked(LIST, _cached)),
    (
        "400 for a wrong key",
        "security_alternatives: wrong",
        replied("", lambda r, a, _: "x-key" in a.headers and setattr(r, "status", 400), 401),
    ),
    (
        "403 for a right key",
        "not found: another scope may be what is missing, and there is no other credential",
        sets(PATCH, status=403, body=problem(403).body, headers=problem(403).headers),
    ),
    ("401 without a challenge", "challenge: present", header("", "WWW-Authenticate", ABSENT, 401)),
    ("another's item is read", "organization_isolation: read", keys(READ, OTHER_KEY)),
    ("another's item is changed", "organization_isolation: write", keys(PUT, OTHER_KEY)),
    ("another's item is patched", "organization_isolation: write", keys(PATCH, OTHER_KEY)),
    ("another's item is deleted", "organization_isolation: write", keys(DELETE, OTHER_KEY)),
    (
        "another's items are listed, with numbers as ids",
        "not found: each organization may have a thing of that number",
        keys(LIST, OTHER_KEY),
    ),
    # errors
    ("error as JSON", "problem_details: media type", header("", "Content-Type", "application/json", 404)),
    (
        "error as HTML",
        "problem_details: media type",
        sets("", 401, body=b"<p>no", headers={"Content-Type": "text/html", "WWW-Authenticate": "Key"}),
    ),
    ("error as a text", "problem_details: object", sets("", 401, body="no")),
    ("error without a body", "problem_details: object", sets("", 404, body=b"")),
    ("error with another status", "problem_details: status", member("", "status", 400, 401)),
    ("error without a title", "problem_details: schema", member("", "title", ABSENT, 401)),
    ("title is a number", "problem_details: members", member("", "title", 7, 404)),
    ("429 without Retry-After", "retry_after: present", asked(REPORT, lambda *_: problem(429))),
    (
        "Retry-After is a word",
        "retry_after: form",
        asked(REPORT, lambda *_: problem(429, **{"Retry-After": "soon"})),
    ),
    (
        "Retry-After is a fraction",
        "retry_after: form",
        asked(REPORT, lambda *_: problem(429, **{"Retry-After": "0.5"})),
    ),
    (
        "Retry-After is another in the body",
        "retry_after: body",
        asked(
            REPORT,
            lambda *_: Reply(
                429,
                {**problem(429).body, "retry_after_seconds": 60},
                {"Content-Type": "application/problem+json", "Retry-After": "1"},
            ),
        ),
    ),
    (
        "Retry-After is too short",
        "retry_after: enough",
        asked(REPORT, lambda *_: problem(429, **{"Retry-After": "1", "RateLimit-Remaining": "0"})),
    ),
    # rate limits
    ("no rate limit in errors", "rate_limit_headers: present", header("", "RateLimit-Limit", ABSENT, 401)),
    ("no rate limit in a success", "rate_limit_headers: present", header(LIST, "RateLimit-Remaining")),
    ("no policy", "rate_limit_headers: present", header(DELETE, "RateLimit-Policy")),
    ("limit is a word", "rate_limit_headers: number", header(LIST, "RateLimit-Limit", "many")),
    ("policy is a sentence", "rate_limit_headers: policy", header(LIST, "RateLimit-Policy", "100 an hour")),
    ("policy is another", "rate_limit_headers: policy", header(LIST, "RateLimit-Policy", "5;w=60")),
    ("alias differs", "rate_limit_headers: alias", header(LIST, "X-RateLimit-Remaining", "7")),
    (
        "more remain than the limit",
        "rate_limit_headers: range",
        replied(
            LIST,
            lambda r, *_: r.headers.update(
                {"RateLimit-Remaining": "200000", "X-RateLimit-Remaining": "200000"}
            ),
        ),
    ),
    ("reset is later than the window", "rate_limit_headers: range", header(LIST, "RateLimit-Reset", "7200")),
    ("reset as seconds", "rate_limit_headers: unix time", header(LIST, "X-RateLimit-Reset", "3600")),
    (
        "remaining grows",
        "rate_limit_headers: growing",
        replied(
            "",
            lambda r, _, s: r.headers.update(
                dict.fromkeys(("RateLimit-Remaining", "X-RateLimit-Remaining"), str(s.requests))
            ),
        ),
    ),
    # bodies
    ("id is a text", SCHEMA, member(READ, "id", str)),
    ("null for a text", SCHEMA, member(READ, "name", None)),
    ("a member lacks", SCHEMA, member(LIST, "total")),
    (
        "a member of an item lacks",
        SCHEMA,
        listed(lambda items, _: [{k: v for k, v in item.items() if k != "kind"} for item in items]),
    ),
    ("a secret is shown", SCHEMA, member(CREATE, "secret", "s3cret")),
    ("value that an enum has not", SCHEMA, member(READ, "kind", "jar")),
    ("value beside its pattern", SCHEMA, member(PUT, "code", "x")),
    ("number beyond its maximum", SCHEMA, member(READ, "size", 91)),
    ("a day as a date-time", SCHEMA, member(CREATE, "made_at", "2024-01-01")),
    ("duplicates in a set", SCHEMA, member(PATCH, "tags", ["a", "a"])),
    ("an array for an object", SCHEMA, replied(READ, lambda r, *_: setattr(r, "body", [r.body]))),
    ("an object for an array", SCHEMA, sets(REPORT, body={"items": []})),
    ("an empty body", SCHEMA, sets(LIST, body=b"")),
    ("JSON that is cut", SCHEMA, sets(LIST, body=b'{"total": 1, "items": [')),
    ("JSON with NaN", SCHEMA, sets(REPORT, body=b"[NaN]")),
    (
        "JSON with a name twice",
        "not found: no parser of JSON in use here reports it",
        sets(
            LIST, body=b'{"total": 0, "total": 0, "items": []}', headers={"Content-Type": "application/json"}
        ),
    ),
    (
        "JSON in Latin-1",
        SCHEMA,
        replied(
            READ,
            lambda r, *_: setattr(
                r, "body", json.dumps({**r.body, "name": "f\xfcnf"}, ensure_ascii=False).encode("latin-1")
            ),
        ),
    ),
    ("text for JSON", MEDIA_TYPE, header(LIST, "Content-Type", "text/plain")),
    ("HTML for JSON", MEDIA_TYPE, sets(REPORT, body=b"<p>", headers={"Content-Type": "text/html"})),
    ("no media type", MEDIA_TYPE, header(READ, "Content-Type", "")),
    ("a header lacks", HEADERS, header(READ, "ETag")),
    ("Location lacks", HEADERS, header(CREATE, "Location")),
    # connections
    ("cut connection", "connection: whole response", raises(LIST, httpx2.RemoteProtocolError)),
    ("cut body", "connection: whole response", raises(READ, httpx2.ReadError)),
    ("hanging", "connection: whole response", raises(REPORT, httpx2.ReadTimeout)),
    ("false Content-Encoding", "connection: whole response", header(LIST, "Content-Encoding", "gzip")),
]
