"""The WSGI app in the test's own process: what the wire cannot show."""

from __future__ import annotations

import io
import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client, create_environ

from strict_s3.app import create_app
from strict_s3.http.body import BodyCutShort
from strict_s3.messages.orders import Order
from strict_s3.objects import objects
from strict_s3.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strict_s3.app import Front

SECRET = "a-secret-key"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that the objects are kept in."""
    return tmp_path / "data"


@pytest.fixture
def app(folder: Path) -> Iterator[Front]:
    """Return an S3 with one bucket that keeps its objects."""
    with closing(create_app(Options(buckets=("photos",), credentials={"AK": SECRET}, data=folder))) as app:
        yield app


PUBLIC = {"x-amz-acl": "public-read-write", "x-amz-object-ownership": "ObjectWriter"}


def anonymous(form: Any, app: Front, key: str, content: bytes = b"x") -> Any:
    """Post a form to a bucket that everyone may write."""
    form.fields, form.file = {"key": key}, content
    return Client(app).post(
        "/open", data=form.body(), content_type=f"multipart/form-data; boundary={form.boundary}"
    )


@pytest.fixture
def open_bucket(app: Front) -> None:
    """Create a bucket that everyone may write to."""
    app.store.buckets.create(Order("PUT", "open", headers=PUBLIC))


class PlainForm:
    """A form without a policy, as anyone may send it."""

    boundary = "b"
    fields: dict[str, str]
    file: bytes

    def body(self) -> bytes:
        """Return the form as a browser sends it."""
        parts = [(f'name="{name}"', value.encode()) for name, value in self.fields.items()]
        parts.append(('name="file"', self.file))
        return b"".join(
            f"--b\r\nContent-Disposition: form-data; {name}\r\n\r\n".encode() + value + b"\r\n"
            for name, value in parts
        ) + b"--b--\r\n"  # fmt: skip


@pytest.mark.usefixtures("open_bucket")
@pytest.mark.parametrize(
    "key",
    [
        "../../escaped",
        "/etc/passwd",
        "a\0b",
        "..",
        ".",
        "open/../../x",
        "C:\\x",
        "k" * 1024,
        "\u202e",
        "\ud7ff",
    ],
)
def test_no_key_leaves_the_folder(key, app, folder, tmp_path):
    """Whatever a key is, its object is in the bucket's folder, and nothing is beside the data folder."""
    assert anonymous(PlainForm(), app, key).status_code == 204
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"photos", "open"}
    assert len(list((folder / "open" / "objects").glob("*.bin"))) == 1
    app.close()
    with closing(create_app(Options(buckets=("photos",), credentials={}, data=folder))) as again:
        assert again.store.public_permissions("open", key, None) == frozenset()


@pytest.mark.usefixtures("open_bucket")
def test_replaced_content_is_removed(app, folder):
    """The file of an object goes when the object is replaced, or refused."""
    for content in (b"one", b"two"):
        assert anonymous(PlainForm(), app, "k", content).status_code == 204
    assert anonymous(PlainForm(), app, "k" * 1025).status_code == 400
    files = list((folder / "open" / "objects").glob("*.bin"))
    assert [file.read_bytes() for file in files] == [b"two"]


def test_a_planted_file_is_not_served(app, folder, tmp_path):
    """A record that names a file outside its bucket is no object after a restart."""
    (tmp_path / "secret").write_text("secret")
    record = folder / "photos" / "objects" / "0.json"
    record.write_text('{"key": "k", "file": "../../../secret"}')
    app.close()
    with closing(create_app(Options(buckets=("photos",), credentials={"AK": SECRET}, data=folder))) as again:
        assert again.store.public_permissions("photos", "k", None) is None


