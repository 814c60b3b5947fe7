"""The process: ready when it responds, gone with its parent, bounded in memory and disk."""

from __future__ import annotations

import http.client
import os
import queue
import select
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import boto3
import httpx2
import pytest
from botocore.config import Config

from strict_s3 import Server

from .conftest import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at the process as only Linux shows it")

KEYS = {"AK": "a-secret-key"}
GIBIBYTE = 1024**3
METRICS = {"Id": "all", "Filter": {"Prefix": "a/"}}
CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def connect(server: Server) -> Any:
    """Return a client of the server."""
    return boto3.client(
        "s3", endpoint_url=server.url, region_name=server.region, aws_access_key_id="AK",
        aws_secret_access_key="a-secret-key", config=Config(signature_version="s3v4"),
    )  # fmt: skip


def test_starts_beside_others():
    """start() gives the URL before S3 is ready; a request made then is handled when it is."""
    server = Server("photos", credentials=KEYS)
    server.start()
    process = server._process
    try:
        assert httpx2.get(f"{server.url}/photos", timeout=30).status_code == 403
        server.wait_ready()
    finally:
        server.stop()
    assert process.returncode == 0


@on_linux
def test_secrets_are_not_on_the_command_line(server):
    """What other users of the machine can see of the process has no secret in it."""
    command = Path(f"/proc/{server._process.pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{server._process.pid}/environ").read_bytes()
    for secret in server.credentials.values():
        assert secret.encode() not in command + environment


