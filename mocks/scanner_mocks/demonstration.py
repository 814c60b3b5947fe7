"""The main job, once, over real HTTP: a session, a presigned upload, a photo in S3 and the photo back."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
from rich.padding import Padding
from rich.table import Table

from .aws_session import presigned_get
from .photo import draw_photo

if TYPE_CHECKING:
    from rich.console import Console

    from .server import Mock

SESSIONS = "/scanner/api/v1/sessions"
FILENAME = "tomatoes.jpg"


class Failed(Exception):  # noqa: N818 -- says what happened
    """The demonstration ended otherwise than it should; the message says how."""


def demonstrate(mock: Mock, console: Console) -> None:
    """Put a photo into S3 as an app would, read it back, and show each exchange.

    Raises:
        Failed: an answer was not the one that is wanted, or other bytes came back than were sent.
    """
    photo = draw_photo()
    # a proxy of this machine's environment has no business between us and loopback
    with httpx.Client(trust_env=False) as client:
        stage = Stage(client, console)
        session = stage.create_session(mock)
        upload = stage.ask_for_upload(mock, session["id"])
        stage.upload(upload, photo)
        returned = stage.read_back(mock, upload["s3_key"])
    stage.compare(photo, returned)


class Stage:
    """Where each exchange is made and shown."""

    def __init__(self, client: httpx.Client, console: Console) -> None:
        self._client = client
        self._console = console
        self._steps = count(1)

    def create_session(self, mock: Mock) -> Any:
        """Return a new session."""
        body = {"capture_mode": "product_photography"}
        key = {"X-API-Key": mock.api_key}
        answer = self._exchange("Create a session", 201, "POST", mock.api + SESSIONS, json=body, headers=key)
        session = answer.json()
        self._tell("sent", f"{json.dumps(body)}, X-API-Key: {mock.api_key}")
        self._tell(answer, f"session {session['id']}, {session['status']}")
        return session

    def ask_for_upload(self, mock: Mock, session_id: str) -> Any:
        """Return a presigned upload for a photo of the front."""
        answer = self._exchange(
            "Ask for a presigned upload",
            200,
            "GET",
            f"{mock.api}{SESSIONS}/{session_id}/presigned-upload-url",
            params={"photo_type": "front", "original_filename": FILENAME},
            headers={"X-API-Key": mock.api_key},
        )
        upload = answer.json()
        fields = upload["upload_fields"]
        self._tell(answer, f"a form of {len(fields)} fields, good for {upload['expires_in']:,} s, for")
        self._tell("", upload["s3_key"])
        return upload

    def upload(self, upload: Any, photo: bytes) -> None:
        """Post the form with the photo, as a browser does: its fields first, the file last."""
        fields = upload["upload_fields"]
        answer = self._exchange(
            "Post the photo to S3, as a browser would",
            201,
            "POST",
            upload["upload_url"],
            data=fields,
            files={"file": (FILENAME, photo, fields["Content-Type"])},
        )
        self._tell(
            "sent", f"multipart/form-data: the {len(fields)} fields, then {FILENAME}, {len(photo):,} bytes"
        )
        self._tell(answer, f"ETag {answer.headers['ETag']}")

    def read_back(self, mock: Mock, key: str) -> bytes:
        """Return what S3 has at a key."""
        answer = self._exchange("Read it back from S3", 200, "GET", presigned_get(mock.s3, key))
        self._tell("sent", "a presigned query, good for 60 s")
        self._tell(answer, f"{len(answer.content):,} bytes of {answer.headers['Content-Type']}")
        return answer.content

    def compare(self, sent: bytes, returned: bytes) -> None:
        """Show the digests of both, or raise Failed if they differ."""
        self._begin("Compare the bytes by their SHA-256")
        self._tell("sent", sha256(sent).hexdigest())
        self._tell("got", sha256(returned).hexdigest())
        if sent != returned:
            raise Failed(f"{len(sent):,} bytes were sent, and S3 gave back {len(returned):,} others.")
        self._console.print(f"\n[bold green]Equal[/]: the photo is in S3, all {len(sent):,} bytes of it.")

    def _exchange(self, title: str, wanted: int, method: str, url: str, **parts: Any) -> httpx.Response:
        """Make an exchange and show its request; raise Failed unless the answer has the wanted status."""
        self._begin(title)
        request = self._client.build_request(method, url, **parts)
        self._tell(method, str(request.url).partition("?X-Amz-")[0])
        try:
            answer = self._client.send(request)
        except httpx.HTTPError as error:
            raise Failed(f"there was no answer: {error}.") from error
        if answer.status_code != wanted:
            raise Failed(f"the answer was {answer.status_code}, not {wanted}: {answer.text}")
        return answer

    def _begin(self, title: str) -> None:
        self._console.print(f"\n[bold]{next(self._steps)}  {title}[/]")

    def _tell(self, label: str | httpx.Response, text: str) -> None:
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=4, style="dim")
        line.add_column(overflow="fold")
        if isinstance(label, httpx.Response):
            milliseconds = label.elapsed.total_seconds() * 1000
            line.add_row(f"[not dim green]{label.status_code}[/]", f"{text} [dim]in {milliseconds:.0f} ms[/]")
        else:
            line.add_row(label, text)
        self._console.print(Padding(line, (0, 0, 0, 3)))
