"""TLS: a certificate for whatever name a client asks for, by a local authority; and names behind proxies."""

from __future__ import annotations

import http.client
import socket
import ssl
import stat
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import boto3
import httpx2
import pytest
from botocore.config import Config

from strict_s3 import Server, running, tls
from strict_s3.capped_log import CappedLog
from strict_s3.tls import authority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strict_s3.tls import Authority

KEYS = {"AK": "a-secret-key"}
PUBLIC = "https://s3.public.test"


@pytest.fixture(scope="module")
def local_authority() -> Iterator[Authority]:
    """Return a new authority."""
    with authority() as new:
        yield new


@pytest.fixture(scope="module")
def encrypted(local_authority: Authority) -> Iterator[Server]:
    """Run S3 over TLS, for more names than its own."""
    with running(
        "photos",
        "more",
        credentials=KEYS,
        public=True,
        authority=local_authority,
        domains=["Mock.test"],
        trust_proxy=True,
    ) as server:
        yield server


def connect(url: str, authority: Authority | None = None) -> Any:
    """Return a client that trusts the authority, and nobody else."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AK",
        aws_secret_access_key=KEYS["AK"],
        verify=authority and str(authority.file),
        config=Config(signature_version="s3v4", retries={"max_attempts": 0}),
    )


def hello(name: str) -> bytes:
    """Return the first message of a client that asks for a name."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_names_that_are_not_ascii(local_authority, caplog, monkeypatch):
    """They are no host names: their handshakes fail, with a line each in the log, ten in a minute at most."""
    monkeypatch.setattr(tls, "_refusals", CappedLog(tls._refusals._logger))
    message = hello("name.test").replace(b"name", b"n\xff\xfee")
    for _ in range(12):
        incoming = ssl.MemoryBIO()
        incoming.write(message)
        server = local_authority.server_context().wrap_bio(incoming, ssl.MemoryBIO(), server_side=True)
        with pytest.raises(ssl.SSLError, match="CALLBACK_FAILED"):
            server.do_handshake()
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [r"TLS handshake refused: the server name b'n\xff\xfee.test' is not ASCII."] * 10


def test_names_that_are_not_ascii_from_python_3_14(caplog, monkeypatch):
    """The error has no object there, and another message; every other error goes to the hook before."""
    others: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", others.append)
    monkeypatch.setattr(tls, "_refusals", CappedLog(tls._refusals._logger))
    tls._log_names_in_a_line.__wrapped__()
    name = b"n\xff.test"
    error = UnicodeDecodeError("ascii", name, 1, 2, "ordinal not in range(128)")
    of_name = f"Exception ignored in ssl servername callback while decoding name {name!r}"
    for message in (of_name, None):
        facts = {"exc_type": type(error), "exc_value": error, "err_msg": message, "object": None}
        sys.unraisablehook(SimpleNamespace(**facts))  # type: ignore[arg-type]  # CPython's type takes no names
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [r"TLS handshake refused: the server name b'n\xff.test' is not ASCII."]
    assert [other.err_msg for other in others] == [None]


def get(server: Server, authority: Authority, name: str, path: str, **headers: str) -> httpx2.Response:
    """Get something by a name of the server, which resolves to loopback here."""
    context = ssl.create_default_context(cafile=str(authority.file))
    port = urlsplit(server.url).port
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        fields = {"Host": f"{name}:{port}", **headers}
        lines = "".join(f"{field}: {value}\r\n" for field, value in fields.items())
        connection.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        response = http.client.HTTPResponse(connection)  # type: ignore[arg-type]  # it makes a file, as it is asked to
        response.begin()
        return httpx2.Response(response.status, headers=response.getheaders(), content=response.read())


def test_boto3_over_tls(encrypted, local_authority):
    """boto3 that trusts the authority uploads and reads over HTTPS, in one piece and in several."""
    client = connect(encrypted.url, local_authority)
    client.put_object(Bucket="photos", Key="a b", Body=b"x" * 3_000_000)
    assert client.get_object(Bucket="photos", Key="a b")["Body"].read() == b"x" * 3_000_000
    upload = client.create_multipart_upload(Bucket="more", Key="k")
    part = client.upload_part(Bucket="more", Key="k", UploadId=upload["UploadId"], PartNumber=1, Body=b"y")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    completed = client.complete_multipart_upload(
        Bucket="more", Key="k", UploadId=upload["UploadId"], MultipartUpload=parts
    )
    assert completed["Location"] == f"{encrypted.url}/more/k"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "host.docker.internal", "mymac.local"])
