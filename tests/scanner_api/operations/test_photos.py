"""Scanner Photos, over HTTP and into S3."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.scanning.photos.photo_keys import ForeignKey, PhotoKeys
from scanner_api.settings import Settings
from scanner_api.storage.accounts import secrets
from scanner_api.storage.accounts.secrets import SecretStore
from scanner_api.storage.database import Database
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_mocks import scanner_mock
from scanner_mocks.bucket.aws_session import aws_session
from scanner_mocks.drawings.pictures import PIXEL

from .conftest import Api


def test_a_photo_is_registered_as_s3_has_it(api):
    """Size and key come from the object; the gallery begins at 0; the session counts it."""
    session_id = api.session()
    photo = api.photo(session_id, photo_type="nutrition", original_filename="Ü.png", metadata={"a": "b"})
    assert (photo["file_size"], photo["sort_order"]) == (len(PIXEL), 0)
    assert (photo["photo_type"], photo["original_filename"]) == ("nutrition", "Ü.png")
    assert api.get(f"/sessions/{session_id}").json()["product_photos"] == [photo]


def test_a_key_of_another_session_or_of_nobody_is_refused(api):
    """Only a key that was issued for this session is registered, whatever is in the bucket."""
    session_id, key = api.session(), api.uploaded(api.session())
    forged = key.replace(key[-8:-4], "2222")
    for s3_key in (key, forged, "", "\0", "../" * 50):
        refused = api.post(f"/sessions/{session_id}/photos", json={"s3_key": s3_key})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/s3_key"


def test_a_rotated_secret_is_used_without_a_restart(tmp_path, monkeypatch):
    """A server that runs issues keys by a new secret; one that the secret before issued is registered."""
    monkeypatch.setattr(secrets, "READ_SECONDS", 0.05)
    url = f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}"
    with scanner_mock(data=tmp_path) as mock:
        headers = {"X-API-Key": mock.keys["unlimited"]}
        with Api(base_url=f"{mock.api}/scanner/api/v1", headers=headers, trust_env=False) as api:
            key = api.uploaded(session_id := api.session())
            assert CliRunner().invoke(app, ["secrets", "rotate", "--database-url", url]).exit_code == 0
            keys = PhotoKeys(Settings.model_fields["s3_key_template"].default, asyncio.run(newest(url)))
            httpx2.post(f"{mock.control}/clock", json={"advance_seconds": 61}).raise_for_status()
            api.polled(
                f"/sessions/{session_id}/presigned-upload-url",
                lambda form: is_issued_by(keys, form["s3_key"], session_id),
            )
            assert not is_issued_by(keys, key, session_id)
            assert api.post(f"/sessions/{session_id}/photos", json={"s3_key": key}).status_code == 201


async def newest(url):
    """Return the latest secret of photo keys in a database."""
    database = Database(url)
    try:
        return await SecretStore(database).secret("photo-keys")
    finally:
        await database.close()


def is_issued_by(keys, key, session_id):
    """Return whether a key is one of these keys'."""
    try:
        keys.verify(key, session_id)
    except ForeignKey:
        return False
    return True


def test_an_object_that_is_not_there_yet_is_a_conflict(api):
    """Registering before uploading is a 409."""
    session_id = api.session()
    form = api.get(f"/sessions/{session_id}/presigned-upload-url").json()
    refused = api.post(f"/sessions/{session_id}/photos", json={"s3_key": form["s3_key"]})
    assert (refused.status_code, refused.json()["error_code"]) == (409, "conflict")


def test_a_wrong_size_is_refused(api):
    """A ``file_size`` that is not the object's is a 422."""
    session_id = api.session()
    body = {"s3_key": api.uploaded(session_id), "file_size": 1}
    refused = api.post(f"/sessions/{session_id}/photos", json=body)
    assert refused.json()["errors"][0]["pointer"] == "/file_size"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"This is a text.", "The file is not an image: JPEG, PNG, WebP, HEIC, AVIF, GIF or TIFF."),
        (PIXEL[:16] + (20_000).to_bytes(4) * 2 + PIXEL[24:], "has 20000 x 20000 pixels; at most 50,000,000"),
        (PIXEL[:20], "The image/png file is damaged"),
    ],
)
def test_what_is_no_photo_is_refused(api, content, problem):
    """An object is registered if it is an image that can be decoded, with any name."""
    session_id = api.session()
    key = api.uploaded(session_id, content, "a.jpg")
    refused = api.post(f"/sessions/{session_id}/photos", json={"s3_key": key})
    assert (refused.status_code, refused.json()["retryable"]) == (422, False)
    [violation] = refused.json()["errors"]
    assert (violation["pointer"], violation["rule"]) == ("/s3_key", "decoding")
    assert "names an object that is no photo: " in violation["detail"]
    assert problem in violation["detail"]


