"""The HTTP Archive: valid by HAR 1.2, and all that the journal knows is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema_rs
import msgspec

from openapi_check.har import har
from openapi_mock.journal import Exchange, Message, Validation

STARTED = datetime(2026, 1, 1, 12, 0, 0, 5000, tzinfo=UTC)
TIME = {"type": "number", "minimum": 0}
TEXT, SIZE = {"type": "string"}, {"type": "integer", "minimum": -1}
PAIRS = {
    "type": "array",
    "items": {"type": "object", "required": ["name", "value"], "properties": {"name": TEXT, "value": TEXT}},
}


def closed(required, optional=()):
    """Return the schema of an object of HAR: no other members but those with a ``_`` in front."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **dict(optional)},
        "patternProperties": {"^_": True},
        "additionalProperties": False,
    }


MESSAGE = {"httpVersion": TEXT, "cookies": PAIRS, "headers": PAIRS, "headersSize": SIZE, "bodySize": SIZE}
POST_DATA = {
    **closed({"mimeType": TEXT}, {"text": TEXT, "encoding": TEXT, "params": PAIRS}),
    "oneOf": [{"required": ["text"]}, {"required": ["params"]}],
}
HAR = closed(
    {
        "log": closed(
            {
                "version": {"const": "1.2"},
                "creator": closed({"name": TEXT, "version": TEXT}),
                "entries": {
                    "type": "array",
                    "items": closed(
                        {
                            "startedDateTime": {"type": "string", "format": "date-time"},
                            "time": TIME,
                            "request": closed(
                                {
                                    **MESSAGE,
                                    "method": TEXT,
                                    "url": {"type": "string", "format": "uri"},
                                    "queryString": PAIRS,
                                },
                                {"postData": POST_DATA},
                            ),
                            "response": closed(
                                {
                                    **MESSAGE,
                                    "status": {"type": "integer"},
                                    "statusText": TEXT,
                                    "redirectURL": TEXT,
                                    "content": closed(
                                        {"size": SIZE, "mimeType": TEXT}, {"text": TEXT, "encoding": TEXT}
                                    ),
                                }
                            ),
                            "cache": {"const": {}},
                            "timings": closed({"send": TIME, "wait": TIME, "receive": TIME}),
                        }
                    ),
                },
            }
        )
    }
)
VALIDATOR = jsonschema_rs.Draft202012Validator(HAR, validate_formats=True)


def exchange(**differing):
    """Return an exchange that differs from a plain GET in what is given."""
    plain = {
        "number": 1,
        "started": STARTED,
        "milliseconds": 1.5,
        "method": "GET",
        "url": "http://127.0.0.1/things?a=1&b=",
        "status": 200,
        "request": Message(),
        "response": Message(),
    }
    return Exchange(**{**plain, **differing})


def entry(**differing):
    """Return the HAR entry of such an exchange, as JSON would have it, once it is found valid."""
    document = json.loads(msgspec.json.encode(har([exchange(**differing)])))
    assert [str(error) for error in VALIDATOR.iter_errors(document)] == []
    return document["log"]["entries"][0]


def test_a_plain_exchange():
    """Time, URL and query are where HAR wants them."""
    told = entry()
    assert told["startedDateTime"] == "2026-01-01T12:00:00.005+00:00"
    assert told["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert (told["response"]["status"], told["response"]["statusText"]) == (200, "OK")
    assert "postData" not in told["request"]


def test_text_and_other_bodies():
    """Text is text, and what is none is in Base64 and says so."""
    request = Message(headers=[("Content-Type", "application/json")], body=b"{}", body_bytes=2)
    response = Message(headers=[("content-type", "image/png")], body=b"\x89PNG", body_bytes=4)
    told = entry(request=request, response=response)
    assert told["request"]["postData"] == {"mimeType": "application/json", "text": "{}"}
    wanted = {"size": 4, "mimeType": "image/png", "text": "iVBORw==", "encoding": "base64"}
    assert told["response"]["content"] == wanted


def test_forms_are_parameters():
    """The fields of an upload to S3 are parameters of the posted data."""
    told = entry(server="s3", method="POST", request=Message(fields=[("key", "a/b.jpg")], body_bytes=9))
    assert told["request"]["postData"]["params"] == [{"name": "key", "value": "a/b.jpg"}]
    assert told["request"]["bodySize"] == 9


def test_cookies_redirects_and_what_har_has_no_member_for():
    """Cookies and Location have members of their own; operation, fault and verdict are beside HAR's."""
    request = Message(headers=[("Cookie", "sessionid=***"), ("Cookie", "=;;bad cookie=,")])
    response = Message(headers=[("Set-Cookie", "a=***; Path=/"), ("Location", "/x")])
    told = entry(request=request, response=response, operation="do_it", fault="fault-1", verdict=Validation())
    assert told["request"]["cookies"] == [{"name": "sessionid", "value": "***"}]
    assert told["response"]["cookies"] == [{"name": "a", "value": "***"}]
    assert told["response"]["redirectURL"] == "/x"
    assert (told["_operation"], told["_fault"]) == ("do_it", "fault-1")
    assert told["_verdict"] == {"request": [], "response": [], "unjudged": ""}


def test_no_answer_and_unknown_statuses():
    """A dropped connection has status 0, and a status without a phrase has none."""
    assert entry(status=0)["response"]["statusText"] == ""
    assert entry(status=599)["response"]["status"] == 599


def test_an_empty_journal():
    """A journal without exchanges is an archive without entries."""
    assert har([])["log"]["entries"] == []


def test_the_schema_sees_what_is_wrong():
    """The check above fails where a member is missing or none of HAR's."""
    document = json.loads(msgspec.json.encode(har([exchange()])))
    del document["log"]["entries"][0]["cache"]
    document["log"]["entries"][0]["more"] = 1
    assert len(list(VALIDATOR.iter_errors(document))) == 2
