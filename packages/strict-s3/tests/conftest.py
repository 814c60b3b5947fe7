"""S3 in a process of its own, and forms to post to it, signed without the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import boto3
import httpx2
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from strict_s3 import Server, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
OTHER_KEY = "AKIAI44QH8DHBEXAMPLE"
OTHER_SECRET = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
TEMPORARY_KEY = "ASIAIOSFODNN7EXAMPLE"
EXPIRED_KEY = "ASIAI44QH8DHBEXAMPLE"
REGION = "us-west-2"
BOUNDARY = "--a-boundary-of-the-test"


def sign_text(text: str, secret: str, day: str, region: str) -> str:
    """Sign as the documentation says, step by step."""
    key = b"AWS4" + secret.encode()
    for step in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def response_to(call: Callable[..., Any], **arguments: Any) -> Any:
    """Return the response to a call of a client that S3 refuses."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


def code_of(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the code that a call is refused with."""
    return response_to(call, **arguments)["Error"]["Code"]


def refusal_of(call: Callable[..., Any], **arguments: Any) -> tuple[int, str]:
    """Return status and code that a call is refused with."""
    response = response_to(call, **arguments)
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@dataclass
class Form:
    """A POST form, good until a test spoils it.

    Attributes:
        fields: before the file, in order.
        file: content, file name (None for none) and Content-Type of the part named `file`.
        conditions: of the policy, beside those for the signing fields.
        after: parts after the file.
    """

    boundary = BOUNDARY
    bucket: str
    fields: dict[str, str]
    conditions: list[Any]
    file: bytes | None = b"a photo"
    filename: str | None = "cat.png"
    file_type: str = "image/gif"
    after: list[tuple[str, str]] = field(default_factory=list)
    file_first: bool = False
    filenames_everywhere: bool = False
    access_key: str = ACCESS_KEY
    secret: str = SECRET_KEY
    region: str = REGION
    token: str | None = None
    expires_in: timedelta = timedelta(hours=1)

    def signed(self, policy: dict[str, Any] | str | None = None) -> Form:
        """Sign the policy that was built, or another, or another text."""
        now = datetime.now(UTC)
        signing = {
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": f"{self.access_key}/{now:%Y%m%d}/{self.region}/s3/aws4_request",
            "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        }
        if self.token is not None:
            signing["x-amz-security-token"] = self.token
        built = {
            "expiration": f"{now + self.expires_in:%Y-%m-%dT%H:%M:%SZ}",
            "conditions": [
                *self.conditions,
                *({name: value} for name, value in signing.items()),
            ],
        }
        text = policy if isinstance(policy, str) else json.dumps(built if policy is None else policy(built))
        encoded = base64.b64encode(text.encode()).decode()
        signature = sign_text(encoded, self.secret, f"{now:%Y%m%d}", self.region)
        self.fields |= {**signing, "policy": encoded, "x-amz-signature": signature}
        return self

    def sign_as(self, **attributes: Any) -> None:
        """Change attributes, such as the access key, and sign again."""
        for name, value in attributes.items():
            setattr(self, name, value)
        self.signed()

    def allow(self, fields: dict[str, str], *conditions: Any) -> None:
        """Add fields with these conditions, or that they be as they are, and sign again."""
        self.fields |= fields
        self.conditions += conditions or [{name: value} for name, value in fields.items()]
        self.signed()

    def allow_key(self, key: str) -> None:
        """Ask for another key, allow every one, and sign again."""
        self.fields["key"], self.conditions[1] = key, ["starts-with", "$key", ""]
        self.signed()

    def put(self, name: str, value: str) -> None:
        """Change a field that is signed already."""
        self.fields[name] = value

    def drop(self, *names: str) -> None:
        """Leave fields out that are signed already."""
        for name in names:
            del self.fields[name]

    def send(self, file: bytes | None) -> None:
        """Send another file, or none."""
        self.file = file

    def body(self) -> bytes:
        """Return the form as a client sends it."""
        fields = [self._part(name, value.encode(), name if self.filenames_everywhere else None)
                  for name, value in self.fields.items()]  # fmt: skip
        file = [] if self.file is None else [self._part("file", self.file, self.filename, self.file_type)]
        after = [self._part(name, value.encode()) for name, value in self.after]
        parts = [*file, *fields] if self.file_first else [*fields, *file, *after]
        return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()

    @staticmethod
    def _part(name: str, value: bytes, filename: str | None = None, media_type: str | None = None) -> bytes:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        if filename is not None:
            head += f'; filename="{filename}"'
        if media_type is not None:
            head += f"\r\nContent-Type: {media_type}"
        return head.encode() + b"\r\n\r\n" + value + b"\r\n"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start S3 once for all tests."""
    credentials = {
        ACCESS_KEY: SECRET_KEY,
        OTHER_KEY: OTHER_SECRET,
        TEMPORARY_KEY: f"{SECRET_KEY}:a-session-token",
        EXPIRED_KEY: f"{SECRET_KEY}:a-session-token:2020-01-01T00:00:00Z",
    }
    with Server("the-photos", region=REGION, credentials=credentials, cors=True) as server:
        yield server


@pytest.fixture(scope="session")
def usual() -> Iterator[Server]:
    """Start S3 in the usual region, as programs do, for an account and behind a URL of their own."""
    with running("photos", account="111122223333", public_url="https://s3.public.test") as s3:
        yield s3


@pytest.fixture(scope="session")
def connect(server: Server) -> Callable[..., Any]:
    """Make boto3 clients of the server."""

    def connect(
        access_key: str = ACCESS_KEY, secret: str = SECRET_KEY, *, region: str = REGION, **config: Any
    ) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=server.url,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            config=Config(signature_version="s3v4", retries={"max_attempts": 0}, **config),
        )

    return connect


