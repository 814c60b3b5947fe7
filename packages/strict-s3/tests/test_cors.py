"""CORS: what a bucket's rules grant, as S3 does; then over the wire."""

from __future__ import annotations

import httpx2
import pytest

from strict_s3.messages.cors import CorsRule, granted, preflight
from strict_s3.messages.errors import S3Error

APP = "https://app.test"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
RULE = CorsRule((APP, "https://*.photos.test"), ("GET", "POST"), ("x-amz-*", "Content-Type"), ("ETag",), 3000)
ANYONE = CorsRule(("*",), ("GET",))


def asking(origin: str, method: str | None = None, headers: str | None = None) -> dict[str, str]:
    """Return the headers by which a browser asks."""
    asked = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }
    return {name: value for name, value in asked.items() if value is not None}


@pytest.mark.parametrize(
    ("rules", "request_", "refusal"),
    [
        ([], {}, (400, "Insufficient information. Origin request header needed.", {})),
        ([RULE], {}, (400, "Insufficient information. Origin request header needed.", {})),
        (None, asking(APP), (403, "CORSResponse: Bucket not found", {"Method": "OPTIONS"})),
        (
            [],
            asking(APP, "PUT"),
            (403, "CORSResponse: CORS is not enabled for this bucket.", {"Method": "PUT"}),
        ),
        ([], asking(APP), (403, "CORSResponse: CORS is not enabled for this bucket.", {"Method": "OPTIONS"})),
        ([RULE], asking(APP), (400, "Invalid Access-Control-Request-Method: null", {})),
        ([RULE], asking(APP, "BREW"), (400, "Invalid Access-Control-Request-Method: BREW", {})),
        (
            [RULE],
            asking("https://other.test", "POST"),
            (403, "CORSResponse: This CORS request is not allowed.", {}),
        ),
        (
            [RULE],
            asking(APP, "PUT"),
            (403, "CORSResponse: This CORS request is not allowed.", {"Method": "PUT"}),
        ),
        (
            [RULE],
            asking(APP, "POST", "x-other"),
            (403, "CORSResponse: This CORS request is not allowed.", {}),
        ),
        ([ANYONE], asking(APP, "GET", "x-any"), (403, "CORSResponse: This CORS request is not allowed.", {})),
    ],
)
def test_preflights_that_are_refused(rules, request_, refusal):
    """A preflight without origin is a bad request; one that no rule admits is forbidden."""
    status, message, elements = refusal
    with pytest.raises(S3Error) as caught:
        preflight(rules, request_, "OBJECT")
    assert caught.value.status == status
    assert caught.value.message.startswith(message)
    assert elements.items() <= caught.value.elements.items()


def test_preflight_that_is_granted():
    """The origin is echoed, the rule's methods are listed, and the asked headers in lower case."""
    request = asking("https://a.photos.test", "POST", "X-Amz-Date, Content-type")
    assert dict(preflight([ANYONE, RULE], request, "OBJECT")) == {
        "Access-Control-Allow-Origin": "https://a.photos.test",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "x-amz-date, content-type",
        "Access-Control-Expose-Headers": "ETag",
        "Access-Control-Max-Age": "3000",
        "Access-Control-Allow-Credentials": "true",
        "Vary": VARY,
    }


def test_any_origin():
    """A rule for every origin responds with a star, and never allows credentials."""
    assert granted([ANYONE], asking(APP), "GET") == [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "GET"),
        ("Vary", VARY),
    ]


def test_first_matching_rule_wins():
    """Of several rules that admit a request the first one decides."""
    rules = [CorsRule((APP,), ("GET",), max_age_seconds=seconds) for seconds in (1, 2)]
    assert ("Access-Control-Max-Age", "1") in granted(rules, asking(APP), "GET")


@pytest.mark.parametrize("request_", [{}, asking("https://other.test"), asking(APP, headers="x-other")])
def test_actual_requests_that_no_rule_admits(request_):
    """An actual request that no rule admits gets no CORS header."""
    assert granted([RULE], request_, "POST") == []


def test_preflight_headers_of_an_actual_request():
    """The method that an actual request asks for, as a preflight does, counts instead of its own."""
    assert granted([RULE], asking(APP, "PUT"), "GET") == []
    assert granted([RULE], asking(APP, "POST"), "PUT") != []


@pytest.mark.parametrize(
    "origin", ["https://.photos.test", "https://a.photos.test.evil.test", "https://photos.test"]
)
def test_star_in_an_origin(origin):
    """The star of an origin stands for any text between what is around it, and for nothing else."""
    assert bool(granted([RULE], asking(origin), "GET")) == (origin == "https://.photos.test")


def test_over_the_wire(form, post, client, server):
    """Without rules nothing is granted; with rules accepted and refused uploads carry the grant."""
    url = f"{server.url}/{form.bucket}"
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    assert httpx2.options(url, headers=asked).status_code == 403
    assert "Access-Control-Allow-Origin" not in post(form, Origin=APP).headers
    rule = {"AllowedOrigins": [APP], "AllowedMethods": ["POST"], "ExposeHeaders": ["ETag"]}
    client.put_bucket_cors(Bucket=form.bucket, CORSConfiguration={"CORSRules": [rule]})
    allowed = httpx2.options(url, headers=asked)
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, APP)
    accepted = post(form, Origin=APP)
    form.fields["key"] = "another"
    refused = post(form, Origin=APP)
    assert (accepted.status_code, refused.status_code) == (204, 403)
    for response in (accepted, refused):
        assert response.headers["Access-Control-Allow-Origin"] == APP
        assert response.headers["Access-Control-Expose-Headers"] == "ETag"
    assert "Access-Control-Allow-Origin" not in post(form, Origin="https://other.test").headers


def test_the_mocks_bucket_is_open(server):
    """The bucket that the server begins with admits every origin, method and header, and shows the ETag."""
    for path in ("", "/photos/a.png"):
        asked = {**asking("null", "PUT", "x-any"), "host": server.url.partition("//")[2]}
        response = httpx2.options(f"{server.url}/{server.buckets[0]}{path}", headers=asked)
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"ETag", "Accept-Ranges", "Content-Range", "x-amz-request-id"} <= set(exposed)


@pytest.mark.parametrize(("rules", "resource_type"), [([], "BUCKET"), (None, "BUCKET"), ([RULE], "OBJECT")])
def test_resource_type_of_a_refusal(rules, resource_type):
    """Where there are no rules, the bucket is named as what lacks them, even for an object."""
    with pytest.raises(S3Error) as caught:
        preflight(rules, asking("https://other.test", "PUT"), "OBJECT")
    assert caught.value.elements["ResourceType"] == resource_type
