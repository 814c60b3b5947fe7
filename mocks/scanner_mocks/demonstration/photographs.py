"""Second act: photos go straight into S3, come back as they were, and are registered."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from rich.table import Table

from scanner_mocks.bucket.bucket_session import presigned_get

from .stage import Failed, Stage


class Photograph(NamedTuple):
    """A photo to upload.

    Attributes:
        photo_type: its label, one of the contract's.
    """

    photo_type: str
    filename: str
    content: bytes


def put_into_s3(stage: Stage, session: str, photograph: Photograph) -> str:
    """Upload a photo, see that it is there as it was sent, and return its object key."""
    upload = _ask_for_upload(stage, session, photograph)
    _post(stage, upload, photograph)
    _compare(stage, upload["s3_key"], photograph.content)
    return str(upload["s3_key"])


def _ask_for_upload(stage: Stage, session: str, photograph: Photograph) -> Any:
    stage.begin(f"Ask for a presigned upload: {photograph.photo_type}")
    response = stage.call(
        "GET",
        f"/sessions/{session}/presigned-upload-url",
        params={"photo_type": photograph.photo_type, "original_filename": photograph.filename},
    )
    upload = response.json()
    stage.tell(
        response, f"a form of {len(upload['upload_fields'])} fields, good for {upload['expires_in']:,} s,"
    )
    stage.tell_address("for", upload["s3_key"])
    return upload


def _post(stage: Stage, upload: Any, photograph: Photograph) -> None:
    """Post the form with the photo, as a browser does: its fields first, the file last."""
    fields = upload["upload_fields"]
    size = f"{len(photograph.content):,} bytes"
    stage.begin("Post the photo to S3, as a browser would")
    response = stage.exchange(
        "POST",
        upload["upload_url"],
        expected=201,
        detail=f"multipart/form-data: the {len(fields)} fields, then {photograph.filename}, {size}",
        data=fields,
        files={"file": (photograph.filename, photograph.content, fields["Content-Type"])},
    )
    stage.tell(response, f"ETag {response.headers['ETag']}")


def _compare(stage: Stage, key: str, content: bytes) -> None:
    """Read a photo back and show the digests of both, or raise Failed if they differ."""
    stage.begin("Read it back from S3, and compare the bytes by their SHA-256")
    mock = stage.mock
    url = presigned_get(mock.s3, mock.region, f"/{mock.bucket}/{key}", now=datetime.now(UTC), seconds=60)
    response = stage.exchange("GET", url, detail="a presigned query, good for 60 s")
    returned = response.content
    stage.tell(response, f"{len(returned):,} bytes of {response.headers['Content-Type']}")
    stage.tell("sent", sha256(content).hexdigest())
    stage.tell("got", sha256(returned).hexdigest())
    if content != returned:
        raise Failed(f"{len(content):,} bytes were sent, and S3 gave back {len(returned):,} others.")
    stage.tell("", f"[bold green]Equal[/]: the photo is in S3, all {len(content):,} bytes of it.")


def register(stage: Stage, session: str, capture: str | None, photograph: Photograph, key: str) -> None:
    """Register a photo that is in S3, as one of the captured product if there is one."""
    body = {"s3_key": key, "photo_type": photograph.photo_type, "original_filename": photograph.filename}
    if capture:
        body["capture_short_id"] = capture
    stage.begin("Register the photo with the session")
    summary = json.dumps({**body, "s3_key": "..."})
    response = stage.call("POST", f"/sessions/{session}/photos", expected=201, detail=summary, json=body)
    photo = response.json()
    stage.tell(response, f"photo {photo['id']}, at place {photo['sort_order']}")


def show_gallery(stage: Stage, session: str) -> None:
    """Show the photos of a session, in their order."""
    stage.begin("See the gallery")
    response = stage.call("GET", f"/sessions/{session}/photos")
    gallery = response.json()
    stage.tell(response, f"{gallery['pagination']['total_count']} photos, in their order")
    table = Table("place", "label", "file", "bytes", "id")
    for photo in gallery["data"]:
        size = f"{photo['file_size']:,}"
        table.add_row(
            str(photo["sort_order"]), photo["photo_type"], photo["original_filename"], size, photo["id"]
        )
    stage.show(table)