@pytest.fixture(scope="session")
def client(connect: Callable[..., Any]) -> Any:
    """Return a boto3 client."""
    return connect()


@pytest.fixture
def bucket(client: Any) -> str:
    """Return the name of a new bucket."""
    name = f"photos-{uuid4().hex}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


@pytest.fixture
def form(bucket: str) -> Form:
    """Return the form of the rules: exact key, 1 byte to 10 MiB, exact type, two fields of metadata."""
    key = f"photos/{uuid4().hex}.png"
    fields = {"key": key, "Content-Type": "image/png", "x-amz-meta-user": "u1", "x-amz-meta-session": "s1"}
    conditions = [
        {"bucket": bucket},
        *({name: value} for name, value in fields.items()),
        ["content-length-range", 1, 10 * 1024**2],
    ]
    return Form(bucket, fields, conditions).signed()


@pytest.fixture
def post(server: Server) -> Callable[..., httpx2.Response]:
    """Post a form to its bucket."""

    def post(form: Form, *, bucket: str | None = None, **headers: str) -> httpx2.Response:
        return httpx2.post(
            f"{server.url}/{bucket or form.bucket}",
            content=form.body(),
            headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **headers},
        )

    return post


@pytest.fixture(scope="session")
def send(server: Server) -> Callable[..., httpx2.Response]:
    """Send a signed request that no client would make."""

    def send(method: str, target: str, body: bytes = b"", **headers: str) -> httpx2.Response:
        headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", **headers}
        request = AWSRequest(method, f"{server.url}/{target}", headers, body)
        S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION).add_auth(request)
        return httpx2.request(method, request.url, content=body, headers=dict(request.headers))

    return send


@pytest.fixture(scope="session")
def code() -> Callable[..., str]:
    """Make a call, and return the code of the error that it ends with."""

    def code(call: Callable[..., Any], **arguments: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        error: str = caught.value.response["Error"]["Code"]
        return error

    return code


@pytest.fixture(scope="session")
def error() -> Callable[[httpx2.Response], dict[str, str]]:
    """Read an error document into a dict, and see that it has what every one of S3's has."""

    def error(response: httpx2.Response) -> dict[str, str]:
        assert response.headers["Content-Type"] == "application/xml"
        elements = {element.tag: element.text or "" for element in ET.fromstring(response.content)}  # noqa: S314 -- our own S3's
        assert elements["RequestId"] == response.headers["x-amz-request-id"]
        assert elements["HostId"] == response.headers["x-amz-id-2"]
        return elements

    return error


@pytest.fixture
def refused(
    post: Callable[..., httpx2.Response], error: Callable[[httpx2.Response], dict[str, str]], client: Any
) -> Callable[..., Any]:
    """Post a form that is refused, see that nothing is stored, and return what S3 says."""

    def refused(form: Form, expected: Iterable[str] = ()) -> tuple[Any, ...]:
        """Return status, code and message, and the elements of these names, if any are expected."""
        response = post(form)
        elements = error(response)
        assert client.list_objects_v2(Bucket=form.bucket)["KeyCount"] == 0
        refusal = (response.status_code, elements["Code"], elements["Message"])
        return (refusal, {name: elements.get(name) for name in expected}) if expected else (refusal,)

    return refused


@pytest.fixture(scope="session")
def sign() -> Callable[..., str]:
    """Sign a text with Version 4."""
    return sign_text


@pytest.fixture(scope="session")
def keys() -> SimpleNamespace:
    """Return the keys that the server accepts."""
    return SimpleNamespace(
        access=ACCESS_KEY, secret=SECRET_KEY, other=OTHER_KEY, other_secret=OTHER_SECRET,
        temporary=TEMPORARY_KEY, expired=EXPIRED_KEY, region=REGION,
    )  # fmt: skip