@pytest.mark.parametrize(
    ("offset", "width", "problem"),
    [(400_000, 9000, "9000 x 9000 pixels"), (400_000, 90, ""), (500_000, 90, "is damaged")],
)
def test_a_tiff_is_checked_wherever_its_size_stands(api, offset, width, problem):
    """Many programs write its directory behind the pixels: that part of the object is read as well."""
    session_id = api.session()
    directory = struct.pack("<HHHIIHHII", 2, 256, 4, 1, width, 257, 4, 1, width)
    content = b"II*\0" + struct.pack("<I", offset) + bytes(400_000 - 8) + directory
    key = api.uploaded(session_id, content, "a.tif")
    response = api.post(f"/sessions/{session_id}/photos", json={"s3_key": key})
    assert response.status_code == (422 if problem else 201)
    assert problem in response.text


@pytest.mark.parametrize(("is_replaced", "status"), [(True, 503), (False, 409)])
def test_a_tiff_that_is_replaced_or_deleted_as_it_is_checked(api, mock, monkeypatch, is_replaced, status):
    """Its directory is read from the same object as its beginning, or not at all."""
    session_id = api.session()
    content = b"II*\0" + struct.pack("<I", 400_000) + bytes(400_000)
    key = api.uploaded(session_id, content, "a.tif")
    begin, s3 = PhotoBucket.begin, aws_session().client("s3", endpoint_url=mock.s3)

    async def begin_late(bucket, key, size, offset=0, *rest):
        if offset and is_replaced:
            await asyncio.to_thread(s3.put_object, Bucket=mock.bucket, Key=key, Body=bytes(500_000))
        elif offset:
            await asyncio.to_thread(s3.delete_object, Bucket=mock.bucket, Key=key)
        return await begin(bucket, key, size, offset, *rest)

    monkeypatch.setattr(PhotoBucket, "begin", begin_late)
    with contextlib.closing(s3):
        response = api.post(f"/sessions/{session_id}/photos", json={"s3_key": key})
    assert response.status_code == status


def test_objects_that_are_not_looked_at():
    """With the setting off, anything is registered."""
    with scanner_mock(check_photos=False) as mock:
        headers = {"X-API-Key": mock.keys["unlimited"]}
        with Api(base_url=f"{mock.api}/scanner/api/v1", headers=headers, trust_env=False) as api:
            session_id = api.session()
            key = api.uploaded(session_id, b"7777", "tin.jpg")
            assert api.post(f"/sessions/{session_id}/photos", json={"s3_key": key}).status_code == 201


def test_the_same_key_twice_names_the_first_photo(api):
    """A second registration is a 409 with the first one's id, also of many at once."""
    session_id = api.session()
    body = {"s3_key": api.uploaded(session_id)}
    with ThreadPoolExecutor(4) as threads:
        path = f"/sessions/{session_id}/photos"
        responses = list(threads.map(lambda _: api.post(path, json=body), range(4)))
    first = next(response.json() for response in responses if response.status_code == 201)
    refused = [response.json() for response in responses if response.status_code == 409]
    assert len(refused) == 3
    assert all(first["id"] in problem["detail"] for problem in refused)
    assert {problem["photo_short_id"] for problem in refused} == {first["id"]}