@on_linux
def test_gives_way_to_the_api(server):
    """The process is less urgent than its parent, so that long uploads do not hold up the API."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, server._process.pid) == min(own + 5, 19)


PARENT = """
import sys
from strict_s3 import Server
server = Server("photos", credentials={"AK": "s"})
server.start()
server.wait_ready()
print(server._process.pid, server.url, flush=True)
sys.stdin.read()
"""


@on_linux
def test_ends_with_its_parent(tmp_path):
    """When the parent is killed, the process ends by itself and leaves nothing behind."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(  # noqa: S603 -- our own interpreter runs our own program
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as parent:
        pid, url = parent.stdout.readline().split()
        assert httpx2.get(url).status_code == 403
        process = os.pidfd_open(int(pid))
        parent.kill()
    ended, _, _ = select.select([process], [], [], 10)
    os.close(process)
    assert ended
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_nobody():
    """Started by hand, it ends with a sentence, where it would wait for settings without a word."""
    command = [sys.executable, "-m", "strict_s3.child", "--port", "9000"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("strict_s3.Server starts this process")


def test_a_port_that_is_taken(server, capfd):
    """A process that cannot start is reported at once, with its own words on standard error."""
    taken = int(server.url.rpartition(":")[2])
    with (
        pytest.raises(RuntimeError, match="its standard error says why"),
        Server("bucket", port=taken, credentials=KEYS),
    ):
        pass
    assert "Address already in use" in capfd.readouterr().err


def test_survives_a_restart(tmp_path, capfd):
    """With a data folder buckets, rules, objects and what they are come back, half uploads too.

    What a request says beyond what it has to is not stored, and stops no start. The log says once for each
    start that Version 4 is what to use.
    """
    with Server("photos", credentials=KEYS, data=tmp_path) as server:
        client = connect(server)
        client.create_bucket(
            Bucket="other",
            ACL="public-read-write",
            ObjectOwnership="ObjectWriter",
            CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        )
        client.create_bucket(Bucket="gone", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        client.delete_bucket(Bucket="gone")
        client.put_bucket_versioning(Bucket="other", VersioningConfiguration={"Status": "Enabled"})
        client.delete_bucket_cors(Bucket="photos")
        client.delete_bucket_ownership_controls(Bucket="photos")
        put = client.put_object(
            Bucket="photos", Key="../ü", Body=b"x" * 300_000, ContentType="image/png", Metadata={"a": "b"},
            Tagging="t=1", StorageClass="STANDARD_IA", ChecksumAlgorithm="SHA256",
        )  # fmt: skip
        modified = client.head_object(Bucket="photos", Key="../ü")["LastModified"]
        client.put_object(Bucket="other", Key="public", Body=b"y", ACL="public-read")
        client.put_object(Bucket="photos", Key="deleted", Body=b"z")
        client.delete_object(Bucket="photos", Key="deleted")
        half = client.create_multipart_upload(Bucket="photos", Key="half")["UploadId"]
        client.upload_part(Bucket="photos", Key="half", UploadId=half, PartNumber=1, Body=b"x")
        take_more(client)
        read_by_version_2(server)
    with Server("photos", credentials=KEYS, data=tmp_path) as server:
        client = connect(server)
        compare_more(client)
        read_by_version_2(server)
        assert {one["Name"] for one in client.list_buckets()["Buckets"]} == {"photos", "other"}
        got = client.get_object(Bucket="photos", Key="../ü", ChecksumMode="ENABLED")
        assert got["Body"].read() == b"x" * 300_000
        assert (got["ETag"], got["ChecksumSHA256"]) == (put["ETag"], put["ChecksumSHA256"])
        assert (got["ContentType"], got["Metadata"], got["StorageClass"]) == (
            "image/png",
            {"a": "b"},
            "STANDARD_IA",
        )
        assert got["LastModified"] == modified
        assert client.get_object_tagging(Bucket="photos", Key="../ü")["TagSet"] == [
            {"Key": "t", "Value": "1"}
        ]
        assert [one["Key"] for one in client.list_objects_v2(Bucket="photos")["Contents"]] == ["../ü"]
        assert client.get_bucket_versioning(Bucket="other")["Status"] == "Enabled"
        assert httpx2.get(f"{server.url}/other/public").content == b"y"
        client.put_object_acl(Bucket="photos", Key="../ü", ACL="public-read")  # no controls, so ACLs
        assert (
            httpx2.options(f"{server.url}/photos", headers={"Origin": "https://app.test"}).status_code == 403
        )
        assert len(list((tmp_path / "photos" / "objects").glob("*.bin"))) == 2
        client.abort_multipart_upload(Bucket="photos", Key="half", UploadId=half)
        assert len(list((tmp_path / "photos" / "objects").glob("*.bin"))) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "other", "index.sqlite3"}
    assert capfd.readouterr().err.count("use Version 4 (AWS4-HMAC-SHA256)") == 2


def take_more(client: Any) -> None:
    """Store what a customer's key encrypts, and configurations of whose requests not all is to be stored."""
    client.put_object(Bucket="photos", Key="secret", Body=b"s", **CUSTOMER_KEY)
    client.meta.events.register("before-sign.s3.PutBucketTagging", say_more)
    client.put_bucket_tagging(Bucket="photos", Tagging={"TagSet": [{"Key": "t", "Value": "1"}]})
    client.put_bucket_metrics_configuration(Bucket="photos", Id="all", MetricsConfiguration=METRICS)


def compare_more(client: Any) -> None:
    """See that what can be stored of that is there, and that the key is asked for."""
    assert client.get_bucket_tagging(Bucket="photos")["TagSet"] == [{"Key": "t", "Value": "1"}]
    stored = client.get_bucket_metrics_configuration(Bucket="photos", Id="all")["MetricsConfiguration"]
    assert stored == METRICS
    got = client.get_object(Bucket="photos", Key="secret", **CUSTOMER_KEY)
    assert got["Body"].read() == b"s"
    assert code_of(client.get_object, Bucket="photos", Key="secret") == "InvalidRequest"
    client.delete_object(Bucket="photos", Key="secret")


def read_by_version_2(server: Server) -> None:
    """Read an object by a URL that boto3 presigns by default, twice."""
    client = boto3.client(
        "s3", endpoint_url=server.url, region_name=server.region, aws_access_key_id="AK",
        aws_secret_access_key="a-secret-key",
    )  # fmt: skip
    url = client.generate_presigned_url("get_object", {"Bucket": "other", "Key": "public"})
    assert "AWSAccessKeyId=AK" in url
    assert [httpx2.get(url).status_code for _ in range(2)] == [200, 200]


def say_more(request: Any, **_: Any) -> None:
    """Put a parameter before the one that says what is asked for."""
    request.url = request.url.replace("?tagging", "?versionId=1&tagging")


def test_a_process_that_dies_is_started_again(tmp_path, monkeypatch):
    """After its process was killed, S3 responds again at its URL, with its objects, clock and faults.

    Without a data folder, what was uploaded is gone with the last process.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # of the process, which imports the faults
    said: queue.Queue[str] = queue.Queue()
    with Server(
        "photos",
        credentials=KEYS,
        faults="slow_keys:SlowKeys",
        on_restart=said.put,
    ) as server:
        client = connect(server)
        client.put_object(Bucket="photos", Key="k", Body=b"x")
        server.set_clock(datetime(2040, 1, 1, tzinfo=UTC))
        server.set_faults([{"key": "slow"}])
        server._process.kill()
        assert "killed by signal 9; it was started again" in said.get(timeout=30)
        assert server.restarts == 1
        response = httpx2.get(f"{server.url}/photos/slow")
        assert (response.status_code, "SlowDown" in response.text) == (503, True)
        assert "2040" in response.headers["Date"]
        assert client.get_object(Bucket="photos", Key="k")["Body"].read() == b"x"
        assert server.usage("photos") == (1, 1)
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def endless(size: int) -> Iterator[bytes]:
    """Produce so many bytes, a block at a time."""
    block = bytes(1024**2)
    for _ in range(size // len(block)):
        yield block


def peak_memory(server: Server) -> int:
    """Return the most memory that the process ever had, in bytes."""
    status = Path(f"/proc/{server._process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@on_linux
def test_five_gibibytes_fill_nothing(form, server, error):
    """An upload of 5 GiB against a limit of 10 MiB is refused with its size, in bounded memory and disk."""
    before = peak_memory(server)
    form.file = b"|"
    head, tail = form.body().split(b"|", 1)
    size = 5 * GIBIBYTE
    connection = http.client.HTTPConnection(server.url.partition("//")[2], timeout=60)
    connection.putrequest("POST", f"/{form.bucket}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={form.boundary}")
    connection.putheader("Content-Length", str(len(head) + size + len(tail)))
    connection.endheaders(head)
    for block in endless(64 * 1024**2):
        connection.send(block)
    received = connection.getresponse()
    response = httpx2.Response(received.status, headers=received.getheaders(), content=received.read())
    connection.close()
    elements = error(response)
    assert (elements["Code"], elements["ProposedSize"]) == ("EntityTooLarge", str(size))
    assert peak_memory(server) - before < 16 * 1024**2


def test_refused_uploads_are_not_sent(form, server):
    """A client that waits for 100 Continue is refused before it sends the file."""
    connection = http.client.HTTPConnection(server.url.partition("//")[2], timeout=10)
    connection.putrequest("PUT", f"/{form.bucket}/k")
    connection.putheader("Expect", "100-continue")
    connection.putheader("Content-Length", str(GIBIBYTE))
    connection.endheaders()
    assert connection.getresponse().status == 403
    connection.close()


def test_many_at_once(client, bucket):
    """32 uploads of 10 MiB at once are all stored, whole."""
    presigned = client.generate_presigned_post(bucket, "photos/${filename}")
    content = os.urandom(10 * 1024**2)
    statuses: list[int] = []

    def upload(number: int) -> None:
        files = {"file": (f"{number}.png", content)}
        statuses.append(
            httpx2.post(presigned["url"], data=presigned["fields"], files=files, timeout=60).status_code
        )

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [204] * 32
    listed = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert {(one["Size"], one["ETag"]) for one in listed} == {(len(content), listed[0]["ETag"])}


def test_connections_are_kept(server, form):
    """A connection carries one request after the other, refused and accepted ones, with a body or without."""
    with httpx2.Client(base_url=server.url) as client:
        headers = {"Content-Type": f"multipart/form-data; boundary={form.boundary}"}
        for _ in range(2):
            assert client.post(f"/{form.bucket}", content=form.body(), headers=headers).status_code == 204
            assert client.get("/").status_code == 403
            assert client.post(f"/{form.bucket}", json={"a": "b"}).status_code == 412
            assert client.head(f"/{form.bucket}/none").content == b""
        pool = client._transport._pool
        assert len(pool.connections) == 1


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"POST /photos HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n", 400, "BadRequest"),
        (
            b"POST /photos HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            400,
            "BadRequest",
        ),
        (b"PUT /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "NotImplemented"),
        (
            b"PUT /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\nTransfer-Encoding: Chunked\r\n\r\n",
            501,
            "NotImplemented",
        ),
        (b"PUT /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400, "BadRequest"),
        (b"PUT /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400, "BadRequest"),
        (b"GET / HTTP/9.9\r\n\r\n", 505, "BadRequest"),
        (b"nonsense\r\n\r\n", 400, "BadRequest"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "BadRequest"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "BadRequest"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 8192 + b"\r\n\r\n", 400, "RequestHeaderSectionTooLarge"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 400, "RequestHeaderSectionTooLarge"),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 200 + b"\r\n", 400, "RequestHeaderSectionTooLarge"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 400, "RequestHeaderSectionTooLarge"),
    ],
)
def test_requests_that_are_none(request_, status, code, server):
    """What is no HTTP request, may be two, or has too long a head, is refused as S3 refuses."""
    connection = http.client.HTTPConnection(server.url.partition("//")[2], timeout=10)
    connection.connect()
    connection.sock.sendall(request_)
    response = http.client.HTTPResponse(connection.sock)
    response.begin()
    elements = {element.tag: element.text for element in ET.fromstring(response.read())}  # noqa: S314 -- our own S3's
    connection.close()
    assert (response.status, elements["Code"]) == (status, code)
    assert elements["RequestId"] == response.headers["x-amz-request-id"]
