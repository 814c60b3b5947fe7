"""What a parent may have a running S3 do: another time, faults, a fresh start, and tell what it was asked."""

from __future__ import annotations

import queue
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.config import Config

from scanner_mocks.s3 import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "a-secret-key"


@pytest.fixture(scope="module")
def exchanges() -> queue.Queue[dict[str, Any]]:
    """Return the exchanges that S3 has told of."""
    return queue.Queue()


@pytest.fixture(scope="module")
def running(exchanges: queue.Queue[dict[str, Any]], tmp_path_factory: Any) -> Iterator[S3Server]:
    """Run an S3 that tells of its exchanges."""
    folder = tmp_path_factory.mktemp("s3") / "data"
    with S3Server(
        bucket="photos", credentials={"AK": SECRET}, data_dir=folder, on_exchange=exchanges.put
    ) as server:
        yield server


@pytest.fixture
def s3(running: S3Server) -> Iterator[S3Server]:
    """Return the server as it began."""
    running.reset()
    yield running
    running.set_clock(None)
    running.set_faults([])


@pytest.fixture
def photos(s3: S3Server) -> Any:
    """Return a client of S3."""
    return boto3.client(
        "s3", endpoint_url=s3.url, region_name=s3.region, aws_access_key_id="AK",
        aws_secret_access_key=SECRET, config=Config(signature_version="s3v4", retries={"max_attempts": 0}),
    )  # fmt: skip


def upload(photos: Any, key: str = "k", **headers: str) -> httpx.Response:
    """Upload a small file with a presigned POST."""
    presigned = photos.generate_presigned_post("photos", key)
    return httpx.post(
        presigned["url"], data=presigned["fields"], files={"file": ("a.png", b"abc")}, headers=headers
    )


def code(response: httpx.Response) -> str:
    """Return the code of an error document, or nothing."""
    return response.text.partition("<Code>")[2].partition("</Code>")[0]


def test_time_goes_on_from_where_it_is_set(s3, photos):
    """A policy expires when S3's clock says so, though the machine's clock does not."""
    assert upload(photos).status_code == 204
    s3.set_clock(datetime.now(UTC) + timedelta(hours=2))
    assert "Policy expired" in upload(photos).text
    s3.set_clock(None)
    assert upload(photos).status_code == 204