def test_a_photo_may_belong_to_a_capture_of_its_session(api):
    """A capture of the session is linked; another session's is a 422."""
    session_id = api.session()
    capture_id = api.capture(session_id, "x")["id"]
    assert api.photo(session_id, capture_short_id=capture_id)["capture_short_id"] == capture_id
    body = {"s3_key": api.uploaded(session_id), "capture_short_id": api.capture(api.session(), "x")["id"]}
    refused = api.post(f"/sessions/{session_id}/photos", json=body)
    assert refused.json()["errors"][0]["pointer"] == "/capture_short_id"


def test_update_changes_the_label_and_merges_metadata(api):
    """Omitted metadata stays, sent metadata is merged, an empty one clears."""
    session_id = api.session()
    photo = api.photo(session_id, metadata={"a": "1", "b": "2"})
    path = f"/sessions/{session_id}/photos/{photo['id']}"
    assert api.patch(path, json={"photo_type": "top"}).json()["metadata"] == {"a": "1", "b": "2"}
    merged = api.patch(path, json={"photo_type": "left", "metadata": {"a": "", "c": "3"}}).json()
    assert (merged["photo_type"], merged["metadata"]) == ("left", {"b": "2", "c": "3"})
    assert api.patch(path, json={"photo_type": "left", "metadata": {}}).json()["metadata"] == {}


def test_too_much_metadata_is_refused_and_changes_nothing(api):
    """A merge beyond fifty keys is a 422, and the photo keeps what it had."""
    session_id = api.session()
    full = {f"key{number}": "x" for number in range(50)}
    photo = api.photo(session_id, metadata=full)
    path = f"/sessions/{session_id}/photos/{photo['id']}"
    refused = api.patch(path, json={"photo_type": "top", "metadata": {"one more": "x"}})
    assert refused.json()["errors"][0]["rule"] == "maxProperties"
    assert api.get(f"/sessions/{session_id}").json()["product_photos"][0]["metadata"] == full


def test_a_photo_of_another_session_is_not_found(api, other):
    """A photo is reached through its own session, by its own organization."""
    photo = api.photo(api.session())
    for client, session_id in ((api, api.session()), (other, other.session())):
        path = f"/sessions/{session_id}/photos/{photo['id']}"
        assert client.patch(path, json={"photo_type": "top"}).status_code == 404


def test_reorder_sets_the_order(api):
    """The gallery comes back in the order that was asked for, dense from 0."""
    session_id = api.session()
    ids = [api.photo(session_id)["id"] for _ in range(3)]
    order = [ids[2], ids[0], ids[1]]
    ordered = api.post(f"/sessions/{session_id}/photos/reorder", json={"photo_short_ids": order}).json()
    assert [(photo["id"], photo["sort_order"]) for photo in ordered] == list(
        zip(order, range(3), strict=True)
    )
    gallery = api.get(f"/sessions/{session_id}").json()["product_photos"]
    assert [photo["id"] for photo in gallery] == order


@pytest.mark.parametrize(
    ("order", "rules"),
    [
        ([0], {"missing"}),
        ([0, 1, 1], {"repeated"}),
        ([0, 1, "foreign"], {"extra"}),
        ([0, 0, "foreign"], {"missing", "extra", "repeated"}),
        ([], {"missing"}),
    ],
)
def test_a_wrong_order_names_what_is_wrong(api, order, rules):
    """Missing, extra and repeated ids are each named, and nothing changes."""
    session_id = api.session()
    ids = [api.photo(session_id)["id"] for _ in range(2)]
    body = {"photo_short_ids": [ids[each] if isinstance(each, int) else each for each in order]}
    refused = api.post(f"/sessions/{session_id}/photos/reorder", json=body)
    assert refused.status_code == 422
    assert {error["rule"] for error in refused.json()["errors"]} == rules
    gallery = api.get(f"/sessions/{session_id}").json()["product_photos"]
    assert [photo["id"] for photo in gallery] == ids


def test_registering_at_once_keeps_the_gallery_dense(api):
    """Concurrent registers get places of their own, without a gap."""
    session_id = api.session()
    keys = [api.uploaded(session_id) for _ in range(6)]
    path = f"/sessions/{session_id}/photos"
    with ThreadPoolExecutor(6) as threads:
        responses = list(threads.map(lambda key: api.post(path, json={"s3_key": key}).json(), keys))
    assert sorted(photo["sort_order"] for photo in responses) == list(range(6))