def test_temporary_folder_ends_with_the_app(tmp_path, monkeypatch):
    """Without a data folder, what the app wrote is gone when the app is."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    app = create_app(Options(buckets=("photos",), credentials={}))
    assert len(list(tmp_path.iterdir())) == 1
    app.close()
    del app
    assert list(tmp_path.iterdir()) == []


def test_our_own_failure_is_an_internal_error(app, monkeypatch, caplog):
    """What nobody expected is an InternalError and reported in the log, not in the response."""

    def broken(_name: str) -> None:
        raise LookupError("the cause")

    monkeypatch.setattr(app.store, "bucket", broken)
    with caplog.at_level(logging.ERROR):
        response = Client(app).get("/photos/k")
    assert (response.status_code, "InternalError" in response.text) == (500, True)
    assert "the cause" not in response.text
    assert "the cause" in caplog.text


@pytest.mark.parametrize(
    ("end", "code"), [(BodyCutShort, b"IncompleteBody"), (TimeoutError, b"RequestTimeout")]
)
def test_a_client_that_does_not_finish(end, code, app, folder):
    """An upload whose client goes away or falls silent is refused as such, and nothing of it stays."""

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            block = super().read(size)
            if not block:
                raise end
            return block

    body = b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk'
    environ = create_environ("/photos", method="POST", content_type="multipart/form-data; boundary=b")
    environ |= {"CONTENT_LENGTH": str(len(body) + 1), "wsgi.input": Cut(body)}
    statuses: list[str] = []
    content = b"".join(app(environ, lambda status, _headers: statuses.append(status)))
    assert (statuses, code in content) == (["400 Bad Request"], True)
    assert list((folder / "photos" / "objects").iterdir()) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 403, "AccessDenied"),
        ("PUT", "/new-bucket", 403, "AccessDenied"),
        ("GET", "/no-bucket", 404, "NoSuchBucket"),
        ("PUT", "/no-bucket/k", 404, "NoSuchBucket"),
        ("DELETE", "/photos/k", 403, "AccessDenied"),
        ("PATCH", "/photos/k", 403, "AccessDenied"),
        ("GET", "/photos/%ff", 400, "InvalidURI"),
        ("GET", "/photos?prefix=%ff", 400, "InvalidURI"),
        ("GET", "/open/none", 404, "NoSuchKey"),
        ("PUT", "/open/k?partNumber=1&uploadId=none", 404, "NoSuchUpload"),
        ("PUT", "/open/k?partNumber=x&uploadId=none", 400, "InvalidArgument"),
        ("GET", "/open/k?response-content-type=text/html", 400, "InvalidRequest"),
        ("GET", "/open?versioning", 403, "AccessDenied"),
        ("POST", "/open/k", 405, "MethodNotAllowed"),
        ("POST", "/open?delete", 400, "MalformedXML"),
        ("GET", "/moto-api/data.json", 404, "NoSuchBucket"),
    ],
)
@pytest.mark.usefixtures("open_bucket")
def test_what_nobody_may(method, path, status, code, app):
    """Requests that nobody signed are refused, but for what an ACL grants to everyone."""
    response = Client(app).open(path, method=method, data=b"x")
    assert (response.status_code, f"<Code>{code}</Code>" in response.text) == (status, True)


@pytest.mark.usefixtures("open_bucket")
def test_what_an_acl_grants(app):
    """A bucket that everyone may write and list takes, lists and deletes objects, and shows none of them."""
    client = Client(app)
    assert client.put("/open/k", data=b"x").status_code == 200
    assert "<Key>k</Key>" in client.get("/open?list-type=2").text
    assert client.get("/open/k").status_code == 403
    assert client.delete("/open/k").status_code == 204


@pytest.mark.usefixtures("open_bucket")
def test_no_object_is_a_page_of_this_machine(app: Front) -> None:
    """What anyone stored runs no script here, nor what is said of it; both are of the type that they say."""
    form = PlainForm()
    anonymous(form, app, "evil.html", b"<script>alert(1)</script>")
    for path in ("/open/evil.html", "/open/nothing"):
        for browser in ({"User-Agent": "Mozilla/5.0"}, {"Sec-Fetch-Mode": "navigate"}):
            headers = Client(app).get(path, headers=browser).headers
            assert headers["Content-Security-Policy"] == "sandbox"
            assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" not in Client(app).get(path).headers  # nor at Amazon's


def test_head_responses_have_no_body(app):
    """A HEAD request that is refused gets the status alone."""
    response = Client(app).head("/photos/k")
    assert (response.status_code, response.data) == (403, b"")


@pytest.mark.usefixtures("open_bucket")
def test_a_document_holds_memory_until_its_request_ends(app, monkeypatch):
    """By its tags and attributes, which are more once they are parsed, as well as by its size."""
    held, hold = [], objects.documents.hold

    def note(request, size):
        hold(request, size)
        held.append(request.held[0])

    monkeypatch.setattr(objects.documents, "hold", note)
    document = b"<Delete>" + b'<Object a="b"><Key>k</Key></Object>' * 3000 + b"</Delete>"
    assert Client(app).post("/open?delete", data=document).status_code == 400
    assert held[-1] > len(document) + 3000 * 5 * 100
    assert objects.documents._bytes == 0


@pytest.mark.usefixtures("open_bucket")
def test_too_large_a_length(app):
    """A length that no object may have is refused before a byte is read."""
    environ = create_environ("/open/k", method="PUT")
    environ["CONTENT_LENGTH"] = str(5 * 1024**3 + 1)
    environ["wsgi.input"] = None
    content = b"".join(app(environ, lambda _status, _headers: None))
    assert b"EntityTooLarge" in content