def test_time_may_stand_still(s3, photos):
    """With a stopped clock a presigned URL is expired exactly then, or not at all."""
    url = photos.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "k"}, ExpiresIn=60)
    signed = datetime.strptime(httpx.URL(url).params["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    for seconds, expected in ((59, "NoSuchKey"), (60, "AccessDenied")):
        s3.set_clock(signed + timedelta(seconds=seconds), stopped=True)
        assert code(httpx.get(url)) == expected


def test_faults_refuse(s3, photos):
    """A fault answers with its error, as often as it is to, and with CORS headers for a page to read it."""
    s3.set_faults([{"method": "POST", "path": "/photos", "status": 503, "code": "SlowDown", "times": 2}])
    answers = [upload(photos, Origin="https://app.test") for _ in range(3)]
    assert [(answer.status_code, code(answer)) for answer in answers] == [
        (503, "SlowDown"), (503, "SlowDown"), (204, ""),
    ]  # fmt: skip
    assert answers[0].headers["Access-Control-Allow-Origin"] == "*"


def test_faults_hit_what_they_are_for(s3, photos):
    """A fault concerns only the requests of its method, its path and its scope."""
    s3.set_faults([
        {"method": "GET", "status": 500},
        {"path": "/other/*", "status": 500},
        {"scope": "run-1", "status": 500},
    ])  # fmt: skip
    assert upload(photos).status_code == 204
    assert upload(photos, **{"X-Mock-Scope": "run-2"}).status_code == 204
    assert upload(photos, **{"X-Mock-Scope": "run-1"}).status_code == 500


def test_faults_drop(s3, photos):
    """A fault may close the connection without an answer."""
    s3.set_faults([{"drop": True, "times": 1}])
    with pytest.raises(httpx.RemoteProtocolError):
        upload(photos)
    assert upload(photos).status_code == 204


def test_faults_delay(s3, photos):
    """A fault may hold back the answer, and slow down the upload."""
    s3.set_faults([{"delay_seconds": 0.3, "times": 1}, {"bytes_per_second": 4000, "times": 1}])
    for _ in range(2):
        begun = time.monotonic()
        assert upload(photos).status_code == 204
        assert time.monotonic() - begun > 0.25


def test_faults_by_chance_are_repeatable(s3, photos):
    """The same faults switched on again strike the same requests."""
    runs = []
    for _ in range(2):
        s3.set_faults([{"probability": 0.5, "status": 500}])
        runs.append([upload(photos).status_code for _ in range(12)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {204, 500}


@pytest.mark.parametrize(("fault", "told"), [({"colour": "red"}, "colour"), ({"times": 1, "path": 7}, "")])
def test_faults_that_are_none(fault, told, s3, photos):
    """A fault with an attribute that there is not is refused by name, and S3 goes on."""
    if told:
        with pytest.raises(RuntimeError, match=told):
            s3.set_faults([fault])
    assert upload(photos).status_code == 204


def test_reset(s3, photos):
    """After a reset there is the one bucket, without objects, with its rules."""
    upload(photos)
    photos.create_bucket(Bucket="another", CreateBucketConfiguration={"LocationConstraint": s3.region})
    photos.delete_bucket_cors(Bucket="photos")
    s3.reset()
    assert [bucket["Name"] for bucket in photos.list_buckets()["Buckets"]] == ["photos"]
    assert photos.list_objects_v2(Bucket="photos")["KeyCount"] == 0
    assert photos.get_bucket_cors(Bucket="photos")["CORSRules"][0]["AllowedOrigins"] == ["*"]


def test_snapshot_and_restore(s3, photos, tmp_path_factory):
    """A snapshot is what restore brings back, as often as it is asked to, whatever happened since."""
    folder = tmp_path_factory.mktemp("snapshots") / "one"
    upload(photos, "before")
    s3.snapshot(folder)
    for _ in range(2):
        photos.delete_object(Bucket="photos", Key="before")
        upload(photos, "after")
        s3.restore(folder)
        listed = [one["Key"] for one in photos.list_objects_v2(Bucket="photos")["Contents"]]
        assert listed == ["before"]
        assert photos.get_object(Bucket="photos", Key="before")["Body"].read() == b"abc"
    with pytest.raises(RuntimeError, match="FileExistsError"):
        s3.snapshot(folder)


def test_exchanges_are_told(s3, photos, exchanges):
    """Every exchange is told: request, form fields, answer and error code, without what is secret."""
    upload(photos, "told")
    while ["key", "told"] not in (told := exchanges.get(timeout=10))["request"]["fields"]:
        pass
    request, answer = told["request"], told["answer"]
    fields = dict(request["fields"])
    assert (request["bucket"], fields["key"], request["url"]) == ("photos", "told", f"{s3.url}/photos")
    assert (answer["status"], answer["code"]) == (204, "")
    assert fields["x-amz-signature"] == "***"
    assert told["seconds"] > 0
    url = photos.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "none"})
    httpx.get(url, headers={"Cookie": "a=b"})
    told = exchanges.get(timeout=10)
    assert (told["answer"]["code"], told["answer"]["message"]) == (
        "NoSuchKey",
        "The specified key does not exist.",
    )
    assert dict(told["request"]["headers"])["cookie"] == "***"
    assert httpx.URL(url).params["X-Amz-Signature"] not in str(told)


def test_orders_need_a_process():
    """An order to a server that was not started is refused in words."""
    server = S3Server(bucket="photos", credentials={"AK": SECRET})
    with pytest.raises(RuntimeError, match="call start"):
        server.reset()