def test_names_are_certified(name, encrypted, local_authority):
    """Whatever name of this machine a client calls, the certificate is for that name."""
    connect(encrypted.url, local_authority).put_object(Bucket="photos", Key="k", Body=b"x")
    assert get(encrypted, local_authority, name, "/photos/k").content == b"x"


@pytest.mark.parametrize(
    "name", ["photos.localhost", "photos.s3.localhost", "photos.mock.test", "photos.s3.mock.test"]
)
def test_buckets_in_host_names(name, encrypted, local_authority):
    """A bucket may stand before each of S3's domains, with a certificate for it."""
    connect(encrypted.url, local_authority).put_object(Bucket="photos", Key="k", Body=b"x")
    assert get(encrypted, local_authority, name, "/k").content == b"x"


def test_a_stranger_is_not_trusted(encrypted):
    """Who does not know the authority does not connect, and S3 goes on."""
    with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx2.get(encrypted.url)
    with pytest.raises(httpx2.HTTPError):
        httpx2.get(encrypted.url.replace("https", "http"))


def test_who_begins_no_handshake_holds_nobody_up(encrypted, local_authority):
    """A connection that says nothing does not keep the next one waiting."""
    with socket.create_connection(("127.0.0.1", urlsplit(encrypted.url).port)):
        assert get(encrypted, local_authority, "localhost", "/photos/none").status_code == 403


def test_an_authority_is_kept(tmp_path):
    """The authority of a folder is the same at every start, its key for its owner alone; others are new."""
    with authority(tmp_path / "ca") as first, authority(tmp_path / "ca") as second, authority() as other:
        assert first == second
        assert other.certificate != first.certificate
        assert first.file.read_text() == first.certificate
        assert "PRIVATE" not in f"{first!r}{first.certificate}"
        assert not [*other.file.parent.glob("*key*")]
    assert stat.S_IMODE((tmp_path / "ca" / "ca-key.pem").stat().st_mode) == 0o600
    assert first.file.exists()
    assert not other.file.exists()


def test_a_signature_holds_behind_a_proxy(encrypted, local_authority):
    """With trust in the proxy, a URL presigned for its name is good, and Location has that name."""
    signed = connect(PUBLIC).generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "none"})
    target = signed.removeprefix(PUBLIC)
    forwarded = {"X-Forwarded-Host": "inner.test, s3.public.test", "X-Forwarded-Proto": "https"}
    assert b"NoSuchKey" in get(encrypted, local_authority, "localhost", target, **forwarded).content
    assert b"SignatureDoesNotMatch" in get(encrypted, local_authority, "localhost", target).content


def test_no_proxy_is_trusted_by_default(server):
    """Without that, X-Forwarded-Host means nothing."""
    assert location_of(server, "https://elsewhere.test") == f"{server.url}/{server.buckets[0]}/k"


def test_public_url(usual):
    """URLs of objects begin with the public URL, where there is one."""
    assert location_of(usual, PUBLIC) == f"{PUBLIC}/photos/k"


def location_of(server: Server, origin: str) -> str:
    """Upload with a form through a proxy of this origin, and return the Location of the object."""
    access_key, secret = next(iter(server.credentials.items()))
    client = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name=server.region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(signature_version="s3v4"),
    )
    form = client.generate_presigned_post(
        server.buckets[0],
        "k",
        Fields={"success_action_status": "201"},
        Conditions=[{"success_action_status": "201"}],
    )
    headers = {"X-Forwarded-Host": urlsplit(origin).netloc, "X-Forwarded-Proto": "https"}
    response = httpx2.post(form["url"], data=form["fields"], files={"file": b"x"}, headers=headers)
    return str(ET.fromstring(response.content).findtext("Location"))  # noqa: S314 -- our own S3's
