"""Upload libraries that front ends use put photos into the mock's S3, in a real browser."""

from __future__ import annotations

import json
from urllib.parse import unquote

import httpx2
import pytest

from scanner_mocks import scanner_mock
from scanner_mocks.bucket.aws_session import aws_session

pytestmark = pytest.mark.programs

LIBRARIES = ["uppy-4/page", "uppy-5/page", "uppy-6/page", "dropzone", "filepond", "axios"]
PHOTO_BYTES = 300_000
PARTS_BYTES = 12 * 1024 * 1024
TEMPORARY_KEY = "PUBLICTEMPORARYKEY"
PARTS_KEY = "in parts/tin é.jpg"
REFUSALS = [
    "Non 2xx",
    "S3 returned 403 \N{EN DASH} AccessDenied",
    "403 AccessDenied",
    "Request failed with status code 403",
    "FilePond: AccessDenied",
]
"""In the words of each library."""


@pytest.fixture(scope="module")
def mock():
    """Run a mock whose S3 accepts temporary credentials as well."""
    with scanner_mock(s3_credentials={TEMPORARY_KEY: "public-secret:public-token"}) as running:
        yield running


def presigned(mock):
    """Return a presigned upload."""
    response = httpx2.get(
        f"{mock.api}/scanner/api/v1/sessions/{mock.session_id}/presigned-upload-url",
        params={"photo_type": "front", "original_filename": "tin.jpg"},
        headers={"X-API-Key": mock.api_key},
        trust_env=False,
    )
    return response.json()


def uploads(mock):
    """Return what is to be uploaded: a good form and a changed one by each library, and one file in parts."""
    expected = {}
    for library in LIBRARIES:
        good, changed = presigned(mock), presigned(mock)
        changed["upload_fields"]["Content-Type"] = "text/html"
        for name, form in (("good", good), ("changed", changed)):
            expected[f"{name} {library}"] = {
                "library": library,
                "how": "default",
                "form": form,
                "size": PHOTO_BYTES,
            }
    expected["in parts"] = {
        "library": "uppy-6/page",
        "how": "inParts",
        "form": {
            "endpoint": f"{mock.s3}/{mock.bucket}",
            "region": mock.region,
            "key": PARTS_KEY,
            "credentials": {
                "accessKeyId": TEMPORARY_KEY,
                "secretAccessKey": "public-secret",
                "sessionToken": "public-token",
            },
        },
        "size": PARTS_BYTES,
    }
    return expected


@pytest.fixture(scope="module")
def expected(mock):
    """Return what is uploaded."""
    return uploads(mock)


@pytest.fixture(scope="module")
def outcomes(expected, drive):
    """Return what came of each upload: where it is or the error, and what the browser complained of."""
    return drive("uploads", "drive.js", UPLOADS=json.dumps(expected))


@pytest.fixture(scope="module")
def s3(mock):
    """Return S3 as its owner sees it."""
    client = aws_session().client("s3", endpoint_url=mock.s3)
    yield client
    client.close()


def content(size):
    """Return what the page uploads."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_photo_arrives(mock, s3, expected, outcomes, library):
    """The library puts the photo into S3 whole, knows where it is, and finds nothing to complain of."""
    outcome = outcomes[f"good {library}"]
    key = expected[f"good {library}"]["form"]["s3_key"]
    assert outcome["complaints"] == []
    assert unquote(outcome["location"]) == f"{mock.s3}/{mock.bucket}/{key}"
    assert s3.get_object(Bucket=mock.bucket, Key=key)["Body"].read() == content(PHOTO_BYTES)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_refusal_is_reported(outcomes, library):
    """What S3 refuses reaches the library as a response with its status, not as a connection that failed."""
    outcome = outcomes[f"changed {library}"]
    assert "location" not in outcome
    assert outcome["error"] in REFUSALS
    assert "the server responded with a status of 403" in outcome["complaints"][0]


def test_an_upload_in_parts_arrives(s3, mock, outcomes):
    """A file goes up in parts, signed in the page, and is one object in the end."""
    assert outcomes["in parts"]["complaints"] == []
    assert "error" not in outcomes["in parts"]
    stored = s3.get_object(Bucket=mock.bucket, Key=PARTS_KEY)
    assert stored["ETag"].endswith('-3"')
    assert stored["Body"].read() == content(PARTS_BYTES)
