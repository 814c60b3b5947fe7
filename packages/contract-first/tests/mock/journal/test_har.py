"""The HTTP Archive: valid by HAR 1.2, and all that the journal knows is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema_rs
import msgspec

from contract_first.check.exchange import Message, RecordedExchange, Validation
from contract_first.check.har import har

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
            },
            {"comment": TEXT},
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
    return RecordedExchange(**{**plain, **differing})


def entry(**differing):
    """Return the HAR entry of such an exchange, as JSON would have it, once it is found valid."""
    document = json.loads(msgspec.json.encode(har([exchange(**differing)])))
    assert [str(error) for error in VALIDATOR.iter_errors(document)] == []
    return document["log"]["entries"][0]


def test_a_plain_exchange():
    """Time, URL and query are where HAR wants them."""
    har_entry = entry()
    assert har_entry["startedDateTime"] == "2026-01-01T12:00:00.005+00:00"
    assert har_entry["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert (har_entry["response"]["status"], har_entry["response"]["statusText"]) == (200, "OK")
    assert "postData" not in har_entry["request"]


def test_text_and_other_bodies():
    """Text is text, and what is none is in Base64 and says so."""
    request = Message(headers=[("Content-Type", "application/json")], body=b"{}", body_bytes=2)
    response = Message(headers=[("content-type", "image/png")], body=b"\x89PNG", body_bytes=4)
    har_entry = entry(request=request, response=response)
    assert har_entry["request"]["postData"] == {"mimeType": "application/json", "text": "{}"}
    expected = {"size": 4, "mimeType": "image/png", "text": "iVBORw==", "encoding": "base64"}
    assert har_entry["response"]["content"] == expected


def test_forms_are_parameters():
    """The fields of an upload to S3 are parameters of the posted data."""
    har_entry = entry(server="s3", method="POST", request=Message(fields=[("key", "a/b.jpg")], body_bytes=9))
    assert har_entry["request"]["postData"]["params"] == [{"name": "key", "value": "a/b.jpg"}]
    assert har_entry["request"]["bodySize"] == 9


def test_cookies_redirects_and_what_har_has_no_member_for():
    """Cookies and Location have members of their own; operation, fault and result are beside HAR's."""
    request = Message(headers=[("Cookie", "sessionid=***"), ("Cookie", "=;;bad cookie=,")])
    response = Message(headers=[("Set-Cookie", "a=***; Path=/"), ("Location", "/x")])
    har_entry = entry(
        request=request, response=response, operation="do_it", fault="fault-1", verdict=Validation()
    )
    assert har_entry["request"]["cookies"] == [{"name": "sessionid", "value": "***"}]
    assert har_entry["response"]["cookies"] == [{"name": "a", "value": "***"}]
    assert har_entry["response"]["redirectURL"] == "/x"
    assert (har_entry["_operation"], har_entry["_fault"]) == ("do_it", "fault-1")
    assert har_entry["_verdict"] == {"request": [], "response": [], "unjudged": ""}


def test_no_response_and_unknown_statuses():
    """A dropped connection has status 0, and a status without a phrase has none."""
    assert entry(status=0)["response"]["statusText"] == ""
    assert entry(status=599)["response"]["status"] == 599


def test_an_empty_journal():
    """A journal without exchanges is an archive without entries."""
    assert har([])["log"]["entries"] == []


def test_a_comment():
    """What a document leaves out is in the log's comment, which HAR defines."""
    document = json.loads(msgspec.json.encode(har([exchange()], comment="2 are left out.")))
    assert VALIDATOR.is_valid(document)
    assert document["log"]["comment"] == "2 are left out."
    assert "comment" not in har([])["log"]


def test_the_schema_sees_what_is_wrong():
    """The check above fails where a member is missing or none of HAR's."""
    document = json.loads(msgspec.json.encode(har([exchange()])))
    del document["log"]["entries"][0]["cache"]
    document["log"]["entries"][0]["more"] = 1
    assert len(list(VALIDATOR.iter_errors(document))) == 2
