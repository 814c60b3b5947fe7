"""What the presigned operation returns is what S3 takes."""

from __future__ import annotations

import os
import re

import httpx2
import pytest

from scanner_api.scanning.photos.photo_keys import MEDIA_TYPES
from scanner_contract import load_contract
from scanner_mocks.bucket.aws_session import aws_session

PHOTO_TYPES = load_contract().document["components"]["schemas"]["PhotoTypeEnum"]["enum"]
EXTENSIONS = [*MEDIA_TYPES, "JPG", "bmp", ""]
"""All that there are, one in capitals, one that is none of ours, and none."""


@pytest.fixture(scope="module")
def s3(mock):
    """Return S3 as its owner sees it."""
    client = aws_session().client("s3", endpoint_url=mock.s3)
    yield client
    client.close()


def presigned(mock, client, photo_type, filename):
    """Return a presigned upload."""
    response = client.get(
        f"/sessions/{mock.session_id}/presigned-upload-url",
        params={"photo_type": photo_type, "original_filename": filename},
        headers={"X-API-Key": mock.keys["unlimited"]},
    )
    return response.json()


def posted(upload, content, **changes):
    """Post a form as a browser does, with some of its fields changed."""
    fields = upload["upload_fields"] | changes
    return httpx2.post(upload["upload_url"], data=fields, files={"file": content}, trust_env=False)


def test_there_are_twelve_photo_types():
    """The contract has the photo types that the tests below go through."""
    assert len(PHOTO_TYPES) == 12


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("photo_type", PHOTO_TYPES)
def test_upload_of_every_kind(mock, client, s3, photo_type, extension):
    """A photo of every type and extension comes out of S3 as it went in, and is marked as what it is."""
    content = os.urandom(2048)
    upload = presigned(mock, client, photo_type, f"tin.{extension}" if extension else "tin")
    response = posted(upload, content)
    assert response.status_code == 201, response.text
    stored = s3.get_object(Bucket=mock.bucket, Key=upload["s3_key"])
    assert stored["Body"].read() == content
    assert stored["ContentType"] == MEDIA_TYPES.get(extension.lower(), "image/jpeg")
    assert stored["Metadata"] == {"session-id": mock.session_id, "photo-type": photo_type}
    assert f"/{photo_type}/{mock.session_id}/" in upload["s3_key"]


@pytest.mark.parametrize(
    "filename", ["Foto è uno.jpeg", "\U0001f345.png", "../../etc/passwd", 'a"b\\c.gif', "line\nbreak.webp"]
)
def test_hostile_filenames(mock, client, s3, filename):
    """Whatever the file is called, the upload works and nothing of the name is in the key."""
    upload = presigned(mock, client, "other", filename)
    assert posted(upload, b"photo").status_code == 201
    assert s3.head_object(Bucket=mock.bucket, Key=upload["s3_key"])["ContentLength"] == 5
    assert re.fullmatch(r"[2-9A-Za-z]{22}\.[a-z]{3,4}", upload["s3_key"].rpartition("/")[2])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "scanner/photos/another.jpg"),
        ("Content-Type", "text/html"),
        ("x-amz-meta-session-id", "another"),
        ("success_action_status", "204"),
    ],
)
def test_changed_forms_are_refused(mock, client, field, value):
    """A form is good for exactly what it was issued for: with a field changed S3 refuses it."""
    upload = presigned(mock, client, "front", "tin.jpg")
    assert posted(upload, b"photo", **{field: value}).status_code == 403


def test_an_empty_photo_is_refused(mock, client):
    """A photo has at least one byte."""
    upload = presigned(mock, client, "front", "tin.jpg")
    response = posted(upload, b"")
    assert response.status_code == 400
    assert "EntityTooSmall" in response.text
